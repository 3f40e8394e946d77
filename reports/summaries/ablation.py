"""Errors of an ablation at each rung of the noise ladder, with and without restoration.

Counting and detector noise are what denoising can remove; jitter, trailing and row lines displace
or replace signal. One number over all of them would not tell the two apart.
"""

from dataclasses import dataclass
from typing import Final

import pandas as pd

from reports.metrics.cells import cells
from reports.records.ablation import RUNG, AblationRecords
from reports.summaries.summary import comparison_rows, paired_comparisons, summarise

#: Metrics that table and figure show.
SHOWN: Final = ("position_mae_pm", "scs_mpe_pct", "count_accuracy")


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
        `reports.summaries.summary.paired_comparisons` within each rung, with `noise`.
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
    comparisons = [
        paired_comparisons(rows).assign(**{RUNG: rung}) for rung, rows in records.items()
    ]
    by_rung = {
        rung: {cell.restorer: cell for cell in cells(rows)} for rung, rows in records.items()
    }
    steps = [
        {**row, RUNG: rung, "noise_before": before}
        for before, rung in zip(ablation.rungs, ablation.rungs[1:], strict=False)
        for restorer, cell in by_rung[rung].items()
        if restorer in by_rung[before]
        for row in comparison_rows(cell, by_rung[before][restorer])
    ]
    first = ablation.records.iloc[0]
    columns = [*comparisons[0].columns, "noise_before"]
    return Ablation(
        case=str(first["case"]),
        dose=float(first["dose"]),
        rungs=ablation.rungs,
        summary=pd.concat(summaries, ignore_index=True),
        against_raw=pd.concat(comparisons, ignore_index=True),
        against_rung_before=pd.DataFrame(steps, columns=columns),
    )
