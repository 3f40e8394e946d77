"""The axes of noise in words: title, table, sentences, and the tidy tables."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reports.metrics.table import METRICS
from reports.records.ladder_records import RUNG
from reports.records.run_folder import Run
from reports.summaries.ladder_summary import ERROR, SHOWN, LadderSummary
from reports.words.numbers import dose_text, metric_cell, quantity, tabulated
from reports.words.sentences import Kind, Sentence, meeting
from reports.words.tables import Table, failures, sample_size


def axes_title(run: Run, case: str) -> str:
    """Heading of table and sentences of one case."""
    return f"Axes of noise: {run.title(case)}"


def axes_rows(axes: Sequence[LadderSummary]) -> pd.DataFrame:
    """Tidy table of every metric: one row per case, axis, value, dose, restorer and metric.

    Parameters
    ----------
    axes : sequence of LadderSummary

    Returns
    -------
    pandas.DataFrame
        case, image, dose (e/Å²), axis, axis_value, unit, restorer, metric, value, low, high (95 %),
        method, n_realizations, n_columns, n_fits, n_failed, n_flagged.
    """
    first = ["case", "image", "dose", "axis", "axis_value", "unit", "restorer", "metric"]
    tidy = pd.concat(
        [
            one.summary.rename(columns={"value_of_axis": "axis_value"})
            .assign(axis=one.ladder.axis, unit=one.ladder.unit)
            .drop(columns=["rung", RUNG, "thickness"])
            for one in axes
        ],
        ignore_index=True,
    )
    return tidy[[*first, *(name for name in tidy if name not in first)]]


def axes_gains(axes: Sequence[LadderSummary]) -> pd.DataFrame:
    """Tidy table of what becomes of restored over raw from the mild to the severe end of an axis.

    Parameters
    ----------
    axes : sequence of LadderSummary

    Returns
    -------
    pandas.DataFrame
        `LadderSummary.gain` with axis, from_value, to_value and unit.
    """
    return pd.concat(
        [
            one.gain.assign(
                axis=one.ladder.axis,
                from_value=one.rungs[0].value,
                to_value=one.rungs[-1].value,
                unit=one.ladder.unit,
            )
            for one in axes
        ],
        ignore_index=True,
    )


def axes_table(run: Run, axes: Sequence[LadderSummary]) -> Table:
    """One row per axis, dose, value and restorer of one case.

    Parameters
    ----------
    run : Run
        Gives the title of the case and the restorers' names.
    axes : sequence of LadderSummary
        Of one case.
    """
    others = [name for name in SHOWN if name != ERROR]
    rows = []
    for one in axes:
        for rung in one.rungs:
            here = one.summary[one.summary[RUNG] == rung.label]
            for restorer in run.restorers.order(here["restorer"].unique()):
                metrics = here[here["restorer"] == restorer].set_index("metric")
                pair = _row(one.against_raw, restorer=restorer, label=rung.label)
                rows.append(
                    (
                        one.ladder.axis,
                        dose_text(one.ladder.dose),
                        f"{rung.value:g} {one.ladder.unit}",
                        run.restorers.label(restorer),
                        metric_cell(metrics, ERROR),
                        "" if pair is None else tabulated(pair["value"], pair["low"], pair["high"]),
                        *(metric_cell(metrics, name) for name in others),
                        failures(metrics),
                        sample_size(metrics),
                    )
                )
    return Table(
        title=axes_title(run, axes[0].ladder.case),
        note="One stage of the noise is stepped, the others are the case's own; all values share "
        "their draws. Jitter: standard deviation of the innovations, in x and y, correlation "
        "0.6. Value (95 % interval). axes.csv has every metric.",
        header=(
            "axis",
            "dose (e/Å²)",
            "value",
            "restorer",
            METRICS[ERROR].heading,
            "MAE / raw",
            *(METRICS[name].heading for name in others),
            METRICS["failure_rate"].label,
            "n: realizations × columns",
        ),
        rows=tuple(rows),
        n_labels=4,
    )


def axes_sentences(run: Run, axis: LadderSummary) -> list[Sentence]:
    """Say what an axis does to raw fits and to restored images, and whether restoration mends it.

    Parameters
    ----------
    run : Run
        Gives the title of the case and the restorers' names.
    axis : LadderSummary

    Returns
    -------
    list of Sentence
        One for each restorer that a verdict speaks of. It follows from the 95 % intervals: whether
        the axis changes the error of raw fits by 10 % at all, and whether the ratio of restored to
        raw error changes along it.
    """
    names = axis.summary["restorer"].unique()
    raw = run.restorers.raw(names)
    if raw is None or len(axis.rungs) < 2:
        return []
    of_raw = _row(axis.end_to_end, restorer=raw)
    sentences = []
    for restorer in run.restorers.judged(names):
        own = _row(axis.end_to_end, restorer=restorer)
        change = _row(axis.gain, restorer=restorer)
        ends = [
            _row(axis.against_raw, restorer=restorer, label=rung.label)
            for rung in (axis.rungs[0], axis.rungs[-1])
        ]
        if of_raw is None or own is None or change is None or any(end is None for end in ends):
            continue
        who = run.restorers.phrase(restorer)
        first, last = axis.rungs[0].value, axis.rungs[-1].value
        if lost := _without_error(axis, restorers=(raw, restorer)):
            where = " and ".join(
                f"{run.restorers.phrase(name)} at {value:g} {axis.ladder.unit}"
                for name, value in lost
            )
            sentences.append(
                Sentence(
                    f"At {dose_text(axis.ladder.dose)} e/Å², stepping {axis.ladder.quantity} from "
                    f"{first:g} to {last:g} {axis.ladder.unit}: no column could be fitted in the "
                    f"images of {where}, so that what {who} takes away is not known.",
                    "warning",
                    axes_title(run, axis.ladder.case),
                )
            )
            continue
        meaning, kind = _meaning(of_raw, change, start=ends[0], who=who)
        sentences.append(
            Sentence(
                f"At {dose_text(axis.ladder.dose)} e/Å², stepping {axis.ladder.quantity} from "
                f"{first:g} to {last:g} {axis.ladder.unit} multiplies the MAE of position of "
                f"{run.restorers.phrase(raw)} by {_quantity(of_raw)} and that of {who} by "
                f"{_quantity(own)}. The MAE of {who} over that of {run.restorers.phrase(raw)} goes "
                f"from {_quantity(ends[0])} to "
                f"{_quantity(ends[1])}, a factor of {_quantity(change)}: {meaning}.",
                kind,
                axes_title(run, axis.ladder.case),
            )
        )
    return sentences


def _without_error(axis: LadderSummary, *, restorers: Sequence[str]) -> list[tuple[str, float]]:
    """Restorers, and values at the ends of an axis, at which no column was fitted."""
    return [
        (restorer, rung.value)
        for restorer in restorers
        for rung in (axis.rungs[0], axis.rungs[-1])
        if (row := _row(axis.summary, restorer=restorer, label=rung.label)) is not None
        and np.isnan(row["value"])
    ]


def _meaning(
    of_raw: pd.Series, change: pd.Series, *, start: pd.Series | None, who: str
) -> tuple[str, Kind]:
    """Say what the change of the ratio restored / raw means, and how to take that."""
    if meeting(of_raw["low"], of_raw["high"]) == "met":
        return "the axis costs raw less than 10 %", "finding"
    gains_before = start is not None and meeting(start["low"], start["high"]) == "better"
    match meeting(change["low"], change["high"]):
        case "better" if gains_before:
            return (
                f"a part of the gain of {who} is that it takes away what the axis adds",
                "finding",
            )
        case "better":
            return (
                f"without it no gain of {who} is shown, so that its gain is that it takes away "
                "what the axis adds",
                "finding",
            )
        case "worse":
            return f"{who} does not take away what the axis adds, and bears it worse", "finding"
        case "met":
            return f"{who} does not take away what the axis adds (within 10 %)", "finding"
    return f"whether {who} takes away a part of what the axis adds is undecided", "undecided"


def _quantity(row: pd.Series | None) -> str:
    return "n/a" if row is None else quantity(row["value"], row["low"], row["high"])


def _row(comparisons: pd.DataFrame, *, restorer: str, label: str = "") -> pd.Series | None:
    rows = comparisons[(comparisons["restorer"] == restorer) & (comparisons["metric"] == ERROR)]
    if label:
        rows = rows[rows[RUNG] == label]
    return None if rows.empty else rows.iloc[0]
