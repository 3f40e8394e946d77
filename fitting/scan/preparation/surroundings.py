"""Columns beyond the frame whose light falls into it, placed by continuing the lattice."""

from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from stembench.arrays import Floats

#: Neighbours that count are nearer than this times the distance of the nearest one.
NEIGHBOURHOOD: Final = 1.5
#: A continued place nearer to a column or another place than this part of the spacing is the same.
SAME: Final = 0.6
#: Places this part of the spacing inside the frame count as beyond it: searches and lists of
#: columns end before the edge.
RIM: Final = 0.25


#: How far beyond the frame columns are placed, in spacings.
REACH: Final = 1.3


def with_surroundings(places: Floats, shape: tuple[int, int], *, beyond: float = 0.0) -> Floats:
    """Places (n, 2) of the frame's columns, and behind them those beyond it that shine into it.

    Other frames of the scene may lie up to `beyond` off [px].
    """
    good = places[np.isfinite(places).all(axis=1)]
    if len(good) < 3:
        return places
    reach = REACH * median_spacing(good) + beyond
    return np.concatenate([places, continued(good, shape, reach=reach)])


def median_spacing(places: Floats) -> float:
    """Median distance of the nearest other place [px]."""
    return float(np.median(np.asarray(cKDTree(places).query(places, k=2)[0])[:, 1]))


def continued(places: Floats, shape: tuple[int, int], *, reach: float) -> Floats:
    """Places (m, 2) beyond the frame where the lattice goes on.

    Each column is mirrored at its neighbours, again and again until the reach is filled: what lies
    opposite to a neighbour is where a crystal has its next column.

    Parameters
    ----------
    places : ndarray, shape (n, 2)
        Columns (x, y) of the frame [px].
    shape : tuple of int
        Rows and columns of the frame.
    reach : float
        How far beyond the frame [px].
    """
    if len(places) < 3:
        return np.zeros((0, 2))
    rows, cols = shape
    high = np.array([cols - 0.5, rows - 0.5])
    known = places
    added = np.zeros((0, 2))
    spacing = median_spacing(places)
    for _ in range(int(np.ceil(reach / spacing)) + 1):
        tree = cKDTree(known)
        edge = np.flatnonzero(
            ((known < NEIGHBOURHOOD * spacing) | (known > high - NEIGHBOURHOOD * spacing)).any(
                axis=1
            )
        )
        candidates = []
        for k in edge:
            near = np.array(tree.query_ball_point(known[k], NEIGHBOURHOOD * spacing))
            candidates.append(2 * known[k] - known[near[near != k]])
        if not candidates:
            break
        new = np.concatenate(candidates)
        outside = ((new < RIM * spacing) | (new > high - 0.5 - RIM * spacing)).any(axis=1)
        near_enough = ((new >= -0.5 - reach) & (new <= high + reach)).all(axis=1)
        new = new[outside & near_enough]
        new = _merged(new, known, apart=SAME * spacing)
        if not len(new):
            break
        known = np.concatenate([known, new])
        added = np.concatenate([added, new])
    return added


def _merged(new: Floats, known: Floats, *, apart: float) -> Floats:
    """Means of heaps of `new` places that lie away from the `known` ones."""
    if len(new):
        new = new[cKDTree(known).query(new)[0] > apart]
    means: list[Floats] = []
    left = new
    while len(left):
        own = np.hypot(*(left - left[0]).T) < apart
        means.append(left[own].mean(axis=0))
        left = left[~own]
    return np.array(means).reshape(-1, 2)
