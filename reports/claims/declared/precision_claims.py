"""Claims of study 1: scatter in a perfect crystal, the bound, and what responses make of them."""

import math
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from reports.claims.claim import Claim
from reports.claims.rules import Number, above, below, rule, within
from reports.claims.run_tables import RunTables
from reports.claims.table_numbers import (
    exact,
    numbers_of,
    paired_numbers,
    paired_rows,
    quotient,
    summary_numbers,
)
from reports.words.numbers import dose_text
from reports.words.sentences import MEETING

_CASE: Final = "pt_bulk"
_LOW: Final = 500.0
_HIGH: Final = 50_000.0
_SCATTER: Final = "scatter"
_INFORMATION: Final = "scatter over response"
_QUANTITIES: Final = (("position", "position_std_pm"), ("SCS", "scs_std_pct"))
_FIGURE: Final = "figure_precision_pt_bulk"
_BOTH: Final = (
    "scatter alone is had for nothing by drawing what is expected; divided by the response to "
    "real changes it is what a change must exceed to be seen"
)


def _information(
    tables: RunTables, name: str, *, restorer: str, dose: float
) -> dict[tuple[str, str], Number]:
    """Scatter over response over the bound, by case and image."""
    quantity = name.lower()
    rows = tables.rows("information.csv", quantity=quantity, restorer=restorer, dose=dose)
    ends = ("over_bound", "over_bound_low", "over_bound_high")
    found = {}
    for row, number in numbers_of(rows, ends=ends, condition=_INFORMATION, what=name):
        told = number
        if math.isinf(number.value):
            # The response cannot be told from zero, but its upper end bounds the quotient below.
            most = float(row["response_high"])
            least = float(row["scatter"] / row["bound"]) / most if most > 0 else math.inf
            told = replace(number, low=least, high=math.inf)
        found[str(row["case"]), str(row["image"])] = told
    return found


def _below_bound(tables: RunTables, name: str) -> list[Number]:
    network = tables.network
    scatter = summary_numbers(
        tables,
        f"{name.lower()}_std_over_bound",
        restorer=network,
        case=_CASE,
        dose=_LOW,
        condition=_SCATTER,
    )
    return [*scatter, *_information(tables, name, restorer=network, dose=_LOW).values()]


def _positions(tables: RunTables) -> list[Number]:
    return _below_bound(tables, "position")


def _cross_sections(tables: RunTables) -> list[Number]:
    return _below_bound(tables, "SCS")


def _converged(tables: RunTables) -> list[Number]:
    found: list[Number] = []
    for name, metric in _QUANTITIES:
        found += paired_numbers(
            tables, metric, case=_CASE, dose=_HIGH, condition=_SCATTER, what=name
        )
        ours, theirs = (
            _information(tables, name, restorer=who, dose=_HIGH)
            for who in (tables.network, tables.raw)
        )
        found += [
            quotient(ours[image], theirs[image], at=ours[image].at, condition=_INFORMATION)
            for image in ours
            if image in theirs
        ]
    return found


def _gains(tables: RunTables) -> list[Number]:
    """Restored over raw scatter at the lowest dose over the same at each other dose."""
    found = []
    for name, metric in _QUANTITIES:
        rows = paired_rows(tables, metric, case=_CASE, what=name)
        lowest = {row["image"]: n for row, n in rows if np.isclose(row["dose"], _LOW)}
        found += [
            quotient(lowest[row["image"]], number, at=_against(row, name))
            for row, number in rows
            if row["image"] in lowest and not np.isclose(row["dose"], _LOW)
        ]
    return found


def _against(row: "pd.Series[Any]", name: str) -> str:
    doses = f"{dose_text(_LOW)} over {dose_text(float(row['dose']))} e/Å²"
    return f"{name}, {row['thickness']} atoms, {doses}"


def _filters(tables: RunTables) -> list[Number]:
    return [
        number
        for name in tables.filters
        for number in summary_numbers(
            tables,
            "position_std_over_bound",
            restorer=name,
            case=_CASE,
            dose=_LOW,
            what=tables.label(name),
        )
    ]


def _contrast(tables: RunTables) -> list[Number]:
    rows = tables.rows("intensity.csv", case=_CASE, metric="contrast_kept", dose=_LOW)
    own = rows[rows["restorer"] == tables.network] if len(rows) else rows
    thinnest = own[own["thickness"] == own["thickness"].min()] if len(own) else own
    return [number for _, number in numbers_of(thinnest, factor=100.0, unit="%")]


def _realizations(tables: RunTables) -> list[Number]:
    studies = {n: case for n, case in tables.info.cases.items() if case.case.study.number}
    # Fewer are no evidence against what the paper did.
    if {case.case.study.number for case in studies.values()} != {1, 2, 3} or any(
        case.realizations < 100 for case in studies.values()
    ):
        return []
    return [exact(case.realizations, at=name) for name, case in studies.items()]


def _thickness(tables: RunTables) -> list[Number]:
    columns = tables.columns[(tables.columns["case"] == _CASE) & tables.columns["measured"]]
    means = columns.groupby("thickness")["scs_ref"].mean()
    return [
        exact(float(after / before), at=f"{thick} over {thin} atoms")
        for (thin, before), (thick, after) in zip(
            list(means.items())[:-1], list(means.items())[1:], strict=True
        )
    ]


_BULK: Final = "CGRDN and raw on pt_bulk"
_RESPONSES: Final = "and edited images (case response) for the response, at the same dose"

CLAIMS: Final = (
    Claim(
        number=13,
        text="Precision of position is below the Cramér-Rao bound at 500 e/Å² at all thicknesses",
        place="Fig. 2a",
        needs=f"{_BULK} at 500 e/Å², {_RESPONSES}",
        evidence=_positions,
        rule=rule(below(1.0, name=_SCATTER), below(1.0, name=_INFORMATION)),
        condition=_BOTH,
        figure=_FIGURE,
    ),
    Claim(
        number=14,
        text="Precision of the SCS is below the Cramér-Rao bound at 500 e/Å² at all thicknesses",
        place="Fig. 2b",
        needs=f"{_BULK} at 500 e/Å², {_RESPONSES}",
        evidence=_cross_sections,
        rule=rule(below(1.0, name=_SCATTER), below(1.0, name=_INFORMATION)),
        condition=_BOTH,
        figure=_FIGURE,
    ),
    Claim(
        number=15,
        text="At 50 000 e/Å² the precision of raw and restored images has converged",
        place="Fig. 2c and d",
        needs=f"{_BULK} at 50 000 e/Å², {_RESPONSES}",
        evidence=_converged,
        rule=rule(
            within(1 / MEETING, MEETING, name=_SCATTER),
            within(1 / MEETING, MEETING, name=_INFORMATION),
        ),
        condition="restored over raw, of position and SCS; converged is within 10 %",
        figure=_FIGURE,
    ),
    Claim(
        number=16,
        text="The gain of precision is largest at the lowest dose",
        place="Fig. 2a to d",
        needs=f"{_BULK} at 500 e/Å² and at a higher dose",
        evidence=_gains,
        rule=rule(below(1.0)),
        condition="restored over raw scatter at 500 e/Å² over the same at each higher dose; "
        "scatter alone",
        figure=_FIGURE,
    ),
    Claim(
        number=17,
        text="To surpass the bound is prior knowledge and needs no overtraining",
        place="Atomic structure quantification",
        needs="a filter without training on pt_bulk at 500 e/Å²",
        evidence=_filters,
        rule=rule(below(1.0, each=False)),
        condition="scatter of position over the bound of filters that were not trained: one below "
        "it shows that no training is needed",
        figure=_FIGURE,
    ),
    Claim(
        number=18,
        text="Even at a very low dose the structure is faithfully recovered",
        place="Fig. 2e to h",
        needs="CGRDN on pt_bulk at 500 e/Å², with the contrast that its images kept",
        evidence=_contrast,
        rule=rule(above(50.0)),
        condition="contrast of the columns of the thinnest image, restored over noise-free; "
        "recovered is more than half",
        figure=_FIGURE,
    ),
    Claim(
        number=29,
        text="All evaluations are over 100 realizations per dose",
        place="Atomic structure quantification",
        needs="100 realizations of each of the three studies (profile paper)",
        evidence=_realizations,
        rule=rule(above(99.5)),
        condition="whether this run follows the paper",
    ),
    Claim(
        number=30,
        text="The SCS rises monotonically with thickness",
        place="Atomic structure quantification",
        needs="pt_bulk at two thicknesses or more",
        evidence=_thickness,
        rule=rule(above(1.0)),
        condition="mean SCS of noise-free images, each thickness over the one before; the "
        "simulation's own standard error is left out",
    ),
    Claim(
        number=31,
        text="The SCS goes with the atomic number as Z^1.7",
        place="Atomic structure quantification",
        needs="the cross-section of single atoms of several elements",
        condition="exponent of a power law through five elements; Z^1.7 is 1.65 to 1.75",
        decided_by="atomic-numbers",
    ),
)
