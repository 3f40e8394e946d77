"""Tables of the command line, printed for readers or written as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import typer

Cell = str | int | float | Sequence[float] | None


@dataclass(frozen=True, kw_only=True)
class OutputTable:
    """One table of a command.

    Attributes
    ----------
    name : str
        Its key in JSON.
    title : str
        Its title for readers; empty for none.
    columns : dict of str to str
        Headings for readers, by the keys in JSON, in the order of the cells.
    rows : tuple of tuple
        Cells, one tuple a row.
    """

    name: str
    title: str
    columns: dict[str, str]
    rows: tuple[tuple[Cell, ...], ...]


def print_tables(tables: Sequence[OutputTable], *, as_json: bool = False) -> None:
    """Print tables to standard output, as JSON without colours if asked for."""
    if as_json:
        typer.echo(tables_json(tables))
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    for table in tables:
        shown = Table(*table.columns.values(), title=table.title or None)
        for row in table.rows:
            shown.add_row(*(escape(cell_text(cell)) for cell in row))
        console.print(shown)


def tables_json(tables: Sequence[OutputTable]) -> str:
    """Write tables as one JSON object: a list of rows by table, a row by the keys of columns."""
    return json.dumps(
        {
            table.name: [dict(zip(table.columns, row, strict=True)) for row in table.rows]
            for table in tables
        },
        indent=2,
        ensure_ascii=False,
        allow_nan=False,
    )


def cell_text(cell: Cell) -> str:
    """Write a cell as the table for readers shows it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, (int, float)):
        return f"{cell:g}" if isinstance(cell, float) else str(cell)
    return ", ".join(f"{value:g}" for value in cell)
