"""Annotations that software or users burn into an image: text, shapes and arrows."""

import math
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from noise.post_processing.glyphs import LETTERS, written
from noise.ranges import RANGES
from stembench.arrays import Bools, Floats
from stembench.errors import InputError
from stembench.limits import require

Kind = Literal["text", "rectangle", "disc", "ring", "line", "arrow"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


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
        What a text says; it stands in a box of value ``1 - ink``.
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
            written(self.text)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Annotation":
        """Draw parameters over the ranges of `noise.ranges`."""
        kind = KINDS[int(rng.integers(len(KINDS)))]
        letters = rng.integers(len(LETTERS), size=int(rng.integers(2, 10)))
        return cls(
            kind=kind,
            x=rng.uniform(),
            y=rng.uniform(),
            size=RANGES["annotations.size"].draw(rng),
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
        letters = written(annotation.text)
        zoom = max(1, round(annotation.size * width / letters.shape[1]))
        letters = np.kron(letters, np.ones((zoom, zoom), dtype=np.bool_))
        top = round(annotation.y * height - letters.shape[0] / 2)
        left = round(annotation.x * width - letters.shape[1] / 2)
        first, last = max(0, -top), min(letters.shape[0], height - top)
        begin, end = max(0, -left), min(letters.shape[1], width - left)
        box = out[top + first : top + last, left + begin : left + end]
        box[:] = np.where(letters[first:last, begin:end], ink, low + high - ink)
        return out
    out[_covered(height, width, annotation)] = ink
    return out


def _covered(height: int, width: int, annotation: Annotation) -> Bools:
    """Pixels that a shape covers, in its own frame: u along its direction, v across."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    x -= annotation.x * (width - 1)
    y -= annotation.y * (height - 1)
    c, s = math.cos(annotation.angle), math.sin(annotation.angle)
    u, v = c * x + s * y, c * y - s * x
    half = annotation.size * width / 2
    pen = max(0.5, half / 16)
    shapes: dict[str, Bools] = {
        "rectangle": (np.abs(u) <= half) & (np.abs(v) <= half / 2),
        "disc": np.hypot(u, v) <= half,
        "ring": np.abs(np.hypot(u, v) - half + pen) <= pen,
        "line": (np.abs(u) <= half) & (np.abs(v) <= pen),
    }
    head = (u <= half) & (u >= half / 2) & (np.abs(v) <= (half - u) / 2)
    shapes["arrow"] = ((u <= half * 0.75) & shapes["line"]) | head
    return shapes[annotation.kind]
