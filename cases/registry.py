"""All cases of the benchmark: an explicit registry, nothing is registered by being imported."""

from collections.abc import Iterable
from importlib import import_module
from typing import Final

from cases.case import Case
from stembench.errors import InputError

__all__ = ["CASES", "get_case", "unique_names"]

#: Files of `cases.declared`, each with one case, in the order of the paper's studies; behind them
#: what the paper does not have. A new case adds its line here.
_DECLARED: Final = (
    "pt_bulk",
    "edge_dislocation",
    "nanoparticle",
    "defect_ladder",
    "particle_adatoms",
)


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


CASES: Final[tuple[Case, ...]] = unique_names(
    import_module(f"{__package__}.declared.{name}").CASE for name in _DECLARED
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
