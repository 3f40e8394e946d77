"""Experimental images of other packages and of this checkout, read where they lie.

None is copied into this project but two with a licence that allows it (tests/data/README.md). A
package need not be installed: a downloaded wheel is read as it is.
"""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from bench.paper.packaged.packaged_file import PackagedFile
from reports import LackingError
from stembench.arrays import Floats

_ROOT: Final = Path(__file__).parents[3]


@dataclass(frozen=True, kw_only=True)
class ExperimentalImage:
    """An experimental image.

    Attributes
    ----------
    name : str
        What it shows.
    pixels : ndarray, shape (h, w)
        Grey values as they were recorded; lines are the fast scan.
    sampling : float or None
        Å/px; None where the file states none.
    source : str
        Origin and licence.
    """

    name: str
    pixels: Floats
    sampling: float | None
    source: str


_TK_R_EM: Final = partial(
    PackagedFile, distribution="tk_r_em==1.0.4", package="tk_r_em", licence="GPL-3.0"
)
_HYPERSPY: Final = partial(
    PackagedFile, distribution="hyperspy==1.7.6", package="hyperspy", licence="GPL-3.0"
)


def published_hrstem(number: int, wheels: Path | None = None) -> ExperimentalImage:
    """One of the five HAADF-STEM images that the published networks come with.

    Parameters
    ----------
    number : int
        0 to 4: two superlattices, strong row lines over particles, a particle on a film, a fast
        scan with few counts.
    wheels : pathlib.Path, optional
        Folder of downloaded wheels.
    """
    import h5py

    held = _TK_R_EM(path="test_data/exp_hrstem.h5")
    with h5py.File(io.BytesIO(held.content(wheels))) as file:
        pixels = np.asarray(file["x"][number, 0], dtype=np.float64)
    name = ("superlattice", "superlattice", "row lines", "particle", "fast scan")[number]
    return ExperimentalImage(
        name=f"HR-STEM, {name}", pixels=pixels, sampling=None,
        source=f"{held.source}, image {number}",
    )  # fmt: skip


def low_resolution_stem(wheels: Path | None = None) -> ExperimentalImage:
    """A HAADF image of particles, 512 x 512 px: test data of HyperSpy, now of RosettaSciIO."""
    held = _HYPERSPY(path="tests/io/emd_files/fei_emd_files.zip")
    with zipfile.ZipFile(io.BytesIO(held.content(wheels))) as archive:
        content = archive.read("fei_emd_image.npy")
    pixels = np.asarray(np.load(io.BytesIO(content), allow_pickle=False), dtype=np.float64)
    return ExperimentalImage(
        name="LR-STEM, particles", pixels=pixels, sampling=None,
        source=f"fei_emd_image.npy in {held.source}",
    )  # fmt: skip


def low_resolution_sem(wheels: Path | None = None) -> ExperimentalImage:
    """An SEM image of a cracked surface; the bar at its foot is cut off."""
    import tifffile

    held = _HYPERSPY(path="tests/io/tiff_files/tiff_Zeiss_SEM.zip")
    with zipfile.ZipFile(io.BytesIO(held.content(wheels))) as archive:
        content = archive.read("test_tiff_Zeiss_SEM_512pix.tif")
    pixels = np.asarray(tifffile.imread(io.BytesIO(content)), dtype=np.float64)
    return ExperimentalImage(
        name="LR-SEM, surface", pixels=pixels[:344], sampling=None,
        source=f"test_tiff_Zeiss_SEM_512pix.tif in {held.source}",
    )  # fmt: skip


def strontium_titanate(wheels: Path | None = None) -> ExperimentalImage:
    """HAADF of SrTiO3 [001] with visible jitter of its rows, 512 x 512 px, 0.135 Å/px."""
    del wheels
    arrays = _of_checkout("sto_haadf.npz")
    return ExperimentalImage(
        name="HAADF, SrTiO3", pixels=arrays["raw"], sampling=0.135,
        source=_GRUNEWALD,
    )  # fmt: skip


def sem_particles(wheels: Path | None = None) -> ExperimentalImage:
    """SEM image of particles, the 640 x 640 px of it that the checkout holds, 19.1 Å/px."""
    del wheels
    arrays = _of_checkout("rebco_sem_cut.npz")
    return ExperimentalImage(
        name="HR-SEM, particles", pixels=arrays["raw"], sampling=19.1, source=_GRUNEWALD
    )


_GRUNEWALD: Final = "github.com/lukmuk/r_em_workflows, (c) 2023 Lukas Grünewald (MIT)"


def _of_checkout(name: str) -> dict[str, Floats]:
    path = _ROOT / "tests" / "data" / name
    if not path.is_file():
        raise LackingError(
            f"the image {name} comes with the checkout of this project, in tests/data, and not with"
            " its wheel: draw the figure in a checkout"
        )
    with np.load(path, allow_pickle=False) as arrays:
        return {key: np.asarray(arrays[key], dtype=np.float64) for key in arrays.files}


Reading = Callable[[Path | None], ExperimentalImage]
