"""The leaderboard: restorers of a run ranked in each case, ties where no difference is shown."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports.metrics.cells import cells
from reports.metrics.defects import site_deviations
from reports.metrics.per_realization import CellKey, CellStatistics, realization_statistics
from reports.metrics.sites import with_sites
from reports.names import order
from reports.records.run_folder import Run
from reports.statistics.paired import (
    Effect,
    bias_effect,
    difference_effect,
    mean_effect,
    pooled_effect,
    ratio_effect,
)

#: What the restorers of a case are ranked by: the first of these that the case has.
_SCORES = ("count_accuracy", "defect_error", "position_rmse", "scs_rmse")


@dataclass(frozen=True)
class _Bounds:
    """Cramér-Rao bounds of a cell: of position per axis in pm, of SCS in percent."""

    position: float
    scs: float


def leaderboard(run: Run) -> pd.DataFrame:
    """Rank the restorers of a run in each case.

    Parameters
    ----------
    run : Run

    Returns
    -------
    pandas.DataFrame
        One row per case and restorer, best first:

        - case, restorer, score (what the rank is by), rank (missing if the run is incomplete or
          an image could not be restored), failed_images;
        - per quantity value, ``_low`` and ``_high`` (95 % interval over realizations), mean over
          the images and doses of the case, NaN where it has no meaning: position_rmse_pm and
          scs_rmse_pct (geometric means), position_over_bound and scs_over_bound (the same over the
          bound), position_bias_share and scs_bias_share (squared bias over mean square error),
          count_accuracy, defect_error, vacancy_fidelity;
        - n_failed, n_fits, seconds_per_image, memory_bytes, n_realizations, n_cells.

    Notes
    -----
    Sorted by score. A restorer shares the rank of the first above it that leads a rank if the
    95 % interval of their paired difference includes zero, or if they cannot be told apart.
    """
    sites = site_deviations(run.records, run.info) if with_sites(run.info) else None
    statistics = realization_statistics(run.records, sites=sites)
    bounds = _bounds(run.records)
    rows: list[dict[str, object]] = []
    named = {case for own in statistics.values() for case, _, _ in own}
    # Study 0 is beside the paper's three and comes last.
    number = {case: run.case_info(case).get("study", {}).get("number", 0) for case in named}
    for case in sorted(named, key=lambda name: (number[name] or 99, name)):
        present = {
            name: {key: cell for key, cell in own.items() if key[0] == case}
            for name, own in statistics.items()
        }
        present = {name: present[name] for name in order(n for n, own in present.items() if own)}
        made = {
            name: _row(run, case, name, own, bounds=bounds, sites=sites)
            for name, own in present.items()
        }
        score = next(
            name
            for name in _SCORES
            if any(name in cell.by_metric for own in present.values() for cell in own.values())
        )
        ranked = [name for name, row in made.items() if run.complete and not row["failed_images"]]
        ranks = _ranks({name: present[name] for name in ranked}, score=score)
        line = [*ranks, *(name for name in made if name not in ranks)]
        rows += [{**made[name], "score": score, "rank": ranks.get(name)} for name in line]
    table = pd.DataFrame(rows)
    table["rank"] = table["rank"].astype("Int64")
    first = ["case", "rank", "restorer", "score"]
    return table[[*first, *(name for name in table.columns if name not in first)]]


def _ranks(
    present: Mapping[str, Mapping[CellKey, CellStatistics]], *, score: str
) -> dict[str, int]:
    """Ranks, best first."""
    levels = {
        name: pooled_effect([_score(cell, None, score) for cell in own.values()]).value
        for name, own in present.items()
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
    own = cell.at(score, shared)
    if score == "count_accuracy":
        old = np.ones_like(own) if against is None else against.at(score, shared)
        return difference_effect(old, own, n_columns=len(cell.columns))
    old = np.ones_like(own) if against is None else against.at(score, shared)
    both = np.isfinite(own) & np.isfinite(old)
    return ratio_effect(old[both], own[both])


def _row(
    run: Run,
    case: str,
    restorer: str,
    own: Mapping[CellKey, CellStatistics],
    *,
    bounds: Mapping[CellKey, _Bounds],
    sites: pd.DataFrame | None,
) -> dict[str, object]:
    row: dict[str, object] = {"case": case, "restorer": restorer}
    made = own.values()
    for metric, unit in (("position", "pm"), ("scs", "pct")):
        name = f"{metric}_rmse"
        row |= _ends(f"{name}_{unit}", [_rmse(c, name, 1.0) for c in made], log=True)
        over = [_rmse(c, name, getattr(bounds[c.key], metric)) for c in made]
        row |= _ends(f"{metric}_over_bound", over, log=True)
        row |= _ends(f"{metric}_bias_share", [_bias(c, metric) for c in made])
    row |= _ends("count_accuracy", [_mean(c, "count_accuracy") for c in made])
    row |= _ends("defect_error", [_rmse(c, "defect_error", 1.0) for c in made], log=True)
    row |= _ends("vacancy_fidelity", _vacancies(sites, case=case, restorer=restorer))
    row["failed_images"] = sum(_failed_images(cell) for cell in made)
    row["n_failed"] = sum(len(cell.failed) for cell in made)
    row["n_fits"] = sum(len(cell.realizations) * len(cell.columns) for cell in made)
    row["seconds_per_image"] = seconds_per_image(run, case=case, restorer=restorer)
    memory = run.info.get("restore_memory_bytes", {}).get(restorer)
    row["memory_bytes"] = math.nan if memory is None else float(memory)
    row["n_realizations"] = min(len(cell.realizations) for cell in made)
    row["n_cells"] = len(made)
    return row


def _ends(name: str, effects: Sequence[Effect], *, log: bool = False) -> dict[str, object]:
    """Mean of effects with its interval; NaN unless every cell has a value."""
    if not effects or any(math.isnan(effect.value) for effect in effects):
        return {name: math.nan, f"{name}_low": math.nan, f"{name}_high": math.nan}
    value = sum(effect.value for effect in effects) / len(effects)
    pooled = pooled_effect(effects)
    complete = all(effect.known for effect in effects)
    low, high = pooled.interval() if complete else (math.nan, math.nan)
    ends = [value, low, high]
    if log:
        with np.errstate(over="ignore"):
            ends = [float(np.exp(end)) for end in ends]
    return dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))


def _rmse(cell: CellStatistics, metric: str, unit: float) -> Effect:
    """Log of an RMSE over a unit."""
    if metric not in cell.by_metric or not unit > 0:
        return Effect(math.nan, math.nan, 0.0, 0)
    squares = cell.by_metric[metric]
    squares = squares[np.isfinite(squares)]
    return ratio_effect(np.full_like(squares, unit**2), squares)


def _bias(cell: CellStatistics, metric: str) -> Effect:
    """Squared bias over mean square error."""
    if f"{metric}_bias" not in cell.by_metric:
        return Effect(math.nan, math.nan, 0.0, 0)
    products, squares = cell.by_metric[f"{metric}_bias"], cell.by_metric[f"{metric}_rmse"]
    products = products[np.isfinite(products)]
    if not products.size:
        return Effect(math.nan, math.nan, 0.0, 0)
    mean_square = float(np.nanmean(squares))
    return bias_effect(np.zeros_like(products), products, mean_square=mean_square)


def _mean(cell: CellStatistics, metric: str) -> Effect:
    if metric not in cell.by_metric:
        return Effect(math.nan, math.nan, 0.0, 0)
    return mean_effect(cell.by_metric[metric])


def _vacancies(sites: pd.DataFrame | None, *, case: str, restorer: str) -> list[Effect]:
    """Mean fidelity of vacancies, one effect per image and dose of a case."""
    if sites is None:
        return []
    rows = sites[
        (sites["case"] == case) & (sites["restorer"] == restorer) & (sites["kind"] == "vacancy")
    ]
    effects = []
    for _, cell in rows.groupby(["image", "dose"]):
        fidelity = cell["deviation"] / cell["true_deviation"]
        means = np.asarray(fidelity.groupby(cell["realization"]).mean(), dtype=np.float64)
        effects.append(mean_effect(means[np.isfinite(means)]))
    return effects


def _failed_images(cell: CellStatistics) -> int:
    """Images of which not one column was fitted: their restoration failed."""
    failed = np.array([realization for realization, _ in cell.failed], dtype=np.int64)
    return sum(int((failed == n).sum() == len(cell.columns)) for n in cell.realizations)


def _bounds(records: pd.DataFrame) -> dict[CellKey, _Bounds]:
    """Bounds of each cell as root mean squares over columns; NaN where none is stated."""
    return {
        (cell.case, cell.image, cell.dose): _Bounds(
            position=float(np.sqrt(np.mean(cell.bound_pm**2))),
            scs=float(np.sqrt(np.mean(cell.scs_bound_pct**2))),
        )
        for cell in cells(records)
    }


def seconds_per_image(run: Run, *, case: str, restorer: str) -> float:
    """Seconds of restoration per image of a case; NaN if the run does not tell.

    A run states the sum over all its images; a case gets its share by number of pixels.
    """
    total = run.info.get("stages", {}).get(f"restore {restorer}")
    own = run.records[run.records["restorer"] == restorer]
    images = own[["case", "image", "dose", "realization"]].drop_duplicates()["case"].value_counts()
    shapes = {str(name): run.case_info(str(name)).get("shape") for name in images.index}
    if total is None or not all(shapes.values()):
        return math.nan
    pixels = {name: float(np.prod(shape)) for name, shape in shapes.items() if shape}
    whole = sum(pixels[str(name)] * int(count) for name, count in images.items())
    return float(total) * pixels[case] / whole
