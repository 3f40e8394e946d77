"""Start positions of columns from a file of any kind that programs write."""

from pathlib import Path
from typing import Final

import numpy as np

from bench.own_images.files.places.structured import from_atomap, from_numpy, from_statstem
from bench.own_images.files.places.tables import from_table
from stembench.arrays import Floats
from stembench.errors import InputError

_READERS: Final = {
    ".mat": from_statstem,
    ".npy": from_numpy,
    ".hdf5": from_atomap,
    ".h5": from_atomap,
}


def read_positions(path: Path, *, sampling: float | None = None) -> Floats:
    """Start positions (n, 2) as (x, y) in px.

    Parameters
    ----------
    path : Path
        A table with columns x and y (ImageJ's results among them), separated by commas,
        semicolons, tabs or blanks, with decimal points or commas; a .mat file of StatSTEM; a
        lattice that Atomap saved (.hdf5); or an array (n, 2) in a .npy file.
    sampling : float or None
        Å/px of the image, for positions in a unit of length.

    Raises
    ------
    InputError
        If the file is missing, has no such columns, no rows, or values that are not numbers.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    reader = _READERS.get(path.suffix.lower(), from_table)
    try:
        positions = reader(path, sampling=sampling)
    except InputError:
        raise
    except Exception as error:  # the readers raise exceptions of many kinds
        raise InputError(f"{path} cannot be read as a table of positions: {error}") from error
    if not len(positions):
        raise InputError(f"{path} holds no positions")
    if not np.isfinite(positions).all():
        raise InputError(f"{path} holds positions that are not finite numbers")
    return positions
