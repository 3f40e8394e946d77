"""Numbers from tables: of summaries and paired comparisons, and quotients and differences."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from reports.claims.rules import Number
from reports.claims.run_tables import RunTables
from reports.metrics.table import METRICS
from reports.words.numbers import dose_text

_ENDS = ("value", "low", "high")


def numbers_of(
    rows: pd.DataFrame,
    *,
    ends: tuple[str, str, str] = _ENDS,
    condition: str = "",
    factor: float = 1.0,
    unit: str = "",
    what: str = "",
) -> Iterator[tuple[pd.Series, Number]]:
    """Rows of a table, each with its number; without those that have no value.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of a table with thickness and dose.
    ends : tuple of str
        Columns of the value and of its interval.
    condition : str
        Of the rule, that the numbers belong to.
    factor, unit
        What readers see 1 as, and the unit that they see.
    what : str
        Put before thickness and dose where a number's place is named.
    """
    if rows.empty:
        return
    for _, row in rows.sort_values([n for n in ("thickness", "dose") if n in rows]).iterrows():
        value, low, high = (factor * float(row[name]) for name in ends)
        if not math.isnan(value):
            yield (
                row,
                Number(
                    value=value,
                    low=low,
                    high=high,
                    unit=unit,
                    at=place(row, what),
                    condition=condition,
                ),
            )


def place(row: "pd.Series[Any]", what: str = "") -> str:
    """Name thickness and dose of a row."""
    parts = [what] if what else []
    if "thickness" in row and str(row.get("case")).startswith(("pt_bulk", "response")):
        parts.append(f"{row['thickness']} atoms")
    if "dose" in row:
        parts.append(f"{dose_text(float(row['dose']))} e/Å²")
    return ", ".join(parts)


def summary_numbers(
    tables: RunTables,
    metric: str,
    *,
    restorer: str,
    file: str = "summary.csv",
    condition: str = "",
    what: str = "",
    **where: object,
) -> list[Number]:
    """Return a metric of one restorer, in its readers' unit, from one of the tidy tables."""
    rows = tables.rows(file, metric=metric, restorer=restorer, **where)
    declared = METRICS.get(metric)
    factor, unit = (declared.factor, declared.readers_unit) if declared else (1.0, "")
    found = numbers_of(rows, condition=condition, factor=factor, unit=unit, what=what)
    return [number for _, number in found]


def paired_rows(
    tables: RunTables, metric: str, *, condition: str = "", what: str = "", **where: object
) -> list[tuple[pd.Series, Number]]:
    """Return the network's metric over raw's, or less raw's for shares (in points of percent)."""
    rows = tables.rows(
        "paired_comparisons.csv",
        metric=metric,
        restorer=tables.network,
        baseline=tables.raw,
        **where,
    )
    share = metric in METRICS and METRICS[metric].unit == "fraction"
    factor, unit = (100.0, "percentage points") if share else (1.0, "")
    return list(numbers_of(rows, condition=condition, factor=factor, unit=unit, what=what))


def paired_numbers(
    tables: RunTables, metric: str, *, condition: str = "", what: str = "", **where: object
) -> list[Number]:
    """Return the numbers of `paired_rows`."""
    return [n for _, n in paired_rows(tables, metric, condition=condition, what=what, **where)]


def quotient(new: Number, old: Number, *, at: str, condition: str = "") -> Number:
    """Divide two positive numbers as if their errors were independent.

    The half widths of the intervals of their logarithms add in quadrature (G. Y. Zou and A. Donner,
    Statistics in Medicine 27 (2008) 1693, doi:10.1002/sim.3095). Where the two share noise the
    interval is too wide: the claim stays open rather than being decided wrongly.
    """
    if math.isinf(new.value):
        return Number(
            value=math.inf, low=new.low / old.high, high=math.inf, at=at, condition=condition
        )
    if not min(new.value, old.value) > 0 or math.isinf(old.value):
        nan = math.nan
        return Number(value=nan, low=nan, high=nan, at=at, condition=condition)
    value = new.value / old.value
    down = math.hypot(_log(new.value, new.low), _log(old.high, old.value))
    up = math.hypot(_log(new.high, new.value), _log(old.value, old.low))
    return Number(
        value=value,
        low=value * math.exp(-down),
        high=value * math.exp(up),
        at=at,
        condition=condition,
    )


def difference(new: Number, old: Number, *, at: str, condition: str = "") -> Number:
    """Subtract two numbers as if their errors were independent; see `quotient`."""
    value = new.value - old.value
    down = math.hypot(new.value - new.low, old.high - old.value)
    up = math.hypot(new.high - new.value, old.value - old.low)
    return Number(
        value=value,
        low=value - down,
        high=value + up,
        unit=new.unit,
        at=at,
        condition=condition,
    )


def exact(value: float, *, unit: str = "", at: str = "", condition: str = "") -> Number:
    """Return a number that no noise touches."""
    return Number(value=value, low=value, high=value, unit=unit, at=at, condition=condition)


def _log(above: float, below: float) -> float:
    """Logarithm of a quotient; infinite for an end at zero, NaN for none."""
    if math.isnan(above) or math.isnan(below):
        return math.nan
    return math.log(above / below) if below > 0 else math.inf
