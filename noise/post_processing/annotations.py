"""Annotations that software or users burn into an image: text, shapes and arrows."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from noise.ranges import Chance, Drawn, Range
from stembench.arrays import Bools, Floats, Indices
from stembench.errors import InputError
from stembench.limits import require

Kind = Literal["text", "rectangle", "disc", "ring", "line", "arrow"]

#: A function of `skimage.draw`, which is not typed: it returns rows and columns of pixels.
Draw = Callable[..., tuple[Indices, Indices]]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

#: Characters of random texts. Their order is part of what a seed draws.
LETTERS: Final = " .0123456789abekmnAEMSTVX"

ANNOTATIONS_DRAWN: Final = Drawn(
    name="annotations",
    chance=Chance(0.15, "seen in 6 of 40 published pairs"),
    ranges={"size": Range(0.06, 0.3, "of image side", "linear", "published pairs")},
)


@dataclass(frozen=True)
class Annotation:
    """One mark.

    Attributes
    ----------
    kind : {'text', 'rectangle', 'disc', 'ring', 'line', 'arrow'}
    x, y : float
        Centre as fractions of the image's width and height, in [0, 1].
    size : float
        Length of the mark as a fraction of the image's width, > 0.
    angle : float
        Direction of rectangle, line and arrow in rad; text stays upright.
    ink : float
        Value of the mark in [0, 1] between minimum and maximum of the clean image.
    text : str
        What a text says, in printable characters of Latin-1; it stands in a box of value
        ``1 - ink``.
    """

    kind: Kind
    x: float
    y: float
    size: float
    angle: float = 0.0
    ink: float = 1.0
    text: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"annotations are {', '.join(KINDS)}, not {self.kind!r}")
        require(self.x, "x of the annotation", low=0, high=1)
        require(self.y, "y of the annotation", low=0, high=1)
        require(self.size, "size of the annotation", low=0, open_low=True)
        require(self.angle, "angle of the annotation", unit="rad")
        require(self.ink, "ink of the annotation", low=0, high=1)
        if self.kind == "text":
            _check_text(self.text)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Annotation":
        """Draw parameters over the range of `ANNOTATIONS_DRAWN`."""
        kind = KINDS[int(rng.integers(len(KINDS)))]
        letters = rng.integers(len(LETTERS), size=int(rng.integers(2, 10)))
        return cls(
            kind=kind,
            x=rng.uniform(),
            y=rng.uniform(),
            size=ANNOTATIONS_DRAWN.ranges["size"].draw(rng),
            angle=rng.uniform(-math.pi, math.pi),
            ink=float(rng.integers(2)),
            text="".join(LETTERS[k] for k in letters) if kind == "text" else "",
        )


def annotate(image: Floats, annotation: Annotation, *, low: float, high: float) -> Floats:
    """Burn one mark into an image.

    Parameters
    ----------
    image : ndarray, shape (h, w)
    annotation : Annotation
    low, high : float
        Values of ink 0 and 1, the same for both images of a pair.

    Returns
    -------
    ndarray, shape (h, w)
        A new array.
    """
    out = image.copy()
    ink = low + annotation.ink * (high - low)
    height, width = image.shape
    if annotation.kind == "text":
        letters = rendered(annotation.text)
        zoom = max(1, round(annotation.size * width / letters.shape[1]))
        letters = np.kron(letters, np.ones((zoom, zoom), dtype=np.bool_))
        top = round(annotation.y * height - letters.shape[0] / 2)
        left = round(annotation.x * width - letters.shape[1] / 2)
        first, last = max(0, -top), min(letters.shape[0], height - top)
        begin, end = max(0, -left), min(letters.shape[1], width - left)
        box = out[top + first : top + last, left + begin : left + end]
        box[:] = np.where(letters[first:last, begin:end], ink, low + high - ink)
        return out
    out[covered(height, width, annotation)] = ink
    return out


def _check_text(text: str) -> None:
    """Raise InputError unless the font has every character of a text that is not empty."""
    if not text:
        raise InputError("an annotation's text is empty")
    strange = sorted({letter for letter in text if ord(letter) > 255 or not letter.isprintable()})
    if strange:
        raise InputError(
            f"annotations can write printable characters of Latin-1, not {''.join(strange)!r}"
        )


def rendered(text: str) -> Bools:
    """Render a line of text in Pillow's bitmap font, which is the same on every machine.

    Parameters
    ----------
    text : str
        Printable characters of Latin-1, at least one.

    Returns
    -------
    ndarray of bool, shape (11, 6 n + 2)
        True where there is ink, with one empty column on either side.
    """
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default_imagefont()
    _, _, width, height = font.getbbox(text)
    image = Image.new("1", (int(width) + 2, int(height)))
    ImageDraw.Draw(image).text((1, 0), text, fill=1, font=font)
    return np.asarray(image, dtype=np.bool_)


def covered(height: int, width: int, annotation: Annotation) -> Bools:
    """Pixels whose centre a shape covers, shape (height, width).

    Parameters
    ----------
    height, width : int
        Of the image in px.
    annotation : Annotation
        Of any kind but 'text'.
    """
    from skimage import draw

    x, y = annotation.x * (width - 1), annotation.y * (height - 1)
    half = annotation.size * width / 2
    pen = max(0.5, half / 16)
    out = np.zeros((height, width), dtype=np.bool_)
    if annotation.kind in ("disc", "ring"):
        disk: Draw = draw.disk
        out[disk((y, x), half, shape=out.shape)] = True
        if annotation.kind == "ring" and half > 2 * pen:
            out[disk((y, x), half - 2 * pen, shape=out.shape)] = False
        return out
    polygon: Draw = draw.polygon
    c, s = math.cos(annotation.angle), math.sin(annotation.angle)
    for corners in _polygons(annotation.kind, half=half, pen=pen):
        u, v = np.array(corners).T  # along the mark's direction and across it
        out[polygon(y + s * u + c * v, x + c * u - s * v, shape=out.shape)] = True
    return out


def _polygons(kind: Kind, *, half: float, pen: float) -> list[list[tuple[float, float]]]:
    """Corners of the polygons that make up a shape, in px from its centre: along, across."""

    def box(start: float, stop: float, breadth: float) -> list[tuple[float, float]]:
        return [(start, -breadth), (stop, -breadth), (stop, breadth), (start, breadth)]

    if kind == "rectangle":
        return [box(-half, half, half / 2)]
    if kind == "line":
        return [box(-half, half, pen)]
    head = [(half, 0.0), (half / 2, half / 4), (half / 2, -half / 4)]
    return [box(-half, 0.75 * half, pen), head]
