"""Burgers circuit: a walk from column to column round a dislocation, and its closure failure.

The lattice, the walk and the failure are derived from column positions alone. In a perfect
crystal n steps right, m up, n left and m down end where they began; round a dislocation they miss
the start by the Burgers vector projected along the beam (J. M. Burgers 1939).
"""

from dataclasses import dataclass

import numpy as np

from stembench.arrays import Floats

#: A column further from where it is expected than this share of the shorter lattice vector is
#: taken for missing.
_TOLERANCE = 0.45
_SHORTEST = 4
_REFINEMENTS = 10
#: Standard deviation of the window in which phases are averaged, in longer lattice vectors.
_WINDOW = 0.7
#: Least length of the mean of unit phasors at which a phase is believed.
_READABLE = 0.3


@dataclass(frozen=True)
class Circuit:
    """A Burgers circuit.

    Attributes
    ----------
    path : ndarray, shape (n_steps + 1, 2)
        Visited columns as (x, y) in px, from start to finish.
    closure : ndarray, shape (2,)
        From the finish to the start, in px: the Burgers vector with sense and sign by
        start-finish convention.
    steps : tuple of int
        Steps along the first and the second lattice vector.
    """

    path: Floats
    closure: Floats
    steps: tuple[int, int]


def lattice_vectors(positions: Floats) -> tuple[Floats, Floats] | None:
    """Two shortest lattice vectors that are not parallel, as medians over the columns.

    Parameters
    ----------
    positions : ndarray, shape (n, 2)
        Columns as (x, y).

    Returns
    -------
    tuple of ndarray or None
        The first points to +x, the second to +y; None for too few columns.
    """
    if len(positions) < 12:
        return None
    steps, distances = _neighbours(positions, count=8)
    first = _folded_median(steps[:, 0], axis=0)
    length = np.maximum(distances, 1e-12)
    sine = np.abs(steps[..., 0] * first[1] - steps[..., 1] * first[0]) / (
        length * np.linalg.norm(first)
    )
    across = np.where(sine > 0.7, distances, np.inf)
    best = across.argmin(axis=1)
    has_second = np.isfinite(across.min(axis=1))
    if has_second.sum() < 6:
        return None
    second = _folded_median(steps[np.arange(len(steps)), best][has_second], axis=1)
    first, second = _refined(positions, first), _refined(positions, second)
    return (first, second) if abs(first[0]) >= abs(first[1]) else (second, first)


def _refined(positions: Floats, vector: Floats) -> Floats:
    """Mean of the vectors between columns that are one lattice vector apart.

    The nearest of a column's neighbours is the nearer for its errors, so that vectors to it are
    short; those to whatever lies about one lattice vector away are not.
    """
    from scipy.spatial import KDTree

    tree = KDTree(positions)
    for _ in range(_REFINEMENTS):
        distance, index = tree.query(positions + vector)
        near = distance < _TOLERANCE * np.linalg.norm(vector)
        if not near.any():
            break
        vector = (positions[index] - positions)[near].mean(axis=0)
    return vector


def burgers_circuit(positions: Floats, *, centre: Floats) -> Circuit | None:
    """Walk the widest circuit round `centre` that the columns allow.

    Parameters
    ----------
    positions : ndarray, shape (n, 2)
        Columns as (x, y) in px; NaN rows are ignored.
    centre : ndarray, shape (2,)
        Where the dislocation line meets the image, in px.

    Returns
    -------
    Circuit or None
        None if no circuit of at least four steps a side finds a column at each step.
    """
    columns = positions[np.isfinite(positions).all(axis=1)]
    vectors = lattice_vectors(columns)
    if vectors is None:
        return None
    u, v = vectors
    # Two steps inside the outermost columns, whose fits are the poorest.
    room = np.minimum(columns.max(axis=0) - centre, centre - columns.min(axis=0))
    widest = [int(2 * room[0] / abs(u[0])) - 4, int(2 * room[1] / abs(v[1])) - 4]
    for less in range(max(widest)):
        n = [max(size - less, min(size, _SHORTEST)) for size in widest]
        if min(n) < _SHORTEST:
            break
        walked = _walk(columns, centre - (n[0] * u + n[1] * v) / 2, u=u, v=v, steps=n)
        if walked is not None:
            return Circuit(walked, walked[0] - walked[-1], (n[0], n[1]))
    return None


def _walk(
    columns: Floats, start: Floats, *, u: Floats, v: Floats, steps: list[int]
) -> Floats | None:
    """Visited columns, None as soon as one is missing."""
    reach = _TOLERANCE * min(np.linalg.norm(u), np.linalg.norm(v))
    path = [columns[np.linalg.norm(columns - start, axis=1).argmin()]]
    for step, number in ((u, steps[0]), (v, steps[1]), (-u, steps[0]), (-v, steps[1])):
        for _ in range(number):
            distance = np.linalg.norm(columns - (path[-1] + step), axis=1)
            nearest = int(distance.argmin())
            if distance[nearest] > reach:
                return None
            path.append(columns[nearest])
    return np.array(path)


def _neighbours(positions: Floats, *, count: int) -> tuple[Floats, Floats]:
    """Vectors to the nearest neighbours of each column and their lengths, nearest first."""
    from scipy.spatial import KDTree

    index = np.asarray(KDTree(positions).query(positions, k=count + 1)[1])
    steps = positions[index[:, 1:]] - positions[:, np.newaxis]
    return steps, np.asarray(np.linalg.norm(steps, axis=-1))


def _folded_median(steps: Floats, *, axis: int) -> Floats:
    """Median of vectors folded so that they do not point against each other."""
    lead = int(np.abs(steps).mean(axis=0).argmax())
    folded = np.median(np.where(steps[:, [lead]] < 0, -steps, steps), axis=0)
    return -folded if folded[axis] < 0 else folded


def burgers_by_phase(positions: Floats, *, centre: Floats, radius: float) -> Floats | None:
    """Burgers vector inside a circle, from how often the lattice's phases wind along it.

    At each point of the circle the phase 2π g·r of the columns around is averaged for both
    reciprocal vectors g of the lattice, as geometric phase analysis does (M. J. Hÿtch, E. Snoeck
    and R. Kilaas 1998, doi:10.1016/S0304-3991(98)00035-7); along the circle it winds g·b times. No
    single column decides, so that noise which a walk from column to column would stumble over
    does no harm, and the result is a lattice vector exactly.

    Parameters
    ----------
    positions : ndarray, shape (n, 2)
        Columns as (x, y) in px; NaN rows are ignored.
    centre : ndarray, shape (2,)
        Where the dislocation line meets the image, in px.
    radius : float
        Of the circle in px.

    Returns
    -------
    ndarray, shape (2,), or None
        The closure failure of a circuit that starts and finishes as that of `burgers_circuit`, in
        px; None if there is no lattice, or if it cannot be read somewhere along the circle.
    """
    columns = positions[np.isfinite(positions).all(axis=1)]
    vectors = lattice_vectors(columns)
    if vectors is None:
        return None
    basis = np.stack(vectors)
    length = float(np.linalg.norm(basis, axis=1).max())
    angle = np.linspace(0, 2 * np.pi, max(64, int(8 * radius / length)), endpoint=False)
    points = centre + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    square = ((points[:, np.newaxis] - columns) ** 2).sum(axis=-1)
    weights = np.exp(-square / (2 * (_WINDOW * length) ** 2))
    # Rows of the inverse's transpose are the reciprocal vectors.
    phases = 2 * np.pi * (columns - centre) @ np.linalg.inv(basis)
    mean = weights @ np.exp(1j * phases) / weights.sum(axis=1, keepdims=True)
    if (weights.sum(axis=1) < 1).any() or (np.abs(mean) < _READABLE).any():
        return None
    steps = np.angle(mean * np.conj(np.roll(mean, 1, axis=0)))
    winding = np.rint(steps.sum(axis=0) / (2 * np.pi))
    return np.asarray(-winding @ basis)
