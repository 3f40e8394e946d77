"""Errors at each rung of a ladder of noise chains, with and without restoration.

Counting and detector noise are what denoising can remove; jitter, trailing and row lines displace
or replace signal. One number over all of them would not tell the two apart.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import reduce
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from reports.metrics.cells import Cell, cells
from reports.names import RAW
from reports.records.ladder import ABLATION, AXES, Ladder, Rung
from reports.records.ladder_records import RUNG, LadderRecords, load_ladders, with_rung
from reports.records.run_folder import Run
from reports.statistics.intervals import Replicates, paired_comparison
from reports.summaries.summary import (
    comparison_rows,
    paired_comparisons,
    statistics,
    summarise,
)

#: Metric of position that sentences speak of, and tables and figures show first.
ERROR: Final = "position_mae_unshifted_pm"
#: Metrics that tables and figures show.
SHOWN: Final = (ERROR, "scs_mpe_pct", "count_accuracy")
_GAIN_COLUMNS: Final = (
    "case",
    "dose",
    "restorer",
    "metric",
    "value",
    "low",
    "high",
    "method",
    "n_realizations",
)


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
    end_to_end : pandas.DataFrame
        The same between the last rung and the first.
    gain : pandas.DataFrame
        What becomes of the ratio of restored to raw error from the first rung to the last: case,
        dose, restorer, metric, value (ratio at the last over that at the first), low, high, method,
        n_realizations. Below 1 restoration takes away a part of what the ladder adds.
    """

    ladder: Ladder
    rungs: tuple[Rung, ...]
    summary: pd.DataFrame
    against_raw: pd.DataFrame
    against_rung_before: pd.DataFrame
    end_to_end: pd.DataFrame
    gain: pd.DataFrame

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the rungs that have records, in order."""
        return tuple(rung.label for rung in self.rungs)


def ablations_of(run: Run) -> list[LadderSummary]:
    """Ablations of a run, summarised; for `Run.once`."""
    return [summarise_ladder(records) for records in load_ladders(run, ABLATION)]


def axes_of(run: Run) -> list[LadderSummary]:
    """Axes of noise of a run, summarised; for `Run.once`."""
    return [summarise_ladder(records) for records in load_ladders(run, AXES)]


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
        with_rung(summarise(records[rung.label]), rung.label).assign(
            rung=place, value_of_axis=rung.value
        )
        for place, rung in enumerate(ladder.rungs)
    ]
    comparisons = [
        paired_comparisons(rows).assign(**{RUNG: label}) for label, rows in records.items()
    ]
    by_rung = {
        label: {cell.restorer: cell for cell in cells(rows)} for label, rows in records.items()
    }
    first, last = ladder.rungs[0].label, ladder.rungs[-1].label
    columns = [*comparisons[0].columns, "noise_before"]
    steps = [row for pair in pairwise(records) for row in _steps(by_rung, pair)]
    whole = _steps(by_rung, (first, last)) if first != last else []
    return LadderSummary(
        ladder=ladder.ladder,
        rungs=ladder.rungs,
        summary=pd.concat(summaries, ignore_index=True),
        against_raw=pd.concat(comparisons, ignore_index=True),
        against_rung_before=pd.DataFrame(steps, columns=columns),
        end_to_end=pd.DataFrame(whole, columns=columns),
        gain=_gains(by_rung[first], by_rung[last]) if first != last else _no_gains(),
    )


def _steps(
    by_rung: Mapping[str, Mapping[str, Cell]], rungs: tuple[str, str]
) -> list[dict[str, object]]:
    """Compare each restorer on the second of two rungs with itself on the first."""
    before, label = rungs
    return [
        {**row, RUNG: label, "noise_before": before}
        for restorer, cell in by_rung[label].items()
        if restorer in by_rung[before]
        for row in comparison_rows(cell, by_rung[before][restorer])
    ]


def _no_gains() -> pd.DataFrame:
    return pd.DataFrame(columns=list(_GAIN_COLUMNS))


def _gains(first: Mapping[str, Cell], last: Mapping[str, Cell]) -> pd.DataFrame:
    """Change of the ratio restored / raw from one rung to another, paired by realization."""
    if RAW not in first or RAW not in last:
        return _no_gains()
    rows = []
    for restorer in first.keys() & last.keys() - {RAW}:
        four = [rung[name] for rung in (last, first) for name in (restorer, RAW)]
        common = reduce(np.intersect1d, [cell.realizations for cell in four])
        if not common.size:
            continue
        new, new_raw, old, old_raw = (statistics(cell.at(common)) for cell in four)
        for metric in SHOWN:
            if metric not in new or new[metric].scale != "log":
                continue
            change = paired_comparison(
                _ratio(new[metric], new_raw[metric]), _ratio(old[metric], old_raw[metric])
            )
            cell = four[0]
            rows.append(
                {
                    "case": cell.case,
                    "dose": cell.dose,
                    "restorer": restorer,
                    "metric": metric,
                    **asdict(change),
                    "n_realizations": common.size,
                }
            )
    found = pd.DataFrame(rows, columns=list(_GAIN_COLUMNS))
    return found.sort_values(["restorer", "metric"], ignore_index=True)


def _ratio(new: Replicates, old: Replicates) -> Replicates:
    """Ratio of two statistics of the same realizations, with its replicates."""
    return Replicates(new.value / old.value, new.left_out / old.left_out, "log")
