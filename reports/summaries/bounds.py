"""Bounds of a run averaged over measured columns, in the units of the metrics beside them."""

from typing import Final

import numpy as np
import pandas as pd

from reports.records.bounds import BOUND_KINDS, BOUNDS_FILE, RECORDED, read_bounds
from reports.records.run_folder import Run

#: What tells the rows of a summary of bounds apart.
BOUND_CELL: Final = ("case", "image", "thickness", "dose", "kind")
#: Column of the summary that a metric is held against.
BOUND_OF: Final = {
    "scs_std_pct": "scs_pct",
    "position_std_pm": "position_pm",
    "position_mae_pm": "distance_pm",
    "position_mae_unshifted_pm": "distance_pm",
}
_PM_PER_ANGSTROM: Final = 100.0
_CELL: Final = ["case", "image", "dose"]


def summarise_bounds(run: Run) -> pd.DataFrame:
    """Average the bounds of a run over the measured columns of each image.

    Parameters
    ----------
    run : Run

    Returns
    -------
    pandas.DataFrame
        One row per case, image, dose and kind, in the order of `BOUND_KINDS`: `BOUND_CELL`,
        position_pm (root mean square of x and y: per axis), distance_pm (mean length of a Gaussian
        error), scs_pct (root mean square of SCS / SCS_ref), n_columns, known (what is taken as
        known). NaN where a kind does not state it. The records' own bound stands first.
    """
    records = run.records[run.records["measured"]]
    columns = records.drop_duplicates([*_CELL, "column"]).set_index([*_CELL, "column"])
    own = columns[["x_crb", "y_crb", "scs_crb"]].set_axis(["x", "y", "scs"], axis=1)
    parts = [own.dropna(how="all").assign(kind=RECORDED.name, distance=np.nan).reset_index()]
    there = None
    if run.listed(BOUNDS_FILE):
        there = read_bounds(run.folder, origin=run.origin)
    if there is not None:
        parts.append(there)
    rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    known = columns[["sampling", "scs_ref", "thickness"]]
    rows = rows.join(known, on=[*_CELL, "column"], how="inner").reset_index(drop=True)
    pm = _PM_PER_ANGSTROM * rows["sampling"]
    rows = rows.assign(
        position_pm=pm**2 * (rows["x"] ** 2 + rows["y"] ** 2) / 2,
        distance_pm=pm * rows["distance"],
        scs_pct=1e4 * (rows["scs"] / rows["scs_ref"]) ** 2,
        kind=pd.Categorical(rows["kind"], list(BOUND_KINDS)),
    )
    out = (
        rows.groupby(list(BOUND_CELL), observed=True)
        .agg(
            position_pm=("position_pm", _mean),
            distance_pm=("distance_pm", _mean),
            scs_pct=("scs_pct", _mean),
            n_columns=("column", "nunique"),
        )
        .reset_index()
    )
    out[["position_pm", "scs_pct"]] = np.sqrt(out[["position_pm", "scs_pct"]])
    out["kind"] = out["kind"].astype("str")
    return out.assign(known=[BOUND_KINDS[kind].known for kind in out["kind"]])


def _mean(values: "pd.Series[float]") -> float:
    """Mean that a column without a bound makes NaN."""
    return float(values.mean(skipna=False))


def drawn_bounds(bounds: pd.DataFrame, *, case: str, metric: str) -> pd.DataFrame:
    """Rows that are drawn in the panel of a metric, the bound itself in column `value`."""
    kinds = [kind.name for kind in BOUND_KINDS.values() if metric in kind.drawn_with]
    rows = bounds[(bounds["case"] == case) & bounds["kind"].isin(kinds)]
    return rows.assign(value=rows[BOUND_OF[metric]]) if metric in BOUND_OF else rows.iloc[:0]
