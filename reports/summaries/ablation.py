"""The ablation of a run: what each stage of the noise costs, with and without restoration.

Counting and detector noise are what denoising can remove; jitter, trailing and row lines displace
or replace signal. One number over all of them would not tell the two apart.
"""

from dataclasses import dataclass
from typing import Final

import pandas as pd

from reports.figures.panels import dose_text
from reports.metrics.cells import cells
from reports.names import is_raw, main_restorer, order, styles
from reports.records.ablation import RUNG, AblationRecords
from reports.records.run_folder import Run
from reports.summaries.summary import contrast_rows, contrasts, summarise
from reports.words.numbers import metric_quantity, quantity
from reports.words.sentences import Sentence, label, meeting
from reports.words.tables import Table

#: Metrics that table and figure show.
SHOWN: Final = ("position_mae_pm", "scs_mpe_pct", "count_accuracy")
_MAE: Final = "position_mae_pm"


@dataclass(frozen=True)
class Ablation:
    """An ablation reduced to metrics.

    Attributes
    ----------
    case : str
        Name of the case.
    dose : float
        e/Å².
    rungs : tuple of str
        Labels, from counting alone to the whole chain.
    summary : pandas.DataFrame
        `reports.summaries.summary.summarise` of each rung, with its label in column `noise` and
        its place on the ladder, from 0, in `rung`.
    against_raw : pandas.DataFrame
        `reports.summaries.summary.contrasts` within each rung, with `noise`.
    against_rung_before : pandas.DataFrame
        Each restorer compared with itself one rung lower, paired by realization since rungs share
        the draws of the stages they share; with `noise` and `noise_before`.
    """

    case: str
    dose: float
    rungs: tuple[str, ...]
    summary: pd.DataFrame
    against_raw: pd.DataFrame
    against_rung_before: pd.DataFrame


def summarise_ablation(ablation: AblationRecords) -> Ablation:
    """Reduce the records of an ablation to metrics with intervals over realizations.

    Parameters
    ----------
    ablation : AblationRecords

    Returns
    -------
    Ablation

    Raises
    ------
    InputError
        If rows of a column are missing from a realization.
    """
    records = {rung: ablation.at(rung) for rung in ablation.rungs}
    summaries = [
        summarise(rows).assign(**{RUNG: rung}).assign(rung=place)
        for place, (rung, rows) in enumerate(records.items())
    ]
    pairs = [contrasts(rows).assign(**{RUNG: rung}) for rung, rows in records.items()]
    found = {rung: {cell.restorer: cell for cell in cells(rows)} for rung, rows in records.items()}
    steps = [
        {**row, RUNG: rung, "noise_before": before}
        for before, rung in zip(ablation.rungs, ablation.rungs[1:], strict=False)
        for restorer, cell in found[rung].items()
        if restorer in found[before]
        for row in contrast_rows(cell, found[before][restorer])
    ]
    first = ablation.records.iloc[0]
    columns = [*pairs[0].columns, "noise_before"]
    return Ablation(
        case=str(first["case"]),
        dose=float(first["dose"]),
        rungs=ablation.rungs,
        summary=pd.concat(summaries, ignore_index=True),
        against_raw=pd.concat(pairs, ignore_index=True),
        against_rung_before=pd.DataFrame(steps, columns=columns),
    )


def ablation_title(run: Run, ablation: Ablation) -> str:
    """Heading of table, figure and sentences."""
    return f"Noise stage by stage: {run.title(ablation.case)}, {dose_text(ablation.dose)} e/Å²"


def ablation_table(run: Run, ablation: Ablation) -> Table:
    """One row per rung and restorer: errors, what the stage costs, what restoration gains.

    Parameters
    ----------
    run : Run
        Gives the title of the case.
    ablation : Ablation

    Returns
    -------
    Table
    """
    looks = styles(ablation.summary["restorer"].unique())
    rows = []
    for rung in ablation.rungs:
        own = ablation.summary[ablation.summary[RUNG] == rung]
        for restorer in order(own["restorer"].unique()):
            cell = own[own["restorer"] == restorer].set_index("metric")
            first = cell.iloc[0]
            rows.append(
                (
                    rung,
                    looks[restorer].label,
                    _metric(cell, _MAE),
                    _ratio(ablation.against_raw, rung=rung, restorer=restorer),
                    _ratio(ablation.against_rung_before, rung=rung, restorer=restorer),
                    _metric(cell, "scs_mpe_pct"),
                    _metric(cell, "count_accuracy"),
                    f"{first['n_failed']} of {first['n_failed'] + first['n_fits']}",
                    f"{first['n_realizations']} × {first['n_columns']}",
                )
            )
    return Table(
        title=ablation_title(run, ablation),
        note="Each rung adds one stage to the noise of the rung above; all rungs share the draws "
        "of the stages they share, so ratios are paired. Value (95 % interval). ablation.csv has "
        "every metric, ablation_contrasts.csv every ratio and difference.",
        header=(
            "noise", "restorer", "MAE of position (pm)", "MAE / raw fits", "MAE / rung above",
            "MPE of SCS (%)", "columns counted right (%)", "failed fits",
            "n: realizations × columns",
        ),
        rows=tuple(rows),
        n_labels=2,
    )  # fmt: skip


def ablation_sentences(run: Run, ablation: Ablation) -> list[Sentence]:
    """Say what restoration gains from counting alone, and what the costliest stage does to it.

    Parameters
    ----------
    run : Run
        Gives the title of the case.
    ablation : Ablation

    Returns
    -------
    list of Sentence
        On the published network, else on the first restorer that is not raw; none without one.
    """
    restorer = main_restorer(ablation.summary["restorer"].unique())
    topic = ablation_title(run, ablation)
    said = []
    ends = dict.fromkeys((ablation.rungs[0], ablation.rungs[-1]))
    for rung in ends if restorer else ():
        row = _row(ablation.against_raw, rung=rung, restorer=str(restorer))
        if row is None:
            continue
        state = meeting(row["low"], row["high"])
        chain = "counting noise alone" if rung == ablation.rungs[0] else f"noise up to '{rung}'"
        said.append(
            Sentence(
                f"Under {chain} the MAE of position of {label(str(restorer))} is "
                f"{quantity(row['value'], row['low'], row['high'])} times that of raw fits.",
                "undecided" if state == "undecided" else "finding",
                topic,
            )
        )
    return said + (_costliest(ablation, restorer=str(restorer), topic=topic) if said else [])


def _costliest(ablation: Ablation, *, restorer: str, topic: str) -> list[Sentence]:
    """Name the stage that raises the restored images' error most, and what it does to raw fits."""
    steps = ablation.against_rung_before
    own = steps[(steps["restorer"] == restorer) & (steps["metric"] == _MAE)].dropna(
        subset=["value"]
    )
    if own.empty:
        return []
    worst = own.sort_values("value").iloc[-1]
    raw = next((name for name in steps["restorer"].unique() if is_raw(name)), None)
    beside = None if raw is None else _row(steps, rung=worst[RUNG], restorer=str(raw))
    there = (
        ""
        if beside is None
        else f", that of raw fits by {quantity(beside['value'], beside['low'], beside['high'])}"
    )
    decided = worst["low"] > 1
    stage = str(worst[RUNG]).removeprefix("+ ")
    return [
        Sentence(
            f"Of the stages, {stage} costs {label(restorer)} most: it multiplies the MAE of "
            f"position by {quantity(worst['value'], worst['low'], worst['high'])}{there}.",
            "finding" if decided else "undecided",
            topic,
        )
    ]


def _row(pairs: pd.DataFrame, *, rung: str, restorer: str) -> pd.Series | None:
    own = pairs[(pairs[RUNG] == rung) & (pairs["restorer"] == restorer) & (pairs["metric"] == _MAE)]
    return None if own.empty else own.iloc[0]


def _ratio(pairs: pd.DataFrame, *, rung: str, restorer: str) -> str:
    row = _row(pairs, rung=rung, restorer=restorer)
    if row is None:
        return ""
    return quantity(row["value"], row["low"], row["high"], to="–")


def _metric(cell: pd.DataFrame, name: str) -> str:
    if name not in cell.index:
        return ""
    value, low, high = cell.loc[[name], ["value", "low", "high"]].to_numpy()[0]
    return metric_quantity(name, value, low, high, unit=False).replace(" to ", "–")
