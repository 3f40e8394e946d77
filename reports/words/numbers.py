"""Numbers for readers: values with intervals, doses and durations, rounded only when printed."""

import math

import numpy as np
import pandas as pd

from reports.metrics.table import METRICS
from stembench.exact_numbers import exact


def quantity(
    value: float,
    low: float,
    high: float,
    *,
    unit: str = "",
    to: str = " to ",
    clipped: bool = False,
) -> str:
    """Write a value with its interval, as in ``6.1 (5.8 to 6.5) pm``.

    Parameters
    ----------
    value, low, high : float
        The ends may be NaN: then the value stands alone.
    unit : str
        Written after the parenthesis; a percent sign too.
    to : str
        Between the ends.
    clipped : bool
        Whether a value of 0 is an estimate that came out below what is possible: it then reads
        ``below 1.6 pm``, since 0.0 (0.0 to 1.6) would look exact.

    Returns
    -------
    str
        'n/a' for a value that is NaN.
    """
    after = f" {unit}" if unit else ""
    if math.isnan(value):
        return "n/a"
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{plain(value)}{after}"
    places = _places((high - low) / 2, value)
    if clipped and value == 0 and high > 0:
        return f"below {fixed(high, places) if places is not None else f'{high:.1g}'}{after}"
    if places is None:
        return f"{value:.2g} ({low:.1g}{to}{high:.1g}){after}"
    ends = f"{fixed(low, places)}{to}{fixed(high, places)}"
    return f"{fixed(value, places)} ({ends}){after}"


def fixed(value: float, places: int) -> str:
    """Write a number with some decimals; what rounds to zero has no sign."""
    text = f"{value:.{places}f}"
    return text.removeprefix("-") if not text.strip("-0.") else text


def tabulated(
    value: float, low: float, high: float, *, decimals: int | None = None, clipped: bool = False
) -> str:
    """Write a value with its interval for a cell of a table, as in ``6.1 (5.8–6.5)``.

    Parameters
    ----------
    value, low, high : float
        The ends may be NaN: then the value stands alone.
    decimals : int, optional
        As many as the interval supports by default.
    clipped : bool
        As in `quantity`.

    Returns
    -------
    str
        'n/a' for a value that is NaN. A negative end is set off by 'to': a dash beside a minus
        sign would be misread.
    """
    to = " to " if low < 0 or high < 0 else "–"
    if decimals is None or math.isnan(value):
        return quantity(value, low, high, to=to, clipped=clipped)
    if not (math.isfinite(low) and math.isfinite(high)):
        return fixed(value, decimals)
    ends = f"{fixed(low, decimals)}{to}{fixed(high, decimals)}"
    return f"{fixed(value, decimals)} ({ends})"


def metric_quantity(name: str, value: float, low: float, high: float) -> str:
    """Write a metric with its interval and unit; shares in percent.

    Parameters
    ----------
    name : str
        Name in `reports.metrics.table.METRICS`.
    value, low, high : float
        As in a summary.

    Returns
    -------
    str
    """
    metric = METRICS[name]
    ends = (metric.factor * end for end in (value, low, high))
    return quantity(*ends, unit=metric.readers_unit, clipped=metric.scale == "square")


def metric_cell(rows: pd.DataFrame, name: str) -> str:
    """Write a metric with its interval for a cell of a table, without the unit.

    Parameters
    ----------
    rows : pandas.DataFrame
        value, low and high, indexed by metric.
    name : str
        Name in `reports.metrics.table.METRICS`.

    Returns
    -------
    str
        '' if the metric is not among the rows.
    """
    (places,) = np.nonzero(rows.index.to_numpy() == name)
    if not places.size:
        return ""
    metric = METRICS[name]
    # By place: looking a row up by its label takes pandas a millisecond, thousands of times.
    ends = (rows[end].to_numpy(dtype=np.float64)[places[0]] for end in ("value", "low", "high"))
    value, low, high = (metric.factor * float(end) for end in ends)
    return tabulated(value, low, high, clipped=metric.scale == "square")


def plain(value: float) -> str:
    """Write a number without an interval, to three significant digits."""
    if math.isnan(value):
        return "n/a"
    if value == 0:
        return "0"
    places = 2 - math.floor(math.log10(abs(value)))
    return fixed(value, places) if 0 <= places <= 5 else f"{value:.3g}"


def dose_text(dose: float) -> str:
    """Write a dose with thousands set apart by a narrow space: 500, 1000, 50 000."""
    whole = float(dose).is_integer()
    if not whole or dose >= 1e9:
        return exact(dose)
    return f"{dose:.0f}" if dose < 10_000 else f"{dose:,.0f}".replace(",", "\u202f")


def short_dose_text(dose: float) -> str:
    """Write a dose in thousands from 1000 on: 500, 1k, 50k."""
    return f"{exact(dose / 1000)}k" if dose >= 1000 else exact(dose)


def seconds_text(seconds: float) -> str:
    """Write a duration for readers."""
    if seconds < 60:
        return f"{plain(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 120 else f"{seconds / 3600:.1f} h"


def _places(half: float, value: float) -> int | None:
    """Decimals that show half an interval to one or two digits; None for more than five."""
    if half <= 0:
        half = abs(value) / 100 or 1.0
    exponent = math.floor(math.log10(half))
    two_digits = half / 10**exponent < 3
    places = max(0, -exponent + (1 if two_digits else 0))
    return places if places <= 5 else None
