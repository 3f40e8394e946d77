"""Metrics of a search for columns: missed and invented columns in restored images.

The metrics of this file take the counts of any number of searched images (`SearchCounts`) and
return a number, NaN where it is not defined.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import pandas as pd

from reports.metrics.cells import CELL_COLUMNS
from reports.metrics.metric import Direction, Metric
from reports.records.run_folder import Run
from reports.statistics.intervals import LEVEL, Replicates, Scale, estimate

_CELL = list(CELL_COLUMNS)


@dataclass(frozen=True)
class SearchCounts:
    """Counts of a search, summed over images.

    Attributes
    ----------
    n_images : int
    n_true, n_missed : float
        Columns with atoms, and those of them that are not found.
    n_false, n_in_vacuum : float
        Found columns that are not true, and those of them far from all atoms.
    n_empty, n_at_empty : float
        Empty sites, and those of them at which a column is found.
    e2e_true, e2e_matched, e2e_right : float
        Of a search, fit and count from the image alone: measured columns, those of them found,
        and of these the ones that are counted right (NaN where the case is not counted).
    e2e_distance_pm : float
        Sum over the found ones of the distance from the fit of the noise-free image.
    """

    n_images: int
    n_true: float
    n_missed: float
    n_false: float
    n_in_vacuum: float
    n_empty: float
    n_at_empty: float
    e2e_true: float
    e2e_matched: float
    e2e_right: float
    e2e_distance_pm: float

    @property
    def hits(self) -> float:
        """True columns that are found."""
        return self.n_true - self.n_missed


_COUNTS: Final = (
    "n_true",
    "n_missed",
    "n_false",
    "n_in_vacuum",
    "n_empty",
    "n_at_empty",
    "e2e_true",
    "e2e_matched",
    "e2e_right",
    "e2e_distance_pm",
)


def _counts(searches: pd.DataFrame) -> SearchCounts:
    """Sum the searches of some images."""
    total = searches.reindex(columns=list(_COUNTS)).sum(min_count=1)
    return SearchCounts(len(searches), **{name: float(total[name]) for name in _COUNTS})


def _quotient(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else float("nan")


def _share(
    name: str,
    label: str,
    definition: str,
    of: Callable[[SearchCounts], float],
    *,
    direction: Direction = "higher",
    scale: Scale = "linear",
    shown: bool = True,
) -> Metric[SearchCounts, float]:
    """Declare a share of columns or sites."""
    return Metric(
        name,
        label,
        unit="fraction",
        direction=direction,
        scale=scale,
        subject="search",
        definition=definition,
        of=of,
        limits=(0.0, 1.0),
        shown=shown,
    )


def _number(
    name: str, label: str, definition: str, of: Callable[[SearchCounts], float]
) -> Metric[SearchCounts, float]:
    """Declare a number of columns per image."""
    return Metric(
        name,
        label,
        unit="",
        direction="lower",
        scale="linear",
        subject="search",
        definition=definition,
        of=of,
        limits=(0.0, np.inf),
    )


METRICS: Final[tuple[Metric[SearchCounts, float], ...]] = (
    _share(
        "f1",
        "F1",
        "harmonic mean of precision and recall",
        lambda n: _quotient(2 * n.hits, 2 * n.hits + n.n_false + n.n_missed),
    ),
    _share(
        "recall",
        "recall",
        "share of the true columns that are found",
        lambda n: _quotient(n.hits, n.n_true),
        shown=False,
    ),
    _share(
        "precision",
        "precision",
        "share of the found columns that are true",
        lambda n: _quotient(n.hits, n.hits + n.n_false),
        shown=False,
    ),
    _number(
        "false_per_image",
        "invented per image",
        "found columns that are not true, per image",
        lambda n: _quotient(n.n_false, n.n_images),
    ),
    _number(
        "missed_per_image",
        "missed per image",
        "true columns that are not found, per image",
        lambda n: _quotient(n.n_missed, n.n_images),
    ),
    _number(
        "vacuum_per_image",
        "invented in vacuum per image",
        "found columns far from all atoms, per image",
        lambda n: _quotient(n.n_in_vacuum, n.n_images),
    ),
    _share(
        "empty_filled",
        "empty sites shown as a column",
        "share of the empty sites at which a column is found",
        lambda n: _quotient(n.n_at_empty, n.n_empty),
        direction="lower",
        scale="fraction",  # one site per image: the realizations are trials
    ),
    _share(
        "e2e_found_share",
        "found from the image alone",
        "share of the measured columns that a search finds which is told neither width nor "
        "distance, and whose fit from there lies within 0.4 of the columns' distance",
        lambda n: _quotient(n.e2e_matched, n.e2e_true),
    ),
    _share(
        "e2e_right_share",
        "found and counted right from the image alone",
        "share of the measured columns that are found so and whose atom count is exact",
        lambda n: _quotient(n.e2e_right, n.e2e_true),
    ),
    Metric(
        "e2e_mae_pm",
        "MAE of those found",
        unit="pm",
        direction="lower",
        scale="linear",
        subject="search",
        definition="mean distance of the columns found from the image alone from the fit of the "
        "noise-free image",
        of=lambda n: _quotient(n.e2e_distance_pm, n.e2e_matched),
        limits=(0.0, np.inf),
    ),
)


def load_detection(run: Run) -> pd.DataFrame:
    """Read the searches of a run, one row per searched image; empty if it has none."""
    frames = run.tables("detection")
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=_CELL)


def detection_of(run: Run) -> pd.DataFrame:
    """Searches of a run, summarised; for `Run.once`."""
    return summarise_detection(load_detection(run))


def summarise_detection(searches: pd.DataFrame, *, level: float = LEVEL) -> pd.DataFrame:
    """Reduce searches to metrics with confidence intervals over realizations.

    Parameters
    ----------
    searches : pandas.DataFrame
        `load_detection`.
    level : float
        Two-sided confidence.

    Returns
    -------
    pandas.DataFrame
        Tidy: case, image, thickness, dose, restorer, metric (a name in `METRICS`), value, low,
        high, method, n_realizations. The ends are NaN for a single realization, and where all
        images agree.
    """
    rows = []
    for key, group in searches.groupby(_CELL, sort=True):
        ordered = group.sort_values("realization")
        counts = _counts(ordered)
        left_out = [
            _counts(ordered[ordered["realization"] != realization])
            for realization in ordered["realization"]
            if len(ordered) > 1
        ]
        for metric in METRICS:
            value = metric.of(counts)
            if np.isnan(value):
                continue
            replicates = np.array([metric.of(fewer) for fewer in left_out])
            if metric.scale == "linear" and (not replicates.size or np.ptp(replicates) == 0):
                replicates = np.empty(0)  # images that agree to the last column tell no scatter
            interval = estimate(Replicates(value, replicates, metric.scale), level=level)
            least, greatest = metric.limits
            rows.append(
                {
                    **dict(zip(_CELL, key, strict=True)),
                    "metric": metric.name,
                    **asdict(interval),
                    "low": float(np.maximum(interval.low, least)),
                    "high": float(np.minimum(interval.high, greatest)),
                    "n_realizations": len(ordered),
                }
            )
    return pd.DataFrame(
        rows, columns=[*_CELL, "metric", "value", "low", "high", "method", "n_realizations"]
    )
