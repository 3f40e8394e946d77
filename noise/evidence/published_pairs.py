"""Published pairs of distorted and clean images, read without importing their package.

They are the test data of tk_r_em 1.0.4 (GPL-3), which the project installs for its weights.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from stembench.arrays import Floats
from stembench.errors import InputError

#: Modalities with pairs; the file of hrtem holds experimental images alone.
MODALITIES: Final = ("hrstem", "lrstem", "hrsem", "lrsem", "lrtem")


def published_pairs(modality: str) -> tuple[Floats, Floats]:
    """Eight simulated pairs of one modality.

    Parameters
    ----------
    modality : str
        One of `MODALITIES`.

    Returns
    -------
    tuple of two ndarray, shape (8, 256, 256)
        Distorted images x and clean images y on the scale of a 16-bit integer; zero and unit of
        that scale differ from pair to pair and are not published. Lines are the fast scan.

    Raises
    ------
    InputError
        If `modality` is unknown or the package tk_r_em is not installed.
    """
    if modality not in MODALITIES:
        raise InputError(
            f"there are no published pairs of {modality!r}; modalities: {', '.join(MODALITIES)}"
        )
    path = _folder() / f"sfr_{modality}.h5"
    if not path.is_file():
        raise InputError(f"{path} is not there; install tk_r_em==1.0.4 again")
    import h5py

    with h5py.File(path) as file:
        # Stored with the axes of another language: (pair, channel, column, row).
        x, y = (np.asarray(file[name][:, 0], dtype=np.float64) for name in ("x", "y"))
    return x.transpose(0, 2, 1), y.transpose(0, 2, 1)


def _folder() -> Path:
    package = find_spec("tk_r_em")
    if package is None or not package.submodule_search_locations:
        raise InputError("the published pairs need the package tk_r_em==1.0.4; install it")
    return Path(package.submodule_search_locations[0]) / "test_data"
