"""How much of the benchmark a run does: the declared profiles, and a user's narrowing of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from cases import CASES, get_case
from cases.description import Case
from noise.dose import electrons_per_pixel
from noise.errors import InputError


@dataclass(frozen=True)
class Selection:
    """What is run of one case.

    Attributes
    ----------
    case : str
        Name of the case.
    images : tuple of str
        Labels of its images.
    doses : tuple of float
        Doses in e/Å².
    realizations : int
        Noise realizations per image and dose.
    """

    case: str
    images: tuple[str, ...]
    doses: tuple[float, ...]
    realizations: int


@dataclass(frozen=True)
class Profile:
    """A named amount of work.

    Attributes
    ----------
    name : str
    summary : str
        One sentence for the list and the report.
    selections : tuple of Selection
    restorers : tuple of str
        Restorer specs used unless the user names others.
    """

    name: str
    summary: str
    selections: tuple[Selection, ...]
    restorers: tuple[str, ...]


def _labels(case: Case, first: int, last: int) -> tuple[str, ...]:
    return tuple(spec.label for spec in case.images if first <= spec.thickness <= last)


def _paper() -> Profile:
    # The paper's study 1 starts at two cells; z01 only serves the library.
    selections = tuple(
        Selection(
            case=case.name,
            images=_labels(case, 2, 75),
            doses=case.doses,
            realizations=100,
        )
        for case in CASES
    )
    return Profile(
        name="paper",
        summary="The three studies of the paper in full: every thickness, 100 realizations.",
        selections=selections,
        restorers=("raw", "gaussian", "nlm", "cgrdn"),
    )


#: Realizations of profile quick, set so that two cores finish within eight minutes.
_QUICK_REALIZATIONS: Final = {"pt_bulk": 16, "edge_dislocation": 16, "nanoparticle": 8}
_QUICK_BULK: Final = (2, 5, 10, 20, 40, 75)


def _quick() -> Profile:
    selections = tuple(
        Selection(
            case=case.name,
            images=tuple(
                spec.label
                for spec in case.images
                if case.name != "pt_bulk" or spec.thickness in _QUICK_BULK
            ),
            doses=case.doses,
            realizations=_QUICK_REALIZATIONS[case.name],
        )
        for case in CASES
    )
    return Profile(
        name="quick",
        summary="A subset of the paper's studies for two cores and eight minutes.",
        selections=selections,
        restorers=("raw", "gaussian", "cgrdn"),
    )


def profiles() -> dict[str, Profile]:
    """Every declared profile by name."""
    return {profile.name: profile for profile in (_quick(), _paper())}


def get_profile(name: str) -> Profile:
    """Look a profile up by name; an unknown one is an InputError that lists the known."""
    known = profiles()
    if name not in known:
        raise InputError(f"unknown profile {name!r}; known profiles are {', '.join(known)}")
    return known[name]


def narrow(
    profile: Profile,
    *,
    cases: Sequence[str] = (),
    doses: Sequence[float] = (),
    realizations: int | None = None,
    restorers: Sequence[str] = (),
) -> Profile:
    """Return `profile` with the user's choices in place of its own.

    Parameters
    ----------
    profile : Profile
    cases : sequence of str
        Names of the cases to keep; none keeps all.
    doses : sequence of float
        Doses in e/Å² in place of each case's own; none keeps those.
    realizations : int, optional
        Realizations per image and dose in place of the profile's.
    restorers : sequence of str
        Restorer specs in place of the profile's. 'raw' is always run: everything is read
        against it.

    Raises
    ------
    InputError
        If a case is not known, a dose is not positive, a number of realizations is below one, or
        something is named twice.
    """
    for name in cases:
        get_case(name)
    for dose in doses:
        electrons_per_pixel(dose, 1.0)
    if realizations is not None and realizations < 1:
        raise InputError(f"realizations must be at least 1, not {realizations}")
    for what, named in (("case", cases), ("dose", doses), ("restorer", restorers)):
        if len(set(named)) != len(named):
            raise InputError(f"a {what} is named twice: {', '.join(map(str, named))}")
    kept = tuple(
        replace(
            selection,
            doses=tuple(sorted(doses)) or selection.doses,
            realizations=realizations or selection.realizations,
        )
        for selection in profile.selections
        if not cases or selection.case in cases
    )
    chosen = tuple(restorers) or profile.restorers
    if not {"raw", "identity"} & set(chosen):
        chosen = ("raw", *chosen)
    return replace(profile, selections=kept, restorers=chosen)
