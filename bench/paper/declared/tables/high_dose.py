"""Table: the dislocation at 5e5 e/Å², the dose that the caption of Fig. 3 names."""

from typing import Final

import numpy as np
import pandas as pd

from bench.paper.verdicts import judged
from bench.plan.blocks import Block
from bench.run.block import run_block
from reports import (
    CLAIMS,
    Drawn,
    Material,
    Number,
    PaperFigure,
    paired_comparisons,
    quotient,
    summarise,
)

_CASE: Final = "edge_dislocation"
_IMAGE: Final = "core"
_LOW: Final = 5e2
_HIGH: Final = 5e5
#: The noise of realizations 0, 1, ... of profile paper.
_SEED: Final = 2024
_REALIZATIONS: Final = 40
_SPECS: Final = ("raw", "cgrdn")
_METRICS: Final = {"position_mae_pm": "pm", "position_mae_unshifted_pm": "pm", "scs_mpe_pct": "%"}


def records_at(
    doses: tuple[float, ...], *, specs: tuple[str, ...] = _SPECS, realizations: int = _REALIZATIONS
) -> pd.DataFrame:
    """Records of the dislocation as a run makes them, at doses that no profile has.

    Parameters
    ----------
    doses : tuple of float
        e/Å².
    specs : tuple of str
        Of restorers.
    realizations : int
    """
    blocks = [
        Block(
            case=_CASE, image=_IMAGE, dose=dose, restorer=spec, start=0, stop=realizations,
            seed=_SEED, main_alone=True, scans=0,
        )
        for dose in doses
        for spec in specs
    ]  # fmt: skip
    return pd.concat([run_block(block, np.empty(0)).records for block in blocks], ignore_index=True)


def _draw(material: Material) -> Drawn:
    del material
    records = records_at((_LOW, _HIGH))
    summary, paired = summarise(records), paired_comparisons(records)
    rows: list[tuple[str, ...]] = [
        ("metric", "e/Å²", *("CGRDN" if spec == "cgrdn" else spec for spec in _SPECS), "ratio")
    ]
    for metric, unit in _METRICS.items():
        for dose in (_LOW, _HIGH):
            told = [_number(summary, metric, dose, spec, unit=unit).text for spec in _SPECS]
            ratio = _number(paired, metric, dose, "cgrdn").text
            rows.append((metric, f"{dose:g}", *told, ratio))
    drop = quotient(
        _number(summary, "position_mae_pm", _HIGH, "cgrdn"),
        _number(summary, "position_mae_pm", _LOW, "cgrdn"),
        at=f"{_HIGH:g} over {_LOW:g} e/Å², n = {_REALIZATIONS}",
    )
    sections = _number(
        paired, "scs_mpe_pct", _HIGH, "cgrdn", at=f"{_HIGH:g} e/Å², n = {_REALIZATIONS}"
    )
    rules = {claim.number: claim.rule for claim in CLAIMS}
    kept = summary[summary["metric"].isin(_METRICS)]
    return Drawn(
        caption=f"The dislocation of study 2 at {_LOW:g} and at {_HIGH:g} e/Å², the highest dose "
        f"that the caption of Fig. 3 names and no profile has, under the noise of realizations 0 "
        f"to {_REALIZATIONS - 1} of profile paper (seed {_SEED}): mean absolute error of position "
        "and mean percentage error of the cross-section with 95 % intervals, and CGRDN over raw, "
        "paired.",
        tables={"": kept.reset_index(drop=True)},
        summary=tuple(rows),
        findings=(judged(22, rules[22], [drop]), judged(24, rules[24], [sections])),
    )


def _number(
    rows: pd.DataFrame, metric: str, dose: float, spec: str, *, unit: str = "", at: str = ""
) -> Number:
    """The number of one metric, dose and restorer."""
    own = rows[(rows["metric"] == metric) & (rows["restorer"] == spec)]
    own = own[np.isclose(own["dose"], dose)]
    value, low, high = (float(own[end].item()) for end in ("value", "low", "high"))
    return Number(value=value, low=low, high=high, unit=unit, at=at)


FIGURES: Final = (
    PaperFigure(
        number="dislocation-5e5",
        title="Table: the dislocation at 5e5 e/Å²",
        theirs="The caption of Fig. 3 says that its images are of 5e2 and 5e5 e/Å², the text of "
        "5e2 and 5e4.",
        claims=(22, 24),
        needs=f"nothing but this program; restores {2 * _REALIZATIONS} small images",
        draw=_draw,
    ),
)
