"""Metrics of fits that failed or were flagged."""

from typing import Final

from reports.metrics.cells import Cell
from reports.metrics.metric import Metric
from reports.statistics.moments import share_with_left_out
from stembench.arrays import Floats


def _failed(cell: Cell) -> Floats:
    return share_with_left_out(cell.failed)


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
)
