"""Atomic columns of a case: positions and atom counts, derived from its atoms."""

from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from cases.case import BulkCrystal, Case, MeasuredColumns, Structure
from cases.specimens.adatoms import columns_with_adatoms
from cases.specimens.atoms import build
from cases.specimens.defects import count_changes
from cases.specimens.descriptions import DefectLadder, ParticleAdatoms
from stembench.arrays import Bools, Floats, Integers
from stembench.errors import InputError

#: Atoms whose projections lie closer than this (Å) belong to one column; columns are >= 1.3 apart.
SAME_COLUMN = 0.3


def find_columns(positions: Floats, *, tolerance: float = SAME_COLUMN) -> tuple[Floats, Integers]:
    """Group atoms into columns along z.

    Parameters
    ----------
    positions : ndarray, shape (n, 3)
        Atoms without thermal displacements, in Å.
    tolerance : float
        Atoms are of one column if a chain of neighbours closer than this links them.

    Returns
    -------
    centres : ndarray, shape (columns, 2)
        Mean x and y of each column's atoms, ordered by y, then x.
    counts : ndarray, shape (columns,)
        Number of atoms.
    """
    flat = positions[:, :2]
    pairs = cKDTree(flat).query_pairs(tolerance, output_type="ndarray")
    n = len(flat)
    links = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), (n, n))
    number, member = connected_components(links, directed=False)
    counts = np.bincount(member, minlength=number)
    centres = np.stack(
        [np.bincount(member, weights=flat[:, axis], minlength=number) / counts for axis in (0, 1)],
        axis=1,
    )
    order = np.lexsort((centres[:, 0].round(3), centres[:, 1].round(3)))
    return centres[order], counts[order].astype(np.int64)


def to_pixels(case: Case, places: Floats, *, sampling: float | None = None) -> Floats:
    """Turn x, y in Å from the reference point into pixels of the frame, shape (n, 2) each."""
    pixel = case.sampling if sampling is None else sampling
    centre = (np.array(frame_shape(case, sampling=sampling)[::-1]) - 1) / 2
    pixels: Floats = (places + np.array(case.offset)) / pixel + centre
    return pixels


def to_angstrom(case: Case, pixels: Floats, *, sampling: float | None = None) -> Floats:
    """Inverse of `to_pixels`."""
    pixel = case.sampling if sampling is None else sampling
    centre = (np.array(frame_shape(case, sampling=sampling)[::-1]) - 1) / 2
    places: Floats = (pixels - centre) * pixel - np.array(case.offset)
    return places


def frame_shape(case: Case, *, sampling: float | None = None) -> tuple[int, int]:
    """Height and width in px of the case's field of view at a sampling (Å/px)."""
    if sampling is None or sampling == case.sampling:
        return case.shape
    height, width = (max(1, round(n * case.sampling / sampling)) for n in case.shape)
    return height, width


def case_columns(case: Case, label: str, *, reach: float = 0.0) -> pd.DataFrame:
    """List the columns in the frame and up to some distance outside it.

    Parameters
    ----------
    case : Case
    label : str
        Label of the image.
    reach : float
        Distance in px beyond the outermost pixel centres.

    Returns
    -------
    pandas.DataFrame
        Index ``column`` 0, 1, ...: first those inside the frame, ordered by y, then x. x and y in
        px of the frame, count (atoms), measured (bool), inside (bool).

    Raises
    ------
    InputError
        If the case has no such image.
    """
    centres, counts = _specimen_columns(case, label)
    places = to_pixels(case, centres)
    height, width = case.shape
    beyond = np.maximum(
        np.maximum(-places[:, 0], places[:, 0] - (width - 1)),
        np.maximum(-places[:, 1], places[:, 1] - (height - 1)),
    )
    inside = beyond <= 0
    kept = np.flatnonzero(beyond <= reach)
    kept = kept[np.argsort(~inside[kept], kind="stable")]
    table = pd.DataFrame(
        {
            "x": places[kept, 0],
            "y": places[kept, 1],
            "count": counts[kept],
            "measured": inside[kept] & _measured(case, centres[kept]),
            "inside": inside[kept],
        }
    )
    table.index.name = "column"
    return table


def _measured(case: Case, centres: Floats) -> Bools:
    """Which of the columns (Å from the reference point) the case measures."""
    rule: MeasuredColumns = case.measured
    match rule.rule:
        case "all":
            return np.ones(len(centres), dtype=bool)
        case "within":
            return np.hypot(centres[:, 0], centres[:, 1]) <= rule.value
        case "innermost":
            block = np.ones(len(centres), dtype=bool)
            for axis in (0, 1):
                line = centres[:, axis].round(3)
                rows = np.unique(line)
                near = rows[np.argsort(np.abs(rows + case.offset[axis]), kind="stable")]
                block &= np.isin(line, near[: int(rule.value)])
            return block


def _specimen_columns(case: Case, label: str) -> tuple[Floats, Integers]:
    thickness = {image.label: image.thickness for image in case.images}
    if label not in thickness:
        raise InputError(f"case '{case.name}' has no image '{label}'; it has {_listed(case)}")
    if isinstance(case.structure, BulkCrystal | DefectLadder):
        a = case.structure.material.lattice_parameter
        widest = (max(case.shape) + 2 * case.margin) * case.sampling
        repeats = 2 * (int(np.ceil(widest / (2 * a))) + 2)
        centres, counts = _columns_of(case.structure, thickness[label], repeats)
        if isinstance(case.structure, DefectLadder):
            counts = counts + count_changes(case.structure, centres, cells=thickness[label])
        return centres, counts
    centres, counts = _columns_of(case.structure, None, 1)
    if isinstance(case.structure, ParticleAdatoms):
        return columns_with_adatoms(case.structure, centres, counts)
    return centres, counts


@lru_cache(maxsize=128)
def _columns_of(structure: Structure, cells: int | None, repeats: int) -> tuple[Floats, Integers]:
    centres, counts = find_columns(build(structure, cells=cells, repeats=repeats).positions)
    centres.flags.writeable = False
    counts.flags.writeable = False
    return centres, counts


def _listed(case: Case) -> str:
    labels = case.labels
    return ", ".join(labels) if len(labels) <= 4 else f"{labels[0]} to {labels[-1]}"
