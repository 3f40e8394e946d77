"""Scenes of the image viewer: one image at one dose, noise-free, raw and by every restorer."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

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
class Shot:
    """An image of one realization as it was computed.

    Attributes
    ----------
    name, label : str
        As in records, and for readers.
    pixels : ndarray, shape (h, w)
        Fractions of the beam.
    fitted : ndarray, shape (n, 2), or None
        Places (x, y) [px] of the columns fitted in it, in the order of the true ones.
    """

    name: str
    label: str
    pixels: Floats
    fitted: Floats | None = None


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
    shots = [shot for name in names if (shot := kept_shot(run, case, image, dose, restorer=name))]
    return scene_of(run, case=case, image=image, dose=dose, shots=shots)


def kept_shot(run: Run, case: str, image: str, dose: float, *, restorer: str) -> Shot | None:
    """What a run kept of a restorer's image of one realization; None if it kept none."""
    pixels = run.examples.image(case, image, dose=dose, restorer=restorer)
    if pixels is None:
        return None
    return Shot(
        name=restorer,
        label=run.restorers.label(restorer),
        pixels=pixels,
        fitted=run.examples.positions(case, image, dose=dose, restorer=restorer),
    )


def scene_of(
    run: Run, *, case: str, image: str, dose: float, shots: Sequence[Shot], title: str = ""
) -> Scene | None:
    """Put pictures of one realization beside the noise-free image, all on its grey scale.

    Parameters
    ----------
    run : Run
        Has the noise-free image and the true columns.
    case, image : str
    dose : float
        e/Å².
    shots : sequence of Shot
        Those of another shape than the noise-free image are left out.
    title : str
        In place of the title of the case.

    Returns
    -------
    Scene or None
        None if the run kept no noise-free image, or no shot is left.
    """
    clean = run.examples.clean(case, image)
    columns = run.examples.true_columns(case, image)
    if clean is None or columns is None:
        return None
    reach = BEYOND * float(np.ptp(clean))
    black, white = float(np.min(clean)) - reach, float(np.max(clean)) + reach
    fitting = [
        Shot(name=CLEAN[0], label=CLEAN[1], pixels=clean),
        *(shot for shot in shots if shot.pixels.shape == clean.shape),
    ]
    if len(fitting) < 2:
        return None
    return Scene(
        case=title or run.title(case),
        image=image,
        dose=dose,
        sampling=run.case(case).sampling,
        shape=(clean.shape[0], clean.shape[1]),
        black=black,
        white=white,
        true=columns[0],
        measured=columns[1].astype(float),
        pictures=tuple(_picture(shot, black=black, white=white) for shot in fitting),
    )


def _picture(shot: Shot, *, black: float, white: float) -> Picture:
    grey = (shot.pixels - black) / (white - black) * _WHITE
    return Picture(
        name=shot.name,
        label=shot.label,
        webp=webp_of(np.clip(np.rint(grey), 0, _WHITE).astype(np.uint8)),
        clipped=float(np.mean((grey < -0.5) | (grey > _WHITE + 0.5))),
        fitted=shot.fitted,
    )


def webp_of(pixels: NDArray[np.uint8]) -> bytes:
    """Write 8-bit pixels, shape (h, w) or (h, w, 3), as WebP without loss."""
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format="WEBP", lossless=True, method=4)
    return content.getvalue()


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
