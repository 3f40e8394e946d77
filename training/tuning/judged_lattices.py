"""Lattices on which a tuning is validated: no pair of it has them, and no case."""

from dataclasses import replace
from functools import lru_cache
from typing import Final

from training.specimens.held_out.exclusion import Exclusion, exclusion_of_cases
from training.tuning.scene_lattice import SceneLattice

#: Square, hexagonal and rectangular; px.
JUDGED_LATTICES: Final = {
    "square": SceneLattice(((8.5, 0.0), (0.0, 8.5)), width=2.0),
    "hexagonal": SceneLattice(((12.6, 0.0), (6.3, 10.912)), width=2.9),
    "rectangular": SceneLattice(((5.6, 0.0), (0.0, 8.5)), width=1.7),
}


@lru_cache(maxsize=1)
def exclusion_of_tuning() -> Exclusion:
    """What a tuning must not see: everything of the cases, and the judged lattices' distances."""
    cases = exclusion_of_cases()
    judged = {
        round(distance, 3) for lattice in JUDGED_LATTICES.values() for distance in lattice.distances
    }
    return replace(cases, distances=tuple(sorted({*cases.distances, *judged})))
