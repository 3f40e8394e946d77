"""Random unit cells: space group, lattice, elements and sites."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from stembench.arrays import Floats, Integers
from training.specimens.held_out.exclusion import NOTHING_EXCLUDED, Exclusion
from training.specimens.random_points import draw_elements
from training.specimens.specimen_ranges import CRYSTAL, draw_whole

#: Last space group of each crystal system.
_SYSTEMS: Final = (
    (2, "triclinic"), (15, "monoclinic"), (74, "orthorhombic"), (142, "tetragonal"),
    (194, "hexagonal"), (230, "cubic"),
)  # fmt: skip
#: Two places nearer than this, in Å, are one.
_SAME: Final = 1e-3
#: Most times that a site is averaged with its copies until it lies on the symmetry element.
_AVERAGES: Final = 4
#: Least volume of a cell over the product of its sides; flatter ones have no such angles (ours).
_FLATTEST: Final = 0.05


@dataclass(frozen=True)
class UnitCell:
    """Description of a unit cell.

    Attributes
    ----------
    space_group : int
        In [1, 230], in the first setting: rhombohedral groups on hexagonal axes.
    lengths : tuple of three float
        a, b, c in Å.
    angles : tuple of three float
        alpha, beta, gamma in degrees.
    numbers : tuple of int
        Atomic number of each site of the asymmetric unit.
    sites : tuple of tuple of three float
        Their places as fractions of the cell.
    """

    space_group: int
    lengths: tuple[float, float, float]
    angles: tuple[float, float, float]
    numbers: tuple[int, ...]
    sites: tuple[tuple[float, ...], ...]

    def vectors(self) -> Floats:
        """Cell vectors as rows (3, 3) in Å: a along x, b in the xy plane."""
        return cell_vectors(self.lengths, self.angles)

    def basis(self) -> tuple[Integers, Floats]:
        """Atomic numbers (n,) and fractions (n, 3) of all atoms of the cell."""
        cell = self.vectors()
        orbits = [orbit(np.array(site), self.space_group, cell) for site in self.sites]
        numbers = np.repeat(np.array(self.numbers, dtype=np.int64), [len(o) for o in orbits])
        return numbers, np.concatenate(orbits)


def draw_unit_cell(rng: np.random.Generator, *, exclude: Exclusion = NOTHING_EXCLUDED) -> UnitCell:
    """Draw a unit cell whose shortest distance between atoms is allowed.

    As in the paper, everything is drawn anew until it is. Ours: every element has one site of the
    asymmetric unit, and in half of the cells a site whose copies by symmetry come close moves
    onto the symmetry element between them, where real crystals have their atoms.

    Parameters
    ----------
    rng : numpy.random.Generator
    exclude : Exclusion
        Elements that must not be used.
    """
    from ase import geometry

    from training.specimens.atom_kernels import nearest_copy

    reduce: Any = geometry.minkowski_reduce  # untyped
    allowed = CRYSTAL.ranges["distance"]
    while True:
        drawn = _drawn(rng)
        if drawn is None or exclude.has_number(drawn.numbers):
            continue
        cell = drawn.vectors()
        reduced = np.array(reduce(cell)[0])
        to_reduced = cell @ np.linalg.inv(reduced)
        _, places = drawn.basis()
        sites = np.array(drawn.sites)
        nearest = nearest_copy(sites @ to_reduced, places @ to_reduced, reduced)
        if allowed.low <= nearest <= allowed.high:
            return drawn


def _drawn(rng: np.random.Generator) -> UnitCell | None:
    """Draw a unit cell whatever its distances; None if there is no lattice of such angles."""
    group = draw_whole(CRYSTAL.ranges["space_group"], rng)
    lengths, angles = _lattice(rng, crystal_system(group))
    numbers = draw_elements(
        rng, CRYSTAL.ranges["number"], count=draw_whole(CRYSTAL.ranges["elements"], rng)
    )
    sites = rng.random((len(numbers), 3))
    special = CRYSTAL.choices["special_site"].draw(rng)
    near = CRYSTAL.ranges["special"].draw(rng)
    if _relative_volume(angles) < _FLATTEST:
        return None
    if special:
        cell = cell_vectors(lengths, angles)
        sites = np.array([special_site(site, group, cell, near=near) for site in sites])
    rows = tuple(tuple(float(value) for value in site) for site in sites)
    return UnitCell(group, lengths, angles, numbers, rows)


def crystal_system(space_group: int) -> str:
    """Crystal system of a space group; rhombohedral ones are hexagonal by their axes."""
    return next(name for last, name in _SYSTEMS if space_group <= last)


def _lattice(
    rng: np.random.Generator, system: str
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Lengths in Å and angles in degrees, as free as the crystal system leaves them."""
    a, b, c = (CRYSTAL.ranges["length"].draw(rng) for _ in range(3))
    alpha, beta, gamma = (CRYSTAL.ranges["angle"].draw(rng) for _ in range(3))
    if system == "cubic":
        b = c = a
    elif system in ("hexagonal", "tetragonal"):
        b = a
    if system == "monoclinic":
        alpha = gamma = 90.0
    elif system != "triclinic":
        alpha = beta = gamma = 90.0
    if system == "hexagonal":
        gamma = 120.0
    return (a, b, c), (alpha, beta, gamma)


def _relative_volume(angles: tuple[float, float, float]) -> float:
    """Volume of a cell with sides of 1; 0 where three vectors cannot have such angles."""
    p, q, r = (math.cos(math.radians(angle)) for angle in angles)
    return math.sqrt(max(0.0, 1 + 2 * p * q * r - p * p - q * q - r * r))


def cell_vectors(lengths: tuple[float, float, float], angles: tuple[float, float, float]) -> Floats:
    """Cell vectors as rows (3, 3) in Å from lengths in Å and angles in degrees."""
    a, b, c = lengths
    p, q, r = (math.cos(math.radians(angle)) for angle in angles)
    sine = math.sin(math.radians(angles[2]))
    across = (p - q * r) / sine
    up = _relative_volume(angles) / sine
    return np.array([[a, 0.0, 0.0], [b * r, b * sine, 0.0], [c * q, c * across, c * up]])


@lru_cache(maxsize=230)
def operations(space_group: int) -> tuple[Floats, Floats]:
    """Rotations (n, 3, 3) and translations (n, 3) of a space group, in fractions of the cell."""
    from ase.spacegroup import Spacegroup

    group: Any = Spacegroup(space_group)  # untyped
    rotations, translations = group.get_op()
    return np.asarray(rotations, dtype=np.float64), np.asarray(translations, dtype=np.float64)


def _copies(site: Floats, space_group: int) -> Floats:
    """All images (n, 3) of a site (3,) under the operations, equal ones included."""
    rotations, translations = operations(space_group)
    return np.asarray(rotations @ site + translations, dtype=np.float64)


def orbit(site: Floats, space_group: int, cell: Floats) -> Floats:
    """Different atoms (m, 3) that symmetry makes of a site (3,), as fractions in [0, 1)."""
    copies = _copies(site, space_group)
    away = copies - site
    away -= np.rint(away)
    fixed = int((np.linalg.norm(away @ cell, axis=1) < _SAME).sum())
    copies -= np.floor(copies)
    if fixed == 1:
        return copies  # no operation but the identity leaves the site: all copies differ
    apart = copies[:, None] - copies[None, :]
    apart -= np.rint(apart)
    same = np.linalg.norm(apart @ cell, axis=-1) < _SAME
    return np.asarray(copies[same.argmax(axis=1) == np.arange(len(copies))], dtype=np.float64)


def special_site(site: Floats, space_group: int, cell: Floats, *, near: float) -> Floats:
    """Move a site (3,) to the middle of its copies that are nearer than `near`, in Å."""
    for _ in range(_AVERAGES):
        away = _copies(site, space_group) - site
        away -= np.rint(away)
        close = np.linalg.norm(away @ cell, axis=1) < near
        step = away[close].mean(axis=0)
        site = site + step
        if float(np.linalg.norm(step @ cell)) < _SAME * 1e-3:
            break
    return site
