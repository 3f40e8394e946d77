"""Search for the statistics of the lines: largest marginal likelihood, with intervals."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fitting.results.scan_result import LineEstimate
from fitting.scan.line_statistics.displacement_moments import moments
from fitting.scan.posterior.fisher_scoring import Peak, descend
from fitting.scan.posterior.priors import LineStatistics, Priors
from fitting.scan.posterior.scene import Unknowns
from fitting.scan.posterior.strips import Factor, Strips
from fitting.scan.preparation.setting import Setting
from fitting.scan.scan_model import ScanModel
from stembench.arrays import Bools, Floats

#: Rounds of a descent and a search with the image's information held.
ROUNDS: Final = 8
#: Change of log σ and of φ below which the search ends.
ENOUGH: Final = 0.02
#: Gain [nats] that a step of a descent must promise before the last one.
LOOSE: Final = 1.0
#: Most change of log σ and of φ in one round.
FARTHEST: Final = (0.7, 0.3)
#: A given σ is too loose where it lies this many standard errors, and this factor, above the
#: image's.
K: Final = 4.0
TOO_LOOSE: Final = 1.25
#: Standard error of log σ, over what displacements that are seen without error would leave, beyond
#: which intervals were seen to miss the truth too often: 4 of 8 with 1.5 to 5 held it (dislocation
#: at 500 e/Å²), 51 of 56 with 1.0 to 1.4 (at 5·10³ and 5·10⁴).
OPTIMISTIC: Final = 1.45
_LEAST: Final = 0.01
_MOST: Final = 20.0
_MOST_PHI: Final = 0.95


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
    loose = _too_loose(setting, peak, free=free)
    if loose.any():
        given = _theta(setting)
        setting, peak = _maximise(setting, peak, free=free | loose)
        found = _theta(setting)
        warnings = tuple(
            f"the given scan sigma_{'xy'[k // 2]} of {np.exp(given[k]) * sampling:.3g} Å is far "
            f"above what the image supports; {np.exp(found[k]) * sampling:.3g} Å was used"
            for k in np.flatnonzero(loose)
        )
    free = free | loose
    theta = _theta(setting)
    spread = _Frozen.at(setting, peak).spread(theta, free) if free.any() else _UNKNOWN
    warnings += tuple(
        f"scan sigma_{'xy'[k // 2]} is estimated to {100 * spread[k]:.0f} %: with so little light "
        "its interval is optimistic"
        for k in (0, 2)
        if spread[k] > OPTIMISTIC / np.sqrt(2 * setting.start.lines[..., 0].size)
    )
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


_UNKNOWN: Final = np.full(4, np.nan)


def _descend(setting: Setting, peak: Peak | None = None, *, tolerance: float | None) -> Peak:
    start = setting.start if peak is None else peak.at
    if tolerance is None:
        return descend(setting.scene, setting.priors, start)
    return descend(setting.scene, setting.priors, start, tolerance=tolerance)


def _free(scan: ScanModel) -> Bools:
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
    x, y = (LineStatistics(float(np.exp(theta[k])), float(theta[k + 1])) for k in (0, 2))
    return replace(setting, priors=replace(setting.priors, x=x, y=y))


@dataclass(frozen=True)
class _Frozen:
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
    def at(cls, setting: Setting, peak: Peak) -> "_Frozen":
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
        scene, priors, at = self.setting.scene, _with(self.setting, theta).priors, self.peak.at
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
        low = np.maximum(low, [np.log(_LEAST), 0.0] * 2)
        high = np.minimum(high, [np.log(_MOST), _MOST_PHI] * 2)
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
        out = _UNKNOWN.copy()
        here = self.likelihood(theta)[1]
        slopes = np.empty((len(own), len(own)))
        for row, number in enumerate(own):
            step = 0.05 if number % 2 == 0 or theta[number] < _MOST_PHI - 0.05 else -0.05
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


def _maximise(setting: Setting, peak: Peak, *, free: Bools) -> tuple[Setting, Peak]:
    """Climb to the statistics of the largest likelihood, the lines following in rounds."""
    for _ in range(ROUNDS):
        theta = _theta(setting)
        best = _Frozen.at(setting, peak).best(theta, free)
        setting = _with(setting, best)
        close = bool(np.abs(best - theta)[free].max() < ENOUGH)
        peak = _descend(setting, peak, tolerance=None if close else LOOSE)
        if close:
            return setting, peak
    return setting, _descend(setting, peak, tolerance=None)


def _too_loose(setting: Setting, peak: Peak, *, free: Bools) -> Bools:
    """Which given σ lie far above those of the largest likelihood about the peak."""
    theta = _theta(setting)
    given = ~free & np.array([True, False] * 2) & np.isfinite(theta)
    out = np.zeros(4, dtype=bool)
    if not given.any():
        return out
    frozen = _Frozen.at(setting, peak)
    here, score = frozen.likelihood(theta)
    for number in np.flatnonzero(given & (score < 0)):
        alone = np.arange(4) == number
        # The likelihood has one peak: it rises towards one that lies far enough below.
        if frozen.value(np.where(alone, theta - np.log(TOO_LOOSE), theta)) <= here:
            continue
        best = frozen.best(theta, alone)
        # A gain of K²/2 nats is K standard errors where the likelihood is Gaussian; far from its
        # maximum it need not be.
        gain = frozen.value(best) - here
        out[number] = gain > K**2 / 2 and theta[number] - best[number] > np.log(TOO_LOOSE)
    return out
