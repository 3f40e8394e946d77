"""Which points of a scan are simulated in which phonon configuration, and how a full scan follows.

A point is a pair of integers (ix, iy) counted in scan steps from the structure's reference point.
Everything here is exact integer arithmetic on the scan lattice.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RectBivariateSpline

from cases.imaging import Simulation, SupercellScan, WindowScan
from cases.specimens.symmetry import MIRRORS, POINT_GROUP
from stembench.arrays import Floats, Integers


@dataclass(frozen=True)
class ScanPlan:
    """The irreducible points of a scan and how the full scan is put together from them.

    Attributes
    ----------
    points : ndarray, shape (n, 2)
        Irreducible points (ix, iy).
    group : ndarray, shape (n,)
        Which of the configurations of one full scan visits the point.
    groups : int
        Configurations that make up one full scan.
    unfold : ndarray, shape (ny, nx)
        Index of the irreducible point at each place of the full scan; -1 where none was planned.
    first : int
        ix and iy of the full scan's corner [0, 0].
    coarse : bool
        Whether places without a point are to be interpolated from the even ones.
    """

    points: Integers
    group: Integers
    groups: int
    unfold: Integers
    first: int
    coarse: bool

    @property
    def has_scattered_neighbours(self) -> bool:
        """Whether neighbours are samples of their own, neither interpolated nor made by symmetry.

        Then the scatter about them tells the error of a point that was sampled once.
        """
        return not self.coarse and self.unfold.size == len(self.points)

    def expand(self, values: Floats) -> Floats:
        """Full scan from the irreducible points.

        Parameters
        ----------
        values : ndarray, shape (m, n)
            m images of n irreducible points.

        Returns
        -------
        ndarray, shape (m, ny, nx)
            Places that were not planned are interpolated by a cubic spline through every second
            place of the scan.
        """
        full = values[:, np.maximum(self.unfold, 0)]
        if not self.coarse:
            return full
        start = self.first % 2
        ys, xs = np.nonzero(self.unfold < 0)
        even = full[:, start::2, start::2]
        rows, columns = np.arange(even.shape[1]), np.arange(even.shape[2])
        if (self.unfold[start::2, start::2] < 0).any():
            raise ValueError("every second place of the scan must be planned")
        for image, nodes in zip(full, even, strict=True):
            spline = RectBivariateSpline(rows, columns, nodes, s=0)
            image[ys, xs] = spline.ev((ys - start) / 2, (xs - start) / 2)
        return full


def scan_plan(simulation: Simulation) -> ScanPlan:
    """Plan the scan of a simulation."""
    match simulation:
        case SupercellScan(scan_points_y=None):
            return _cell_plan(simulation)
        case SupercellScan():
            return _rectangle_plan(simulation)
        case WindowScan():
            return _window_plan(simulation)


def _cell_plan(simulation: SupercellScan) -> ScanPlan:
    """Wedge of the [001] cell: the group is p4mm with the centring translation (1/2, 1/2).

    The columns at the corner and at the middle of an edge start half a cell apart in depth and
    are not taken as equal.
    """
    n = simulation.scan_points
    if n % 2:
        raise ValueError("the unit cell's centring needs an even number of scan points")
    iy, ix = np.mgrid[:n, :n]
    places = np.stack([ix, iy], axis=-1)
    images = np.einsum("gij,yxj->gyxi", POINT_GROUP, places)
    both = np.concatenate([images, images + n // 2]) % n
    # The representative of an orbit is its member with the smallest number.
    representative = (both[..., 1] * n + both[..., 0]).min(axis=0)
    unique, unfold = np.unique(representative, return_inverse=True)
    return ScanPlan(
        points=np.stack([unique % n, unique // n], axis=1).astype(np.int64),
        group=np.zeros(len(unique), dtype=np.int64),
        groups=1,
        unfold=unfold.reshape(n, n).astype(np.int64),
        first=0,
        coarse=False,
    )


def _rectangle_plan(simulation: SupercellScan) -> ScanPlan:
    """Wedge of a rectangular cell with one column at its corner: the group is p2mm."""
    nx, ny = simulation.scan_shape
    iy, ix = np.mgrid[:ny, :nx]
    # The smaller of a number and its mirror image about the corner.
    x, y = np.minimum(ix, -ix % nx), np.minimum(iy, -iy % ny)
    unique, unfold = np.unique(y * nx + x, return_inverse=True)
    return ScanPlan(
        points=np.stack([unique % nx, unique // nx], axis=1).astype(np.int64),
        group=np.zeros(len(unique), dtype=np.int64),
        groups=1,
        unfold=unfold.reshape(ny, nx).astype(np.int64),
        first=0,
        coarse=False,
    )


def _window_plan(simulation: WindowScan) -> ScanPlan:
    n, block = simulation.points, simulation.interleave
    first = -(n // 2)
    iy, ix = np.mgrid[first : first + n, first : first + n]
    if simulation.symmetry == "p4m":
        if n % 2 == 0:
            raise ValueError("symmetry p4m needs an odd number of scan points")
        low, high = np.sort(np.abs([ix, iy]), axis=0)
        x, y = high, low
    elif simulation.symmetry == "pm":
        if n % 2 == 0:
            raise ValueError("symmetry pm needs an odd number of scan points")
        x, y = ix, np.abs(iy)
    else:
        x, y = ix, iy
    planned = np.ones((n, n), dtype=bool)
    if simulation.fine_radius is not None:
        outside = np.hypot(ix, iy) * simulation.step > simulation.fine_radius
        planned = ~outside | ((ix % 2 == 0) & (iy % 2 == 0))
    key = (y - first) * n + (x - first)
    unique, index = np.unique(key[planned], return_inverse=True)
    unfold = np.full((n, n), -1, dtype=np.int64)
    unfold[planned] = index
    points = np.stack([unique % n + first, unique // n + first], axis=1).astype(np.int64)
    dealt = points
    if simulation.fine_radius is not None:
        sparse = np.hypot(points[:, 0], points[:, 1]) * simulation.step > simulation.fine_radius
        dealt = np.where(sparse[:, None], points // 2, points)
    return ScanPlan(
        points=points,
        group=(dealt[:, 0] % block) + block * (dealt[:, 1] % block),
        groups=simulation.configurations_per_image,
        unfold=unfold,
        first=first,
        coarse=simulation.fine_radius is not None,
    )


def deal(
    plan: ScanPlan,
    configuration: int,
    *,
    rng: np.random.Generator,
    simulation: Simulation,
    cells: tuple[int, int] | None = None,
    repetitions: int = 1,
) -> tuple[Integers, Integers]:
    """Points that one phonon configuration visits, and where it does so.

    Parameters
    ----------
    plan : ScanPlan
    configuration : int
        Number of the configuration.
    rng : numpy.random.Generator
        The configuration's own; draws which of the equivalent places of a point is visited.
    simulation : Simulation
    cells : tuple of two int, optional
        Scanned cells along x and y of a supercell; by default ``simulation.repeats`` of them.
    repetitions : int
        Equivalent places of each point that are visited, at most 8 under symmetry 'p4m' and 1
        under 'p1' and 'pm'.

    Returns
    -------
    index : ndarray, shape (m,)
        Numbers of the irreducible points.
    places : ndarray, shape (repetitions, m, 2)
        Where they are probed, (ix, iy) in scan steps.
    """
    index = np.flatnonzero(plan.group == configuration % plan.groups).astype(np.int64)
    match simulation:
        case SupercellScan():
            sides = (simulation.repeats, simulation.repeats) if cells is None else cells
            draw = _bulk_places if simulation.scan_points_y is None else _rectangle_places
            places = [
                draw(plan.points[index], rng, simulation, cells=sides) for _ in range(repetitions)
            ]
            return index, np.stack(places)
        case WindowScan(symmetry="p4m") if repetitions == 1:
            operations = rng.integers(8, size=(1, len(index)))
        case WindowScan(symmetry="p4m") if repetitions <= 8:
            every = np.tile(np.arange(8), (len(index), 1))
            operations = rng.permuted(every, axis=1).T[:repetitions]
        case WindowScan(symmetry="p1") if repetitions == 1:
            return index, plan.points[index][None]
        case WindowScan(symmetry="pm") if repetitions == 1:
            signs = np.ones((len(index), 2), dtype=np.int64)
            signs[:, 1] = rng.choice([1, -1], size=len(index))
            return index, (signs * plan.points[index])[None]
        case _:
            raise ValueError(f"the scan's symmetry has no {repetitions} places of each point")
    places_of = np.einsum("rmij,mj->rmi", POINT_GROUP[operations], plan.points[index])
    return index, places_of


def _bulk_places(
    points: Integers,
    rng: np.random.Generator,
    simulation: SupercellScan,
    *,
    cells: tuple[int, int],
) -> Integers:
    """Equivalent places of points in a bulk crystal, each at a lattice site of its own."""
    operations = POINT_GROUP[rng.integers(8, size=len(points))]
    n = simulation.scan_points
    # Lattice translations (l, m) cells, and those plus half a cell along both axes.
    sites = rng.permutation(2 * cells[0] * cells[1])[: len(points)]
    corner = np.stack([sites // 2 % cells[0], sites // 2 // cells[0]], axis=1) * n
    half = (sites % 2)[:, None] * (n // 2)
    places: Integers = np.einsum("mij,mj->mi", operations, points) + corner + half
    return places


def _rectangle_places(
    points: Integers,
    rng: np.random.Generator,
    simulation: SupercellScan,
    *,
    cells: tuple[int, int],
) -> Integers:
    """Equivalent places of points by the mirrors, each at a column of its own of any depth."""
    signs = MIRRORS[rng.integers(len(MIRRORS), size=len(points))]
    sites = rng.permutation(cells[0] * cells[1])[: len(points)]
    corner = np.stack([sites % cells[0], sites // cells[0]], axis=1) * simulation.scan_shape
    places: Integers = signs * points + corner
    return places
