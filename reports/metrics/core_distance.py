"""Metrics of position and SCS against the distance from a dislocation's core.

A radius chosen for the average decides what is found: near the core, where the lattice is least
perfect, a restorer that knows perfect lattices gains least.

The metrics of this file take one value per image and return their mean with those that leave one
image out.
"""

from dataclasses import asdict
from typing import Any, Final

import numpy as np
import pandas as pd

from reports.metrics.cells import CELL_COLUMNS
from reports.metrics.kept.resolution import contrast_of, resolved_alone, unresolved_cells
from reports.metrics.metric import Metric
from reports.records.run_folder import Run
from reports.statistics.intervals import LEVEL, Replicates, estimate, paired_comparison
from reports.statistics.moments import mean_with_left_out
from stembench.arrays import Floats

_CELL = list(CELL_COLUMNS)
_RING: Final = ("from_A", "to_A")
#: Column of the run's table by name of the metric.
_SOURCES: Final = {
    "core_mae_pm": "mae_pm",
    "core_mae_unshifted_pm": "mae_unshifted_pm",
    "core_mpe_pct": "mpe_pct",
}


def _metric(name: str, label: str, unit: str, definition: str) -> Metric[Floats, Floats]:
    return Metric(
        name,
        label,
        unit=unit,
        direction="lower",
        scale="log",
        subject="distance",
        definition=f"{definition}, in a ring about the dislocation's core, over all columns of "
        "the frame but its rim, measured or not; the mean of the images' means",
        of=mean_with_left_out,
    )


METRICS: Final = (
    _metric("core_mae_pm", "MAE of position", "pm", "mean distance |r - r_ref|"),
    _metric(
        "core_mae_unshifted_pm",
        "MAE of position without rigid shift",
        "pm",
        "the same after the mean error of the image's measured columns was taken off",
    ),
    _metric("core_mpe_pct", "MPE of SCS", "%", "mean absolute percentage error of the SCS"),
)


def load_distances(run: Run) -> pd.DataFrame:
    """Read the errors by distance of a run, one row per image and ring; empty if it has none.

    Columns: case, image, thickness, dose, restorer, realization, from_A, to_A (Å), n_columns,
    n_fitted, mae_pm, mae_unshifted_pm, mpe_pct.
    """
    frames = run.tables("core_distance")
    if not frames:
        return pd.DataFrame(columns=[*_CELL, "realization", *_RING])
    return pd.concat(frames, ignore_index=True)


def distances_of(run: Run) -> pd.DataFrame:
    """Errors by distance of a run, summarised, of resolved columns alone; for `Run.once`."""
    unresolved = unresolved_cells(run.once(contrast_of), run.restorers)
    return summarise_distances(
        resolved_alone(load_distances(run), unresolved),
        baseline=run.restorers.raw(run.info.restorers),
    )


def summarise_distances(
    distances: pd.DataFrame, *, baseline: str | None, level: float = LEVEL
) -> pd.DataFrame:
    """Errors by distance from the core with intervals over realizations, and ratios to raw.

    Parameters
    ----------
    distances : pandas.DataFrame
        `load_distances`.
    baseline : str or None
        Restorer whose errors the others' are divided by, paired by realization.
    level : float
        Two-sided confidence.

    Returns
    -------
    pandas.DataFrame
        Tidy: case, image, thickness, dose, restorer, from_A, to_A, metric (a name in `METRICS`),
        value, low, high, method, ratio, ratio_low, ratio_high (restorer over baseline, NaN for
        the baseline itself), n_realizations, n_columns.
    """
    rows: list[dict[str, Any]] = []
    for place, group in distances.groupby([*_CELL[:4], *_RING], sort=True):
        point = dict(zip((*_CELL[:4], *_RING), place, strict=True))
        by_restorer = {
            str(name): own.set_index("realization").sort_index()
            for name, own in group.groupby("restorer", sort=True)
        }
        for name, own in by_restorer.items():
            reference = None if name == baseline else by_restorer.get(baseline or "")
            sample = {"n_realizations": len(own), "n_columns": int(own["n_columns"].iloc[0])}
            for metric in METRICS:
                found = _estimates(metric, own, reference=reference, level=level)
                rows += [{**point, "restorer": name, "metric": metric.name, **found, **sample}]
    names = ["value", "low", "high", "method", "ratio", "ratio_low", "ratio_high"]
    return pd.DataFrame(
        rows, columns=[*_CELL, *_RING, "metric", *names, "n_realizations", "n_columns"]
    )


def _estimates(
    metric: Metric[Floats, Floats],
    own: pd.DataFrame,
    *,
    reference: pd.DataFrame | None,
    level: float,
) -> dict[str, Any]:
    """Value and ratio of one metric."""
    source = _SOURCES[metric.name]
    found = {**asdict(estimate(_replicates(metric, own[source]), level=level))}
    ends = (np.nan, np.nan, np.nan)
    if reference is not None:
        both = pd.concat([own[source], reference[source]], axis=1, keys=["new", "old"]).dropna()
        if len(both):
            new, old = (_replicates(metric, both[name]) for name in ("new", "old"))
            ratio = paired_comparison(new, old, level=level)
            ends = (ratio.value, ratio.low, ratio.high)
    return found | dict(zip(("ratio", "ratio_low", "ratio_high"), ends, strict=True))


def _replicates(metric: Metric[Floats, Floats], values: pd.Series) -> Replicates:
    return metric.replicates(metric.of(values.dropna().to_numpy(dtype=np.float64)))
