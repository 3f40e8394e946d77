"""Numbers for readers: rounded to what their interval supports, and only when printed."""

import math

from reports.metrics.table import METRICS


def quantity(value: float, low: float, high: float, *, unit: str = "", to: str = " to ") -> str:
    """Write a value with its interval, as in ``6.1 (5.8 to 6.5) pm``.

    Parameters
    ----------
    value, low, high : float
        The ends may be NaN: then the value stands alone.
    unit : str
        Written after the parenthesis; a percent sign too.
    to : str
        Between the ends.

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
    if places is None:
        return f"{value:.2g} ({low:.1g}{to}{high:.1g}){after}"
    return f"{value:.{places}f} ({low:.{places}f}{to}{high:.{places}f}){after}"


def metric_quantity(name: str, value: float, low: float, high: float, *, unit: bool = True) -> str:
    """Write a metric with its interval; fractions as percent.

    Parameters
    ----------
    name : str
        Name in `METRICS`.
    value, low, high : float
        As in a summary.
    unit : bool
        Whether to write the unit.

    Returns
    -------
    str
    """
    metric = METRICS[name]
    if metric.scale == "fraction":
        shown = "%" if unit else ""
        return quantity(100 * value, 100 * low, 100 * high, unit=shown)
    return quantity(value, low, high, unit=metric.unit if unit else "")


def plain(value: float) -> str:
    """Write a number without an interval, to three significant digits."""
    if math.isnan(value):
        return "n/a"
    if value == 0:
        return "0"
    places = 2 - math.floor(math.log10(abs(value)))
    return f"{value:.{places}f}" if 0 <= places <= 5 else f"{value:.3g}"


def _places(half: float, value: float) -> int | None:
    """Decimals that show half an interval to one or two digits; None if too many to write out."""
    if half <= 0:
        half = abs(value) / 100 or 1.0
    exponent = math.floor(math.log10(half))
    two_digits = half / 10**exponent < 3
    places = max(0, -exponent + (1 if two_digits else 0))
    return places if places <= 5 else None
