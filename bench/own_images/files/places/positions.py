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


#: Share of the image's sides within which all positions are suspicious.
_CORNER: Final = 0.1


def corner_note(positions: Floats, shape: tuple[int, ...]) -> str:
    """Sentence on positions that all lie in the first corner of an image; empty if they do not.

    ImageJ writes X and Y of a calibrated image in its unit, which nothing in the table tells.

    Parameters
    ----------
    positions : ndarray, shape (n, 2)
        (x, y) [px].
    shape : tuple of int
        Height and width.
    """
    height, width = shape
    x, y = positions.max(axis=0)
    if len(positions) < 3 or x > _CORNER * width or y > _CORNER * height:
        return ""
    return (
        f"all positions lie in the first {x + 1:.0f} x {y + 1:.0f} px of {width} x {height}; "
        "results of ImageJ on a calibrated image are in its unit: name the columns 'x (nm)' and "
        "'y (nm)', or measure without a scale"
    )


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
