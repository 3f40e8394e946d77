"""The ablation in words: its title, its table and its sentences."""

from typing import Final

import pandas as pd

from reports.metrics.table import METRICS
from reports.records.ladder_records import RUNG
from reports.records.run_folder import Run
from reports.summaries.ladder_summary import ERROR, SHOWN, LadderSummary
from reports.words.numbers import dose_text, metric_cell, quantity, tabulated
from reports.words.sentences import Sentence, meeting
from reports.words.tables import Table, failures, sample_size

_MAE: Final = ERROR


def ablation_title(run: Run, ablation: LadderSummary) -> str:
    """Heading of table, figure and sentences."""
    ladder = ablation.ladder
    return f"Noise stage by stage: {run.title(ladder.case)}, {dose_text(ladder.dose)} e/Å²"


def ablation_table(run: Run, ablation: LadderSummary) -> Table:
    """One row per rung and restorer: errors, what the stage costs, what restoration gains.

    Parameters
    ----------
    run : Run
        Gives the title of the case and the restorers' names.
    ablation : LadderSummary

    Returns
    -------
    Table
    """
    error, *others = SHOWN
    rows = []
    for rung in ablation.labels:
        at_rung = ablation.summary[ablation.summary[RUNG] == rung]
        for restorer in run.restorers.order(at_rung["restorer"].unique()):
            metrics = at_rung[at_rung["restorer"] == restorer].set_index("metric")
            rows.append(
                (
                    rung,
                    run.restorers.label(restorer),
                    metric_cell(metrics, error),
                    _ratio(ablation.against_raw, rung=rung, restorer=restorer),
                    _ratio(ablation.against_rung_before, rung=rung, restorer=restorer),
                    *(metric_cell(metrics, name) for name in others),
                    failures(metrics),
                    sample_size(metrics),
                )
            )
    return Table(
        title=ablation_title(run, ablation),
        note="Each rung adds one stage to the noise of the rung above; all rungs share the draws "
        "of the stages they share, so ratios are paired. Value (95 % interval). ablation.csv has "
        "every metric, ablation_comparisons.csv every ratio and difference.",
        header=(
            "noise",
            "restorer",
            METRICS[error].heading,
            "MAE / raw",
            "MAE / rung above",
            *(METRICS[name].heading for name in others),
            METRICS["failure_rate"].label,
            "n: realizations × columns",
        ),
        rows=tuple(rows),
        n_labels=2,
    )


def ablation_sentences(run: Run, ablation: LadderSummary) -> list[Sentence]:
    """Sentences on the gain under counting noise alone, the whole noise and the costliest stage.

    Parameters
    ----------
    run : Run
        Gives the title of the case and the restorers' names.
    ablation : LadderSummary

    Returns
    -------
    list of Sentence
        On the published network, else on the first restorer that is not raw; none without one.
    """
    restorer = run.restorers.main(ablation.summary["restorer"].unique())
    topic = ablation_title(run, ablation)
    if restorer is None:
        return []
    sentences = []
    for rung in dict.fromkeys((ablation.labels[0], ablation.labels[-1])):
        row = _row(ablation.against_raw, rung=rung, restorer=restorer)
        if row is None:
            continue
        state = meeting(row["low"], row["high"])
        chain = "counting noise alone" if rung == ablation.labels[0] else f"noise up to '{rung}'"
        sentences.append(
            Sentence(
                f"Under {chain} the MAE of position of {run.restorers.phrase(restorer)} is "
                f"{quantity(row['value'], row['low'], row['high'])} times that of raw "
                f"(n = {row['n_realizations']} realizations).",
                "undecided" if state == "undecided" else "finding",
                topic,
            )
        )
    if not sentences:
        return []
    return sentences + _costliest(run, ablation, restorer=restorer, topic=topic)


def _costliest(run: Run, ablation: LadderSummary, *, restorer: str, topic: str) -> list[Sentence]:
    """Name the stage that raises the restored images' error most, and what it does to raw."""
    steps = ablation.against_rung_before
    factors = steps[(steps["restorer"] == restorer) & (steps["metric"] == _MAE)]
    factors = factors.dropna(subset=["value"])
    if factors.empty:
        return []
    ranked = factors.sort_values("value", ascending=False)
    worst = ranked.iloc[0]
    raw = run.restorers.raw(steps["restorer"].unique())
    raw_step = None if raw is None else _row(steps, rung=worst[RUNG], restorer=raw)
    of_raw = (
        ""
        if raw_step is None
        else f", that of {run.restorers.phrase(str(raw))} by "
        f"{quantity(raw_step['value'], raw_step['low'], raw_step['high'])}"
    )
    factor = quantity(worst["value"], worst["low"], worst["high"])
    who, costs = run.restorers.phrase(restorer), f"it multiplies the MAE of position by {factor}"
    # The largest of several estimates is no finding while its interval reaches the next one's.
    rivals = ranked[1:][~(ranked["high"][1:] < worst["low"])]
    if worst["low"] > 1 and rivals.empty:
        text = f"Of the stages, {_stage(worst)} costs {who} most: {costs}{of_raw}."
        return [Sentence(text, "finding", topic)]
    text = f"Which stage costs {who} most is undecided with n = {worst['n_realizations']} " + (
        f"realizations: {_stage(worst)} is found to ({costs}{of_raw})"
    )
    if len(rivals):
        near = rivals.iloc[0]
        text += (
            f", {_stage(near)} follows with {quantity(near['value'], near['low'], near['high'])}"
        )
    return [Sentence(f"{text}.", "undecided", topic)]


def _stage(row: pd.Series) -> str:
    """Name of the stage that a rung adds."""
    return str(row[RUNG]).removeprefix("+ ")


def _row(comparisons: pd.DataFrame, *, rung: str, restorer: str) -> pd.Series | None:
    rows = comparisons[
        (comparisons[RUNG] == rung)
        & (comparisons["restorer"] == restorer)
        & (comparisons["metric"] == _MAE)
    ]
    return None if rows.empty else rows.iloc[0]


def _ratio(comparisons: pd.DataFrame, *, rung: str, restorer: str) -> str:
    row = _row(comparisons, rung=rung, restorer=restorer)
    return "" if row is None else tabulated(row["value"], row["low"], row["high"])
