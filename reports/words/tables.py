"""Tables of a summary: full precision to CSV, rounded for readers in Markdown and on the page."""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from reports.metrics.cells import MOST_AT_LIMIT
from reports.metrics.table import METRICS, metrics_of
from reports.records.run_folder import Run
from reports.words.numbers import dose_text, metric_cell

#: A table for readers shows at most this many thicknesses; the CSV has all.
SHOWN_THICKNESSES: Final = 6
#: Marks rows whose fits ended at a limit too often for a ratio to the bound.
AT_LIMIT_MARK: Final = " ‡"


@dataclass(frozen=True)
class Table:
    """A table of text for readers.

    Attributes
    ----------
    title : str
    note : str
        What its numbers are.
    header : tuple of str
    rows : tuple of tuple of str
        The first `n_labels` cells of a row are labels.
    n_labels : int
    """

    title: str
    note: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_labels: int


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame to CSV with every digit it has; NaN is an empty field."""
    frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def headline(run: Run, summary: pd.DataFrame, *, case: str) -> Table:
    """Table of a case's main metrics, one row per image, dose and restorer.

    Parameters
    ----------
    run : Run
        Gives the title of the case, the metrics of its headline and the restorers' names.
    summary : pandas.DataFrame
        Of the whole run.
    case : str
        Name of the case.

    Returns
    -------
    Table
        Values with their 95 % intervals, rounded to what the intervals support.
    """
    rows = summary[summary["case"] == case]
    thicknesses = np.unique(rows["thickness"].to_numpy())
    several = len(thicknesses) > 1
    kept = shown_thicknesses(rows)
    rows = rows[rows["thickness"].isin(kept)]
    present = set(rows["metric"])
    names = [name for name in run.case(case).study.headline if name in present]
    lines = []
    for _, point in rows.groupby(["thickness", "dose"]):
        dose = float(point["dose"].iloc[0])
        limited = limited_names(point)
        for restorer in run.restorers.order(point["restorer"].unique()):
            metrics = point[point["restorer"] == restorer].set_index("metric")
            mark = AT_LIMIT_MARK if restorer in limited else ""
            labels = [dose_text(dose), f"{run.restorers.label(restorer)}{mark}"]
            if several:
                labels.insert(0, str(metrics["thickness"].iloc[0]))
            cells = (
                failures(metrics) if n == "failure_rate" else metric_cell(metrics, n) for n in names
            )
            lines.append((*labels, *cells, sample_size(metrics)))
    heads = (["thickness (atoms)"] if several else []) + ["dose (e/Å²)", "restorer"]
    note = (
        "Value (95 % interval). "
        + limit_note([line[len(heads) - 1] for line in lines])
        + (
            f"{len(kept)} of {len(thicknesses)} thicknesses; summary.csv has all."
            if len(kept) < len(thicknesses)
            else "summary.csv has every metric at full precision."
        )
    )
    return Table(
        title=run.title(case),
        note=note,
        header=(*heads, *map(_heading, names), "n: realizations × columns"),
        rows=tuple(lines),
        n_labels=len(heads),
    )


def limited_names(rows: pd.DataFrame) -> set[str]:
    """Restorers of which too many fits of a cell ended at a limit.

    Parameters
    ----------
    rows : pandas.DataFrame
        Summary rows of one case, image and dose.
    """
    rates = rows[(rows["metric"] == "at_limit_rate") & (rows["value"] > MOST_AT_LIMIT)]
    return set(rates["restorer"])


def limit_note(marked: Sequence[str]) -> str:
    """Explain the mark where any label carries it."""
    if not any(label.endswith(AT_LIMIT_MARK) for label in marked):
        return ""
    return (
        f"{AT_LIMIT_MARK.strip()}: more than {100 * MOST_AT_LIMIT:g} % of the fits ended with a "
        "parameter at its limit, so that no ratio to the bound is given. "
    )


def shown_thicknesses(rows: pd.DataFrame) -> list[int]:
    """Thicknesses among summary rows that a table for readers shows, evenly picked."""
    present = np.unique(rows["thickness"].to_numpy())
    picked = np.linspace(0, len(present) - 1, SHOWN_THICKNESSES).round().astype(int)
    return [int(number) for number in present[np.unique(picked)]]


def _heading(name: str) -> str:
    """Heading of a metric's column; failed fits are numbers."""
    return METRICS[name].label if name == "failure_rate" else METRICS[name].heading


def failures(metrics: pd.DataFrame) -> str:
    """Failed fits of all, from the summary rows of one cell."""
    first = metrics.iloc[0]
    return f"{first['n_failed']} of {first['n_failed'] + first['n_fits']}"


def sample_size(metrics: pd.DataFrame) -> str:
    """Realizations times columns, from the summary rows of one cell."""
    first = metrics.iloc[0]
    return f"{first['n_realizations']} × {first['n_columns']}"


def metric_table() -> Table:
    """Table of the definitions of all metrics of a run."""
    words = {"lower": "lower", "higher": "higher", "zero": "nearer to 0", None: ""}
    return Table(
        title="Metrics",
        note="Name in the CSV files, unit, what is better, definition over measured columns.",
        header=("metric", "unit", "better", "definition"),
        rows=tuple(
            (metric.name, metric.unit, words[metric.direction], metric.definition)
            for metric in metrics_of(
                "columns",
                "counts",
                "defects",
                "core",
                "distance",
                "search",
                "intensity",
                "response",
            )
        ),
        n_labels=1,
    )


def markdown(table: Table) -> str:
    """Write a table in Markdown under its title and note."""
    grid = markdown_grid(table.header, table.rows, left=range(table.n_labels))
    return "\n".join([f"### {escape(table.title)}", "", escape(table.note), "", *grid]) + "\n"


def markdown_grid(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, left: Container[int]
) -> list[str]:
    """Lines of a Markdown table (GitHub's), all of its text escaped.

    Parameters
    ----------
    header : sequence of str
    rows : sequence of sequence of str
        Each as long as the header.
    left : container of int
        Columns that are aligned left, counted from 0; the others are aligned right.
    """
    rule = ["---" if number in left else "---:" for number in range(len(header))]
    lines = [[escape(text) for text in header], rule]
    lines += [[escape(text) for text in row] for row in rows]
    return [f"| {' | '.join(line)} |" for line in lines]


#: What Markdown or HTML takes for markup within a line. An underscore within a word is none.
_MARKUP: Final = re.compile(r"[\\|`*~$<]|&(?=#?\w+;)|(?<=\])\(|(?<![^\W_])_|_(?![^\W_])")
_LINE_BREAK: Final = re.compile(r"\s*[\r\n]\s*")


def escape(text: str) -> str:
    """Escape text for Markdown, so that it is shown as it is; a line break becomes a space."""
    return _MARKUP.sub(_escaped, _LINE_BREAK.sub(" ", text))


def _escaped(match: re.Match[str]) -> str:
    mark = match.group()
    return {"<": "&lt;", "&": "&amp;"}.get(mark, f"\\{mark}")


def flatten(settings: Mapping[str, object], *, prefix: str = "") -> list[tuple[str, str]]:
    """Nested settings as rows of dotted names and values.

    Parameters
    ----------
    settings : mapping
        As read from JSON, or a description's (`stembench.describe.as_plain`), which keeps tuples.
    prefix : str
        Name of the mapping itself.

    Returns
    -------
    list of tuple of str
        None reads 'none'; lists of plain values stand in one row, numbers keep all their digits.
    """
    rows: list[tuple[str, str]] = []
    for key, value in settings.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            rows += flatten(value, prefix=name) or [(name, "none")]
        elif isinstance(value, list | tuple) and any(
            isinstance(item, Mapping | list | tuple) for item in value
        ):
            rows += flatten({str(i): item for i, item in enumerate(value)}, prefix=name)
        elif isinstance(value, list | tuple):
            rows.append((name, ", ".join(map(_written, value)) or "none"))
        else:
            rows.append((name, _written(value)))
    return rows


def _written(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
