"""Search for the statistics of the lines: expectation and maximisation, with intervals."""

from dataclasses import replace
from typing import Final

import numpy as np

from fitting.results.scan_result import LineEstimate
from fitting.scan.line_statistics.moments import Moments, moments
from fitting.scan.posterior.descent import Peak, descend
from fitting.scan.posterior.priors import LineStatistics
from fitting.scan.posterior.scene import Unknowns
from fitting.scan.posterior.strips import Factor
from fitting.scan.preparation.setting import Setting
from fitting.scan.scan_model import ScanModel
from stembench.arrays import Floats

#: Rounds of two steps and an extrapolation.
ROUNDS: Final = 8
#: Change of log σ and of φ below which the search ends.
ENOUGH: Final = 0.02
_LEAST: Final = 0.01
_MOST_PHI: Final = 0.95


def search_statistics(
    setting: Setting, *, scan: ScanModel, sampling: float
) -> tuple[Setting, Peak, tuple[LineEstimate, LineEstimate, tuple[str, ...]]]:
    """Find the most probable columns and lines, and the lines' statistics where not given."""
    peak = descend(setting.scene, setting.priors, setting.start)
    free = _free(scan)
    if free.any():
        setting, peak = _maximise(setting, peak, free=free)
    spread = _spread(setting, peak, free=free) if free.any() else np.full(4, np.nan)
    theta = _theta(setting)
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
    return setting, peak, (estimates[0], estimates[1], ())


def _free(scan: ScanModel) -> Floats:
    given = (scan.sigma_x, scan.phi_x, scan.sigma_y, scan.phi_y)
    return np.array([value is None for value in given])


def _theta(setting: Setting) -> Floats:
    """Log σ and φ along x and along y."""
    return np.array(
        [
            value
            for axis in (setting.priors.x, setting.priors.y)
            for value in (np.log(axis.sigma) if axis.sigma > 0 else -np.inf, axis.phi)
        ]
    )


def _with(setting: Setting, theta: Floats) -> Setting:
    x, y = (
        LineStatistics(float(np.exp(theta[k])), float(np.clip(theta[k + 1], 0.0, _MOST_PHI)))
        for k in (0, 2)
    )
    return replace(setting, priors=replace(setting.priors, x=x, y=y))


def _expected(setting: Setting, start: Unknowns) -> tuple[Peak, tuple[Moments, Moments]]:
    peak = descend(setting.scene, setting.priors, start)
    matrix = setting.scene.fisher(peak.at, setting.scene.weight(peak.expected))
    setting.priors.add_to(matrix, peak.at, order=setting.scene.order)
    inverse = Factor.of(matrix).inverse()
    jitter = peak.at.lines - setting.priors.drifts(peak.at)
    return peak, moments(jitter, inverse, setting.scene.order, drift=setting.priors.drift)


def _step(setting: Setting, start: Unknowns, *, free: Floats) -> tuple[Peak, Floats]:
    """One step of expectation and maximisation: the peak here, and the next statistics."""
    peak, found = _expected(setting, start)
    best = [moment.best(_MOST_PHI) for moment in found]
    proposed = np.array(
        [value for axis in best for value in (np.log(max(axis.sigma, _LEAST)), axis.phi)]
    )
    return peak, np.where(free, proposed, _theta(setting))


def _maximise(setting: Setting, peak: Peak, *, free: Floats) -> tuple[Setting, Peak]:
    """Climb to the statistics of the largest likelihood, every second step extrapolated.

    R. Varadhan and C. Roland, Scand. J. Stat. 35, 335 (2008), DOI 10.1111/j.1467-9469.2007.00585.x.
    """
    theta = _theta(setting)
    for _ in range(ROUNDS):
        peak, first = _step(setting, peak.at, free=free)
        peak, second = _step(_with(setting, first), peak.at, free=free)
        change = first - theta
        bend = (second - first) - change
        if np.abs(second - first)[free].max() < ENOUGH / 4:
            theta = second
            break
        length = -np.sqrt((change[free] ** 2).sum() / max((bend[free] ** 2).sum(), 1e-12))
        length = float(np.clip(length, -6.0, -1.0))
        trial = theta - 2 * length * change + length**2 * bend
        low, high = np.array([np.log(_LEAST), 0.0] * 2), np.array([np.log(20.0), _MOST_PHI] * 2)
        theta = np.where(free, np.clip(trial, low, high), theta)
        setting = _with(setting, theta)
    setting = _with(setting, theta)
    return setting, descend(setting.scene, setting.priors, peak.at)


def _spread(setting: Setting, peak: Peak, *, free: Floats) -> Floats:
    """Standard errors of log σ and φ, from the slope of the score of the marginal likelihood."""
    theta, steps = _theta(setting), np.array([0.1, 0.05] * 2)
    out = np.full(4, np.nan)
    own = np.flatnonzero(free)

    def score(at: Floats) -> Floats:
        moved = _with(setting, at)
        _, found = _expected(moved, peak.at)
        axes = (moved.priors.x, moved.priors.y)
        return np.concatenate([m.score(axis) for m, axis in zip(found, axes, strict=True)])

    here = score(theta)
    slopes = np.empty((len(own), len(own)))
    for row, number in enumerate(own):
        step = (
            steps[number]
            if theta[number] + steps[number] < _MOST_PHI or number % 2 == 0
            else -steps[number]
        )
        trial = theta.copy()
        trial[number] += step
        slopes[row] = (score(trial) - here)[own] / step
    information = -(slopes + slopes.T) / 2
    try:
        covariance = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        return out
    out[own] = np.sqrt(np.where(np.diag(covariance) > 0, np.diag(covariance), np.nan))
    return out
