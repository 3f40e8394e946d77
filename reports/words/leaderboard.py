"""The leaderboard for readers: one table per case, rounded to what the intervals support."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from reports.names import styles
from reports.records.run_folder import Run
from reports.words.numbers import plain, quantity
from reports.words.tables import Table

#: Column of the leaderboard, heading, factor for readers.
_QUANTITIES = (
    ("position_over_bound", "RMSE of position / bound", 1.0),
    ("position_rmse_pm", "RMSE of position (pm)", 1.0),
    ("position_bias_share", "bias² of position / MSE (%)", 100.0),
    ("scs_over_bound", "RMSE of SCS / bound", 1.0),
    ("scs_rmse_pct", "RMSE of SCS (%)", 1.0),
    ("scs_bias_share", "bias² of SCS / MSE (%)", 100.0),
    ("count_accuracy", "columns counted right (%)", 100.0),
    ("defect_error", "error at defects", 1.0),
    ("vacancy_fidelity", "fidelity of vacancies", 1.0),
)
_SCORES = {
    "count_accuracy": "columns counted right",
    "defect_error": "the error at defects (RMS of SCS found less true deviation, over the true)",
    "position_rmse": "the RMSE of position",
    "scs_rmse": "the RMSE of SCS",
}
#: Shown in place of a rank.
NO_RANK = "–"
#: Marks a restorer that could not restore some image.
FAILED = "†"


def leaderboard_tables(run: Run, board: pd.DataFrame) -> list[Table]:
    """Tables of `reports.summaries.leaderboard.leaderboard`.

    Parameters
    ----------
    run : Run
    board : pandas.DataFrame

    Returns
    -------
    list of Table
        Quantities that no restorer of a case has are left out, and an RMSE where its ratio to the
        bound stands.
    """
    return [_table(run, str(case), rows) for case, rows in board.groupby("case", sort=False)]


def _table(run: Run, case: str, rows: pd.DataFrame) -> Table:
    shown = [q for q in _QUANTITIES if rows[q[0]].notna().any()]
    names = {name for name, _, _ in shown}
    beside = {"position_rmse_pm": "position_over_bound", "scs_rmse_pct": "scs_over_bound"}
    shown = [q for q in shown if beside.get(q[0]) not in names]
    timed = rows["seconds_per_image"].notna().any()
    weighed = rows["memory_bytes"].notna().any()
    looks = styles(rows["restorer"].unique())
    made = []
    for row in rows.to_dict("records"):
        mark = FAILED if row["failed_images"] else ""
        cells = [
            NO_RANK if pd.isna(row["rank"]) else str(row["rank"]),
            f"{looks[row['restorer']].label}{mark}",
        ]
        cells += [_value(row, name, factor) for name, _, factor in shown]
        cells.append(f"{row['n_failed']} of {row['n_fits']}")
        if timed:
            cells.append(plain(row["seconds_per_image"]))
        if weighed:
            cells.append(plain(row["memory_bytes"] / 2**20))
        made.append(tuple(cells))
    header = ["rank", "restorer", *(heading for _, heading, _ in shown), "failed fits"]
    header += ["s per image"] if timed else []
    header += ["memory (MiB)"] if weighed else []
    return Table(
        title=run.title(case),
        note=_note(run, rows),
        header=tuple(header),
        rows=tuple(made),
        n_labels=2,
    )


def _value(row: Mapping[Any, Any], name: str, factor: float) -> str:
    value, low, high = (factor * row[end] for end in (name, f"{name}_low", f"{name}_high"))
    if math.isnan(value):
        return ""
    text = quantity(value, low, high)
    return text if low < 0 else text.replace(" to ", "–")


def _note(run: Run, rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    cells = int(first["n_cells"])
    parts = [
        f"Ranked by {_SCORES[first['score']]}",
        "restorers share a rank if the 95 % interval of their paired difference includes zero",
        f"mean of {cells} images and doses (geometric for RMSE), {first['n_realizations']}"
        " realizations each (95 % interval)" if cells > 1
        else f"{first['n_realizations']} realizations (95 % interval)",
    ]  # fmt: skip
    said = "; ".join(parts) + "."
    if rows["seconds_per_image"].notna().any():
        said += " Seconds: restoration on one thread, shared among cases by pixels."
    if rows["memory_bytes"].notna().any():
        said += " Memory: the most that restoring added to its process."
    if not run.complete:
        said += " The run is incomplete, so nothing is ranked."
    elif rows["failed_images"].any():
        said += f" {FAILED} could not restore every image and is not ranked."
    return said
