"""SCS error that all columns of a restored image share, as the raw image and the draws tell it.

Columns share a width and a background, and what noise or a restorer does to these is in every SCS
alike: it does not average out over columns, and a restorer has done most of it already in the image
that is taken as truth, so that draws show it a second time only in part. The raw image has not been
restored: one step of the same fit from the restored image towards it is linear in its counts, hence
without the bias that a whole fit of few counts has. What such a step is worth the draws tell, in
which the shared error is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from bench.assessment.column_fits import Columns
from bench.assessment.errors.column_errors import Spread, nan_median
from bench.assessment.evidence.image_noise import Estimate
from stembench.arrays import Floats

#: Change of the width by the restorer, as the draws show it, beyond which one step is too short:
#: of a Gaussian filter that widens columns by a fifth it said 15 ± 3 % where 4 % were off.
MOST_WIDENED: Final = 0.05
#: Fewest draws that have a scatter.
_FEWEST: Final = 2
#: Half width of a 95 % interval of a normal variable, in standard errors.
_NORMAL: Final = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class SharedScs:
    """Error that the SCS of all columns share [%].

    Attributes
    ----------
    against_raw : Estimate
        Restored minus true as the raw image tells it, with a 95 % interval; NaN where it cannot.
    widened : float
        Median change of the columns' width by the restorer, as a part of it, mean of the draws.
    drawn : float
        Root mean square over the draws of the median error of a draw.
    rms : float
        Larger one of what the draws show, and of what the raw image leaves possible: the root of
        its squared estimate and variance.
    own : ndarray, shape (n,)
        Root mean square over the draws of each column's error beside the shared one.
    """

    against_raw: Estimate
    widened: float
    drawn: float
    rms: float
    own: Floats = field(repr=False)

    @property
    def stated(self) -> Floats:
        """Root mean square error of each column, shape (n,)."""
        return np.hypot(self.own, self.rms)

    @property
    def limit(self) -> Floats:
        """What 95 % of the columns stay below in each single image, shape (n,).

        Linear in the shared error: an image has one, and where it is large it is so in all columns.
        """
        return _NORMAL * (self.own + self.rms)

    def within(self, spread: Spread) -> Spread:
        """Errors of the SCS over the draws, with the shared one as it is stated here."""
        return replace(spread, rms=self.stated, typical_rms=float(nan_median(self.stated, axis=0)))


def shared_scs(
    truth: Columns,
    draws: Sequence[Columns],
    *,
    towards_raw: Floats,
    drawn_towards_raw: Sequence[Floats],
) -> SharedScs:
    """Estimate the shared error of the SCS.

    Parameters
    ----------
    truth : Columns
        Of the restored image, which the draws take as truth.
    draws : sequence of Columns
        The same columns in each restored draw, at least two.
    towards_raw : ndarray, shape (n,)
        Change of the SCS from the restored image towards the raw one
        (`ColumnFitting.step_of_scs`) [image unit x Å²].
    drawn_towards_raw : sequence of ndarray, shape (n,)
        The same of each draw.

    Notes
    -----
    In draw k the median error b_k is known, and so is what the raw draw says, r_k = -median(step /
    SCS). With r of the image itself, b = r - mean(r_k - b_k) within the scatter of r_k - b_k.
    """
    from scipy.stats import t

    error = np.array([100.0 * (one.scs - truth.scs) / np.abs(truth.scs) for one in draws])
    of_draw = nan_median(error, axis=1)
    squared = np.square(error - of_draw[:, None])
    own = np.sqrt(_mean(squared))
    drawn = float(np.sqrt(_mean(of_draw**2)))
    wider = np.array([nan_median(one.sigma / truth.sigma, axis=0) for one in draws])
    widened = float(_mean(wider)) - 1.0
    said = np.array(
        [_said(step, one.scs) for step, one in zip(drawn_towards_raw, draws, strict=True)]
    )
    off = (said - of_draw)[np.isfinite(said - of_draw)]
    here = _said(towards_raw, truth.scs)
    if len(off) < _FEWEST or not np.isfinite(here) or not abs(widened) <= MOST_WIDENED:
        nothing = Estimate(value=float("nan"), low=float("nan"), high=float("nan"))
        return SharedScs(against_raw=nothing, widened=widened, drawn=drawn, rms=drawn, own=own)
    value = here - float(off.mean())
    error_of_it = float(np.std(off, ddof=1)) * float(np.sqrt(1.0 + 1.0 / len(off)))
    half = float(t.ppf(0.975, len(off) - 1)) * error_of_it
    return SharedScs(
        against_raw=Estimate(value=value, low=value - half, high=value + half),
        widened=widened,
        drawn=drawn,
        rms=max(drawn, float(np.hypot(value, error_of_it))),
        own=own,
    )


def _said(step: Floats, scs: Floats) -> float:
    """Median excess [%] of SCS over the raw image, from steps towards it."""
    return float(nan_median(-100.0 * step / np.abs(scs), axis=0))


def _mean(values: Floats) -> Floats:
    """Mean along the first axis without NaN; NaN where there is nothing else."""
    known = np.isfinite(values)
    number = known.sum(axis=0)
    return np.asarray(
        np.where(known, values, 0.0).sum(axis=0) / np.where(number > 0, number, np.nan)
    )
