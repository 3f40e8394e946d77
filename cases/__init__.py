"""The cases of the benchmark: an explicit registry, nothing is registered by being imported."""

from collections.abc import Iterable
from typing import Final

from cases import defect_ladder, edge_dislocation, nanoparticle, particle_adatoms, pt_bulk
from cases.description import Case
from noise.errors import InputError

__all__ = ["CASES", "Case", "get_case", "unique_names"]


def unique_names(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Return the cases as a tuple.

    Raises
    ------
    ValueError
        If two cases share a name.
    """
    listed = tuple(cases)
    names = [case.name for case in listed]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"case names must be unique, found twice: {', '.join(twice)}")
    return listed


#: All cases, in the order of the paper's studies; behind them what the paper does not have.
CASES: Final[tuple[Case, ...]] = unique_names(
    (
        pt_bulk.CASE,
        edge_dislocation.CASE,
        nanoparticle.CASE,
        defect_ladder.CASE,
        particle_adatoms.CASE,
    )
)


def get_case(name: str) -> Case:
    """Look a case up by its name.

    Raises
    ------
    InputError
        If there is none of that name; the message lists the known ones.
    """
    for case in CASES:
        if case.name == name:
            return case
    known = ", ".join(case.name for case in CASES)
    raise InputError(f"no case is named '{name}'; the cases are: {known}")
