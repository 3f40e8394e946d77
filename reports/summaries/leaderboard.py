"""The leaderboard: restorers of a run ranked in each case, ties where no difference is shown."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from reports.metrics.kept.resolution import contrast_of, unresolved_cells
from reports.metrics.table import GATES
from reports.records.run_folder import Run
from reports.statistics.intervals import wilson
from reports.statistics.paired import Effect, difference_effect, pooled_effect, ratio_effect
from reports.summaries.board_columns import BoardCell, BoardColumn, board_columns
from reports.summaries.cells_of_run import cells_of
from reports.summaries.information_rank import (
    INFORMATION,
    INFORMATION_COLUMNS,
    information_of_case,
    information_ranks,
    information_row,
)
from reports.summaries.per_realization import CellKey, CellStatistics
from reports.summaries.run_statistics import run_statistics

#: A standard error below this is that of shares that are the same in every realization.
_SAME: Final = 1e-12


def leaderboard(run: Run) -> pd.DataFrame:
    """Rank the restorers of a run in each case.

    Parameters
    ----------
    run : Run

    Returns
    -------
    pandas.DataFrame
        One row per case and restorer, best first:

        - case, restorer, score (what the rank is by, as the gate calls it, or 'information'), rank
          (missing if the run is incomplete, an image could not be restored, or the run lacks the
          case that tells the information), failed_images, unresolved (images and doses at which
          the columns are not resolved: such a restorer ranks behind all that resolve them, without
          a position, a count or a scattering cross-section);
        - each of `board_columns` with ``_low`` and ``_high`` (95 % interval over realizations),
          mean over the images and doses of the case, NaN where it has no meaning: RMSEs and their
          ratios to the bound (geometric means), squared biases over the mean square error, shares;
        - n_failed, n_fits, seconds_per_image, memory_bytes, n_realizations, n_cells.

    Notes
    -----
    Over the realizations that all restorers have; fits that stand in tables alone and references
    are left out. Fits that know the scan stand last without a rank, over those of these
    realizations that they have, and without the cost of a restoration. Sorted by score. A restorer
    shares the rank of the first above it that leads a rank if the 95 % interval of their paired
    difference includes zero, or if they cannot be told apart.
    """
    told = run.once(run_statistics)
    statistics = told.common
    unresolved = unresolved_cells(run.once(contrast_of), run.restorers)
    rows: list[dict[str, object]] = []
    cases = {case for by_key in statistics.values() for case, _, _ in by_key}
    # Study 0 is beside the paper's three and comes last.
    for case in sorted(cases, key=lambda name: (run.case(name).study.number or 99, name)):
        present = {
            name: {key: cell for key, cell in statistics[name].items() if key[0] == case}
            for name in run.restorers.order(statistics)
            if not run.restorers.is_acquisition(name)  # of other noise, and no restorer
        }
        present = {name: by_key for name, by_key in present.items() if by_key}
        by_restorer = {
            name: _row(
                run,
                case,
                name,
                board=[
                    BoardCell(cell, told.bounds[key], told.vacancies.get((*key, name)))
                    for key, cell in by_key.items()
                ],
                unresolved=sum((*key, name) in unresolved for key in by_key),
            )
            for name, by_key in present.items()
        }
        whole = [
            name
            for name, row in by_restorer.items()
            if run.complete and not row["failed_images"] and not run.restorers.is_beside(name)
        ]
        resolving = [name for name in whole if not by_restorer[name]["unresolved"]]
        if run.case(case).study.information:
            score, informed = INFORMATION, information_of_case(run, case)
            for name in by_restorer:
                by_restorer[name] |= information_row(informed[name]) if name in informed else {}
            ranks = information_ranks(informed, resolving)
        else:
            score = score_of(
                run.case(case).study.score,
                {n for by_key in present.values() for c in by_key.values() for n in c.by_metric},
            )
            ranks = _ranks({name: present[name] for name in resolving}, score=score)
        if ranks:
            behind = len(ranks) + 1
            ranks |= {name: behind for name in whole if name not in resolving}
        listed = [*ranks, *(name for name in by_restorer if name not in ranks)]
        rows += [{**by_restorer[n], "score": score, "rank": ranks.get(n)} for n in listed]
    table = pd.DataFrame(rows)
    table["rank"] = table["rank"].astype("Int64")
    first = ["case", "rank", "restorer", "score"]
    return table[[*first, *(name for name in table.columns if name not in first)]]


def score_of(declared: str, names: set[str]) -> str:
    """What restorers of a case are ranked by, as the gate calls it.

    Parameters
    ----------
    declared : str
        What the case declares.
    names : set of str
        Metrics of the gate that its records have: without the declared one, such as counts in a
        run that did not count, the first of the others ranks.
    """
    return declared if declared in names else next(name for name in GATES if name in names)


def _ranks(
    present: Mapping[str, Mapping[CellKey, CellStatistics]], *, score: str
) -> dict[str, int]:
    """Ranks, best first."""
    levels = {
        name: pooled_effect([_score(cell, None, score) for cell in by_key.values()]).value
        for name, by_key in present.items()
    }
    line = sorted(levels, key=lambda name: math.inf if math.isnan(levels[name]) else levels[name])
    ranks: dict[str, int] = {}
    leader = ""
    for place, name in enumerate(line, start=1):
        if leader and not _apart(present[leader], present[name], score=score):
            ranks[name] = ranks[leader]
        else:
            leader, ranks[name] = name, place
    return ranks


def _apart(
    better: Mapping[CellKey, CellStatistics],
    other: Mapping[CellKey, CellStatistics],
    *,
    score: str,
) -> bool:
    """Whether the interval of the paired difference lies wholly above zero."""
    shared = [key for key in better if key in other]
    effect = pooled_effect([_score(other[key], better[key], score) for key in shared])
    if effect.known and effect.error == 0:
        return effect.value > 0
    return effect.interval()[0] > 0


def _score(cell: CellStatistics, against: CellStatistics | None, score: str) -> Effect:
    """Effect of a cell's score against another's, or against a fixed level; higher is worse."""
    if score not in cell.by_metric or (against is not None and score not in against.by_metric):
        return Effect(math.nan, math.nan, 0.0, 0)
    shared = cell.realizations
    if against is not None:
        shared = tuple(n for n in shared if n in set(against.realizations))
    new = cell.at(score, shared)
    old = np.ones_like(new) if against is None else against.at(score, shared)
    if GATES[score].kind == "difference":
        return difference_effect(old, new, n_columns=len(cell.columns))
    both = np.isfinite(new) & np.isfinite(old)
    return ratio_effect(old[both], new[both])


def _row(
    run: Run, case: str, restorer: str, *, board: Sequence[BoardCell], unresolved: int
) -> dict[str, object]:
    """One restorer in one case, without its rank."""
    row: dict[str, Any] = {"case": case, "restorer": restorer}
    for column in (*INFORMATION_COLUMNS, *board_columns()):
        effects = [effect for cell in board if (effect := column.of(cell)) is not None]
        hidden = unresolved and column.name.startswith(("position_", "count_", "scs_"))
        row |= _ends(column, [] if hidden else effects)
    row["unresolved"] = unresolved
    statistics = [cell.statistics for cell in board]
    row["failed_images"] = sum(_failed_images(cell) for cell in statistics)
    row["n_failed"] = sum(len(cell.failed) for cell in statistics)
    row["n_fits"] = sum(len(cell.realizations) * len(cell.columns) for cell in statistics)
    row["seconds_per_image"] = seconds_per_image(run, case=case, restorer=restorer)
    memory = run.info.restore_memory_bytes.get(run.restorers.by_name[restorer].of or restorer)
    unknown = memory is None or run.restorers.is_beside(restorer)
    row["memory_bytes"] = math.nan if unknown else float(memory or 0)
    row["n_realizations"] = min(len(cell.realizations) for cell in statistics)
    row["n_cells"] = len(board)
    return row


def _ends(column: BoardColumn, effects: Sequence[Effect]) -> dict[str, object]:
    """Mean of effects with its interval; NaN unless every cell has a value."""
    names = (column.name, f"{column.name}_low", f"{column.name}_high")
    if not effects or any(math.isnan(effect.value) for effect in effects):
        return dict.fromkeys(names, math.nan)
    value = sum(effect.value for effect in effects) / len(effects)
    pooled = pooled_effect(effects)
    complete = all(effect.known for effect in effects)
    low, high = pooled.interval() if complete else (math.nan, math.nan)
    if column.share and complete:
        low, high = _share_interval(value, pooled, n=sum(effect.n for effect in effects))
    ends = [value, low, high]
    if column.log:
        with np.errstate(over="ignore"):
            ends = [float(np.exp(end)) for end in ends]
    return dict(zip(names, ends, strict=True))


def _share_interval(value: float, pooled: Effect, *, n: int) -> tuple[float, float]:
    """Interval of a mean share, in one cell that of `reports.statistics.intervals.estimate`."""
    if pooled.error < _SAME:
        return wilson(value * n, n)
    low, high = pooled.interval()
    return max(low, 0.0), min(high, 1.0)


def _failed_images(cell: CellStatistics) -> int:
    """Images of which not one column was fitted, though they were resolved: restoration failed."""
    failed = np.array([realization for realization, _ in cell.failed], dtype=np.int64)
    restored = [n for n in cell.realizations if n not in cell.unresolved]
    return sum(int((failed == n).sum() == len(cell.columns)) for n in restored)


def seconds_per_image(run: Run, *, case: str, restorer: str) -> float:
    """Seconds of restoration per image of a case; NaN if the run does not state them.

    A run states the sum over all its images; a case gets its share by number of pixels.
    """
    if run.restorers.is_beside(restorer):
        return math.nan
    restorer = run.restorers.by_name[restorer].of or restorer
    total = run.info.stages.get(f"restore {restorer}")
    if total is None:
        return math.nan
    rows = run.once(cells_of)
    counts = rows[rows["restorer"] == restorer].groupby("case")["n_realizations"].sum()
    pixels = {str(name): float(np.prod(run.case(str(name)).shape)) for name in counts.index}
    whole = sum(pixels[str(name)] * int(count) for name, count in counts.items())
    return float(total) * pixels[case] / whole
