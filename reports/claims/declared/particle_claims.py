"""Claims of study 3: positions, scattering cross-sections and atom counts of a particle."""

from typing import Final

import numpy as np

from reports.claims.claim import Claim
from reports.claims.rules import Number, above, below, rule
from reports.claims.run_tables import RunTables
from reports.claims.table_numbers import difference, paired_numbers, paired_rows
from reports.words.numbers import dose_text

_CASE: Final = "nanoparticle"
_FIGURE: Final = "figure_counting_nanoparticle"
_NEEDS: Final = "CGRDN and raw on nanoparticle"
_MORE: Final = "more at every dose"
_LARGEST: Final = "most at the lowest dose"


def _positions(tables: RunTables) -> list[Number]:
    return [
        *paired_numbers(tables, "position_mae_pm", case=_CASE),
        *paired_numbers(
            tables, "position_mae_unshifted_pm", case=_CASE, what="without rigid shift"
        ),
    ]


def _cross_sections(tables: RunTables) -> list[Number]:
    return paired_numbers(tables, "scs_mpe_pct", case=_CASE)


def _counts(tables: RunTables) -> list[Number]:
    rows = paired_rows(tables, "count_accuracy", case=_CASE, condition=_MORE)
    if not rows:
        return []
    lowest, first = rows[0]
    of_each = [number for _, number in rows]
    if any(dose < float(lowest["dose"]) for dose in tables.missing_doses(_CASE)):
        return of_each
    return [
        *of_each,
        *(
            difference(
                first,
                number,
                at=f"{dose_text(float(lowest['dose']))} less {number.at}",
                condition=_LARGEST,
            )
            for row, number in rows[1:]
            if not np.isclose(row["dose"], lowest["dose"])
        ),
    ]


CLAIMS: Final = (
    Claim(
        number=25,
        text="Column positions are more accurate at all doses",
        place="Fig. 4a",
        needs=_NEEDS,
        evidence=_positions,
        rule=rule(below(1.0)),
        condition="MAE of position, restored over raw; also without the image's rigid shift where "
        "the run tells it",
        every_dose=_CASE,
        figure=_FIGURE,
    ),
    Claim(
        number=26,
        text="SCS are more accurate at all doses",
        place="Fig. 4b",
        needs=_NEEDS,
        evidence=_cross_sections,
        rule=rule(below(1.0)),
        condition="MPE of the SCS, restored over raw; averages over columns hide biases of "
        "opposite sign of thin and thick ones",
        every_dose=_CASE,
        figure=_FIGURE,
    ),
    Claim(
        number=27,
        text="More columns are counted right, above all at low dose",
        place="Fig. 4c",
        needs=f"{_NEEDS} at two doses or more",
        evidence=_counts,
        rule=rule(above(0.0, name=_MORE), above(0.0, name=_LARGEST)),
        condition="share counted right, restored less raw, fits started at the true positions; and "
        "this gain at the lowest dose less that at each other",
        every_dose=_CASE,
        figure=_FIGURE,
    ),
)
