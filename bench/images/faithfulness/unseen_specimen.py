"""Specimen of the last judgement: SrTiO3 [001] with edited columns, which no tuning has seen.

Chosen before anything was judged on it, because
- none of its elements is in a case, and its lattice is none of theirs: columns 12.9 and 18.3 px
  apart, of which no tuning pair has the first, since distances within 5 % of a judged lattice's
  12.6 px are left out;
- columns of two kinds, Sr and TiO, differ in brightness throughout, and O between them hardly
  shows: a restorer that evens out columns would be caught at it;
- multislice with phonons gives columns a shape that the tuning's Gaussians only approach.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from stembench.arrays import Bools, Floats
from stembench.errors import InputError

#: Å; at room temperature.
LATTICE: Final = 3.905
#: Cells along x and y, and along the beam.
CELLS: Final = 7
THICKNESS: Final = 12
SHAPE: Final = (128, 128)
#: Å/px: the image is one period of the supercell.
SAMPLING: Final = CELLS * LATTICE / SHAPE[1]
#: Å by which a column is displaced.
SHIFT: Final = 0.15

SiteEdit = Literal["vacancy", "half", "right", "up"]
#: Edited Sr columns by their cell (x, y), three or four cells apart: all Sr missing, every second
#: one missing, displaced along x, displaced along -y.
EDITS: Final[dict[tuple[int, int], SiteEdit]] = {
    (2, 2): "vacancy",
    (2, 5): "half",
    (5, 2): "right",
    (5, 5): "up",
}
_MOVED: Final = {"right": (SHIFT, 0.0), "up": (0.0, -SHIFT)}
#: Atoms of a cell as fractions of it: symbol, x, y, z. Sr is in the middle.
_CELL: Final = (
    ("Sr", 0.5, 0.5, 0.25),
    ("Ti", 0.0, 0.0, 0.75),
    ("O", 0.0, 0.0, 0.25),
    ("O", 0.5, 0.0, 0.75),
    ("O", 0.0, 0.5, 0.75),
)


def atoms_at_rest() -> tuple[list[str], Floats]:
    """Return symbols and positions, shape (n, 3) in Å, of the edited supercell.

    Its corner is the centre of the image's first pixel, its z axis the beam.
    """
    symbols, positions = [], []
    for x, y, z in np.ndindex(CELLS, CELLS, THICKNESS):
        for symbol, *place in _CELL:
            edit = EDITS.get((x, y)) if symbol == "Sr" else None
            if edit == "vacancy" or (edit == "half" and z % 2):
                continue
            moved = np.array([*_MOVED.get(edit or "", (0.0, 0.0)), 0.0])
            symbols.append(symbol)
            positions.append((np.array(place) + np.array([x, y, z])) * LATTICE + moved)
    return symbols, np.array(positions)


@dataclass(frozen=True, eq=False)
class UnseenColumns:
    """Columns of the image, those on its edges included; O alone is no column.

    Attributes
    ----------
    places : ndarray, shape (n, 2)
        Lattice points (x, y) in px.
    strontium : ndarray of bool, shape (n,)
    edits : ndarray of str, shape (n,)
        '' where there is none.
    inside : ndarray of bool, shape (n,)
        At least a cell away from the edges.
    """

    places: Floats
    strontium: Bools
    edits: NDArray[np.str_]
    inside: Bools


def unseen_columns() -> UnseenColumns:
    """Return the columns of the perfect lattice with their edits."""
    pitch = LATTICE / SAMPLING
    corners = [(x, y) for y in range(CELLS + 1) for x in range(CELLS + 1)]
    middles = [(x, y) for y in range(CELLS) for x in range(CELLS)]
    places = pitch * np.array([*corners, *((x + 0.5, y + 0.5) for x, y in middles)], dtype=float)
    edits = [*("" for _ in corners), *(EDITS.get(middle, "") for middle in middles)]
    far = np.array(SHAPE[::-1]) - 1 - pitch
    return UnseenColumns(
        places=places,
        strontium=np.arange(len(places)) >= len(corners),
        edits=np.array(edits),
        inside=np.asarray(((places >= pitch) & (places <= far)).all(axis=1)),
    )


def read_unseen_image(path: Path, /) -> Floats:
    """Read the noise-free image, shape `SHAPE`, as fraction of the beam.

    Raises
    ------
    InputError
        If the file is absent or no such image.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            image = np.asarray(file["image"], dtype=np.float64)
    except (EOFError, OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path} holds no image of the unseen specimen; simulate it with "
            "bench/shipped/unseen_simulation.py"
        ) from error
    if image.shape != SHAPE or not np.isfinite(image).all() or image.min() < 0:
        raise InputError(f"{path} holds no image of {SHAPE[0]} x {SHAPE[1]} fractions of the beam")
    return image
