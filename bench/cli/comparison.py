"""Comparison of two versions of a restorer: find both sides, judge, print, write, exit code."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bench.output.colours import Tone, console
from bench.output.gate_tables import verdict_tables
from bench.output.tables import print_json
from reports import (
    SHOWN_FIRST,
    Evidence,
    GateResult,
    GateRow,
    Margins,
    Matrix,
    MatrixField,
    Restoring,
    Verdict,
    cell_text,
    change_text,
    chosen,
    closing_text,
    deciding,
    default_margins,
    evidence_of_run,
    judge_versions,
    legend,
    load_margins,
    matrices,
    metric_text,
    needed_text,
    open_run,
    ordered,
    read_baseline,
    value_text,
    write_comparison_page,
    write_csv,
    write_junit,
    write_markdown,
)
from stembench.errors import InputError

PASSED: Final = 0
REGRESSED: Final = 1
REFUSED: Final = 2
UNDECIDED: Final = 3

_TONES: Final = {
    Verdict.WORSE: Tone.BAD,
    Verdict.NOT_COMPARABLE: Tone.BAD,
    Verdict.INCONCLUSIVE: Tone.DOUBTFUL,
    Verdict.BETTER: Tone.GOOD,
    Verdict.EQUIVALENT: Tone.QUIET,
}
#: Verdicts whose rows are printed below the matrix: they stop a change, so one must see why.
_GRAVE: Final = (Verdict.NOT_COMPARABLE, Verdict.WORSE)
#: Most of them.
_MOST: Final = 12
#: Cases beside each other in 80 columns.
_CASES_ABREAST: Final = 4


@dataclass(frozen=True)
class Outputs:
    """Files that a result is written to; None writes none."""

    junit: Path | None = None
    markdown: Path | None = None
    csv: Path | None = None
    page: Path | None = None


def sides(
    old: str, new: str, *, run: Path | None, restorers: tuple[str | None, str | None]
) -> list[tuple[Evidence, Evidence]]:
    """Read the two sides of a comparison.

    Parameters
    ----------
    old, new : str
        Run folders or baseline files; with `run` the names of two restorers of that run.
    run : Path or None
    restorers : tuple of str or None
        Restorer of the old and of the new side. Without names all restorers that both runs have
        beside raw are compared, whichever engine they ran on; if there are none, the only one of
        each.

    Raises
    ------
    InputError
        If a side does not exist or it is not clear which restorer is meant.
    """
    if run is not None:
        within = evidence_of_run(open_run(run))
        if old == new:
            raise InputError(f"the two restorers are the same: {old}")
        return [(chosen(within, old, which=str(run)), chosen(within, new, which=str(run)))]
    before, after = _side(old), _side(new)
    wanted_old, wanted_new = restorers
    if wanted_old is None and wanted_new is None:
        shared = [
            (before[name], after[other])
            for name in before
            if not before[name].is_control and (other := _same_network(before[name], after))
        ]
        if shared:
            return shared
    first = chosen(before, wanted_old, which=f"the old side {old}")
    return [(first, chosen(after, wanted_new, which=f"the new side {new}"))]


def _same_network(wanted: Evidence, sides: dict[str, Evidence]) -> str:
    """Name of the same restorer on the other side, on another engine if need be; '' for none.

    An engine of the same precision comes before others, and two of them are none: which is meant?
    """
    if wanted.restorer in sides:
        return wanted.restorer
    named = [name for name, side in sides.items() if side.network == wanted.network]
    alike = [name for name in named if sides[name].precision == wanted.precision]
    for found in (alike, named):
        if len(found) == 1:
            return found[0]
    return ""


def _side(name: str) -> dict[str, Evidence]:
    path = Path(name)
    if path.is_file():
        evidence = read_baseline(path)
        return {evidence.restorer: evidence}
    if not path.exists():
        raise InputError(
            f"there is no run folder or baseline file {name}; to compare two restorers of one run"
            " add --run FOLDER"
        )
    return evidence_of_run(open_run(path))


def margins_from(path: Path | None) -> Margins:
    """Margins of a file, or the default ones."""
    return default_margins() if path is None else load_margins(path)


def judge_and_print(
    pairs: list[tuple[Evidence, Evidence]],
    *,
    margins: Margins,
    strict: bool,
    common: bool,
    outputs: Outputs,
    detail: bool,
    as_json: str = "",
    restored: Restoring | None = None,
) -> int:
    """Judge new versions against old ones, write and print the result, and return the exit code.

    Parameters
    ----------
    pairs : list of (Evidence, Evidence)
        Old and new, of `sides`.
    margins : Margins
    strict : bool
        Whether an undecided result has an exit code of its own.
    common : bool
        Whether images and doses that the new side did not run are left out.
    outputs : Outputs
        Files to write.
    detail : bool
        Whether every row is printed below the matrix.
    as_json : str
        Command that writes the result as JSON to standard output in place of that; '' for none.
    restored : callable, optional
        Restores raw images by the old side for the page, where that is a baseline file.

    Raises
    ------
    InputError
        If a side is incomplete or the two share no image and dose.
    """
    result = judge_versions(pairs, margins, common=common)
    if outputs.junit:
        write_junit(result, outputs.junit, strict=strict)
    if outputs.markdown:
        write_markdown(result, outputs.markdown, alpha=margins.alpha)
    if outputs.csv:
        write_csv(result, outputs.csv)
    if outputs.page:
        write_comparison_page(result, pairs, outputs.page, margins=margins, restored=restored)
    if as_json:
        tables, facts = verdict_tables(result, alpha=margins.alpha)
        print_json(tables, command=as_json, facts=facts)
    else:
        _print(result, alpha=margins.alpha, detail=detail)
    return exit_code(result, strict=strict)


def exit_code(result: GateResult, *, strict: bool) -> int:
    """Exit code: 0 passed, 1 regressed, 2 not comparable, 3 undecided (only with `strict`)."""
    if result.verdict is Verdict.NOT_COMPARABLE:
        return REFUSED
    if result.verdict is Verdict.WORSE:
        return REGRESSED
    return UNDECIDED if strict and result.verdict is Verdict.INCONCLUSIVE else PASSED


def _print(result: GateResult, *, alpha: float, detail: bool) -> None:
    """Print the verdict, the matrix, and the rows that decided; with `detail` every row."""
    out = console()
    pairs = matrices(result)
    out.print(Text(closing_text(result, alpha=alpha), style="bold"))
    out.print(Text(f"Old: {result.old}. New: {result.new}."))
    for note in result.notes:
        out.print(Text(f"Note: {note}."))
    for matrix in pairs:
        _print_matrix(out, matrix, several=len(pairs) > 1)
    out.print(Text(f"{legend()}; the gravest of a case, and its pooled change."))
    if detail:
        shown = ordered(result.rows, (*SHOWN_FIRST, Verdict.EQUIVALENT))
        for case in dict.fromkeys(row.case for row in shown):
            rows = [row for row in shown if row.case == case]
            out.print(_table(case, rows, several=len(pairs) > 1))
        return
    decided = deciding(result) if result.verdict in _GRAVE else []
    if decided:
        out.print(Text(f"\nWhat is {result.verdict.value}:"))
    for row in decided[:_MOST]:
        out.print(Padding(_line(row, several=len(pairs) > 1), (0, 0, 0, 2)))
    left = len(result.rows) - len(decided[:_MOST])
    more = f" ({len(decided) - _MOST} of them decided too)" if len(decided) > _MOST else ""
    out.print(Text(f"{left} more rows{more}: --verbose shows them."))


def _line(row: GateRow, *, several: bool) -> Text:
    """A row that decided, as a sentence."""
    names = f"{row.restorer_old} / {row.restorer_new}, " if several else ""
    old, new = value_text(row, row.old), value_text(row, row.new)
    values = f" {old} to {new}," if old and new else ""
    parts = [change_text(row), f"n = {row.n}", *([row.why] if row.why else [])]
    where = f"{names}{row.case}, {cell_text(row)}"
    return Text(f"{where}: {metric_text(row)}{values} {', '.join(part for part in parts if part)}")


def _print_matrix(out: Console, matrix: Matrix, *, several: bool) -> None:
    """Print a matrix, as many cases beside each other as fit 80 columns."""
    for first in range(0, len(matrix.cases), _CASES_ABREAST):
        shown = slice(first, first + _CASES_ABREAST)
        table = Table(
            title=f"{matrix.old} / {matrix.new}" if several else None,
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            padding=(0, 1, 0, 0),
        )
        table.add_column("change of", width=21)
        for case in matrix.cases[shown]:
            # underscores as spaces, so that a long name breaks between its words
            table.add_column(case.replace("_", " "), width=12)
        for label, fields in matrix.rows:
            if any(field is not None for field in fields[shown]):
                table.add_row(label, *(_field_text(field) for field in fields[shown]))
        out.print(table)


def _field_text(field: MatrixField | None) -> Text:
    return Text("") if field is None else Text(field.text, style=_TONES[field.verdict])


def _table(case: str, rows: list[GateRow], *, several: bool) -> Table:
    table = Table(title=case, box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("verdict", no_wrap=True)
    for name in (*(("restorer",) if several else ()), "cell", "metric"):
        table.add_column(name)
    for name in ("old", "new", "change (95 %)", "n"):
        table.add_column(name, justify="right")
    table.add_column("note")
    for row in rows:
        name = (
            row.restorer_new
            if row.restorer_new == row.restorer_old
            else f"{row.restorer_old} / {row.restorer_new}"
        )
        needed = needed_text(row)
        table.add_row(
            Text(row.verdict.value, style=_TONES[row.verdict]),
            *((Text(name),) if several else ()),
            Text(cell_text(row)),
            Text(metric_text(row)),
            value_text(row, row.old),
            value_text(row, row.new),
            Text(change_text(row)),
            str(row.n),
            Text(
                "; ".join(part for part in (row.why, f"{needed} needed" if needed else "") if part)
            ),
        )
    return table
