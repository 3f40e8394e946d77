"""Run profiles and their command-line overrides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cases import CASES, Case, RunAmount, get_case
from noise import SCAN_WITH_LINES, ScanNoise, ablation_ladder, electrons_per_pixel
from restore import is_raw
from stembench.errors import InputError


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
class Ablation:
    """One image and dose that is run once more per rung of `noise.presets.ablation_ladder`.

    Attributes
    ----------
    case : str
        Name of the case.
    image : str
        Label of its image.
    dose : float
        Dose in e/Å².
    realizations : int
        Noise realizations per rung.
    noise : ScanNoise
        The chain at the top of the ladder.
    """

    case: str
    image: str
    dose: float
    realizations: int
    noise: ScanNoise = SCAN_WITH_LINES

    @property
    def rungs(self) -> dict[str, ScanNoise]:
        """The noise chain of each rung by its label, from counting alone to the whole chain."""
        return ablation_ladder(self.noise)


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
    ablation : Ablation or None
        What is run with the noise built up stage by stage.
    """

    name: str
    summary: str
    selections: tuple[Selection, ...]
    restorers: tuple[str, ...]
    ablation: Ablation | None = None


def _selection(case: Case, amount: RunAmount) -> Selection:
    return Selection(
        case=case.name,
        images=tuple(label for label in case.labels if not amount.images or label in amount.images),
        doses=amount.doses or case.doses,
        realizations=amount.realizations,
    )


def _particle_ablation(*, realizations: int) -> Ablation:
    # The middle of the five doses: noise and displaced lines both weigh there.
    return Ablation(case="nanoparticle", image="particle", dose=5e3, realizations=realizations)


def _paper() -> Profile:
    return Profile(
        name="paper",
        summary="The three studies of the paper, defects and adatoms in full, 100 realizations.",
        selections=tuple(_selection(case, case.study.paper) for case in CASES),
        restorers=("raw", "gaussian", "nlm", "cgrdn"),
        ablation=_particle_ablation(realizations=100),
    )


def _quick() -> Profile:
    return Profile(
        name="quick",
        summary="A subset of the paper's studies for two cores and eight minutes.",
        selections=tuple(_selection(case, case.study.quick) for case in CASES),
        restorers=("raw", "gaussian", "cgrdn"),
        # Four realizations leave t intervals of 3.2 standard errors, which decide next to nothing.
        ablation=_particle_ablation(realizations=8),
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

    The ablation stays if its case and its dose are still run.

    Parameters
    ----------
    profile : Profile
    cases : sequence of str
        Names of the cases to keep; none keeps all.
    doses : sequence of float
        Doses in e/Å² in place of each case's own; none keeps those.
    realizations : int, optional
        Realizations per image and dose, and per rung of the ablation, in place of the profile's.
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
    if not any(is_raw(spec) for spec in chosen):
        chosen = ("raw", *chosen)
    ablation = profile.ablation
    if ablation is not None:
        still_run = {(selection.case, dose) for selection in kept for dose in selection.doses}
        if (ablation.case, ablation.dose) in still_run:
            ablation = replace(ablation, realizations=realizations or ablation.realizations)
        else:
            ablation = None
    return replace(profile, selections=kept, restorers=chosen, ablation=ablation)
