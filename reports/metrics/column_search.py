"""Missed and invented columns: what a search of the restored images finds, over realizations."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from reports.figures.panels import dose_text
from reports.metrics.table import Scale
from reports.names import order, styles
from reports.records.run_folder import Run, read_frames
from reports.statistics.intervals import LEVEL, Replicates, estimate
from reports.words.numbers import plain, quantity
from reports.words.tables import Table

_CELL = ["case", "image", "thickness", "dose", "restorer"]
#: name -> what is summed over the searched images, as a quotient of two sums of its counts.
_METRICS = {
    "f1": "harmonic mean of precision and recall",
    "recall": "share of the true columns that are found",
    "precision": "share of the found columns that are true",
    "false_per_image": "found columns that are none, per image",
    "missed_per_image": "true columns that are not found, per image",
    "vacuum_per_image": "found columns far from all atoms, per image",
    "empty_filled": "share of the empty sites at which a column is found",
}


_SHARES = ("f1", "recall", "precision", "empty_filled")


def load_detection(run: Run) -> pd.DataFrame:
    """Read the searches of a run, one row per searched image; empty if it has none."""
    frames = read_frames(run.folder / "detection")
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=_CELL)


def summarise_detection(searches: pd.DataFrame, *, level: float = LEVEL) -> pd.DataFrame:
    """Reduce searches to metrics with intervals over realizations.

    Parameters
    ----------
    searches : pandas.DataFrame
        `load_detection`.
    level : float
        Two-sided confidence.

    Returns
    -------
    pandas.DataFrame
        Tidy: case, image, thickness, dose, restorer, metric, value, low, high, method,
        n_realizations. The ends are NaN for a single realization, and where all images agree.
    """
    rows = []
    for key, group in searches.groupby(_CELL, sort=True):
        ordered = group.sort_values("realization")
        for metric in _METRICS:
            left_out = np.array(
                [
                    _value(metric, ordered[ordered["realization"] != k])
                    for k in ordered["realization"]
                    if len(ordered) > 1
                ]
            )
            value = _value(metric, ordered)
            if np.isnan(value):
                continue
            # Of one site per image the realizations are trials; other shares are means of many.
            scale: Scale = "fraction" if metric == "empty_filled" else "linear"
            if scale == "linear" and (not len(left_out) or np.ptp(left_out) == 0):
                left_out = left_out[:0]  # images that agree to the last column tell no scatter
            found = estimate(Replicates(value, left_out, scale), level=level)
            highest = 1.0 if metric in _SHARES else np.inf
            rows.append(
                {
                    **dict(zip(_CELL, key, strict=True)),
                    "metric": metric,
                    **asdict(found),
                    "low": float(np.maximum(found.low, 0.0)),
                    "high": float(np.minimum(found.high, highest)),
                    "n_realizations": len(ordered),
                }
            )
    return pd.DataFrame(
        rows, columns=[*_CELL, "metric", "value", "low", "high", "method", "n_realizations"]
    )


def detection_table(summary: pd.DataFrame, *, title: str) -> Table:
    """Table of missed and invented columns of one case.

    Parameters
    ----------
    summary : pandas.DataFrame
        `summarise_detection`, of one case.
    title : str
        Of the case.
    """
    present = set(summary["metric"])
    shown = [
        (name, head)
        for name, head in (
            ("f1", "F1 (%)"), ("missed_per_image", "missed per image"),
            ("false_per_image", "invented per image"),
            ("vacuum_per_image", "of these in vacuum"),
            ("empty_filled", "empty sites shown as a column (%)"),
        )
        if name in present
    ]  # fmt: skip
    looks = styles(summary["restorer"].unique())
    rows = []
    for _, cell in summary.groupby(["thickness", "dose"]):
        for restorer in order(cell["restorer"].unique()):
            own = cell[cell["restorer"] == restorer].set_index("metric")
            first = own.iloc[0]
            rows.append(
                (
                    str(first["thickness"]), dose_text(float(first["dose"])),
                    looks[restorer].label,
                    *(_cell(own, name) for name, _ in shown), str(first["n_realizations"]),
                )
            )  # fmt: skip
    return Table(
        title=f"Missed and invented columns: {title}",
        note="What a search finds that knows the columns' width and distance but no position (95 % "
        "interval; none for a single image or where all agree). detection.csv has precision and "
        "recall.",
        header=(
            "thickness (atoms)", "dose (e/Å²)", "restorer", *(head for _, head in shown),
            "n: images",
        ),
        rows=tuple(rows),
        n_labels=3,
    )  # fmt: skip


def _value(metric: str, rows: pd.DataFrame) -> float:
    total = rows[
        ["n_true", "n_found", "n_missed", "n_false", "n_at_empty", "n_in_vacuum", "n_empty"]
    ].sum()
    hits = float(total["n_true"] - total["n_missed"])
    false = float(total["n_false"])
    above, below = {
        "f1": (2 * hits, 2 * hits + false + float(total["n_missed"])),
        "recall": (hits, float(total["n_true"])),
        "precision": (hits, hits + false),
        "false_per_image": (false, float(len(rows))),
        "missed_per_image": (float(total["n_missed"]), float(len(rows))),
        "vacuum_per_image": (float(total["n_in_vacuum"]), float(len(rows))),
        "empty_filled": (float(total["n_at_empty"]), float(total["n_empty"])),
    }[metric]
    return above / below if below > 0 else float("nan")


def _cell(own: pd.DataFrame, name: str) -> str:
    if name not in own.index:
        return ""
    factor = 100 if name in ("f1", "empty_filled") else 1
    value, low, high = (
        factor * float(x) for x in own.loc[[name], ["value", "low", "high"]].to_numpy()[0]
    )
    if not (np.isfinite(low) and np.isfinite(high)):
        return plain(value)
    return quantity(value, low, high).replace(" to ", "–")
