"""Metrics of atom counting: the share of columns whose number of atoms is exact."""

from typing import Final

import numpy as np

from reports.metrics.cells import Cell
from reports.metrics.metric import Gate, Metric
from reports.statistics.moments import share_with_left_out
from stembench.arrays import Floats


def _counted_right(cell: Cell) -> Floats | None:
    return None if cell.counted_right is None else share_with_left_out(cell.counted_right)


def _counted_right_clean(cell: Cell) -> Floats | None:
    clean = cell.counted_right_clean
    return None if clean is None else np.array([clean.mean()])


def _share_of_each(cell: Cell) -> Floats | None:
    return None if cell.counted_right is None else cell.counted_right.mean(axis=1)


METRICS: Final = (
    Metric(
        "count_accuracy",
        "columns counted right",
        unit="fraction",
        direction="higher",
        scale="fraction",
        definition="share of the measured columns whose atom count is exact; a column without a "
        "count, failed fits among them, counts as wrong",
        of=_counted_right,
        gate=Gate(
            name="count_accuracy",
            kind="difference",
            margin=0.01,
            meaning="share of columns counted right: one in a hundred",
            per_realization=_share_of_each,
        ),
    ),
    Metric(
        "count_accuracy_clean",
        "columns counted right without noise",
        unit="fraction",
        direction=None,
        scale="exact",
        definition="share of the measured columns whose atom count is exact in the noise-free "
        "image: what the ground truth and the library themselves allow",
        of=_counted_right_clean,
    ),
)
