"""Run profiles and their command-line overrides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Final

from bench.plan.acquisitions import FRAMES
from bench.plan.ladders import ONE_STEP, ablation, axes
from cases import CASES, Case, RunAmount, get_case
from noise import electrons_per_pixel
from reports import Ladder
from restore import is_raw, is_reference, with_engine
from stembench.errors import InputError

#: Realizations of the references: an image without information hardly differs from the next.
REFERENCE_REALIZATIONS: Final = 1
#: Realizations of each image and dose whose scan lines are fitted, which takes seconds each.
SCAN_FITS: Final = 8
#: Filters without training, and the references that every restorer is read beside.
_CONTROLS: Final = ("gaussian", "bragg", "patch-pca")
_REFERENCES: Final = ("flat", "row-mean")


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
    raw_realizations : int
        The same of raw images, where it is more: they cost next to nothing. Comparisons are over
        the realizations that both sides have.
    """

    case: str
    images: tuple[str, ...]
    doses: tuple[float, ...]
    realizations: int
    raw_realizations: int = 0

    def realizations_of(self, restorer: str) -> int:
        """Realizations per image and dose of one restorer, named by its spec."""
        if is_raw(restorer):
            return max(self.realizations, self.raw_realizations)
        if is_reference(restorer):
            return min(self.realizations, REFERENCE_REALIZATIONS)
        return self.realizations


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
    ladders : tuple of Ladder
        What is run once more under ladders of noise chains.
    frames : tuple of Selection
        Where the dose is also spread over frames that are aligned and summed.
    scans : int
        Realizations of each image and dose whose scan lines are fitted.
    """

    name: str
    summary: str
    selections: tuple[Selection, ...]
    restorers: tuple[str, ...]
    ladders: tuple[Ladder, ...] = ()
    frames: tuple[Selection, ...] = ()
    scans: int = SCAN_FITS

    @property
    def specs(self) -> tuple[str, ...]:
        """Everything that is run in the place of a restorer."""
        beside = [name for ladder in self.ladders for name in ladder.beside]
        return tuple(dict.fromkeys((*self.restorers, *([FRAMES] if self.frames else []), *beside)))


def _selections(amounts: Iterable[tuple[Case, RunAmount | None]]) -> tuple[Selection, ...]:
    """What is run of each case; those without an amount only serve others and are left out."""
    return tuple(
        Selection(
            case=case.name,
            images=tuple(
                label for label in case.labels if not amount.images or label in amount.images
            ),
            doses=amount.doses or case.doses,
            realizations=amount.realizations,
            raw_realizations=amount.raw_realizations,
        )
        for case, amount in amounts
        if amount is not None
    )


#: Images of the studies with scan distortion.
_DISTORTED: Final = (("edge_dislocation", "core"), ("nanoparticle", "particle"))


def _particle_ablation(*, realizations: int) -> Ladder:
    # The middle of the five doses: noise and displaced lines both weigh there.
    return ablation("nanoparticle", "particle", dose=5e3, realizations=realizations)


def _distorted(*, doses: tuple[float, ...], realizations: int) -> tuple[Selection, ...]:
    return tuple(Selection(case, (image,), doses, realizations) for case, image in _DISTORTED)


def _with_bm3d() -> tuple[str, ...]:
    """BM3D where its extra is installed."""
    return ("bm3d",) if find_spec("bm3d") is not None else ()


def _paper() -> Profile:
    return Profile(
        name="paper",
        summary="The three studies of the paper, defects, adatoms, response and axes in full.",
        selections=_selections((case, case.study.paper) for case in CASES),
        restorers=("raw", *_CONTROLS, "nlm", *_with_bm3d(), "cgrdn", *_REFERENCES),
        ladders=(
            _particle_ablation(realizations=100),
            *(
                ladder
                for case, image in _DISTORTED
                for ladder in axes(case, image, dose=5e3, realizations=20)
            ),
        ),
        frames=_distorted(doses=(5e3,), realizations=20),
        scans=100,
    )


def _quick() -> Profile:
    return Profile(
        name="quick",
        summary="A subset of the paper's studies, with controls, for two cores and half an hour.",
        selections=_selections((case, case.study.quick) for case in CASES),
        restorers=("raw", *_CONTROLS, "cgrdn", *_REFERENCES),
        ladders=(
            # Four realizations leave t intervals of 3.2 standard errors, which decide next to
            # nothing.
            _particle_ablation(realizations=8),
            *(
                ladder
                for case, image in _DISTORTED
                for ladder in axes(case, image, dose=5e3, realizations=4, steps=ONE_STEP)
            ),
        ),
        frames=_distorted(doses=(5e3,), realizations=8),
    )


def _axes() -> Profile:
    doses, realizations = (5e2, 5e3, 5e4), 16
    shots = _distorted(doses=doses, realizations=realizations)
    return Profile(
        name="axes",
        summary="Jitter, dwell time and detector noise stepped on dislocation and particle.",
        selections=shots,
        restorers=("raw", "gaussian", "cgrdn"),
        ladders=tuple(
            ladder
            for case, image in _DISTORTED
            for dose in doses
            for ladder in axes(case, image, dose=dose, realizations=realizations, beside=(FRAMES,))
        ),
        frames=shots,
    )


def _glance() -> Profile:
    shots = _distorted(doses=(5e3,), realizations=4)
    changes = ("z10", "z10-shift15", "z10-scs10")
    return Profile(
        name="glance",
        summary="A first look in a minute: response of ten atoms, dislocation core and particle.",
        selections=(Selection("response", changes, (5e3,), 4), *shots),
        restorers=("raw", "bragg", "cgrdn"),
    )


def profiles() -> dict[str, Profile]:
    """Every declared profile by name."""
    return {profile.name: profile for profile in (_quick(), _paper(), _axes(), _glance())}


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
    images: Sequence[str] = (),
    doses: Sequence[float] = (),
    realizations: int | None = None,
    restorers: Sequence[str] = (),
    engine: str = "",
) -> Profile:
    """Return `profile` with the user's choices in place of its own.

    A ladder of noise chains stays if its case and its dose are still run, and so do frames.

    Parameters
    ----------
    profile : Profile
    cases : sequence of str
        Names of the cases to keep; none keeps all.
    images : sequence of str
        Labels of the images of these cases to keep, or 'FIRST:LAST' for all from one to another in
        the order of the case; none keeps all. Edited images bring the one they are held against.
    doses : sequence of float
        Doses in e/Å² in place of each case's own; none keeps those.
    realizations : int, optional
        Realizations per image and dose, and per rung of a ladder, in place of the profile's.
    restorers : sequence of str
        Restorer specs in place of the profile's. 'raw' is always run: everything is read
        against it.
    engine : str
        Engine of the restorers that have several and name none ('onnx', 'bf16', 'auto', ...);
        empty for the default one.

    Raises
    ------
    InputError
        If a case is not known or not run by the profile, an image is of none of its cases, a dose
        is not positive, a number of realizations is below one, something is named twice, or an
        engine is given and no restorer takes it.
    """
    present = {selection.case for selection in profile.selections}
    for name in cases:
        get_case(name)
        if name not in present:
            raise InputError(
                f"profile '{profile.name}' does not run case '{name}'; it runs"
                f" {', '.join(selection.case for selection in profile.selections)}"
            )
    for dose in doses:
        electrons_per_pixel(dose, 1.0)
    if realizations is not None and realizations < 1:
        raise InputError(f"realizations must be at least 1, not {realizations}")
    for what, named in (
        ("case", cases),
        ("image", images),
        ("dose", doses),
        ("restorer", restorers),
    ):
        if len(set(named)) != len(named):
            raise InputError(f"a {what} is named twice: {', '.join(map(str, named))}")
    kept = tuple(
        replace(
            selection,
            images=chosen_images,
            doses=tuple(sorted(doses)) or selection.doses,
            realizations=realizations or selection.realizations,
            raw_realizations=0 if realizations else selection.raw_realizations,
        )
        for selection, chosen_images in _of_images(profile, cases=cases, images=images)
    )
    chosen = tuple(restorers) or profile.restorers
    if engine:
        told = tuple(with_engine(spec, engine) for spec in chosen)
        if told == chosen:
            raise InputError(
                f"--engine chooses how the published network is computed, and none of "
                f"{', '.join(chosen)} leaves that open; add --restorer cgrdn, or leave it out"
            )
        chosen = told
    if not any(is_raw(spec) for spec in chosen):
        chosen = ("raw", *chosen)
    still_run = {
        (selection.case, image, dose)
        for selection in kept
        for image in selection.images
        for dose in selection.doses
    }
    return replace(
        profile,
        selections=kept,
        restorers=chosen,
        ladders=tuple(
            replace(ladder, realizations=realizations or ladder.realizations)
            for ladder in profile.ladders
            if (ladder.case, ladder.image, ladder.dose) in still_run
        ),
        frames=tuple(
            replace(selection, doses=left, realizations=realizations or selection.realizations)
            for selection in profile.frames
            if (
                left := tuple(
                    dose
                    for dose in selection.doses
                    if any((selection.case, image, dose) in still_run for image in selection.images)
                )
            )
        ),
    )


def _of_images(
    profile: Profile, *, cases: Sequence[str], images: Sequence[str]
) -> list[tuple[Selection, tuple[str, ...]]]:
    """Selections of the cases that are kept, each with the labels of its images that are."""
    kept = [one for one in profile.selections if not cases or one.case in cases]
    if not images:
        return [(one, one.images) for one in kept]
    wanted = {
        one.case: _with_bases(one.case, {name for text in images for name in _labels(one, text)})
        for one in kept
    }
    for text in images:
        if not any(_labels(one, text) for one in kept):
            raise InputError(
                f"no image {text!r} is run of {', '.join(wanted)}; images are named by their label,"
                f" such as {kept[0].images[0]}, or by two of them, such as"
                f" {kept[0].images[0]}:{kept[0].images[-1]}"
            )
    return [
        (one, tuple(label for label in one.images if label in wanted[one.case]))
        for one in kept
        if wanted[one.case]
    ]


def _with_bases(case: str, labels: set[str]) -> set[str]:
    """Labels of images with those that edited ones are held against."""
    edits = get_case(case).structure.edits_on_host
    return labels if edits is None else labels | {edits.base_of(label) for label in labels}


def _labels(selection: Selection, text: str) -> tuple[str, ...]:
    """Labels of a selection that a text names: one, or all from one to another."""
    first, _, last = text.partition(":")
    try:
        start = selection.images.index(first)
        stop = selection.images.index(last or first)
    except ValueError:
        return ()
    return selection.images[start : stop + 1]
