"""The regression gate: verdicts on a new version of a restorer against an old one.

One verdict per case, image, dose and metric. The rules are in docs/gate.md, their statistics in
`reports.statistics.paired`.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reports.gate.comparability import not_comparable
from reports.gate.evidence import Evidence
from reports.gate.margins import Margins
from reports.gate.result import FAILURES, POOLED, GateResult, GateRow, Verdict
from reports.metrics.metric import Kind
from reports.metrics.table import GATES
from reports.statistics.paired import (
    Effect,
    bias_effect,
    difference_effect,
    holm,
    pooled_effect,
    ratio_effect,
    realizations_needed,
    target_effect,
)
from reports.summaries.per_realization import CellStatistics
from stembench.arrays import Floats
from stembench.errors import InputError


def judge_versions(
    pairs: Sequence[tuple[Evidence, Evidence]], margins: Margins, *, common: bool = False
) -> GateResult:
    """Judge new versions against old ones on the same noise.

    Parameters
    ----------
    pairs : sequence of (Evidence, Evidence)
        Old and new; all rows of all pairs form one family.
    margins : Margins
    common : bool
        Leave out what the new side did not run instead of calling it not comparable.

    Returns
    -------
    GateResult

    Raises
    ------
    InputError
        If a side is incomplete or the two share no image and dose.
    """
    rows: list[GateRow] = []
    effects: list[Effect | None] = []
    notes: list[str] = []
    for old, new in pairs:
        _check(old, new)
        for row, effect in _pair(old, new, margins, common=common):
            rows.append(row)
            effects.append(effect)
        notes += _notes(old, new, common=common)
    old, new = pairs[0]
    return GateResult(
        rows=tuple(_judged(rows, effects, margins)),
        old=f"{old.source} ({', '.join(dict.fromkeys(o.restorer for o, _ in pairs))})",
        new=f"{new.source} ({', '.join(dict.fromkeys(n.restorer for _, n in pairs))})",
        notes=tuple(dict.fromkeys(notes)),
    )


def _check(old: Evidence, new: Evidence) -> None:
    for side in (old, new):
        if not side.complete:
            raise InputError(
                f"{side.source} is not complete: finish the run (the same command goes on) first"
            )
    if not set(old.cells) & set(new.cells):
        raise InputError(f"{old.source} and {new.source} have no case, image and dose in common")


def _notes(old: Evidence, new: Evidence, *, common: bool) -> list[str]:
    notes = [
        f"a restorer may know more than its images: {doubt}"
        for side in (new, old)
        for doubt in side.doubts
    ]
    only_new = len(set(new.cells) - set(old.cells))
    if only_new:
        notes.append(f"{only_new} cells of {new.source} have no old result and are not judged")
    if common and set(old.cells) - set(new.cells):
        left = len(set(old.cells) - set(new.cells))
        notes.append(f"{left} cells of {old.source} were not run for the new side and are left out")
    if not (old.raw and new.raw):
        notes.append(
            "raw is not in both sides: that the noise is the same rests on seed and hashes"
        )
    return notes


def _pair(
    old: Evidence, new: Evidence, margins: Margins, *, common: bool
) -> list[tuple[GateRow, Effect | None]]:
    """Rows of one pair before Holm, each with its effect; None where there is none to test."""
    rows: list[tuple[GateRow, Effect | None]] = []
    by_metric: dict[tuple[str, str], list[Effect]] = {}
    for before in sorted(old.cells.values(), key=lambda c: (c.case, c.thickness, c.image, c.dose)):
        if before.key not in new.cells and common:
            continue
        blank = _blank(before, old=old, new=new)
        why = not_comparable(old, new, key=before.key)
        if why:
            rows.append((replace(blank, verdict=Verdict.NOT_COMPARABLE, why=why), None))
            continue
        after = new.cells[before.key]
        for row, effect in _cell_rows(blank, before, after, margins=margins):
            rows.append((row, effect))
            if effect is not None:
                by_metric.setdefault((row.case, row.metric), []).append(effect)
    for (case, metric), effects in by_metric.items():
        if len(effects) > 1:
            pooled = _blank(None, old=old, new=new, case=case)
            rows.append(_pooled_row(pooled, effects, metric=metric, margins=margins))
    return rows


def _cell_rows(
    blank: GateRow, before: CellStatistics, after: CellStatistics, *, margins: Margins
) -> list[tuple[GateRow, Effect | None]]:
    """Rows of one cell: failed fits, then each metric that the old side has."""
    shared = tuple(n for n in before.realizations if n in set(after.realizations))
    blank = replace(blank, n=len(shared))
    rows: list[tuple[GateRow, Effect | None]] = [
        (_failure_row(blank, before, after, shared=shared, margins=margins), None)
    ]
    for metric in GATES:
        if metric not in before.by_metric:
            continue
        if metric not in after.by_metric:
            why = "the new side has nothing of this metric left"
            lost = replace(blank, metric=metric, verdict=Verdict.WORSE, why=why)
            rows.append((lost, None))
            continue
        rows.append(
            _metric_row(blank, before, after, metric=metric, shared=shared, margins=margins)
        )
    return rows


def _pooled_row(
    blank: GateRow, effects: Sequence[Effect], *, metric: str, margins: Margins
) -> tuple[GateRow, Effect]:
    """Row of the mean over the cells of a case."""
    effect = pooled_effect(effects)
    row = replace(
        blank,
        metric=metric,
        n=effect.n,
        margin=margins.margin(metric, case=blank.case),
        why=f"mean of {sum(e.known for e in effects)} cells",
    )
    return _with_change(row, effect), effect


def _blank(cell: CellStatistics | None, *, old: Evidence, new: Evidence, case: str = "") -> GateRow:
    nan = math.nan
    return GateRow(
        case=cell.case if cell else case,
        image=cell.image if cell else POOLED,
        thickness=cell.thickness if cell else None,
        dose=cell.dose if cell else nan,
        restorer_old=old.restorer,
        restorer_new=new.restorer,
        metric=FAILURES,
        old=nan,
        new=nan,
        change=nan,
        low=nan,
        high=nan,
        p=nan,
        p_holm=nan,
        margin=nan,
        n=0,
        needed=None,
        verdict=Verdict.INCONCLUSIVE,
    )


def _failure_row(
    blank: GateRow,
    before: CellStatistics,
    after: CellStatistics,
    *,
    shared: tuple[int, ...],
    margins: Margins,
) -> GateRow:
    kept = set(shared)
    failed_before = {pair for pair in before.failed if pair[0] in kept}
    failed_after = {pair for pair in after.failed if pair[0] in kept}
    fresh = failed_after - failed_before
    lost = sorted(set(before.columns) - set(after.columns))
    reasons = []
    if lost:
        reasons.append(f"columns lost: {_listed(lost)}")
    fits = len(shared) * len(after.columns)
    if fits and len(failed_after) == fits and len(failed_before) < fits:
        reasons.append("every fit failed: the restorer failed")
    elif fresh:
        where = _listed([f"column {c} in realization {r}" for r, c in sorted(fresh)])
        reasons.append(f"{len(fresh)} fits newly failed: {where}")
    if lost or len(fresh) > margins.new_failures:
        verdict = Verdict.WORSE
    elif len(failed_after) < len(failed_before):
        verdict = Verdict.BETTER
    else:
        verdict = Verdict.EQUIVALENT
    return replace(
        blank,
        old=float(len(failed_before)),
        new=float(len(failed_after)),
        change=float(len(failed_after) - len(failed_before)),
        margin=float(margins.new_failures),
        verdict=verdict,
        why="; ".join(reasons),
    )


def _listed(items: Sequence[object]) -> str:
    shown = ", ".join(map(str, items[:3]))
    return f"{shown} and {len(items) - 3} more" if len(items) > 3 else shown


def _metric_row(
    blank: GateRow,
    before: CellStatistics,
    after: CellStatistics,
    *,
    metric: str,
    shared: tuple[int, ...],
    margins: Margins,
) -> tuple[GateRow, Effect]:
    kind = GATES[metric].kind
    old, new = before.at(metric, shared), after.at(metric, shared)
    fitted = np.isfinite(old) & np.isfinite(new)
    old, new = old[fitted], new[fitted]
    if kind == "ratio":
        effect = ratio_effect(old, new)
    elif kind == "difference":
        effect = difference_effect(old, new, n_columns=len(after.columns))
    elif kind == "target":
        effect = target_effect(old, new, target=GATES[metric].target)
    else:
        squares = before.at(GATES[metric].error, shared)[fitted]
        effect = bias_effect(
            old, new, mean_square=float(squares.mean()) if squares.size else math.nan
        )
    row = replace(
        blank,
        metric=metric,
        old=_readable(old, kind=kind),
        new=_readable(new, kind=kind),
        margin=margins.margin(metric, case=blank.case),
        n=effect.n,
    )
    return _with_change(row, effect), effect


def _readable(values: Floats, *, kind: Kind) -> float:
    if not values.size:
        return math.nan
    mean = float(values.mean())
    return mean if kind in ("difference", "target") else math.sqrt(max(mean, 0.0))


def _with_change(row: GateRow, effect: Effect) -> GateRow:
    """Write an effect into a row as a relative change, a difference or a share."""
    low, high = effect.interval()
    kind = GATES[row.metric].kind
    if kind == "ratio":
        value, low, high = (float(np.expm1(min(v, 700.0))) for v in (effect.value, low, high))
    elif kind == "difference":
        value, low, high = -effect.value, -high, -low
    else:
        value = effect.value
    return replace(row, change=value, low=low, high=high, p=effect.p_value())


def _judged(
    rows: Sequence[GateRow], effects: Sequence[Effect | None], margins: Margins
) -> list[GateRow]:
    """Adjust p over all tested rows and give each its verdict."""
    tested = [i for i, effect in enumerate(effects) if effect is not None]
    adjusted = dict(zip(tested, holm([rows[i].p for i in tested]), strict=True))
    judged = []
    for i, (row, effect) in enumerate(zip(rows, effects, strict=True)):
        if effect is None:
            judged.append(row)
            continue
        ratio = GATES[row.metric].kind == "ratio"
        margin = math.log1p(row.margin) if ratio else row.margin
        verdict, needed = verdict_of(
            effect, margin, p_holm=adjusted[i], alpha=margins.alpha, tests=len(tested)
        )
        judged.append(replace(row, p_holm=adjusted[i], verdict=verdict, needed=needed))
    return judged


def verdict_of(
    effect: Effect, margin: float, *, p_holm: float, alpha: float, tests: int
) -> tuple[Verdict, int | None]:
    """Verdict on one effect, and the realizations that would decide if it is inconclusive.

    Parameters
    ----------
    effect : Effect
    margin : float
        On the effect's scale.
    p_holm : float
        Its p after Holm.
    alpha : float
        Of the family for 'better' and 'worse', of this row for 'equivalent'.
    tests : int
        Rows of the family.
    """
    if effect.known and effect.equivalent(margin, alpha=alpha):
        return Verdict.EQUIVALENT, None
    if effect.known and p_holm <= alpha and abs(effect.value) > margin:
        return (Verdict.WORSE if effect.value > 0 else Verdict.BETTER), None
    needed = realizations_needed(effect, margin, alpha=alpha, tests=tests)
    return Verdict.INCONCLUSIVE, needed
