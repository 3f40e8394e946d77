"""Given statistics of the lines that the image contradicts."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fitting.scan.line_statistics.frozen_likelihood import (
    LEAST,
    MOST,
    MOST_PHI,
    FrozenLikelihood,
    statistics_of,
)
from fitting.scan.posterior.fisher_scoring import Peak
from fitting.scan.preparation.setting import Setting
from stembench.arrays import Bools, Floats

#: A given statistic is contradicted where it lies this many standard errors from the image's,
K: Final = 4.0
#: and σ this factor.
TOO_LOOSE: Final = 1.25
TOO_TIGHT: Final = 1.5
#: Steps of φ in which likelier ones are looked for.
PHI_STEP: Final = 0.15


@dataclass(frozen=True)
class Given:
    """Statistics that were given, and the likelihood about the peak that they led to.

    Attributes
    ----------
    frozen : FrozenLikelihood or None
        None where nothing was given.
    free : ndarray of bool, shape (4,)
        Which of log σ and φ along x and along y were not given.
    theta : ndarray, shape (4,)
        Statistics as used; log σ is no less than that of `LEAST`.
    value : float
        Log likelihood there.
    score : ndarray, shape (4,)
        Its derivatives.
    held : ndarray of bool, shape (4,)
        True for σ of 0, and for φ beside it.
    """

    frozen: FrozenLikelihood | None
    free: Bools
    theta: Floats
    value: float
    score: Floats
    held: Bools

    @classmethod
    def at(cls, setting: Setting, peak: Peak, *, free: Bools) -> "Given":
        """Take the likelihood about a peak."""
        theta = statistics_of(setting)
        held = np.repeat(~np.isfinite(theta[::2]), 2)
        theta[::2] = np.maximum(theta[::2], np.log(LEAST))
        if free.all():
            return cls(None, free, theta, 0.0, np.zeros(4), held)
        frozen = FrozenLikelihood.at(setting, peak)
        return cls(frozen, free, theta, *frozen.likelihood(theta), held)

    def too_loose(self) -> Bools:
        """Which given σ (4,) lie far above those of the largest likelihood about the peak."""
        out = np.zeros(4, dtype=bool)
        if self.frozen is None:
            return out
        theta = self.theta
        given = ~self.free & ~self.held & np.array([True, False] * 2)
        for number in np.flatnonzero(given & (self.score < 0)):
            alone = np.arange(4) == number
            # The likelihood has one peak: it rises towards one that lies far enough below.
            lower = np.where(alone, theta - np.log(TOO_LOOSE), theta)
            if self.frozen.value(lower) <= self.value:
                continue
            best = self.frozen.best(theta, alone)
            # A gain of K²/2 nats is K standard errors where the likelihood is Gaussian; far from
            # its maximum it need not be.
            gain = self.frozen.value(best) - self.value
            out[number] = gain > K**2 / 2 and theta[number] - best[number] > np.log(TOO_LOOSE)
        return out

    def contradicted(self, *, sampling: float) -> tuple[str, ...]:
        """Sentences on given σ that are too small, and on given φ far from what the image supports.

        Lines that a small σ holds are taken for shifts of columns, whose stated errors are then too
        small. The given values stay: a 0 is how lines are held on purpose.
        """
        out = []
        step = np.log(TOO_TIGHT)
        for number in (0, 2):
            if self.free[number]:
                continue
            values = np.arange(self.theta[number] + step, np.log(MOST), step)
            likelier = self._likelier(number, values)
            if likelier is not None:
                sigma = 0.0 if self.held[number] else np.exp(self.theta[number])
                out.append(
                    f"the given scan sigma_{'xy'[number // 2]} of {sigma * sampling:.3g} Å is far "
                    f"below what the image supports, some {np.exp(likelier) * sampling:.2g} Å: "
                    "displaced lines are taken for shifts of columns, and stated errors are too "
                    "small"
                )
        # Where σ is wrong, φ makes up for it.
        for number in (1, 3) if not out else ():
            if self.free[number] or self.held[number]:
                continue
            side = float(np.sign(self.score[number])) * PHI_STEP
            values = self.theta[number] + side * np.arange(1, 1 / PHI_STEP)
            likelier = self._likelier(number, values[(values >= 0) & (values <= MOST_PHI)])
            if likelier is not None:
                out.append(
                    f"the given scan phi_{'xy'[number // 2]} of {self.theta[number]:.3g} is far "
                    f"from what the image supports, some {likelier:.2g}: stated errors do not hold"
                )
        return tuple(out)

    def _likelier(self, number: int, values: Floats) -> float | None:
        """Far likelier value of a statistic, in the order tried; None where there is none."""
        best, most = None, self.value
        for value in values if self.frozen is not None else ():
            trial = self.theta.copy()
            trial[number] = value
            found = self.frozen.value(trial) if self.frozen is not None else most
            # The likelihood has one peak.
            if found <= most:
                break
            best, most = float(value), found
        return best if most - self.value > K**2 / 2 else None
