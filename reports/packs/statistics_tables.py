"""Statistics per realization as tables, and back.

Two tables hold them. In ``cells`` stands a row per set of statistics, of which there are three:
'every' (what the gate compares), 'common' (what the leaderboard ranks, where that differs) and
'responses'. In ``realizations`` stands a row per realization of each, and a column per metric.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from reports.metrics.table import GATES
from reports.summaries.per_realization import CellKey, CellStatistics
from reports.summaries.run_statistics import RunStatistics, Statistics

CELLS: Final = "statistics_cells"
REALIZATIONS: Final = "statistics"
_PLACE: Final = ("of", "restorer", "case", "image", "dose")
_VACANCY: Final = "vacancy"
#: Column of a bound by the name of the metric in the gate.
_BOUND: Final = "bound_"


def statistics_tables(told: RunStatistics) -> dict[str, pd.DataFrame]:
    """Put statistics per realization into tables.

    Parameters
    ----------
    told : RunStatistics

    Returns
    -------
    dict of str to pandas.DataFrame
        `CELLS` and `REALIZATIONS`.
    """
    cells: list[dict[str, Any]] = []
    parts: list[pd.DataFrame] = []
    for of, restorer, cell in _sets(told):
        ranked = told.common.get(restorer, {}).get(cell.key) is cell
        vacancies = told.vacancies.get((*cell.key, restorer)) if ranked else None
        place = dict(zip(_PLACE, (of, restorer, *cell.key), strict=True))
        bounds = told.bounds.get(cell.key, {}) if ranked else {}
        cells.append(
            {
                **place,
                "thickness": cell.thickness,
                "columns": list(cell.columns),
                "metrics": sorted(cell.by_metric),
                "limited": cell.limited,
                "ranked": ranked,
                "n_vacancies": -1 if vacancies is None else len(vacancies),
                **{f"{_BOUND}{name}": value for name, value in bounds.items()},
            }
        )
        failed: dict[int, list[int]] = {}
        for realization, column in sorted(cell.failed):
            failed.setdefault(realization, []).append(column)
        # Images without a fitted vacancy have no fidelity, so that these are fewer.
        padded = np.full(len(cell.realizations), np.nan)
        if vacancies is not None:
            padded[: len(vacancies)] = vacancies
        rows = pd.DataFrame(
            {
                **place,
                "realization": list(cell.realizations),
                "failed": [failed.get(number, []) for number in cell.realizations],
                "unresolved": [number in cell.unresolved for number in cell.realizations],
                _VACANCY: padded,
                **{name: np.asarray(values) for name, values in cell.by_metric.items()},
            }
        )
        parts.append(rows)
    return {CELLS: _table(cells), REALIZATIONS: _joined(parts)}


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    names = ["thickness", "columns", "metrics", "limited", "ranked", "n_vacancies"]
    bounds = [f"{_BOUND}{name}" for name, gate in GATES.items() if gate.bound is not None]
    return pd.DataFrame(rows, columns=[*_PLACE, *names, *bounds])


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Rows of all sets with a column for every metric that any of them has."""
    first = [*_PLACE, "realization", "failed", "unresolved", _VACANCY]
    metrics = [name for name in GATES if any(name in part for part in parts)]
    whole = [part.reindex(columns=[*first, *metrics]) for part in parts]
    return pd.concat(whole, ignore_index=True) if whole else pd.DataFrame(columns=first)


def _sets(told: RunStatistics) -> Iterator[tuple[str, str, CellStatistics]]:
    """Every set of statistics once, with what it is of."""
    for restorer, by_key in told.every.items():
        for cell in by_key.values():
            yield "every", restorer, cell
    for restorer, by_key in told.common.items():
        known = told.every.get(restorer, {})
        for key, cell in by_key.items():
            if known.get(key) is not cell:
                yield "common", restorer, cell
    for restorer, by_key in told.responses.items():
        for cell in by_key.values():
            yield "responses", restorer, cell


def statistics_of_tables(tables: Mapping[str, pd.DataFrame]) -> RunStatistics:
    """Take statistics per realization out of the tables of `statistics_tables`.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Those of several parts of a run one below the other.
    """
    rows = {
        tuple(place): own for place, own in tables[REALIZATIONS].groupby(list(_PLACE), sort=False)
    }
    found: dict[str, dict[str, dict[CellKey, CellStatistics]]] = {
        of: {} for of in ("every", "common", "responses")
    }
    bounds: dict[CellKey, dict[str, float]] = {}
    vacancies: dict[tuple[str, str, float, str], np.ndarray[Any, np.dtype[np.float64]]] = {}
    cells = tables[CELLS].sort_values(["case", "thickness", "image", "dose"], kind="stable")
    for facts in cells.to_dict("records"):
        place = tuple(facts[name] for name in _PLACE)
        cell = _cell(facts, rows[place])
        restorer, key = str(facts["restorer"]), cell.key
        found[facts["of"]].setdefault(restorer, {})[key] = cell
        if not facts["ranked"]:
            continue
        found["common"].setdefault(restorer, {})[key] = cell
        bounds[key] = {
            name: float(facts[f"{_BOUND}{name}"])
            for name, gate in GATES.items()
            if gate.bound is not None
        }
        if facts["n_vacancies"] >= 0:
            values = rows[place][_VACANCY].to_numpy(dtype=np.float64)
            vacancies[(*key, restorer)] = values[: facts["n_vacancies"]]
    ordered: dict[str, Statistics] = found  # type: ignore[assignment]
    return RunStatistics(
        every=ordered["every"],
        common=ordered["common"],
        responses=ordered["responses"],
        bounds=bounds,
        vacancies=vacancies,
    )


def _cell(facts: Mapping[Any, Any], rows: pd.DataFrame) -> CellStatistics:
    realizations = [int(number) for number in rows["realization"]]
    return CellStatistics(
        case=str(facts["case"]),
        image=str(facts["image"]),
        thickness=int(facts["thickness"]),
        dose=float(facts["dose"]),
        realizations=tuple(realizations),
        columns=tuple(int(number) for number in facts["columns"]),
        failed=frozenset(
            (number, int(column))
            for number, columns in zip(realizations, rows["failed"], strict=True)
            for column in columns
        ),
        by_metric={str(name): rows[name].to_numpy(dtype=np.float64) for name in facts["metrics"]},
        limited=bool(facts["limited"]),
        unresolved=frozenset(
            number
            for number, unresolved in zip(realizations, rows["unresolved"], strict=True)
            if unresolved
        ),
    )
