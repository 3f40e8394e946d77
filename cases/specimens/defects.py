"""Defects of single columns in a bulk crystal: what each is, layer by layer along the beam.

A layer is one atomic plane, half a lattice parameter thick. The columns that may hold a defect
are those of the reference point: they have their atoms in layers 0, 2, 4, ...
"""

from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from cases.case import Case
from cases.specimens.adatoms import adatoms
from cases.specimens.descriptions import Defect, DefectLadder, ParticleAdatoms

DEFECTS: Final[tuple[Defect, ...]] = get_args(Defect)

#: One slice: its layer, and what stands at the defect's site there. 'host' is the crystal as it
#: is, 'empty' the crystal without the site's atom, 'guest' the crystal with the other element
#: there, 'adatom' the site's atom alone beyond the crystal, 'vacuum' nothing at all.
Content = Literal["host", "empty", "guest", "adatom", "vacuum"]
Slice = tuple[Content, int]


def ladder_of(case: Case) -> DefectLadder:
    """Structure of a ladder of defects; TypeError for another one."""
    if not isinstance(case.structure, DefectLadder):
        raise TypeError(f"case '{case.name}' is no ladder of defects")
    return case.structure


def atoms(kind: Defect, cells: int) -> int:
    """Number of atoms of a defective column in a crystal of so many unit cells."""
    changes = {"minus2": -2, "minus1": -1, "plus1": 1, "plus2": 2}
    if kind == "vacancy":
        return 0
    return cells // 2 if kind == "half" else cells + changes.get(kind, 0)


def slices(kind: Defect, cells: int) -> tuple[Slice, ...]:
    """What the beam passes through, slice by slice, in a crystal with one defect.

    Parameters
    ----------
    kind : str
    cells : int
        Thickness in unit cells, each of two layers.

    Returns
    -------
    tuple of (content, layer)
        An atom more than the crystal has stands where the next one of its column would.
    """
    present = atoms(kind, cells)
    filled: Content = "guest" if kind == "substituted" else "host"
    passed: list[Slice] = []
    for layer in range(2 * cells):
        if layer % 2:
            passed.append(("host", layer))
        else:
            passed.append((filled if layer // 2 < present else "empty", layer))
    added: list[Slice] = [
        ("vacuum" if layer % 2 else "adatom", layer) for layer in range(2 * cells, 2 * present - 1)
    ]
    return (*passed, *added)


def defect_kinds(ladder: DefectLadder) -> tuple[Defect, ...]:
    """Kinds of defect that a ladder holds, the perfect controls left out, as in `DEFECTS`."""
    present = {site.kind for site in ladder.sites}
    return tuple(kind for kind in DEFECTS if kind in present and kind != "perfect")


def scan_labels(case: Case) -> tuple[str, ...]:
    """Labels of what the stored scan of a case holds.

    They are the case's images; of a ladder of defects and of adatoms the change that each makes to
    each image, as in ``z10-vacancy``.
    """
    kinds: tuple[str, ...]
    match case.structure:
        case DefectLadder():
            kinds = defect_kinds(case.structure)
        case ParticleAdatoms():
            kinds = tuple(site.kind for site in adatoms(case.structure))
        case _:
            return case.labels
    return tuple(f"{label}-{kind}" for label in case.labels for kind in kinds)


def specimens_of(case: Case) -> dict[str, tuple[Slice, ...]]:
    """Specimens that a ladder of defects simulates: of each image the perfect one, then defects."""
    kinds: tuple[Defect, ...] = ("perfect", *defect_kinds(ladder_of(case)))
    return {
        f"{spec.label}-{kind}": slices(kind, spec.thickness)
        for spec in case.images
        for kind in kinds
    }


def specimen_labels(case: Case) -> tuple[str, ...]:
    """Labels of the specimens that a ladder of defects simulates, such as ``z10-perfect``."""
    return tuple(specimens_of(case))


def site_places(ladder: DefectLadder) -> npt.NDArray[np.float64]:
    """Places (x, y) in Å of the sites from the reference point, shape (sites, 2)."""
    half = ladder.material.lattice_parameter / 2
    return half * np.array([(site.i, site.j) for site in ladder.sites], dtype=np.float64)


def count_changes(
    ladder: DefectLadder, centres: npt.NDArray[np.float64], *, cells: int
) -> npt.NDArray[np.int64]:
    """By how many atoms each column differs from one of the perfect crystal.

    Parameters
    ----------
    ladder : DefectLadder
    centres : ndarray, shape (n, 2)
        Columns of the perfect crystal in Å from the reference point.
    cells : int
        Thickness in unit cells.
    """
    changes = np.zeros(len(centres), dtype=np.int64)
    for site, place in zip(ladder.sites, site_places(ladder), strict=True):
        here = np.hypot(*(centres - place).T) < 0.1
        changes[here] = atoms(site.kind, cells) - cells
    return changes
