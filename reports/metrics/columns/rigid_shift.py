"""Metrics of position without the image's rigid shift, which no measurement takes for an error.

Scan distortion moves an image as a whole too. Distances between columns, strain and displacements
do not depend on that; the absolute position of a column in the frame does.
"""

from typing import Final

import numpy as np

from reports.metrics.cells import Cell
from reports.metrics.metric import Metric
from reports.statistics.moments import Moments
from stembench.arrays import Floats

_SHIFT: Final = (
    "after each image's rigid shift, the mean of its measured columns' errors along x and along y, "
    "was taken off them"
)


def _mae(cell: Cell) -> Floats | None:
    if cell.positions_held or cell.columns.size < 2:
        return None
    return np.asarray(Moments(np.hypot(*cell.error_unshifted_pm)[np.newaxis]).mean()[0])


def _rmse(cell: Cell) -> Floats | None:
    if cell.positions_held or cell.columns.size < 2:
        return None
    squares = Moments(cell.error_unshifted_pm).mean_square()
    return np.asarray(np.sqrt(squares.mean(axis=0)))


METRICS: Final = (
    Metric(
        "position_mae_unshifted_pm",
        "MAE of position without rigid shift",
        unit="pm",
        direction="lower",
        scale="log",
        definition=f"as the MAE of position, {_SHIFT}",
        of=_mae,
    ),
    Metric(
        "position_rmse_unshifted_pm",
        "RMSE of position without rigid shift",
        unit="pm",
        direction="lower",
        scale="log",
        definition=f"as the RMSE of position, {_SHIFT}",
        of=_rmse,
    ),
)
