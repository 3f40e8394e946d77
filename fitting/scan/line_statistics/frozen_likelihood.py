"""Likelihood of the lines' statistics about a descent's end, without another look at the image."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fitting.scan.line_statistics.displacement_moments import moments
from fitting.scan.posterior.fisher_scoring import Peak
from fitting.scan.posterior.priors import LineStatistics, Priors
from fitting.scan.posterior.scene import Unknowns
from fitting.scan.posterior.strips import Factor, Strips
from fitting.scan.preparation.setting import Setting
from stembench.arrays import Bools, Floats

#: Most change of log σ and of φ in one round.
FARTHEST: Final = (0.7, 0.3)
#: Least and largest σ [px] that are looked at.
LEAST: Final = 0.01
MOST: Final = 20.0
#: Largest correlation of neighbouring lines, φ, that is looked at.
MOST_PHI: Final = 0.95
UNKNOWN: Final = np.full(4, np.nan)


def statistics_of(setting: Setting) -> Floats:
    """Log σ and φ along x and along y."""
    return np.array(
        [
            value
            for axis in (setting.priors.x, setting.priors.y)
            for value in (np.log(axis.sigma) if axis.sigma > 0 else -np.inf, axis.phi)
        ]
    )


def with_statistics(setting: Setting, theta: Floats) -> Setting:
    """Give the lines the statistics log σ and φ along x and along y."""
    x, y = (LineStatistics(float(np.exp(theta[k])), float(theta[k + 1])) for k in (0, 2))
    return replace(setting, priors=replace(setting.priors, x=x, y=y))


@dataclass(frozen=True)
class FrozenLikelihood:
    """Likelihood about a peak to second order, so that a step needs no look at the image.

    Attributes
    ----------
    setting : Setting
    peak : Peak
    information : Strips
        Of the image alone.
    slopes : tuple of ndarray
        Derivatives of the image's log likelihood at the peak.
    """

    setting: Setting
    peak: Peak
    information: Strips
    slopes: tuple[Floats, Floats, Floats]

    @classmethod
    def at(cls, setting: Setting, peak: Peak) -> "FrozenLikelihood":
        """Take the image's information and slopes at a peak."""
        scene = setting.scene
        return cls(
            setting, peak,
            scene.fisher(peak.at, scene.weight(peak.expected)),
            scene.gradient(peak.at, peak.expected),
        )  # fmt: skip

    def value(self, theta: Floats) -> float:
        """Log marginal likelihood of log σ and φ, up to a constant."""
        return self._solved(theta)[0]

    def likelihood(self, theta: Floats) -> tuple[float, Floats]:
        """Log marginal likelihood of log σ and φ, up to a constant, and its derivatives (4,)."""
        value, priors, factor, moved = self._solved(theta)
        order = self.setting.scene.order
        jitter = moved.lines - priors.drifts(moved)
        found = moments(jitter, factor.inverse(), order, drift=priors.drift)
        score = [
            m.score(axis) if axis.sigma > 0 else np.zeros(2)
            for m, axis in zip(found, (priors.x, priors.y), strict=True)
        ]
        return value, np.concatenate(score)

    def _solved(self, theta: Floats) -> tuple[float, Priors, Factor, Unknowns]:
        """Likelihood, priors, factor of the information, and where these statistics lead."""
        scene, priors, at = (
            self.setting.scene,
            with_statistics(self.setting, theta).priors,
            self.peak.at,
        )
        matrix = Strips(*(part.copy() for part in vars(self.information).values()))
        priors.add_to(matrix, at, order=scene.order)
        factor = Factor.of(matrix)
        cost, of_prior = priors.cost_and_gradient(at)
        slopes = priors.without_held(
            at, tuple(a + b for a, b in zip(self.slopes, of_prior, strict=True))
        )
        right = scene.order.gather(slopes[0], slopes[1].reshape(-1, 2))
        strips, shared = factor.solve(right, slopes[2])
        value = -cost + ((right * strips).sum() + slopes[2] @ shared) / 2
        value -= factor.log_determinant() / 2
        frames, rows, _ = at.lines.shape
        for axis in (priors.x, priors.y):
            if axis.sigma > 0:
                value += frames * (np.log1p(-(axis.phi**2)) / 2 - rows * np.log(axis.sigma))
        return float(value), priors, factor, at.moved(*scene.order.scatter(strips), shared)

    def best(self, theta: Floats, free: Bools) -> Floats:
        """Statistics of the largest likelihood no farther off than one round may go."""
        from scipy.optimize import minimize

        own = np.flatnonzero(free)
        low, high = (theta + side * np.array(FARTHEST * 2) for side in (-1, 1))
        low = np.maximum(low, [np.log(LEAST), 0.0] * 2)
        high = np.minimum(high, [np.log(MOST), MOST_PHI] * 2)
        low, high = np.minimum(low, high), np.maximum(low, high)

        def minus(values: Floats) -> tuple[float, Floats]:
            trial = theta.copy()
            trial[own] = values
            value, slopes = self.likelihood(trial)
            return -value, -slopes[own]

        found = minimize(
            minus, np.clip(theta, low, high)[own], jac=True, method="L-BFGS-B",
            bounds=list(zip(low[own], high[own], strict=True)),
            options={"maxiter": 15, "ftol": 1e-5, "gtol": 0.3},
        )  # fmt: skip
        out = theta.copy()
        out[own] = found.x
        return out

    def spread(self, theta: Floats, free: Bools) -> Floats:
        """Standard errors of log σ and φ, from the slope of the score."""
        own = np.flatnonzero(free)
        out = UNKNOWN.copy()
        here = self.likelihood(theta)[1]
        slopes = np.empty((len(own), len(own)))
        for row, number in enumerate(own):
            step = 0.05 if number % 2 == 0 or theta[number] < MOST_PHI - 0.05 else -0.05
            trial = theta.copy()
            trial[number] += step
            slopes[row] = (self.likelihood(trial)[1] - here)[own] / step
        try:
            covariance = np.linalg.inv(-(slopes + slopes.T) / 2)
        except np.linalg.LinAlgError:
            return out
        variance = np.diag(covariance)
        out[own] = np.sqrt(np.where(variance > 0, variance, np.nan))
        return out
