"""Counted specimens in words: errors by one atom, total, shape, and biases that averages hide."""

from typing import Final

import pandas as pd

from reports.metrics.table import METRICS, metrics_of
from reports.names import Restorers
from reports.words.numbers import dose_text, metric_cell
from reports.words.sentences import Sentence, first_row, metric_text
from reports.words.tables import Table

BY_COUNT: Final = "scs_bias_by_count_pct"


def count_table(summary: pd.DataFrame, *, title: str, restorers: Restorers) -> Table:
    """Table of the errors of counts of one case.

    Parameters
    ----------
    summary : pandas.DataFrame
        `reports.metrics.columns.atom_counts.summarise_counts`, of one case.
    title : str
        Of the case.
    restorers : Restorers
        Of the run.
    """
    whole = summary[summary["count_true"] == 0]
    present = set(whole["metric"])
    shown = [metric for metric in metrics_of("counts") if metric.name in present]
    rows = []
    for _, point in whole.groupby(["thickness", "dose"]):
        for restorer in restorers.order(point["restorer"].unique()):
            metrics = point[point["restorer"] == restorer].set_index("metric")
            first = metrics.iloc[0]
            rows.append(
                (
                    dose_text(float(first["dose"])),
                    restorers.label(restorer),
                    *(metric_cell(metrics, metric.name) for metric in shown),
                    f"{first['n_realizations']} × {first['n_columns']}",
                )
            )
    return Table(
        title=f"Atom counts: {title}",
        note="Value (95 % interval). counts.csv has the biases of SCS and of the count by true "
        "count too.",
        header=(
            "dose (e/Å²)",
            "restorer",
            *(metric.heading for metric in shown),
            "n: realizations × columns",
        ),
        rows=tuple(rows),
        n_labels=2,
    )


def count_sentences(
    summary: pd.DataFrame, *, title: str, restorer: str, restorers: Restorers
) -> list[Sentence]:
    """Say what the counts of a restorer get wrong at the lowest dose, and what averages hide.

    Parameters
    ----------
    summary : pandas.DataFrame
        `reports.metrics.columns.atom_counts.summarise_counts`, of one case.
    title : str
        Of the case.
    restorer : str
        Name of the restorer.
    restorers : Restorers
        Of the run.
    """
    at_dose = summary[summary["dose"] == summary["dose"].min()]
    own = at_dose[at_dose["restorer"] == restorer]
    if own.empty:
        return []
    raw = restorers.raw(at_dose["restorer"].unique())
    beside = at_dose[at_dose["restorer"] == raw] if raw else at_dose.iloc[:0]
    parts = []
    for name in ("count_within_one", "atoms_total_bias_pct", "shape_error_A"):
        value, other = _of_all(own, name), _of_all(beside, name)
        if value is not None:
            against = "" if other is None else f" (raw {metric_text(other)})"
            parts.append(f"{METRICS[name].label} {metric_text(value)}{against}")
    where = f"At {dose_text(float(own['dose'].iloc[0]))} e/Å²"
    who = restorers.phrase(restorer)
    sentences = [Sentence(f"{where}, counts after {who}: {'; '.join(parts)}.", "finding", title)]
    return [
        *sentences,
        *_hidden(own, where=where, who=who, title=title),
        *_offsets(summary, restorer=restorer, who=who, title=title),
    ]


def _of_all(rows: pd.DataFrame, name: str) -> pd.Series | None:
    found = rows[(rows["metric"] == name) & (rows["count_true"] == 0) & rows["value"].notna()]
    return None if found.empty else found.iloc[0]


def _hidden(own: pd.DataFrame, *, where: str, who: str, title: str) -> list[Sentence]:
    """Biases of opposite sign by true count, each of which an interval supports."""
    biases = own[own["metric"] == BY_COUNT].sort_values("count_true")
    below, above = biases[biases["high"] < 0], biases[biases["low"] > 0]
    if below.empty and above.empty:
        return []
    worst = [*first_row(below.sort_values("value")), *first_row(above.sort_values("value")[::-1])]
    ends = [f"{metric_text(row)} at {_atoms(int(row['count_true']))}" for row in worst]
    if len(ends) == 2:
        text = f"{where} the mean bias of SCS of {who} averages biases of opposite sign"
    else:
        text = f"{where} the bias of SCS of {who} depends on the count"
    most = f"{len(below)} of {len(biases)} true counts are biased low, {len(above)} high"
    return [Sentence(f"{text}: {' and '.join(ends)}; {most}.", "warning", title)]


def _offsets(summary: pd.DataFrame, *, restorer: str, who: str, title: str) -> list[Sentence]:
    """Share of the wrong counts that are the ground truth's and the library's, over the doses."""
    own = summary[(summary["restorer"] == restorer) & summary["value"].notna()].sort_values("dose")
    shares, falls = (
        ", ".join(
            f"{metric_text(row)} at {dose_text(float(row['dose']))} e/Å²"
            for _, row in own[own["metric"] == name].iterrows()
        )
        for name in ("count_offset_share", "count_offset_net")
    )
    if not shares:
        return []
    return [
        Sentence(
            f"Not every wrong count after {who} is its own: were the noise-free SCS of each column "
            "the library's value, these shares of them would be right, so they are offsets of "
            f"ground truth and library: {shares}. Such offsets mend other columns; without them "
            f"wrong counts would be fewer by {falls}.",
            "finding",
            title,
        )
    ]


def _atoms(count: int) -> str:
    return f"{count} atom{'' if count == 1 else 's'}"
