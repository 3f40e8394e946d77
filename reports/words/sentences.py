"""One sentence of a verdict, and the phrases that sentences are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from reports.words.numbers import metric_quantity

#: Two curves have met where the whole interval of their ratio lies within this factor of 1.
MEETING = 1.1

Kind = Literal["finding", "undecided", "warning"]


@dataclass(frozen=True)
class Sentence:
    """One sentence of the verdict, how to take it, and the title of the case it is about."""

    text: str
    kind: Kind
    topic: str = ""


def meeting(low: float, high: float) -> Literal["met", "better", "worse", "undecided"]:
    """What an interval of the ratio restored / raw of an error says.

    Parameters
    ----------
    low, high : float
        Ends of the interval; NaN where there is none.

    Returns
    -------
    {'met', 'better', 'worse', 'undecided'}
        'met' if it lies within `MEETING` of 1, 'better' or 'worse' if it lies wholly on one side
        of 1, 'undecided' otherwise.
    """
    if low > 1 / MEETING and high < MEETING:
        return "met"
    if high < 1:
        return "better"
    if low > 1:
        return "worse"
    return "undecided"


def by_thickness(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the rows of one metric with a value, thinnest first, indexed by image."""
    own = rows[(rows["metric"] == metric) & rows["value"].notna()]
    return own.sort_values("thickness").set_index("image", drop=False)


def first_row(rows: pd.DataFrame) -> list[pd.Series]:
    """Return the first row, if there is one."""
    return [rows.iloc[0]] if len(rows) else []


def at(rows: pd.DataFrame, *, restorer: str, dose: float, metric: str) -> pd.Series:
    """Return the row of one restorer, dose and metric."""
    return rows[
        (rows["restorer"] == restorer) & (rows["dose"] == dose) & (rows["metric"] == metric)
    ].iloc[0]


def metric_text(row: pd.Series) -> str:
    """Write the metric of a row with its interval and unit."""
    return metric_quantity(str(row["metric"]), row["value"], row["low"], row["high"])


def thickness_text(row: pd.Series) -> str:
    """Write the thickness of a row."""
    number = int(row["thickness"])
    return f"a thickness of {number} atom{'' if number == 1 else 's'}"


def edit_size(edit: str) -> str:
    """Size and unit of an edit of single columns, such as '15 pm' of 'shift15'."""
    kind = "shift" if edit.startswith("shift") else "scs"
    return f"{edit.removeprefix(kind)} {'pm' if kind == 'shift' else '%'}"


def share_phrases(numbers: Mapping[str, int]) -> str:
    """Phrases with the thicknesses to which they apply, those that apply to none left out."""
    total = sum(numbers.values())
    held = {text: number for text, number in numbers.items() if number}
    if len(held) == 1:
        return next(iter(held)) + at_all(total)
    parts = [f"{text} at {number}" for text, number in held.items()]
    return f"{parts[0]} of {total} thicknesses, {' and '.join(parts[1:])}"


def at_all(count: int) -> str:
    """Write that something holds at every thickness; nothing if there is only one."""
    return "" if count == 1 else f" at all {count} thicknesses"
