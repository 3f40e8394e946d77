"""Summaries that are more than one table, as tables and back: responses, information, ladders."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from reports.metrics.response.scatter_over_response import Information
from reports.records.ladder import Ladder
from reports.summaries.ladder_summary import LadderSummary
from reports.summaries.response import InformationKey, ResponseSummary

_KEY: Final = ("case", "image", "dose", "restorer", "quantity")
#: Tables of a ladder's summary, by the name of the attribute.
_OF_LADDERS: Final = ("summary", "against_raw", "against_rung_before", "end_to_end", "gain")
_LADDER: Final = "ladder"
_RUNGS: Final = "rungs"


def response_tables(told: ResponseSummary) -> dict[str, pd.DataFrame]:
    """Tables of a summary of responses."""
    return {"responses": told.responses, "information": told.information}


def response_of_tables(tables: Mapping[str, pd.DataFrame]) -> ResponseSummary:
    """Summary of responses of its tables."""
    return ResponseSummary(tables["responses"], tables["information"])


def information_tables(told: Mapping[InformationKey, Information]) -> dict[str, pd.DataFrame]:
    """One row per case, image, dose, restorer and quantity, with lists of all replicates."""
    rows = [
        {
            **dict(zip(_KEY, key, strict=True)),
            "edit": one.edit,
            "bound": one.bound,
            "realizations": list(one.realizations),
            "scatter": list(one.scatter),
            "response": list(one.response),
        }
        for key, one in told.items()
    ]
    names = ["edit", "bound", "realizations", "scatter", "response"]
    return {"information_replicates": pd.DataFrame(rows, columns=[*_KEY, *names])}


def information_of_tables(
    tables: Mapping[str, pd.DataFrame],
) -> dict[InformationKey, Information]:
    """Information of its table."""
    found: dict[InformationKey, Information] = {}
    for row in tables["information_replicates"].to_dict("records"):
        key = (
            str(row["case"]), str(row["image"]), float(row["dose"]), str(row["restorer"]),
            str(row["quantity"]),
        )  # fmt: skip
        found[key] = Information(
            quantity=row["quantity"],
            edit=str(row["edit"]),
            realizations=tuple(int(number) for number in row["realizations"]),
            scatter=np.asarray(row["scatter"], dtype=np.float64),
            response=np.asarray(row["response"], dtype=np.float64),
            bound=float(row["bound"]),
        )
    return found


def ladder_tables(kind: str, ladders: Sequence[LadderSummary]) -> dict[str, pd.DataFrame]:
    """Tables of the summaries of ladders of one kind, with the name of the ladder in each row."""
    tables = {
        f"{kind}_{name}": _below([(one, getattr(one, name)) for one in ladders])
        for name in _OF_LADDERS
    }
    rungs = [(one, pd.DataFrame({"label": list(one.labels)})) for one in ladders]
    return {**tables, f"{kind}_{_RUNGS}": _below(rungs)}


def _below(parts: Sequence[tuple[LadderSummary, pd.DataFrame]]) -> pd.DataFrame:
    named = [rows.assign(**{_LADDER: one.ladder.name}) for one, rows in parts]
    return pd.concat(named, ignore_index=True) if named else pd.DataFrame(columns=[_LADDER])


def ladders_of_tables(
    kind: str, tables: Mapping[str, pd.DataFrame], declared: Sequence[Ladder]
) -> list[LadderSummary]:
    """Summaries of ladders of their tables.

    Parameters
    ----------
    kind : {'ablation', 'axes'}
    tables : mapping of str to pandas.DataFrame
    declared : sequence of Ladder
        Of the run.
    """
    found = []
    for ladder in declared:
        labels = _of_ladder(tables[f"{kind}_{_RUNGS}"], ladder)
        if ladder.kind != kind or labels.empty:
            continue
        there = set(labels["label"])
        frames: dict[str, Any] = {
            name: _of_ladder(tables[f"{kind}_{name}"], ladder) for name in _OF_LADDERS
        }
        rungs = tuple(rung for rung in ladder.rungs if rung.label in there)
        found.append(LadderSummary(ladder=ladder, rungs=rungs, **frames))
    return found


def _of_ladder(rows: pd.DataFrame, ladder: Ladder) -> pd.DataFrame:
    own = rows[rows[_LADDER] == ladder.name]
    return own.drop(columns=_LADDER).reset_index(drop=True)
