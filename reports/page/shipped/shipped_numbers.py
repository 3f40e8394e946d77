"""Single numbers of shipped results for sentences: each named by where it stands in the tables."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from reports.claims.rules import Number
from reports.words.numbers import metric_quantity, plain, quantity
from stembench.errors import InputError

Tables = Mapping[str, pd.DataFrame]
_SEPARATOR: Final = " / "
#: What stands for a number whose part of the run is not there.
ABSENT: Final = "not run yet"
#: Units of bounds, by the end of their names.
_UNITS: Final = {"pm": "pm", "pct": "%"}


class ShippedNumbers:
    """Numbers of the tables of a report, written with interval and unit.

    Parameters
    ----------
    report : pathlib.Path
        Folder of a report.
    """

    def __init__(self, report: Path) -> None:
        self._tables = {path.name: pd.read_csv(path) for path in report.glob("*.csv")}

    def __call__(self, key: str) -> str:
        """Write the number that a key names.

        Parameters
        ----------
        key : str
            Parts set off by ' / ': a kind and where the number stands.

            - ``verdict / 22``: verdict of a claim;
            - ``tally``: how many claims have which verdict;
            - ``claim / 22``: the number that decides it, without its place;
            - ``at / 22``: the place of that number;
            - ``part / 28 / scan jitter``: the number of one condition of a claim, and with
              ``least`` or ``most`` behind it the least or largest of several;
            - ``metric / edge_dislocation / core / 500 / cgrdn / position_mae_pm``: of
              ``summary.csv``: case, image, dose in e/Å², restorer, metric;
            - ``paired / ...``: the same of ``paired_comparisons.csv``, over raw or less raw;
            - ``coverage / ...``, ``intensity / ...``, ``detection / ...``: of these files, shares
              in percent;
            - ``bound / edge_dislocation / core / 500 / hybrid-unshifted / distance_pm``: of
              ``bounds.csv``: case, image, dose, kind, column;
            - ``axis / nanoparticle / jitter / 0 / cgrdn / position_mae_pm``: of ``axes.csv``: case,
              axis, its value, restorer, metric.

        Returns
        -------
        str
            'not run yet' where the tables do not hold it.

        Raises
        ------
        InputError
            If there is no such kind of number, or it has other parts.
        """
        kind, *parts = key.split(_SEPARATOR)
        write = _KINDS.get(kind)
        if write is None:
            raise InputError(f"there is no number {key!r}; kinds: {', '.join(_KINDS)}")
        try:
            return write(self._tables, *parts)
        except (TypeError, ValueError) as error:
            raise InputError(f"the number {key!r} has other parts: {error}") from error


def _rows(tables: Tables, name: str, **where: object) -> pd.DataFrame:
    """Rows of a table; numbers agree to nine digits."""
    rows = tables.get(name, pd.DataFrame(columns=list(where)))
    for column, wanted in where.items():
        if isinstance(wanted, float):
            rows = rows[np.isclose(rows[column].astype(np.float64), wanted, rtol=1e-9)]
        else:
            rows = rows[rows[column].astype(str) == wanted]
    return rows


def _claim(tables: Tables, number: str) -> "pd.Series[Any]":
    rows = _rows(tables, "claims.csv", claim=number)
    if rows.empty:
        raise ValueError(f"there is no claim {number}")
    return rows.iloc[0]


def _verdict(tables: Tables, number: str) -> str:
    return str(_claim(tables, number)["verdict"])


def _deciding(tables: Tables, number: str) -> str:
    return _number(_claim(tables, number))


def _at(tables: Tables, number: str) -> str:
    row = _claim(tables, number)
    return str(row["at"]) if pd.notna(row["at"]) else ABSENT


def _tally(tables: Tables) -> str:
    count = tables["claims.csv"]["verdict"].value_counts()
    order = ("confirmed", "partly", "undecided", "refuted", "no data")
    names = {"partly": "partly true", "no data": "without data"}
    return ", ".join(f"{count.get(name, 0)} {names.get(name, name)}" for name in order)


def _part(tables: Tables, number: str, condition: str, which: str = "") -> str:
    rows = _rows(tables, "claim_numbers.csv", claim=number)
    # Doses are written with a narrow space, which nobody types.
    rows = rows[rows["condition"].astype(str).str.replace("\u202f", " ") == condition]
    if rows.empty:
        return ABSENT
    if which not in ("", "least", "most"):
        raise ValueError(f"{which!r} is neither least nor most")
    if not which and len(rows) > 1:
        raise ValueError(f"there are {len(rows)}: say least or most")
    ordered = rows.sort_values("value")
    return _number(ordered.iloc[-1 if which == "most" else 0])


def _number(row: "pd.Series[Any]") -> str:
    if pd.isna(row["value"]):
        return ABSENT
    value, low, high = (float(row[end]) for end in ("value", "low", "high"))
    unit = str(row["unit"]) if pd.notna(row["unit"]) else ""
    return Number(value=value, low=low, high=high, unit=unit).text


def _of_cell(name: str) -> Callable[..., str]:
    def write(tables: Tables, case: str, image: str, dose: str, restorer: str, metric: str) -> str:
        rows = _rows(
            tables, name, case=case, image=image, dose=float(dose), restorer=restorer,
            metric=metric,
        )  # fmt: skip
        if rows.empty:
            return ABSENT
        ends = [float(rows[end].iloc[0]) for end in ("value", "low", "high")]
        if name == "summary.csv":
            return metric_quantity(metric, ends[0], ends[1], ends[2])
        if name == "paired_comparisons.csv":
            return quantity(*ends)
        return quantity(*(100 * end for end in ends), unit="%")

    return write


def _of_axis(tables: Tables, case: str, axis: str, at: str, restorer: str, metric: str) -> str:
    rows = _rows(
        tables, "axes.csv", case=case, axis=axis, axis_value=float(at), restorer=restorer,
        metric=metric,
    )  # fmt: skip
    if rows.empty:
        return ABSENT
    value, low, high = (float(rows[end].iloc[0]) for end in ("value", "low", "high"))
    return metric_quantity(metric, value, low, high)


def _bound(tables: Tables, case: str, image: str, dose: str, kind: str, column: str) -> str:
    rows = _rows(tables, "bounds.csv", case=case, image=image, dose=float(dose), kind=kind)
    unit = _UNITS.get(column.rpartition("_")[2])
    if unit is None:
        raise ValueError(f"{column} is no bound")
    return f"{plain(float(rows[column].iloc[0]))} {unit}" if len(rows) else ABSENT


_KINDS: Final[Mapping[str, Callable[..., str]]] = {
    "verdict": _verdict,
    "tally": _tally,
    "claim": _deciding,
    "at": _at,
    "part": _part,
    "metric": _of_cell("summary.csv"),
    "paired": _of_cell("paired_comparisons.csv"),
    "coverage": _of_cell("coverage.csv"),
    "intensity": _of_cell("intensity.csv"),
    "detection": _of_cell("detection.csv"),
    "axis": _of_axis,
    "bound": _bound,
}
