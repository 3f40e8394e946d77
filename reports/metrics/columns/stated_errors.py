"""Metrics of stated errors: how often the 95 % interval that a fit states holds the truth.

A fit of a raw image states errors from the counts' variance. A restored image has lost that
variance, and the fit states errors from its residuals; a restorer that empties the residuals makes
the stated errors small, whatever the true ones are.
"""

from typing import Final

import numpy as np
from scipy.special import ndtri

from reports.metrics.cells import Cell
from reports.metrics.metric import Metric
from reports.statistics.moments import ratio_with_left_out
from stembench.arrays import Floats

#: Confidence of the stated intervals, which are normal: the fits have hundreds of pixels a column.
STATED_LEVEL: Final = 0.95
_REACH: Final = float(ndtri(0.5 + STATED_LEVEL / 2))


def _share_held(errors: Floats, stated: Floats) -> Floats | None:
    """Share of errors within the stated intervals; arrays (n_realizations, n_intervals)."""
    known = np.isfinite(errors) & np.isfinite(stated)
    if not known.any():
        return None
    held = known & (np.abs(np.where(known, errors, 0.0)) <= _REACH * np.where(known, stated, 0.0))
    return ratio_with_left_out(
        held.sum(axis=1).astype(np.float64), known.sum(axis=1).astype(np.float64)
    )


def _position(cell: Cell) -> Floats | None:
    if cell.positions_held:
        return None
    return _share_held(np.hstack(list(cell.error_pm)), np.hstack(list(cell.stated_pm)))


def _scs(cell: Cell) -> Floats | None:
    return _share_held(cell.scs_error_pct, cell.scs_stated_pct)


_RULE: Final = (
    f"(the fit's standard error times {_REACH:.2f} to either side) that hold the value of the "
    f"noise-free fit; {100 * STATED_LEVEL:.0f} % is right. A fit that states no error, because a "
    "limit holds the parameter, states no interval and is left out"
)
METRICS: Final = (
    Metric(
        "position_coverage",
        "coverage of position",
        unit="fraction",
        direction=None,
        scale="fraction",
        definition=f"share of the stated 95 % intervals of x and of y {_RULE}",
        of=_position,
    ),
    Metric(
        "scs_coverage",
        "coverage of SCS",
        unit="fraction",
        direction=None,
        scale="fraction",
        definition=f"share of the stated 95 % intervals of the SCS {_RULE}",
        of=_scs,
    ),
)
