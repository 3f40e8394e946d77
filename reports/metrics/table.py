"""The one table of metrics: name, unit, direction, scale and definition."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Direction = Literal["lower", "higher", "zero", "none"]
#: How the interval is made: 'log' for positive quantities, 'linear' for signed ones, 'square' for
#: a root of an estimate that may come out below zero, 'fraction' for shares of columns, 'exact'
#: for what no noise touches.
Scale = Literal["log", "linear", "square", "fraction", "exact"]


@dataclass(frozen=True)
class Metric:
    """What a number means: everything a table or a figure needs to say about it.

    Attributes
    ----------
    name : str
        Name in tidy tables; ends with the unit where there is one.
    label : str
        Name for readers.
    unit : str
        '' for ratios.
    direction : {'lower', 'higher', 'zero', 'none'}
        What is better; 'zero' is nearer to zero.
    scale : {'log', 'linear', 'square', 'fraction', 'exact'}
        How its interval is made (`reports.statistics.intervals`).
    definition : str
        In words, over measured columns j and realizations r.
    """

    name: str
    label: str
    unit: str
    direction: Direction
    scale: Scale
    definition: str


_REFERENCE = "the fit of the noise-free image"
_TRUE = "the mean position of the column's atoms"

_ALL: Final = (
    Metric("position_bias_x_pm", "bias of x", "pm", "zero", "linear",
           f"mean over columns of each column's mean of x - x_ref; x_ref is {_REFERENCE}"),
    Metric("position_bias_y_pm", "bias of y", "pm", "zero", "linear",
           f"mean over columns of each column's mean of y - y_ref; y_ref is {_REFERENCE}"),
    Metric("position_bias_rms_pm", "rms bias of position", "pm", "lower", "square",
           "root mean square over columns and both axes of each column's bias, less the share "
           "that scatter alone puts there (variance / number of realizations); 0 if that leaves "
           "less than nothing"),
    Metric("position_std_x_pm", "precision of x", "pm", "lower", "log",
           "standard deviation of x over realizations (divisor n - 1), pooled over columns"),
    Metric("position_std_y_pm", "precision of y", "pm", "lower", "log",
           "standard deviation of y over realizations (divisor n - 1), pooled over columns"),
    Metric("position_std_pm", "precision of position", "pm", "lower", "log",
           "root mean square of the precisions of x and of y: per axis"),
    Metric("position_std_px", "precision of position", "px", "lower", "log",
           "the same in pixels"),
    Metric("position_rmse_pm", "RMSE of position", "pm", "lower", "log",
           f"root mean square of x - x_ref and y - y_ref, per axis, against {_REFERENCE}"),
    Metric("position_bound_pm", "bound of position", "pm", "none", "exact",
           "root mean square over columns and both axes of the Cramér-Rao bound (unbiased "
           "estimators without prior knowledge)"),
    Metric("position_std_over_bound", "precision of position / bound", "", "lower", "log",
           "precision of position divided by its bound"),
    Metric("position_rmse_over_bound", "RMSE of position / bound", "", "lower", "log",
           "RMSE of position divided by the bound: counts bias as well as scatter"),
    Metric("position_mae_pm", "MAE of position", "pm", "lower", "log",
           f"mean distance |r - r_ref| in the image plane; r_ref is {_REFERENCE}"),
    Metric("position_mae_spread_pm", "spread of the position error", "pm", "lower", "log",
           "standard deviation of |r - r_ref| over all columns and realizations"),
    Metric("position_bias_x_true_pm", "bias of x against the atoms", "pm", "zero", "linear",
           f"as the bias of x, against {_TRUE}"),
    Metric("position_bias_y_true_pm", "bias of y against the atoms", "pm", "zero", "linear",
           f"as the bias of y, against {_TRUE}"),
    Metric("position_rmse_true_pm", "RMSE of position against the atoms", "pm", "lower", "log",
           f"as the RMSE of position, against {_TRUE}"),
    Metric("position_mae_true_pm", "MAE of position against the atoms", "pm", "lower", "log",
           f"as the MAE of position, against {_TRUE}"),
    Metric("scs_bias_pct", "bias of SCS", "%", "zero", "linear",
           "mean over columns of each column's mean of SCS / SCS_ref - 1; SCS_ref is "
           f"{_REFERENCE}"),
    Metric("scs_bias_rms_pct", "rms bias of SCS", "%", "lower", "square",
           "as the rms bias of position, of the relative SCS"),
    Metric("scs_std_pct", "precision of SCS", "%", "lower", "log",
           "standard deviation of SCS / SCS_ref over realizations (divisor n - 1), pooled over "
           "columns"),
    Metric("scs_rmse_pct", "RMSE of SCS", "%", "lower", "log",
           "root mean square of SCS / SCS_ref - 1"),
    Metric("scs_bound_pct", "bound of SCS", "%", "none", "exact",
           "root mean square over columns of the Cramér-Rao bound of SCS / SCS_ref"),
    Metric("scs_std_over_bound", "precision of SCS / bound", "", "lower", "log",
           "precision of SCS divided by its bound"),
    Metric("scs_rmse_over_bound", "RMSE of SCS / bound", "", "lower", "log",
           "RMSE of SCS divided by the bound: counts bias as well as scatter"),
    Metric("scs_mpe_pct", "MPE of SCS", "%", "lower", "log",
           "mean absolute percentage error |SCS / SCS_ref - 1|"),
    Metric("scs_mpe_spread_pct", "spread of the SCS error", "%", "lower", "log",
           "standard deviation of |SCS / SCS_ref - 1| over all columns and realizations"),
    Metric("count_accuracy", "columns counted right", "fraction", "higher", "fraction",
           "share of the measured columns whose atom count is exact; a column without a count, "
           "failed fits among them, counts as wrong"),
    Metric("count_accuracy_clean", "columns counted right without noise", "fraction", "none",
           "exact",
           "share of the measured columns whose atom count is exact in the noise-free image: what "
           "the ground truth and the library themselves allow"),
    Metric("failure_rate", "failed fits", "fraction", "lower", "fraction",
           "share of the measured columns without a fitted position and SCS; every error above "
           "is over the fitted columns alone"),
    Metric("flagged_rate", "flagged fits", "fraction", "lower", "fraction",
           "share of the measured columns whose fit carries any flag, failed ones included"),
)  # fmt: skip

#: name -> Metric, in the order in which tables show them.
METRICS: Final = MappingProxyType({metric.name: metric for metric in _ALL})
