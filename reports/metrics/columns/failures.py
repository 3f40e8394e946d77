"""Metrics of fits that failed or were flagged."""

from typing import Final

import numpy as np

from reports.metrics.cells import Cell
from reports.metrics.metric import Gate, Metric
from reports.statistics.moments import share_with_left_out
from stembench.arrays import Floats


def _failed(cell: Cell) -> Floats:
    return share_with_left_out(cell.failed)


def _at_limit(cell: Cell) -> Floats:
    return share_with_left_out(cell.at_limit)


def _at_limit_of_each(cell: Cell) -> Floats:
    return np.asarray(cell.at_limit.mean(axis=1))


def _flagged(cell: Cell) -> Floats:
    return share_with_left_out(cell.flagged)


METRICS: Final = (
    Metric(
        "failure_rate",
        "failed fits",
        unit="fraction",
        direction="lower",
        scale="fraction",
        definition="share of the measured columns without a fitted position and SCS; every error "
        "above is over the fitted columns alone",
        of=_failed,
    ),
    Metric(
        "flagged_rate",
        "flagged fits",
        unit="fraction",
        direction="lower",
        scale="fraction",
        definition="share of the measured columns whose fit carries any flag, failed ones included",
        of=_flagged,
    ),
    Metric(
        "at_limit_rate",
        "fits at a limit",
        unit="fraction",
        direction="lower",
        scale="fraction",
        definition="share of the measured columns whose position, width or height ended at its "
        "limit; above 5 % no ratio to a bound is given",
        of=_at_limit,
        gate=Gate(
            name="at_limit_rate",
            kind="target",
            target=0.0,
            margin=0.02,
            meaning="growth of the share of fits that end at a limit: two in a hundred",
            per_realization=_at_limit_of_each,
        ),
    ),
)
