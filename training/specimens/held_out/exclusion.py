"""What training must not see: the elements and lattices that networks are judged on."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import gcd
from typing import Any, Final

import numpy as np

from cases import CASES, Case
from stembench.arrays import Floats
from stembench.errors import InputError
from training.specimens.held_out.column_distances import column_distances, projected_distances

#: Largest index of a zone axis along which a crystal of any orientation is looked at.
_INDEX: Final = 2
#: Radians from a zone axis within which a crystal still shows columns: two standard deviations of
#: the mistilt.
_NEAR_AXIS: Final = np.radians(10.0)


@dataclass(frozen=True)
class Exclusion:
    """Elements and lattices that no specimen of a pair may have.

    Attributes
    ----------
    numbers : tuple of int
        Atomic numbers.
    distances : tuple of float
        Distances of neighbouring columns in px.
    tolerance : float
        Share of such a distance by which a lattice's must differ from it, in [0, 1).
    """

    numbers: tuple[int, ...] = ()
    distances: tuple[float, ...] = ()
    tolerance: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance < 1:
            raise InputError(
                f"the tolerance of an exclusion is a share in [0, 1), not {self.tolerance!r}"
            )

    def has_number(self, numbers: Iterable[int]) -> bool:
        """Whether one of some atomic numbers is excluded."""
        return not set(self.numbers).isdisjoint(numbers)

    def has_distance(self, distances: Iterable[float]) -> bool:
        """Whether one of some distances of columns, in px, is within the tolerance of ours."""
        return any(
            abs(each - ours) <= self.tolerance * ours
            for each in distances
            for ours in self.distances
        )

    def has_crystal(self, vectors: Floats, places: Floats, *, beam: Floats, pixel: float) -> bool:
        """Whether a crystal shows columns at an excluded distance.

        All zone axes with indices up to 2 count that lie within 10° of the beam.

        Parameters
        ----------
        vectors : ndarray, shape (3, 3)
            Cell vectors as rows in Å.
        places : ndarray, shape (n, 3)
            Atoms as fractions of the cell.
        beam : ndarray, shape (3,)
            Direction of the beam in the same axes as `vectors`.
        pixel : float
            Pixel size in Å/px of the image that is shown.
        """
        if not self.distances:
            return False
        return any(
            self.has_distance(
                distance / pixel for distance in projected_distances(vectors, places, axis=axis)
            )
            for axis in _axes_near(beam, vectors)
        )

    def description(self) -> dict[str, Any]:
        """What is excluded, as JSON tells it."""
        return {
            "atomic_numbers": list(self.numbers),
            "column_distances_px": list(self.distances),
            "tolerance": self.tolerance,
        }


NOTHING_EXCLUDED: Final = Exclusion()
"""Lets all specimens through."""


def _axes_near(beam: Floats, vectors: Floats) -> list[tuple[int, int, int]]:
    axes = _axes()
    directions = np.array(axes) @ vectors
    cosines = directions @ beam / (np.linalg.norm(directions, axis=1) * np.linalg.norm(beam))
    return [
        axis for axis, cosine in zip(axes, cosines, strict=True) if cosine >= np.cos(_NEAR_AXIS)
    ]


@lru_cache(maxsize=1)
def _axes() -> tuple[tuple[int, int, int], ...]:
    span = range(-_INDEX, _INDEX + 1)
    return tuple((u, v, w) for u, v, w in product(span, repeat=3) if gcd(u, v, w) == 1)


@lru_cache(maxsize=1)
def exclusion_of_cases() -> Exclusion:
    """Everything that the benchmark's cases have, read from the cases themselves.

    Returns
    -------
    Exclusion
        The elements of their crystals, and the distances of their columns in px at their pixel
        sizes; a new case is excluded by being declared.
    """
    return exclusion_of(CASES)


def exclusion_of(cases: Iterable[Case]) -> Exclusion:
    """Elements and column distances of some cases; see `exclusion_of_cases`."""
    from ase.data import atomic_numbers

    numbers: set[int] = set()
    distances: set[float] = set()
    for case in cases:
        numbers.add(int(atomic_numbers[case.structure.material.element]))
        distances.update(case_distances(case))
    return Exclusion(tuple(sorted(numbers)), tuple(sorted(distances)))


def case_distances(case: Case) -> tuple[float, float]:
    """Distances of a case's neighbouring columns in px, rounded to 1e-3 px; the shorter first."""
    extent = max(case.shape) * case.sampling
    thickest = max(image.thickness for image in case.images)
    centres, _ = case.structure.columns(thickest, extent=extent)
    first, second = column_distances(centres)
    return round(first / case.sampling, 3), round(second / case.sampling, 3)
