"""The leaderboard for readers: one table per case, rounded to what the intervals support."""

import math
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from reports.metrics.kept.resolution import CONTRAST_FLOOR, MOST_BELOW, NOT_RESOLVED
from reports.metrics.table import GATE_METRICS
from reports.records.run_folder import Run
from reports.summaries.board_columns import BoardColumn, board_columns
from reports.summaries.information_rank import INFORMATION, INFORMATION_COLUMNS
from reports.words.numbers import plain, tabulated
from reports.words.sentences import edit_size
from reports.words.tables import Table

#: Shown in place of a rank.
NO_RANK: Final = "–"
#: Shown where no information is left.
NONE: Final = "none"
#: Marks a restorer that could not restore some image.
FAILED: Final = "†"


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
    columns = (*INFORMATION_COLUMNS, *board_columns())
    shown = [column for column in columns if rows[column.name].notna().any()]
    replaced = {column.replaces for column in shown}
    shown = [column for column in shown if column.name not in replaced]
    timed = rows["seconds_per_image"].notna().any()
    weighed = rows["memory_bytes"].notna().any()
    lines = []
    for row in rows.to_dict("records"):
        beside = run.restorers.is_beside(row["restorer"])
        mark = FAILED if row["failed_images"] else ""
        mark += f", {NOT_RESOLVED}" if row["unresolved"] else ""
        cells = [
            NO_RANK if pd.isna(row["rank"]) else str(row["rank"]),
            f"{run.restorers.label(row['restorer'])}{mark}",
        ]
        cells += [_value(row, column) for column in shown]
        cells.append(f"{row['n_failed']} of {row['n_fits']}")
        if timed:
            cells.append("" if beside else plain(row["seconds_per_image"]))
        if weighed:
            cells.append("" if beside else plain(row["memory_bytes"] / 2**20))
        lines.append(tuple(cells))
    header = ["rank", "restorer", *(column.heading for column in shown), "failed fits"]
    header += ["s per image"] if timed else []
    header += ["memory (MiB)"] if weighed else []
    return Table(
        title=run.title(case),
        note=_note(run, rows),
        header=tuple(header),
        rows=tuple(lines),
        n_labels=2,
    )


def _value(row: Mapping[Any, Any], column: BoardColumn) -> str:
    name = column.name
    value, low, high = (column.factor * row[end] for end in (name, f"{name}_low", f"{name}_high"))
    if math.isinf(value):
        return NONE
    return "" if math.isnan(value) else tabulated(value, low, high)


def _ranked_by(score: str) -> str:
    """Say what the rank is by."""
    if score == INFORMATION:
        return (
            "Ranked by scatter over response (geometric mean of position and SCS, over the bound): "
            "the change that equals the scatter; 'none' where the response cannot be told from 0"
        )
    return f"Ranked by {GATE_METRICS[score].label}"


def _note(run: Run, rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    n_cells = int(first["n_cells"])
    sample = f"{first['n_realizations']} realizations"
    if first["score"] == INFORMATION and rows["rank"].isna().all() and run.complete:
        needed = run.case(str(first["case"])).study.information
        if needed in run.info.cases:
            return (
                f"Not ranked: of the edited images of case '{needed}' no restorer has three "
                "realizations or more of every change that it is judged by."
            )
        return (
            f"Not ranked: this run has no edited images (case '{needed}'), which tell how much of "
            "a change a restored image passes on. Scatter alone can be had for nothing, by drawing "
            "the perfect crystal."
        )
    parts = [
        _ranked_by(first["score"]),
        "restorers share a rank if the 95 % interval of their paired difference includes zero",
        f"mean of {n_cells} images and doses (geometric for RMSE), {sample} each (95 % interval)"
        if n_cells > 1
        else f"{sample} (95 % interval)",
    ]
    note = "; ".join(parts) + "."
    edited = run.case(str(first["case"])).study.information
    if first["score"] == INFORMATION and edited in run.info.cases:
        study = run.case(edited).study
        sizes = " and ".join(edit_size(name) for name in study.judged_edits)
        note += (
            " A rigid shift, or any change of the image that leaves response and scatter alone, "
            f"ties with raw in this rank, which uses changes of {sizes} alone."
        )
    if rows["seconds_per_image"].notna().any():
        note += " Seconds: restoration on one thread, shared among cases by pixels."
    if rows["memory_bytes"].notna().any():
        note += " Memory: the most that restoring added to its process."
    beside = rows[rows["restorer"].map(run.restorers.is_beside)]
    if len(beside):
        fewest = int(beside["n_realizations"].min())
        note += (
            " Fits of the raw images that are told how scan lines move stand last and are not "
            f"ranked: no restorer is told that; over {fewest} realizations."
        )
    if rows["unresolved"].any():
        note += (
            f" '{NOT_RESOLVED}': at some image and dose images keep less than "
            f"{100 * CONTRAST_FLOOR:g} % of the contrast in the mean, or more than "
            f"{100 * MOST_BELOW:g} % of them do; ranked behind all others, without position, count "
            "and SCS."
        )
    if not run.complete:
        note += " The run is incomplete, so nothing is ranked."
    elif rows["failed_images"].any():
        note += f" {FAILED} could not restore every image and is not ranked."
    return note
