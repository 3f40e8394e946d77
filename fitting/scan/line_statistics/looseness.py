"""Whether given statistics of the lines are looser than the image bears, and the tighter ones."""

from typing import Final

import numpy as np

from fitting.scan.line_statistics.search import (
    Estimate,
    posterior_moments,
    search_statistics,
    statistics_of,
)
from fitting.scan.posterior.descent import Peak
from fitting.scan.posterior.strips import Strips
from fitting.scan.preparation.setting import Setting
from stembench.arrays import Bools

#: A given σ is too loose where the displacements that it allows come out smaller by so many
#: standard errors of a standard deviation of as many lines, 1 / sqrt(2 n).
STANDARD_ERRORS: Final = 4.0


def too_loose(setting: Setting, peak: Peak, inverse: Strips, *, free: Bools) -> Bools:
    """Which of the given statistics the found displacements contradict, shape (4,).

    With too large a σ what the columns' model misses goes into the lines. One step of expectation
    and maximisation from the given value moves it down where the counts do not need it.
    """
    theta = statistics_of(setting)
    out = np.zeros(4, dtype=bool)
    for number, moment in enumerate(posterior_moments(setting, peak, inverse)):
        given = theta[2 * number]
        if free[2 * number] or not np.isfinite(given):
            continue
        lines = moment.lines * moment.frames
        found = np.log(moment.best().sigma)
        out[2 * number] = given - found > STANDARD_ERRORS / np.sqrt(2 * lines)
    return out


def tightened(
    setting: Setting, peak: Peak, *, loose: Bools, free: Bools, sampling: float
) -> tuple[Setting, Peak, Estimate, tuple[str, ...]] | None:
    """Estimate the loose statistics as well; None if the image bears the given ones after all."""
    theta = statistics_of(setting)
    also = free | loose | np.roll(loose, 1)
    found, there, estimate = search_statistics(setting, peak, free=also)
    told = []
    for number, axis in enumerate("xy"):
        at = 2 * number
        high = estimate.values[at] + 1.96 * estimate.errors[at]
        if loose[at] and theta[at] > high:
            given, used = (float(np.exp(v)) * sampling for v in (theta[at], estimate.values[at]))
            told.append(
                f"the given sigma_{axis} of {given:.3g} Å is larger than the image bears: what the "
                f"columns' model misses would go into the lines; {used:.3g} Å and phi_{axis} "
                f"{estimate.values[at + 1]:.2f}, found in the image, were used instead"
            )
    return (found, there, estimate, tuple(told)) if told else None
