"""Search for the statistics of the lines: largest marginal likelihood, with intervals."""

from typing import Final

import numpy as np

from fitting.results.scan_result import LineEstimate
from fitting.scan.line_statistics.frozen_likelihood import (
    MOST_PHI,
    UNKNOWN,
    FrozenLikelihood,
    statistics_of,
    with_statistics,
)
from fitting.scan.line_statistics.given_values import Given
from fitting.scan.posterior.fisher_scoring import Peak, descend
from fitting.scan.preparation.setting import Setting
from fitting.scan.scan_model import ScanModel
from stembench.arrays import Bools, Floats

#: Rounds of a descent and a search with the image's information held.
ROUNDS: Final = 8
#: Change of log σ and of φ below which the search ends.
ENOUGH: Final = 0.02
#: Gain [nats] that a step of a descent must promise before the last one.
LOOSE: Final = 1.0
#: Standard error of log σ, over what displacements that are seen without error would leave, beyond
#: which intervals were seen to miss the truth too often: 4 of 8 with 1.5 to 5 held it (dislocation
#: at 500 e/Å²), 51 of 56 with 1.0 to 1.4 (at 5·10³ and 5·10⁴).
OPTIMISTIC: Final = 1.45
#: Standard error of log σ beyond which σ is as good as unknown, and no interval is stated.
UNTOLD: Final = 1.0


def search_statistics(
    setting: Setting, *, scan: ScanModel, sampling: float
) -> tuple[Setting, Peak, tuple[LineEstimate, LineEstimate, tuple[str, ...]]]:
    """Find the most probable columns and lines, and the lines' statistics where not given.

    A given σ that is far above what the image supports is replaced, with a sentence: what the model
    does not explain would go into the lines.
    """
    free = _free(scan)
    peak = _descend(setting, tolerance=LOOSE if free.any() else None)
    warnings: tuple[str, ...] = ()
    if free.any():
        setting, peak = _maximise(setting, peak, free=free)
    given = Given.at(setting, peak, free=free)
    loose = given.too_loose()
    if loose.any():
        before = statistics_of(setting)
        setting, peak = _maximise(setting, peak, free=free | loose)
        given = Given.at(setting, peak, free=free | loose)
        found = statistics_of(setting)
        warnings = tuple(
            f"the given scan sigma_{'xy'[k // 2]} of {np.exp(before[k]) * sampling:.3g} Å is far "
            f"above what the image supports; {np.exp(found[k]) * sampling:.3g} Å was used"
            for k in np.flatnonzero(loose)
        )
    free = free | loose
    theta = statistics_of(setting)
    spread = FrozenLikelihood.at(setting, peak).spread(theta, free) if free.any() else UNKNOWN
    warnings += _doubts(theta, spread, free=free, lines=setting.start.lines[..., 0].size)
    warnings += given.contradicted(sampling=sampling)
    spread = np.where(np.repeat(spread[::2] > UNTOLD, 2), np.nan, spread)
    estimates = []
    for axis in range(2):
        log_sigma, phi = theta[2 * axis : 2 * axis + 2]
        of_sigma, of_phi = spread[2 * axis : 2 * axis + 2]
        estimates.append(
            LineEstimate(
                sigma=float(np.exp(log_sigma)) * sampling if log_sigma > -30 else 0.0,
                phi=float(phi),
                sigma_interval=(
                    float(np.exp(log_sigma - 1.96 * of_sigma)) * sampling,
                    float(np.exp(log_sigma + 1.96 * of_sigma)) * sampling,
                )
                if free[2 * axis]
                else None,
                phi_interval=(
                    float(max(phi - 1.96 * of_phi, 0.0)),
                    float(min(phi + 1.96 * of_phi, 1.0)),
                )
                if free[2 * axis + 1]
                else None,
            )
        )
    return setting, peak, (estimates[0], estimates[1], warnings)


def _doubts(theta: Floats, spread: Floats, *, free: Bools, lines: int) -> tuple[str, ...]:
    """Sentences on estimates (4,) that little light or other than jitter has made."""
    out = []
    for axis, name in enumerate("xy"):
        error, phi = spread[2 * axis], 2 * axis + 1
        if error > UNTOLD:
            out.append(f"the image does not tell scan sigma_{name}: no interval is stated")
        elif error > OPTIMISTIC / np.sqrt(2 * lines):
            out.append(
                f"scan sigma_{name} is estimated to {100 * error:.0f} %: with so little light its "
                "interval is optimistic"
            )
        if free[phi] and theta[phi] >= MOST_PHI - 1e-6:
            out.append(
                f"scan phi_{name} is at its limit of {MOST_PHI:g}: what was fitted drifts over "
                "many lines and is no jitter of single ones, of which there may be none, or lines "
                "may run the other way"
            )
    return tuple(out)


def _descend(setting: Setting, peak: Peak | None = None, *, tolerance: float | None) -> Peak:
    start = setting.start if peak is None else peak.at
    if tolerance is None:
        return descend(setting.scene, setting.priors, start)
    return descend(setting.scene, setting.priors, start, tolerance=tolerance)


def _free(scan: ScanModel) -> Bools:
    given = (scan.sigma_x, scan.phi_x, scan.sigma_y, scan.phi_y)
    return np.array([value is None for value in given])


def _maximise(setting: Setting, peak: Peak, *, free: Bools) -> tuple[Setting, Peak]:
    """Climb to the statistics of the largest likelihood, the lines following in rounds."""
    for _ in range(ROUNDS):
        theta = statistics_of(setting)
        best = FrozenLikelihood.at(setting, peak).best(theta, free)
        setting = with_statistics(setting, best)
        close = bool(np.abs(best - theta)[free].max() < ENOUGH)
        peak = _descend(setting, peak, tolerance=None if close else LOOSE)
        if close:
            return setting, peak
    return setting, _descend(setting, peak, tolerance=None)
