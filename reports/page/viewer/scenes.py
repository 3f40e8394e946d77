"""Scenes of the image viewer: one image at one dose, noise-free, raw and by every restorer."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from reports.records.run_folder import Run
from reports.studies import cases_in_order
from reports.summaries.cells_of_run import cells_of
from reports.words.numbers import dose_text
from stembench.arrays import Floats

#: Name and label of the picture without noise.
CLEAN: Final = ("noise-free", "noise-free")
#: What the grey scale has beyond the darkest and brightest pixel of the noise-free image, as a
#: share of what lies between them: restored images overshoot, and too much of it hides columns.
BEYOND: Final = 0.25
_WHITE: Final = 255
#: Decimals of a place in px: 0.001 px is far below 1 pm.
_DECIMALS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture of a scene.

    Attributes
    ----------
    name, label : str
        As in records, and for readers.
    webp : bytes
        8-bit grey without loss, black and white as the scene says.
    clipped : float
        Share of pixels beyond black or white.
    fitted : ndarray, shape (n, 2), or None
        Places (x, y) [px] of the columns fitted in it, in the order of the true ones.
    """

    name: str
    label: str
    webp: bytes
    clipped: float
    fitted: Floats | None


@dataclass(frozen=True, kw_only=True)
class Scene:
    """An image at a dose.

    Attributes
    ----------
    case, image : str
        Title of the case, and label of the image.
    dose : float
        e/Å².
    sampling : float
        Å/px.
    shape : (int, int)
        Rows and columns.
    black, white : float
        Values of grey 0 and 255, in fractions of the beam.
    true, measured : ndarray, shape (n, 2) and (n,)
        Places (x, y) [px] of all columns, and which are measured.
    pictures : tuple of Picture
        Noise-free, raw, and the restorers in the order of tables.
    """

    case: str
    image: str
    dose: float
    sampling: float
    shape: tuple[int, int]
    black: float
    white: float
    true: Floats
    measured: Floats
    pictures: tuple[Picture, ...]


def scenes(run: Run) -> tuple[Scene, ...]:
    """Every image and dose of which the run kept examples.

    Parameters
    ----------
    run : Run

    Returns
    -------
    tuple of Scene
        By case, thickness and dose. References are left out: they are no images of this noise.
    """
    every = run.once(cells_of)
    cells = every[~every["edited"]]
    found = []
    for case in cases_in_order(run, cells):
        own = cells[cells["case"] == case]
        for (_, image, _), cell in own.groupby(["thickness", "image", "dose"], sort=True):
            scene = _scene(
                run, case=case, image=str(image), dose=float(cell["dose"].iloc[0]),
                names=run.restorers.ranked(cell["restorer"].unique()),
            )  # fmt: skip
            if scene is not None:
                found.append(scene)
    return tuple(found)


def viewer_data(shown: Sequence[Scene]) -> dict[str, Any]:
    """What the script of the viewer reads, as plain data; unknown places are None."""
    return {"scenes": [_plain(scene) for scene in shown]}


def _scene(run: Run, *, case: str, image: str, dose: float, names: Sequence[str]) -> Scene | None:
    clean = run.examples.clean(case, image)
    columns = run.examples.true_columns(case, image)
    if clean is None or columns is None:
        return None
    reach = BEYOND * float(np.ptp(clean))
    black, white = float(np.min(clean)) - reach, float(np.max(clean)) + reach
    pictures = [_picture(*CLEAN, clean, black=black, white=white)]
    for name in names:
        pixels = run.examples.image(case, image, dose=dose, restorer=name)
        if pixels is None or pixels.shape != clean.shape:
            continue
        fitted = run.examples.positions(case, image, dose=dose, restorer=name)
        label = run.restorers.label(name)
        pictures.append(_picture(name, label, pixels, black=black, white=white, fitted=fitted))
    if len(pictures) < 2:
        return None
    return Scene(
        case=run.title(case),
        image=image,
        dose=dose,
        sampling=run.case(case).sampling,
        shape=(clean.shape[0], clean.shape[1]),
        black=black,
        white=white,
        true=columns[0],
        measured=columns[1].astype(float),
        pictures=tuple(pictures),
    )


def _picture(
    name: str,
    label: str,
    pixels: Floats,
    *,
    black: float,
    white: float,
    fitted: Floats | None = None,
) -> Picture:
    from PIL import Image

    grey = (pixels - black) / (white - black) * _WHITE
    content = io.BytesIO()
    Image.fromarray(np.clip(np.rint(grey), 0, _WHITE).astype(np.uint8)).save(
        content, format="WEBP", lossless=True, method=4
    )
    return Picture(
        name=name,
        label=label,
        webp=content.getvalue(),
        clipped=float(np.mean((grey < -0.5) | (grey > _WHITE + 0.5))),
        fitted=fitted,
    )


def _plain(scene: Scene) -> dict[str, Any]:
    return {
        "case": scene.case,
        "image": scene.image,
        "dose": dose_text(scene.dose),
        "sampling": scene.sampling,
        "rows": scene.shape[0],
        "columns": scene.shape[1],
        "black": scene.black,
        "white": scene.white,
        "true": _places(scene.true),
        "measured": [int(value) for value in scene.measured],
        "pictures": [
            {
                "name": picture.name,
                "label": picture.label,
                "webp": base64.b64encode(picture.webp).decode("ascii"),
                "clipped": round(picture.clipped, 4),
                "fitted": None if picture.fitted is None else _places(picture.fitted),
            }
            for picture in scene.pictures
        ],
    }


def _places(places: Floats) -> list[list[float] | None]:
    return [
        [round(float(x), _DECIMALS), round(float(y), _DECIMALS)] if np.isfinite(x + y) else None
        for x, y in places
    ]
