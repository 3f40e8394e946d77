"""Search for the statistics of the lines: expectation and maximisation, with intervals."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fitting.results.scan_result import LineEstimate
from fitting.scan.line_statistics.moments import Moments, moments
from fitting.scan.posterior.descent import Peak, descend
from fitting.scan.posterior.priors import LineStatistics
from fitting.scan.posterior.strips import Factor, Strips
from fitting.scan.preparation.setting import Setting
from fitting.scan.scan_model import ScanModel
from stembench.arrays import Bools, Floats

#: Descents, between which the counts' information about columns and lines is taken as it is.
ROUNDS: Final = 4
#: Extrapolations within a round, each of two steps.
STEPS: Final = 4
#: Change of log σ and of φ below which the search ends.
ENOUGH: Final = 0.02
#: Gain [nats] to which descents of the search go.
TOLERANCE: Final = 0.1
#: Longest extrapolation, in steps.
LONGEST: Final = 8.0
#: Least σ [px] and largest φ.
LEAST: Final = 0.01
MOST_PHI: Final = 0.95
_QUANTILE: Final = 1.96


@dataclass(frozen=True)
class Estimate:
    """Statistics of the lines, log σ [px] and φ along x and then along y, and standard errors.

    Attributes
    ----------
    values, errors : ndarray, shape (4,)
        Errors are NaN for what was given.
    """

    values: Floats
    errors: Floats

    def axis(self, number: int, *, sampling: float) -> LineEstimate:
        """Return the statistics along one axis in Å."""
        (log_sigma, phi), (of_sigma, of_phi) = (
            part[2 * number : 2 * number + 2] for part in (self.values, self.errors)
        )
        sigma, reach = np.exp(log_sigma) * sampling, np.exp(_QUANTILE * of_sigma)
        return LineEstimate(
            sigma=float(sigma),
            phi=float(phi),
            sigma_interval=None
            if np.isnan(of_sigma)
            else (float(sigma / reach), float(sigma * reach)),
            phi_interval=None
            if np.isnan(of_phi)
            else (
                float(max(phi - _QUANTILE * of_phi, 0.0)),
                float(min(phi + _QUANTILE * of_phi, 1.0)),
            ),
        )


def free_statistics(scan: ScanModel) -> Bools:
    """Which of log σ and φ along x and along y are estimated, shape (4,)."""
    given = (scan.sigma_x, scan.phi_x, scan.sigma_y, scan.phi_y)
    return np.array([value is None for value in given])


def search_statistics(
    setting: Setting, peak: Peak, *, free: Bools
) -> tuple[Setting, Peak, Estimate]:
    """Climb to the `free` statistics of the largest likelihood, and to the peak with them.

    Every second step is extrapolated: R. Varadhan and C. Roland, Scand. J. Stat. 35, 335 (2008),
    DOI 10.1111/j.1467-9469.2007.00585.x.

    Parameters
    ----------
    setting, peak
        Peak of the setting, whose statistics are the start.
    free : ndarray of bool, shape (4,)

    Returns
    -------
    setting, peak, estimate
        Statistics that are not free keep their values.
    """
    theta = statistics_of(setting)
    if not free.any():
        return setting, peak, Estimate(theta, np.full(4, np.nan))
    for _ in range(ROUNDS):
        before = theta
        counts = _Counts.at(setting, peak)
        theta = _climb(counts, theta, free=free)
        setting = with_statistics(setting, theta)
        peak = descend(setting.scene, setting.priors, peak.at, tolerance=TOLERANCE)
        if np.abs(theta - before)[free].max() < 2 * ENOUGH:
            break
    peak = descend(setting.scene, setting.priors, peak.at)
    errors = _errors(_Counts.at(setting, peak), theta, free=free)
    return setting, peak, Estimate(theta, errors)


def statistics_of(setting: Setting) -> Floats:
    """Log σ and φ along x and along y, shape (4,); log σ is -inf for lines that are held."""
    with np.errstate(divide="ignore"):
        return np.array(
            [
                value
                for axis in (setting.priors.x, setting.priors.y)
                for value in (np.log(axis.sigma), axis.phi)
            ]
        )


def with_statistics(setting: Setting, theta: Floats) -> Setting:
    """Return the setting with other statistics of the lines."""
    x, y = (LineStatistics(float(np.exp(theta[k])), float(theta[k + 1])) for k in (0, 2))
    return replace(setting, priors=replace(setting.priors, x=x, y=y))


def posterior_moments(setting: Setting, peak: Peak, inverse: Strips) -> tuple[Moments, Moments]:
    """Second moments of the displacements along x and along y, less the frames' drift."""
    jitter = peak.at.lines - setting.priors.drifts(peak.at)
    return moments(jitter, inverse, setting.scene.order, drift=setting.priors.drift)


@dataclass(frozen=True)
class _Counts:
    """What the counts say near a peak, to second order: the peak moves with the priors."""

    setting: Setting
    peak: Peak
    information: Strips
    slopes: tuple[Floats, Floats, Floats]

    @classmethod
    def at(cls, setting: Setting, peak: Peak) -> "_Counts":
        scene = setting.scene
        return cls(
            setting,
            peak,
            scene.fisher(peak.at, scene.weight(peak.expected)),
            scene.gradient(peak.at, peak.expected),
        )

    def moments(self, theta: Floats) -> tuple[tuple[Moments, Moments], tuple[float, ...]]:
        """Posterior moments with other statistics, and these statistics' (σ, φ, σ, φ)."""
        setting = with_statistics(self.setting, theta)
        priors, order, at = setting.priors, setting.scene.order, self.peak.at
        matrix = self.information.copy()
        priors.add_to(matrix, at, order=order)
        factor = Factor.of(matrix)
        _, of_prior = priors.cost_and_gradient(at)
        columns, lines, shared = priors.without_held(
            at, tuple(a + b for a, b in zip(self.slopes, of_prior, strict=True))
        )
        strips, common = factor.solve(order.gather(columns, lines.reshape(-1, 2)), shared)
        moved = at.moved(*order.scatter(strips), common)
        jitter = moved.lines - priors.drifts(moved)
        found = moments(jitter, factor.inverse(), order, drift=priors.drift)
        return found, (priors.x.sigma, priors.x.phi, priors.y.sigma, priors.y.phi)

    def step(self, theta: Floats, *, free: Bools) -> Floats:
        """One step of expectation and maximisation."""
        found, _ = self.moments(theta)
        best = [moment.best(MOST_PHI) for moment in found]
        proposed = np.array(
            [value for axis in best for value in (np.log(max(axis.sigma, LEAST)), axis.phi)]
        )
        return np.where(free, proposed, theta)

    def score(self, theta: Floats) -> Floats:
        """Derivatives of the log likelihood of the statistics by log σ and φ, shape (4,)."""
        found, (sigma_x, phi_x, sigma_y, phi_y) = self.moments(theta)
        axes = (LineStatistics(sigma_x, phi_x), LineStatistics(sigma_y, phi_y))
        return np.concatenate([m.score(axis) for m, axis in zip(found, axes, strict=True)])


def _climb(counts: _Counts, theta: Floats, *, free: Bools) -> Floats:
    """Statistics that steps no longer change, with the counts' information held."""
    low, high = np.array([np.log(LEAST), 0.0] * 2), np.array([np.log(20.0), MOST_PHI] * 2)
    for _ in range(STEPS):
        first = counts.step(theta, free=free)
        second = counts.step(first, free=free)
        change, bend = first - theta, second - 2 * first + theta
        if np.abs(second - first)[free].max() < ENOUGH / 4:
            return second
        length = np.sqrt((change[free] ** 2).sum() / max((bend[free] ** 2).sum(), 1e-12))
        length = float(np.clip(length, 1.0, LONGEST))
        trial = theta + 2 * length * change + length**2 * bend
        theta = np.where(free, np.clip(trial, low, high), theta)
    return counts.step(theta, free=free)


def _errors(counts: _Counts, theta: Floats, *, free: Bools) -> Floats:
    """Standard errors of log σ and φ, from the slope of the score of their likelihood."""
    own = np.flatnonzero(free)
    here = counts.score(theta)
    slopes = np.empty((len(own), len(own)))
    for row, number in enumerate(own):
        # Towards the middle of what φ can be.
        step = 0.1 if number % 2 == 0 else (0.05 if theta[number] < 0.5 else -0.05)
        trial = theta.copy()
        trial[number] += step
        slopes[row] = (counts.score(trial) - here)[own] / step
    information = -(slopes + slopes.T) / 2
    out = np.full(4, np.nan)
    # Where the likelihood does not bend downwards, it says nothing of this statistic.
    out[own] = np.inf
    try:
        covariance = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        return out
    variance = np.diag(covariance)
    out[own] = np.sqrt(np.where(variance > 0, variance, np.inf))
    return out
