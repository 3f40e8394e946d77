"""Columns whose centre no pixel shows but whose light does: beyond the frame, behind a mask."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from stembench.arrays import Bools, Floats

#: Neighbours whose arrangement is continued are nearer than this many spacings.
NEIGHBOURHOOD: Final = 2.2
#: A place is continued from this many columns around.
_AROUND: Final = 12
#: Two places nearer than this part of the spacing are one.
SAME: Final = 0.45
#: An arrangement holds where this part of the columns around agree, of at least so many.
_AGREE: Final = 0.6
_FEWEST: Final = 2
#: How near a neighbour must lie to where it is expected, in spacings.
_NEAR: Final = 0.25
#: Places this part of the spacing inside the frame count too: searches end before the edge.
_RIM: Final = 0.25
#: A hole has at least so many columns no farther off than this many spacings, on opposite sides.
_AROUND_HOLE: Final = 3
_BESIDE: Final = 1.5


class Visible:
    """Distance of places to the nearest usable pixel.

    Parameters
    ----------
    valid : ndarray of bool, shape (rows, columns)
    reach : float
        Largest distance that is asked for [px].
    """

    def __init__(self, valid: Bools, *, reach: float) -> None:
        self._pad = int(np.ceil(reach)) + 3
        padded = np.pad(valid, self._pad)
        self._distance = np.asarray(distance_transform_edt(~padded), dtype=np.float64)
        self.shape = valid.shape

    def distance(self, places: Floats) -> Floats:
        """Distances [px] of places (n, 2); 0 on usable pixels, infinite far outside."""
        x, y = np.round(places + self._pad).astype(np.int64).T
        rows, cols = self._distance.shape
        inside = (x >= 0) & (x < cols) & (y >= 0) & (y < rows)
        out = np.full(len(places), np.inf)
        out[inside] = self._distance[y[inside], x[inside]]
        return out

    def off_frame(self, places: Floats, *, margin: float = 0.0) -> Bools:
        """Whether places lie outside the frame, or within `margin` [px] of its edge."""
        rows, cols = self.shape
        x, y = places.T
        return np.asarray(
            (x < margin - 0.5)
            | (x > cols - 0.5 - margin)
            | (y < margin - 0.5)
            | (y > rows - 0.5 - margin)
        )


def typical_spacing(places: Floats) -> float:
    """Median distance of the nearest other place [px]; NaN for fewer than two."""
    if len(places) < 2:
        return float("nan")
    return float(np.median(np.asarray(cKDTree(places).query(places, k=2)[0])[:, 1]))


def continued_places(places: Floats, visible: Visible, *, reach: float) -> Floats:
    """Places (m, 2) that continue the columns' arrangement where no pixel is usable.

    The displacement from a neighbour to one of its neighbours, moved to a column at the rim, points
    to a place beyond it. The place is taken where the same displacement leads from the other
    columns around to columns too. No lattice is assumed: bases of several columns, grains and
    strain are continued from what lies beside.

    Parameters
    ----------
    places : ndarray, shape (n, 2)
        Known columns (x, y) [px].
    visible : Visible
    reach : float
        How far from usable pixels [px].
    """
    none = np.zeros((0, 2))
    shown = places[visible.distance(places) == 0]
    if len(places) < 4 or len(shown) < 4:
        return none
    spacing = typical_spacing(shown)
    known = places
    for _ in range(2):
        found = list(_candidates(known, shown, visible, spacing=spacing, reach=reach))
        if not found:
            break
        new = _merged(np.array([place for place, _ in found]), known, apart=SAME * spacing)
        if not len(new):
            break
        known = np.concatenate([known, new])
    return known[len(places) :]


def holes(places: Floats, visible: Visible) -> Floats:
    """Places (m, 2) inside the frame where the columns' arrangement leads and none is known.

    Parameters
    ----------
    places : ndarray, shape (n, 2)
        Known columns (x, y) [px].
    visible : Visible
    """
    none = np.zeros((0, 2))
    shown = places[visible.distance(places) == 0]
    if len(shown) < 4:
        return none
    spacing = typical_spacing(shown)
    tree = cKDTree(shown)
    first, second = tree.query_pairs(_BESIDE * spacing, output_type="ndarray").T
    # Where the step from one column to a neighbour leads from it in the other direction.
    found = np.concatenate([2 * shown[first] - shown[second], 2 * shown[second] - shown[first]])
    found = found[visible.distance(found) == 0]
    found = found[np.asarray(tree.query(found)[0]) > SAME * spacing] if len(found) else found
    if not len(found):
        return none
    merged = _merged(found, shown, apart=SAME * spacing)
    return merged[[_surrounded(place, shown, tree, spacing=spacing) for place in merged]]


def _surrounded(place: Floats, shown: Floats, tree: cKDTree, *, spacing: float) -> bool:
    """Whether columns lie around a place, not only on one side of it."""
    beside = shown[tree.query_ball_point(place, _BESIDE * spacing)] - place
    if len(beside) < _AROUND_HOLE:
        return False
    angles = np.sort(np.arctan2(beside[:, 1], beside[:, 0]))
    widest = float(np.max(np.diff(np.append(angles, angles[0] + 2 * np.pi))))
    return widest < np.pi


def _candidates(
    known: Floats, shown: Floats, visible: Visible, *, spacing: float, reach: float
) -> Iterator[tuple[Floats, int]]:
    """Places beyond the usable pixels where the arrangement around leads, with their votes.

    Steps and votes are of columns that are shown alone: those beyond would confirm each other.
    """
    tree, of_shown = cKDTree(known), cKDTree(shown)
    far = NEIGHBOURHOOD * spacing
    neighbours = of_shown.query_ball_point(shown, far)
    k = min(len(shown), _AROUND)
    around_all = np.reshape(of_shown.query(known, k=k)[1], (len(known), -1))
    # only columns near unusable pixels can be continued into them
    angles = np.arange(12) * (2 * np.pi / 12)
    circle = far * np.column_stack([np.cos(angles), np.sin(angles)])
    hidden = visible.distance((known[:, None] + circle).reshape(-1, 2)) > 0
    rim = np.flatnonzero(hidden.reshape(len(known), -1).any(axis=1))
    for n in rim:
        around = around_all[n]
        steps = np.concatenate(
            [shown[[r for r in neighbours[q] if r != q]] - shown[q] for q in around]
        ).reshape(-1, 2)
        if not len(steps):
            continue
        ends = known[n] + steps
        distance = visible.distance(ends)
        wanted = (distance <= reach) & (
            (distance > 1.5) | visible.off_frame(ends, margin=_RIM * spacing)
        )
        steps = steps[wanted]
        if not len(steps):
            continue
        steps = steps[np.asarray(tree.query(known[n] + steps)[0]) > SAME * spacing]
        while len(steps):
            own = np.hypot(*(steps - steps[0]).T) < _NEAR * spacing
            step = steps[own].mean(axis=0)
            steps = steps[~own]
            others = shown[around] + step
            seen = visible.distance(others) == 0
            occupied = seen & (np.asarray(of_shown.query(others)[0]) < _NEAR * spacing)
            agree = int(np.count_nonzero(occupied))
            against = int(np.count_nonzero(seen & ~occupied))
            if agree >= _FEWEST and agree >= _AGREE * (agree + against):
                yield known[n] + step, agree


def _merged(new: Floats, known: Floats, *, apart: float) -> Floats:
    """Means of heaps of `new` places that lie away from the `known` ones."""
    new = new[np.asarray(cKDTree(known).query(new)[0]) > apart]
    means: list[Floats] = []
    while len(new):
        own = np.hypot(*(new - new[0]).T) < apart
        means.append(new[own].mean(axis=0))
        new = new[~own]
    return np.array(means).reshape(-1, 2)
