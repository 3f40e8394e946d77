"""Errors at each rung of a ladder of noise chains, with and without restoration.

Counting and detector noise are what denoising can remove; jitter, trailing and row lines displace
or replace signal. One number over all of them would not tell the two apart.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import pandas as pd

from reports.metrics.cells import cells
from reports.records.ladder import Ladder, Rung
from reports.records.ladder_records import RUNG, LadderRecords
from reports.summaries.summary import comparison_rows, paired_comparisons, summarise

#: Metrics that tables and figures show.
SHOWN: Final = ("position_mae_pm", "scs_mpe_pct", "count_accuracy")


@dataclass(frozen=True)
class LadderSummary:
    """A ladder reduced to metrics.

    Attributes
    ----------
    ladder : Ladder
        As the run declares it.
    rungs : tuple of Rung
        Those that have records, in order.
    summary : pandas.DataFrame
        `reports.summaries.summary.summarise` of each rung, with its label in column `noise`, its
        place on the ladder, from 0, in `rung`, and its value on the axis in `value_of_axis`.
    against_raw : pandas.DataFrame
        `reports.summaries.summary.paired_comparisons` within each rung, with `noise`.
    against_rung_before : pandas.DataFrame
        Each restorer compared with itself one rung lower, paired by realization since rungs share
        the draws of the stages they share; with `noise` and `noise_before`.
    """

    ladder: Ladder
    rungs: tuple[Rung, ...]
    summary: pd.DataFrame
    against_raw: pd.DataFrame
    against_rung_before: pd.DataFrame

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the rungs that have records, in order."""
        return tuple(rung.label for rung in self.rungs)


def summarise_ladder(ladder: LadderRecords) -> LadderSummary:
    """Reduce the records of a ladder to metrics with intervals over realizations.

    Parameters
    ----------
    ladder : LadderRecords

    Returns
    -------
    LadderSummary

    Raises
    ------
    InputError
        If rows of a column are missing from a realization.
    """
    records = {rung.label: ladder.at(rung.label) for rung in ladder.rungs}
    summaries = [
        summarise(records[rung.label]).assign(
            **{RUNG: rung.label, "rung": place, "value_of_axis": rung.value}
        )
        for place, rung in enumerate(ladder.rungs)
    ]
    comparisons = [
        paired_comparisons(rows).assign(**{RUNG: label}) for label, rows in records.items()
    ]
    by_rung = {
        label: {cell.restorer: cell for cell in cells(rows)} for label, rows in records.items()
    }
    steps = [
        {**row, RUNG: label, "noise_before": before}
        for before, label in pairwise(records)
        for restorer, cell in by_rung[label].items()
        if restorer in by_rung[before]
        for row in comparison_rows(cell, by_rung[before][restorer])
    ]
    columns = [*comparisons[0].columns, "noise_before"]
    return LadderSummary(
        ladder=ladder.ladder,
        rungs=ladder.rungs,
        summary=pd.concat(summaries, ignore_index=True),
        against_raw=pd.concat(comparisons, ignore_index=True),
        against_rung_before=pd.DataFrame(steps, columns=columns),
    )
