"""Statistical power of the gate: chance of each verdict against change and realizations.

``stembench power RUN OLD NEW`` measures how two restorers of a run scatter against each other and
prints the tables of docs/gate.md for them.
"""

import math
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


def power_table(scatter: float, *, margin: float, cells: int = 1, seed: int = 0) -> str:
    """Markdown table of chances (%) against change and realizations, and the numbers needed."""
    rng = np.random.default_rng(seed)
    rows = []
    for change in CHANGES:
        percentages = []
        for n in REALIZATIONS:
            decided = chances(change, scatter, n=n, cells=cells, margin=margin, rng=rng)
            chance = decided.equivalent if change == 0 else decided.worse
            percentages.append(f"{100 * chance:.0f}")
        count = needed(change, scatter, cells=cells, margin=margin, rng=rng)
        name = "none: equivalent" if change == 0 else f"+{100 * change:g} %: worse"
        rows.append((name, *percentages, "> 20000" if count is None else str(count)))
    header = ("change", *(f"n = {n}" for n in REALIZATIONS), "n for 80 %")
    return "\n".join(markdown_grid(header, rows, left=(0,)))


def power_text(old: Evidence, new: Evidence, *, cells: int) -> str:
    """Paired scatter of two restorers of one run, and Markdown tables of the gate's power for it.

    Parameters
    ----------
    old, new : Evidence
        Two restorers on the same noise.
    cells : int
        Cells that a pooled row has, >= 1.

    Returns
    -------
    str
        The scatter of each cell and metric, its quartiles, and `power_table` at the median for one
        cell and for `cells`.

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
    lines = [
        f"{case} {image} {exact(dose)} e/Å² {metric}: {100 * value:.2f} %"
        for (case, image, dose, metric), value in sorted(scatter.items())
    ]
    low, median, high = np.percentile(list(scatter.values()), (25, 50, 75))
    margin = default_margins().metrics["position_rmse"]
    lines += [
        "",
        f"quartiles of the scatter: {100 * low:.2f}, {100 * median:.2f}, {100 * high:.2f} %",
    ]
    for number in (1, cells):
        lines += [
            "",
            f"median scatter, {number} cell(s), margin {100 * margin:g} %, chances in %",
            "",
            power_table(float(median), margin=margin, cells=number),
        ]
    return "\n".join(lines)
