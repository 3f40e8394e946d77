"""All cases of the benchmark: an explicit registry, nothing is registered by being imported."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Final

from cases.case import Case
from stembench.errors import InputError

__all__ = ["CASES", "checked", "get_case"]

#: Files of `cases.declared`, each with one case, in the order of the paper's studies; those that
#: the paper does not have follow. A new case adds its line here.
_DECLARED: Final = (
    "pt_bulk",
    "edge_dislocation",
    "nanoparticle",
    "defect_ladder",
    "particle_adatoms",
    "pt_112",
    "simulated_edits",
    "responses.response",
    "responses.response_112",
    "responses.response_long",
)


def checked(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Return the cases as a tuple if they fit together.

    Raises
    ------
    InputError
        If two cases share a name, a successor is unknown or leads back to the case itself, or a
        study names an image or a dose that its case does not have.
    """
    listed = tuple(cases)
    names = [case.name for case in listed]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"case names must be unique, found twice: {', '.join(twice)}")
    successor = {case.name: case.superseded_by for case in listed}
    for case in listed:
        _check_succession(case.name, successor)
        _check_study(case)
    return listed


def _check_succession(name: str, successor: Mapping[str, str | None]) -> None:
    """Follow the chain of successors to its end."""
    passed = [name]
    while (following := successor[passed[-1]]) is not None:
        if following not in successor:
            raise InputError(
                f"case '{passed[-1]}' is superseded by '{following}', which is no case; "
                "correct its superseded_by"
            )
        if following in passed:
            raise InputError(
                f"the successors of case '{name}' lead back to '{following}'; "
                "correct their superseded_by"
            )
        passed.append(following)


def _check_study(case: Case) -> None:
    """Refuse a study that runs or shows what the case does not have."""
    study = case.study
    amounts = [amount for amount in (study.quick, study.paper) if amount is not None]
    images = {label for amount in amounts for label in amount.images} | {*study.converged}
    images -= set(case.labels)
    doses = {dose for amount in amounts for dose in amount.doses} - set(case.doses)
    unknown = [f"image {label}" for label in sorted(images)]
    unknown += [f"dose {dose:g}" for dose in sorted(doses)]
    if unknown:
        raise InputError(
            f"the study of case '{case.name}' names {', '.join(unknown)}, "
            "which the case does not have"
        )


def _declared(name: str) -> Case:
    """The case of one file of `cases.declared`."""
    case = getattr(import_module(f"{__package__}.declared.{name}"), "CASE", None)
    if not isinstance(case, Case):
        raise InputError(f"'cases/declared/{name}.py' must define the case as CASE")
    return case


#: All cases, in the order in which they are listed.
CASES: Final[tuple[Case, ...]] = checked(_declared(name) for name in _DECLARED)


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
