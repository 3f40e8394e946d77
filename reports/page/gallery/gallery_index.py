"""The index of the paper's figures: what each shows, the claims it stands for, and our verdict."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from reports.claims.registry import CLAIMS
from reports.figures.paper.paper_figure import PaperFigure
from reports.page.gallery.gallery_entry import GalleryEntry
from reports.records.run_folder import Run
from reports.words.numbers import quantity, seconds_text
from reports.words.tables import escape, markdown_grid

INDEX: Final = "figures.md"
_CLAIMS_FILE: Final = "claims.csv"
_LEAD: Final = (
    "Counterparts of the figures and tables of I. Lobato, T. Friedrich and S. Van Aert, npj "
    "Comput. Mater. 10, 10 (2024), doi:10.1038/s41524-023-01188-0, drawn by `stembench figures`. "
    "Each has a PDF for print, a PNG, and its numbers as CSV. Verdicts follow from intervals by "
    "rules that docs/claims.md explains; none is written by hand."
)


def index_text(
    figures: Sequence[PaperFigure],
    entries: Mapping[str, GalleryEntry | None],
    *,
    run: Run | None,
) -> str:
    """Write the index in Markdown.

    Parameters
    ----------
    figures : sequence of PaperFigure
        In the order of the index.
    entries : mapping of str to GalleryEntry or None
        What became of each by its number; None for one that was never asked for.
    run : Run or None
        Whose report judged the claims.
    """
    verdicts, told = _verdicts(run)
    lines = ["# Figures of the paper", "", _LEAD, "", told, ""]
    lines += ["| figure | state | |", "|---|---|---|"]
    for figure in figures:
        entry = entries[figure.number]
        state = entry.state if entry is not None else "not drawn"
        lines.append(f"| {_heading(figure)} | {state} | {_remark(figure, entry)} |")
    lines.append("")
    for figure in figures:
        lines += _section(figure, entries[figure.number], verdicts=verdicts)
    return "\n".join(lines)


def _heading(figure: PaperFigure) -> str:
    named = figure.number.removeprefix("table-").removeprefix("s")
    if figure.number.isdigit():
        return f"Fig. {named}"
    if figure.number.startswith("table-"):
        return f"Table {named}"
    return f"Suppl. Fig. {named}" if named.isdigit() else escape(figure.title)


def _remark(figure: PaperFigure, entry: GalleryEntry | None) -> str:
    if entry is None:
        return f"`stembench figures {figure.number}` draws it; needs {escape(figure.needs)}"
    return escape(entry.sentence or figure.title)


def _section(
    figure: PaperFigure, entry: GalleryEntry | None, *, verdicts: Mapping[int, str]
) -> list[str]:
    """Heading, picture, caption, claims and files of one figure."""
    heading = _heading(figure)
    title = figure.title if escape(figure.title) != heading else ""
    lines = [f"## {heading}{'. ' if title else ''}{escape(title)}", ""]
    if figure.theirs:
        lines += [f"*In the paper:* {escape(figure.theirs)}", ""]
    if entry is None or entry.state != "drawn":
        lines += [_remark(figure, entry), ""]
    else:
        pictures = [name for name in entry.files if name.endswith(".png")]
        lines += [f"![{heading}]({name})" for name in pictures] + ([""] if pictures else [])
        if entry.summary:
            header, *rows = entry.summary
            lines += [*markdown_grid(header, rows, left=(0,)), ""]
        lines += [escape(entry.caption), ""]
        if entry.sentence:
            lines += [f"**Not yet:** {escape(entry.sentence)}", ""]
        lines += [f"- source: {escape(source)}" for source in entry.sources]
    own = {finding.claim: finding for finding in entry.findings} if entry is not None else {}
    known = {claim.number: claim for claim in CLAIMS}
    for number in dict.fromkeys((*figure.claims, *own)):
        said = f"- claim {number}, {escape(known[number].text)}: "
        if number in own:
            told = own[number]
            rule = f". Rule: {told.rule}" if told.rule else ""
            said += f"**{told.outcome}** by this figure: {escape(told.text + rule)}"
            if number in verdicts and known[number].decided_by != figure.number:
                said += f"; by the report {verdicts[number]}"
        else:
            said += verdicts.get(number, "not judged: no report of the run is at hand")
        lines.append(said)
    if entry is not None and entry.files:
        where = f", from {escape(entry.run)}" if entry.run else ""
        where += f", drawn by {escape(entry.program)}" if entry.program else ""
        files = ", ".join(f"[{name}]({name})" for name in entry.files)
        lines += ["", f"{files}; {seconds_text(entry.seconds)}{where}"]
    return [*lines, ""]


def _verdicts(run: Run | None) -> tuple[dict[int, str], str]:
    """Verdict of each claim as the report of a run states it, and a sentence on whose they are."""
    if run is None:
        return {}, "No run folder was named, so that no claim is judged: name one with `--run`."
    path = run.folder / "report" / _CLAIMS_FILE
    if not path.exists():
        return {}, f"No claim is judged: `stembench report {run.folder}` judges them."
    rows = pd.read_csv(path, keep_default_na=False, na_values=[""])
    if set(rows.get("run", [])) != {run.origin.identity}:
        return {}, (
            f"No claim is judged: the report in `{run.folder}` is of another state of the run; "
            f"`stembench report {run.folder}` judges this one."
        )
    verdicts = {
        int(row["claim"]): _verdict(row)
        for row in rows.to_dict("records")
    }  # fmt: skip
    return verdicts, (
        f"Verdicts of the report of a run of profile {run.info.profile}, commit "
        f"{run.info.commit[:10]}, seed {run.info.seed}, and of figures where no run decides."
    )


def _verdict(row: Mapping[Any, Any]) -> str:
    """Verdict of a row of claims.csv with the number that decides it."""
    words = f"**{row['verdict']}**"
    if pd.notna(row["value"]):
        value, low, high = (float(str(row[name])) for name in ("value", "low", "high"))
        unit, at = (str(row[name]) if pd.notna(row[name]) else "" for name in ("unit", "at"))
        number = quantity(value, low, high, unit=unit) if abs(value) < float("inf") else "no bound"
        words += f" ({escape(f'{at}: ' if at else '')}{escape(number)})"
    if pd.notna(row.get("decided_by")) and str(row["decided_by"]) != "run":
        words += f" by {escape(str(row['decided_by']))}"
    if pd.notna(row["missing"]) and str(row["verdict"]) in ("no data", "undecided"):
        words += f", needs {escape(str(row['missing']))}"
    return words
