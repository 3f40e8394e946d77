"""What the script of the charts reads: points of one quantity, and the looks of their series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from reports.page.charts.dark_colours import on_dark

DOSE: Final = {"name": "dose", "label": "dose (e/Å²)", "log": True}
THICKNESS: Final = {"name": "thickness", "label": "thickness (atoms)", "log": False}
"""Axes that charts are drawn against."""
#: Digits of a number that is drawn; what is read is text of its own.
_DIGITS: Final = 5


@dataclass(frozen=True, kw_only=True)
class DrawnPoints:
    """Points of one chart.

    Attributes
    ----------
    case, heading, note : str
        What is drawn, as menus and the line below the chart say it.
    log : bool
        Whether the ordinate is logarithmic.
    levels : tuple of float
        Values that are drawn as broken lines.
    axes : tuple of mapping
        `DOSE`, `THICKNESS` or others with their name, label and log.
    rows : pandas.DataFrame
        Columns restorer (the series), value, low, high, n_realizations, text (value for readers),
        hollow (1 where too many fits ended at a limit), and one by the name of each axis.
    """

    case: str
    heading: str
    note: str
    log: bool
    levels: tuple[float, ...]
    axes: tuple[Mapping[str, Any], ...]
    rows: pd.DataFrame


def chart_of(points: DrawnPoints, series: Sequence[str]) -> dict[str, Any]:
    """Write points as plain data; what is not finite is no row.

    Parameters
    ----------
    points : DrawnPoints
    series : sequence of str
        Every series of the charts; a row begins with the place of its own.

    Returns
    -------
    dict
        case, heading, note, log, levels and axes as of `points`; ``rows``: place of the series, one
        number per axis, value, low, high (None where there is none), n, text, hollow; and
        ``left_out``, the number of points that are not finite.
    """
    axes = [str(axis["name"]) for axis in points.axes]
    drawn = points.rows[np.isfinite(points.rows["value"].to_numpy(dtype=np.float64))]
    if points.log:
        drawn = drawn[drawn["value"] > 0]
    rows = [
        [
            series.index(str(row["restorer"])),
            *(_number(row[axis]) for axis in axes),
            *(_number(row[end]) for end in ("value", "low", "high")),
            int(row["n_realizations"]),
            row["text"],
            int(row["hollow"]),
        ]
        for row in drawn.to_dict("records")
    ]
    return {
        "case": points.case,
        "heading": points.heading,
        "note": points.note,
        "log": points.log,
        "levels": list(points.levels),
        "axes": list(points.axes),
        "rows": rows,
        "left_out": len(points.rows) - len(drawn),
    }


def look(
    label: str, colour: str, *, dash: Sequence[float] = (), line: bool = False
) -> dict[str, Any]:
    """How a series is drawn.

    Parameters
    ----------
    label : str
    colour : str
        On white, as #rrggbb; on a dark page it is of the same hue.
    dash : sequence of float
        Lengths of its line's strokes and gaps [px]; none for an unbroken line.
    line : bool
        Whether it is a line without measured points, such as a bound.
    """
    return {
        "label": label, "colour": colour, "dark": on_dark(colour), "dash": list(dash),
        "line": line,
    }  # fmt: skip


def _number(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None
