"""What fits by lmfit will take, estimated and refused before a run begins."""

from typing import Final

from bench.plan.profiles import Profile
from bench.reference import positions_and_mask
from cases import Case, get_case
from fitting import MOST_MEMORY, Engine, FitCost, fit_cost
from reports import seconds_text
from stembench.errors import InputError

ENGINES: Final[tuple[Engine, ...]] = ("joint", "lmfit")
#: Terms of each background.
_BACKGROUND_TERMS: Final = {"none": 0, "constant": 1, "plane": 3}


def checked_engine(name: str) -> Engine:
    """Return the fit engine of this name; another is an InputError that lists the known."""
    for known in ENGINES:
        if name == known:
            return known
    raise InputError(f"unknown fit engine {name!r}; known are {', '.join(ENGINES)}")


def image_cost(case: Case, image: str) -> FitCost:
    """Estimate what lmfit takes for one image of a case."""
    positions, mask = positions_and_mask(case, image)
    free = len(positions) * (3 if case.fit.drift != 0 else 1)
    widths = len(positions) if case.fit.width == "column" else int(case.fit.width == "shared")
    return fit_cost(int((~mask).sum()), free + widths + _BACKGROUND_TERMS[case.fit.background])


def estimate_text(profile: Profile, *, jobs: int) -> str:
    """Say how long the fits of a profile take with lmfit, and how much memory.

    Parameters
    ----------
    profile : Profile
    jobs : int
        Processes that share the work.

    Returns
    -------
    str
        One sentence.

    Raises
    ------
    InputError
        If an image needs more than `fitting.MOST_MEMORY`.
    """
    amounts = [
        (get_case(s.case), image, len(s.doses) * s.realizations * len(profile.restorers))
        for s in profile.selections
        for image in s.images
    ]
    amounts += [
        (
            get_case(ladder.case),
            ladder.image,
            len(ladder.rungs) * ladder.realizations * len(profile.restorers),
        )
        for ladder in profile.ladders
    ]
    total, slowest, most = 0.0, 0.0, 0.0
    for case, image, number in amounts:
        cost = image_cost(case, image)
        if cost.memory > MOST_MEMORY:
            raise InputError(
                f"the fit of {case.name} {image} by lmfit would take about"
                f" {cost.memory / 1e9:.1f} GB, more than {MOST_MEMORY / 1e9:.0f} GB: leave the case"
                " out with --case, or use --fit-engine joint"
            )
        total += number * cost.seconds
        slowest, most = max(slowest, cost.seconds), max(most, cost.memory)
    images = sum(number for _, _, number in amounts)
    return (
        f"fits by lmfit: about {seconds_text(total / jobs)} for {images} images on {jobs}"
        f" process{'es' if jobs > 1 else ''}, up to {seconds_text(slowest)} and"
        f" {most / 1e9:.1f} GB for one image"
    )
