"""Claims of study 2: a dislocation under scan distortion, and what is faithful beside its core."""

from typing import Any, Final

import numpy as np
import pandas as pd

from reports.claims.claim import Claim
from reports.claims.rules import Number, above, below, rule, within
from reports.claims.run_tables import RunTables
from reports.claims.table_numbers import (
    numbers_of,
    paired_numbers,
    place,
    quotient,
    summary_numbers,
)
from reports.words.numbers import dose_text

_CASE: Final = "edge_dislocation"
_LOW: Final = 500.0
_DOSES: Final = (500.0, 5_000.0, 50_000.0)
_FIGURE: Final = "figure_dislocation_edge_dislocation"
_NEAR: Final = "within 3.5 Å"
_AROUND: Final = "within 8 Å"
#: Raw fits are comparatively good where they err less than a quarter more than restored ones.
_COMPARABLE: Final = 0.8
#: A larger part of a change is passed on than is taken from the neighbours.
_MOSTLY: Final = 0.5
#: Doses differ by a factor of 100, which alone makes an error of counting ten times smaller.
_RAPID: Final = 0.5
#: Sizes of the isolated changes: small ones are such as strain and single atoms make.
_SMALL: Final = "up to 15 pm or 10 %"
_LARGE: Final = "30 pm or 25 % and more"


def _burgers(tables: RunTables) -> list[Number]:
    return [
        number
        for metric, what in (("burgers_read", "readable"), ("burgers_kept", "kept if readable"))
        for number in summary_numbers(
            tables,
            metric,
            restorer=tables.network,
            file="dislocation_core.csv",
            case=_CASE,
            dose=_LOW,
            what=what,
        )
    ]


def _near_core(tables: RunTables) -> list[Number]:
    rows = tables.rows(
        "core_distance.csv",
        case=_CASE,
        metric="core_mae_pm",
        restorer=tables.network,
        dose=_LOW,
        from_A=0.0,
        to_A=3.5,
    )
    ends = ("ratio", "ratio_low", "ratio_high")
    near = [number for _, number in numbers_of(rows, ends=ends, condition=_NEAR)]
    around = paired_numbers(tables, "position_mae_pm", case=_CASE, dose=_LOW, condition=_AROUND)
    return [*near, *around]


def _without_information(tables: RunTables) -> list[Number]:
    """Error of raw fits over that of the same fits of a flat image."""
    found = []
    for raw in summary_numbers(
        tables, "position_mae_pm", restorer=tables.raw, case=_CASE, dose=_LOW
    ):
        for flat in summary_numbers(
            tables, "position_mae_pm", restorer="flat", case=_CASE, dose=_LOW
        ):
            # One flat image hardly differs from the next: a single one has no interval.
            alone = np.isnan(flat.low)
            known = Number(value=flat.value, low=flat.value, high=flat.value) if alone else flat
            found.append(quotient(raw, known, at=raw.at))
    return found


def _drop(tables: RunTables) -> list[Number]:
    """Error at the highest dose over that at the lowest."""
    rows = tables.rows("summary.csv", case=_CASE, metric="position_mae_pm", restorer=tables.network)
    found = list(numbers_of(rows))
    if len(found) < 2:
        return []
    (_, first), (row, last) = found[0], found[-1]
    low = dose_text(float(found[0][0]["dose"]))
    return [quotient(last, first, at=f"{place(row)} over {low}")]


def _name(size: str, dose: float) -> str:
    return f"{size}, {dose_text(dose)} e/Å²"


def _size(row: "pd.Series[Any]") -> str:
    """Class of an isolated change; '' for one between the two."""
    small, large = (15.0, 30.0) if row["quantity"] == "position" else (10.0, 25.0)
    amplitude = float(row["amplitude"])
    return _SMALL if amplitude <= small else _LARGE if amplitude >= large else ""


def _responses(tables: RunTables) -> list[Number]:
    found = []
    for dose in _DOSES:
        rows = tables.rows("response.csv", restorer=tables.network, pattern="isolated", dose=dose)
        for row, number in numbers_of(rows):
            size = _size(row)
            if size:
                unit = "pm" if row["quantity"] == "position" else "%"
                at = f"{row['amplitude']:g} {unit}, {row['thickness']} atoms"
                found.append(
                    Number(
                        value=number.value,
                        low=number.low,
                        high=number.high,
                        at=at,
                        condition=_name(size, dose),
                    )
                )
    return found


def _cross_sections(tables: RunTables) -> list[Number]:
    return paired_numbers(tables, "scs_mpe_pct", case=_CASE)


CLAIMS: Final = (
    Claim(
        number=19,
        text="At 500 e/Å² the dislocation is kept with its Burgers vector",
        place="Fig. 3d",
        needs="CGRDN on edge_dislocation at 500 e/Å², with Burgers circuits",
        evidence=_burgers,
        rule=rule(above(50.0)),
        condition="share of the images whose lattice can be read around the core, and share of "
        "these with the vector of the noise-free image; kept is more often than not",
        figure=_FIGURE,
    ),
    Claim(
        number=20,
        text="Near the core positions at low dose are not accurate, and raw fits are comparatively "
        "good",
        place="Fig. 3f",
        needs="CGRDN and raw on edge_dislocation at 500 e/Å², with errors by distance from the "
        "core",
        evidence=_near_core,
        rule=rule(above(_COMPARABLE, name=_NEAR), above(_COMPARABLE, name=_AROUND)),
        condition="MAE of position, restored over raw, within two distances from the core; "
        "comparatively good is a raw error less than a quarter larger",
        figure=_FIGURE,
    ),
    Claim(
        number=21,
        text="Raw fits are good there only because they start at the true positions",
        place="Fig. 3f",
        needs="raw and the flat image on edge_dislocation at 500 e/Å²",
        evidence=_without_information,
        rule=rule(within(1 / 1.1, 1.1)),
        condition="MAE of position of raw fits over that of the same fits, from the same start, of "
        "a flat image; within 10 % the start explains the error",
        figure=_FIGURE,
    ),
    Claim(
        number=22,
        text="The error of position drops rapidly with dose",
        place="Fig. 3f",
        needs="CGRDN on edge_dislocation at two doses or more",
        evidence=_drop,
        rule=rule(below(_RAPID)),
        condition="MAE of position at the highest over that at the lowest dose; rapidly is to less "
        "than a half",
        figure=_FIGURE,
    ),
    Claim(
        number=23,
        text="The network does not just pick up periodicity: it recovers what is not periodic",
        place="Fig. 3",
        needs="CGRDN on edited images (case response) at 500, 5000 and 50 000 e/Å²",
        evidence=_responses,
        rule=rule(
            *(
                above(_MOSTLY, name=_name(size, dose))
                for dose in _DOSES
                for size in (_SMALL, _LARGE)
            )
        ),
        condition="share of the displacement or of the change of brightness of single columns that "
        "is passed on; more than half is needed",
        figure="figure_response_response",
    ),
    Claim(
        number=24,
        text="SCS of restored images are more accurate",
        place="Fig. 3f",
        needs="CGRDN and raw on edge_dislocation",
        evidence=_cross_sections,
        rule=rule(below(1.0)),
        condition="MPE of the SCS, restored over raw, at every dose",
        every_dose=_CASE,
        figure=_FIGURE,
    ),
)
