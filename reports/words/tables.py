"""Tables of a summary: full precision to CSV, rounded for readers in Markdown and on the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from reports.figures.panels import dose_text
from reports.metrics.table import METRICS
from reports.names import order, styles
from reports.words.numbers import metric_quantity, plain

#: Metrics that the table of a case shows, by the kind of its figure.
HEADLINES = {
    "precision": (
        "position_std_pm", "position_std_over_bound", "position_bias_rms_pm", "position_rmse_pm",
        "scs_std_pct", "scs_std_over_bound", "scs_bias_rms_pct", "scs_rmse_pct", "failure_rate",
    ),
    "dislocation": (
        "position_mae_pm", "position_mae_spread_pm", "position_mae_true_pm", "position_std_pm",
        "position_bias_rms_pm", "scs_mpe_pct", "scs_mpe_spread_pct", "scs_bias_pct",
        "failure_rate",
    ),
    "counting": (
        "count_accuracy", "position_mae_pm", "position_mae_spread_pm", "position_mae_true_pm",
        "scs_mpe_pct", "scs_mpe_spread_pct", "scs_bias_pct", "failure_rate",
    ),
    "defects": (
        "scs_mpe_pct", "scs_mpe_spread_pct", "scs_std_pct", "scs_bias_rms_pct", "scs_bias_pct",
        "failure_rate",
    ),
}  # fmt: skip
#: A table for readers shows at most this many thicknesses; the CSV has all.
SHOWN_THICKNESSES = 6


@dataclass(frozen=True)
class Table:
    """A table of text for readers.

    Attributes
    ----------
    title : str
    note : str
        What its numbers are.
    header : tuple of str
    rows : tuple of tuple of str
        The first `n_labels` cells of a row are labels.
    n_labels : int
    """

    title: str
    note: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_labels: int


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame to CSV with every digit it has; NaN is an empty field."""
    frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def headline(summary: pd.DataFrame, *, case: str, kind: str, title: str) -> Table:
    """Table of a case's main metrics, one row per image, dose and restorer.

    Parameters
    ----------
    summary : pandas.DataFrame
        Of a whole run.
    case : str
        Name of the case.
    kind : str
        Key of `HEADLINES`.
    title : str
        Heading.

    Returns
    -------
    Table
        Values with their 95 % intervals, rounded to what the intervals support.
    """
    rows = summary[summary["case"] == case]
    thicknesses = np.unique(rows["thickness"].to_numpy())
    several = len(thicknesses) > 1
    kept = thicknesses[
        np.unique(np.linspace(0, len(thicknesses) - 1, SHOWN_THICKNESSES).round().astype(int))
    ]
    rows = rows[rows["thickness"].isin(kept)]
    names = [n for n in HEADLINES[kind] if n in set(rows["metric"])]
    looks = styles(rows["restorer"].unique())
    made = []
    for _, cell in rows.groupby(["thickness", "dose"]):
        dose = float(cell["dose"].iloc[0])
        for restorer in order(cell["restorer"].unique()):
            own = cell[cell["restorer"] == restorer].set_index("metric")
            labels = [dose_text(dose), looks[restorer].label]
            if several:
                labels.insert(0, str(own["thickness"].iloc[0]))
            made.append((*labels, *(_cell(own, name) for name in names), _n(own)))
    heads = (["thickness (cells)"] if several else []) + ["dose (e/Å²)", "restorer"]
    units = ["" if name == "failure_rate" else _unit(name) for name in names]
    note = "Value (95 % interval). " + (
        f"{len(kept)} of {len(thicknesses)} thicknesses; summary.csv has all."
        if len(kept) < len(thicknesses)
        else "summary.csv has every metric at full precision."
    )
    return Table(
        title=title,
        note=note,
        header=(
            *heads,
            *(f"{METRICS[n].label}{f' ({u})' if u else ''}" for n, u in zip(names, units,
                                                                           strict=True)),
            "n: realizations × columns",
        ),
        rows=tuple(made),
        n_labels=len(heads),
    )  # fmt: skip


def _cell(own: pd.DataFrame, name: str) -> str:
    if name == "failure_rate":
        first = own.iloc[0]
        return f"{first['n_failed']} of {first['n_failed'] + first['n_fits']}"
    if name not in own.index:
        return ""
    value, low, high = own.loc[[name], ["value", "low", "high"]].to_numpy()[0]
    text = metric_quantity(name, value, low, high, unit=False)
    # A dash beside a minus sign would be misread.
    return text if low < 0 else text.replace(" to ", "–")


def _n(own: pd.DataFrame) -> str:
    first = own.iloc[0]
    return f"{first['n_realizations']} × {first['n_columns']}"


def _unit(name: str) -> str:
    return "%" if METRICS[name].scale == "fraction" else METRICS[name].unit


def metric_table() -> Table:
    """Table of what every metric is."""
    words = {"lower": "lower", "higher": "higher", "zero": "nearer to 0", "none": ""}
    return Table(
        title="Metrics",
        note="Name in the CSV files, unit, what is better, definition over measured columns.",
        header=("metric", "unit", "better", "definition"),
        rows=tuple(
            (m.name, m.unit, words[m.direction], m.definition) for m in METRICS.values()
        ),
        n_labels=1,
    )  # fmt: skip


def markdown(table: Table) -> str:
    """Write a table in Markdown under its title and note."""
    lines = [f"### {table.title}", "", table.note, ""]
    lines.append("| " + " | ".join(map(_escape, table.header)) + " |")
    alignment = ["---"] * table.n_labels + ["---:"] * (len(table.header) - table.n_labels)
    lines.append("| " + " | ".join(alignment) + " |")
    lines += ["| " + " | ".join(map(_escape, row)) + " |" for row in table.rows]
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def flatten(settings: Mapping[str, object], *, prefix: str = "") -> list[tuple[str, str]]:
    """Nested settings as rows of dotted names and values.

    Parameters
    ----------
    settings : mapping
        As read from JSON.
    prefix : str
        Name of the mapping itself.

    Returns
    -------
    list of tuple of str
        None reads 'none'; lists of plain values stand in one row, numbers keep all their digits.
    """
    rows: list[tuple[str, str]] = []
    for key, value in settings.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            rows += flatten(value, prefix=name) or [(name, "none")]
        elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
            rows += flatten({str(i): item for i, item in enumerate(value)}, prefix=name)
        elif isinstance(value, list):
            rows.append((name, ", ".join(map(_written, value)) or "none"))
        else:
            rows.append((name, _written(value)))
    return rows


def _written(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def seconds_text(seconds: float) -> str:
    """Write a duration for readers."""
    if seconds < 60:
        return f"{plain(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 120 else f"{seconds / 3600:.1f} h"
