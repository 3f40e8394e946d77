"""Statistical power of the gate: chance of each verdict against change and realizations.

``stembench power RUN OLD NEW`` measures how two restorers of a run scatter against each other and
prints the tables of docs/gate.md for them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import stdtrit

from reports.gate.evidence import Evidence
from reports.gate.margins import default_margins
from reports.metrics.table import GATES
from reports.words.tables import markdown_grid
from stembench.errors import InputError
from stembench.exact_numbers import exact

CHANGES: Final = (0.0, 0.01, 0.02, 0.05, 0.10)
REALIZATIONS: Final = (8, 16, 50, 100)
#: Rows of a family: about those of profile quick.
TESTS: Final = 110


@dataclass(frozen=True)
class Chances:
    """Chances of the verdicts on one row."""

    worse: float
    equivalent: float


def chances(
    change: float,
    scatter: float,
    *,
    n: int,
    cells: int = 1,
    margin: float,
    alpha: float = 0.05,
    tests: int = TESTS,
    draws: int = 100_000,
    rng: np.random.Generator,
) -> Chances:
    """Chances of 'worse' and 'equivalent' for a true change of an RMSE.

    Parameters
    ----------
    change : float
        True relative change of the RMSE.
    scatter : float
        Standard deviation over realizations of the log ratio of the two RMSEs of one image.
    n : int
        Realizations per cell.
    cells : int
        Cells that a row pools; 1 for a single cell.
    margin : float
        Relative.
    alpha : float
    tests : int
        Rows of the family. Holm is taken at its first step, as if no other row were decided.
    draws : int
        Simulated comparisons.
    rng : numpy.random.Generator

    Notes
    -----
    Normal paired differences are assumed.
    """
    freedom = cells * (n - 1)
    error = scatter / math.sqrt(n * cells)
    values = math.log1p(change) + error * rng.standard_normal(draws)
    errors = error * np.sqrt(rng.chisquare(freedom, draws) / freedom)
    limit = math.log1p(margin)
    equivalent = np.abs(values) + stdtrit(freedom, 1 - alpha) * errors < limit
    significant = np.abs(values) > stdtrit(freedom, 1 - alpha / (2 * tests)) * errors
    worse = significant & (values > limit) & ~equivalent
    return Chances(float(worse.mean()), float(equivalent.mean()))


def needed(
    change: float,
    scatter: float,
    *,
    cells: int = 1,
    margin: float,
    tests: int = TESTS,
    power: float = 0.8,
    rng: np.random.Generator,
) -> int | None:
    """Fewest realizations per cell with which a change is found; None above 20 000.

    A change of zero is found if it is called equivalent, any other if it is called worse.
    """

    def enough(n: int) -> bool:
        verdicts = chances(
            change, scatter, n=n, cells=cells, margin=margin, tests=tests, draws=20_000, rng=rng
        )
        return (verdicts.equivalent if change == 0 else verdicts.worse) >= power

    high = 2
    while not enough(high):
        high *= 2
        if high > 20_000:
            return None
    low = high // 2
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def paired_scatter(old: Evidence, new: Evidence) -> dict[tuple[str, str, float, str], float]:
    """Scatter of the log ratio of two restorers' RMSEs, by cell and metric.

    Returns
    -------
    dict
        (case, image, dose, metric) to the standard deviation over shared realizations.
    """
    scatter = {}
    for key in old.cells.keys() & new.cells.keys():
        before, after = old.cells[key], new.cells[key]
        shared = tuple(n for n in before.realizations if n in set(after.realizations))
        for name, gate in GATES.items():
            if gate.kind != "ratio" or not {name} <= before.by_metric.keys() & after.by_metric:
                continue
            with np.errstate(divide="ignore", invalid="ignore"):
                logs = np.log(after.at(name, shared) / before.at(name, shared)) / 2
            logs = logs[np.isfinite(logs)]
            if logs.size > 2:
                scatter[(*key, name)] = float(logs.std(ddof=1))
    return scatter


@dataclass(frozen=True, kw_only=True)
class PowerRow:
    """Chance that a change of an RMSE is found.

    Attributes
    ----------
    cells : int
        That the row of the gate pools.
    change : float
        Relative; 0 is found by the verdict 'equivalent', any other by 'worse'.
    chances : dict of int to float
        By the number of realizations.
    needed : int or None
        Realizations with which the chance is 0.8; None above 20 000.
    """

    cells: int
    change: float
    chances: dict[int, float]
    needed: int | None

    @property
    def verdict(self) -> str:
        """The verdict that finds the change."""
        return "worse" if self.change else "equivalent"


@dataclass(frozen=True, kw_only=True)
class Power:
    """How small a change the gate finds between two restorers of a run.

    Attributes
    ----------
    scatter : dict
        (case, image, dose, metric) to the standard deviation of the log ratio of their RMSEs.
    quartiles : tuple of float
        Of the scatter; the second is what the chances are for.
    margin : float
        Relative.
    rows : tuple of PowerRow
        Of one cell, then of a pooled row.
    """

    scatter: dict[tuple[str, str, float, str], float]
    quartiles: tuple[float, float, float]
    margin: float
    rows: tuple[PowerRow, ...]


def power_rows(
    scatter: float, *, margin: float, cells: int = 1, seed: int = 0
) -> tuple[PowerRow, ...]:
    """Chances against change and realizations, and the numbers needed."""
    rng = np.random.default_rng(seed)
    rows = []
    for change in CHANGES:
        found = {}
        for n in REALIZATIONS:
            decided = chances(change, scatter, n=n, cells=cells, margin=margin, rng=rng)
            found[n] = decided.equivalent if change == 0 else decided.worse
        count = needed(change, scatter, cells=cells, margin=margin, rng=rng)
        rows.append(PowerRow(cells=cells, change=change, chances=found, needed=count))
    return tuple(rows)


def power_table(rows: Sequence[PowerRow]) -> str:
    """Markdown table of chances (%) against change and realizations, and the numbers needed."""
    lines = [
        (
            "none: equivalent" if row.change == 0 else f"+{100 * row.change:g} %: worse",
            *(f"{100 * chance:.0f}" for chance in row.chances.values()),
            "> 20000" if row.needed is None else str(row.needed),
        )
        for row in rows
    ]
    header = ("change", *(f"n = {n}" for n in REALIZATIONS), "n for 80 %")
    return "\n".join(markdown_grid(header, lines, left=(0,)))


def power_of(old: Evidence, new: Evidence, *, cells: int) -> Power:
    """Paired scatter of two restorers of one run, and the gate's power for it.

    Parameters
    ----------
    old, new : Evidence
        Two restorers on the same noise.
    cells : int
        Cells that a pooled row has, >= 1.

    Raises
    ------
    InputError
        If `cells` is below one, or no cell has the three shared realizations that a scatter needs.
    """
    if cells < 1:
        raise InputError(f"a pooled row has at least 1 cell, not {cells}; give another --cells")
    scatter = paired_scatter(old, new)
    if not scatter:
        raise InputError(
            f"{old.restorer} and {new.restorer} share no cell with three realizations or more;"
            " give a run with more --realizations"
        )
    low, median, high = (float(q) for q in np.percentile(list(scatter.values()), (25, 50, 75)))
    margin = default_margins().metrics["position_rmse"]
    return Power(
        scatter=dict(sorted(scatter.items())),
        quartiles=(low, median, high),
        margin=margin,
        rows=tuple(
            row for number in (1, cells) for row in power_rows(median, margin=margin, cells=number)
        ),
    )


def power_text(power: Power) -> str:
    """Scatter of each cell and metric, its quartiles, and the tables of the chances."""
    low, median, high = power.quartiles
    lines = [
        *(
            f"{case} {image} {exact(dose)} e/Å² {metric}: {100 * value:.2f} %"
            for (case, image, dose, metric), value in power.scatter.items()
        ),
        "",
        f"quartiles of the scatter: {100 * low:.2f}, {100 * median:.2f}, {100 * high:.2f} %",
    ]
    each = len(CHANGES)
    for first in range(0, len(power.rows), each):
        rows = power.rows[first : first + each]
        lines += [
            "",
            f"median scatter, {rows[0].cells} cell(s), margin {100 * power.margin:g} %,"
            " chances in %",
            "",
            power_table(rows),
        ]
    return "\n".join(lines)
