"""Tables of the command line, printed for readers or written as JSON."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import typer

import stembench
from bench.output.colours import Tone, console, told

Cell = str | int | float | bool | Path | Sequence[float] | Sequence[str] | Sequence[Path] | None

#: Version of the JSON of all commands. It grows when a key is renamed, removed, or changes its
#: meaning or unit; new keys leave it.
SCHEMA: Final = 1


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
        Headings for readers, by the keys in JSON, in the order of the cells. A key ends with the
        unit of its numbers.
    rows : tuple of tuple
        Cells, one tuple a row.
    tones : mapping
        What words of a column say, by its key: colour and sign for readers.
    shown : tuple of str
        Keys of the columns that readers are shown; all by default.
    """

    name: str
    title: str
    columns: dict[str, str]
    rows: tuple[tuple[Cell, ...], ...]
    tones: Mapping[str, Mapping[str, Tone]] = field(default_factory=dict)
    shown: tuple[str, ...] = ()


def table_of(name: str, rows: Sequence[Any], *, columns: Mapping[str, str]) -> OutputTable:
    """Table of things that have attributes, one row each.

    Parameters
    ----------
    name : str
        Its key in JSON.
    rows : sequence
    columns : mapping of str to str
        Attribute that each column shows, by its key in JSON.
    """
    return OutputTable(
        name=name,
        title="",
        columns={key: key for key in columns},
        rows=tuple(tuple(getattr(row, name) for name in columns.values()) for row in rows),
    )


def print_tables(
    tables: Sequence[OutputTable],
    *,
    command: str,
    as_json: bool = False,
    stderr: bool = False,
    facts: Mapping[str, Cell] | None = None,
) -> None:
    """Print tables, to standard output as JSON without colours if asked for.

    Parameters
    ----------
    tables : sequence of OutputTable
    command : str
        What prints them.
    as_json : bool
    stderr : bool
        Whether readers are told on standard error.
    facts : mapping, optional
        What stands beside the tables in JSON, by its key; readers are told of it otherwise.
    """
    if as_json:
        print_json(tables, command=command, facts=facts)
        return
    from rich.table import Table
    from rich.text import Text

    out = console(stderr=stderr)
    for table in tables:
        keys = table.shown or tuple(table.columns)
        # As texts, not as markup: names of files may hold brackets.
        printed = Table(title=Text(table.title) if table.title else None)
        for key in keys:
            printed.add_column(Text(table.columns[key]))
        for row in table.rows:
            cells = dict(zip(table.columns, row, strict=True))
            printed.add_row(*(_shown(table, key, cells[key], out.encoding) for key in keys))
        out.print(printed)


def print_json(
    tables: Sequence[OutputTable], *, command: str, facts: Mapping[str, Cell] | None = None
) -> None:
    """Write tables to standard output as JSON (`tables_json`)."""
    typer.echo(tables_json(tables, command=command, facts=facts))


def _shown(table: OutputTable, key: str, cell: Cell, encoding: str) -> Any:
    from rich.text import Text

    text = cell_text(cell)
    tone = table.tones.get(key, {}).get(text)
    if tone is None:
        return Text(text)
    return Text(told(tone, text, encoding=encoding), style=tone)


def tables_json(
    tables: Sequence[OutputTable], *, command: str, facts: Mapping[str, Cell] | None = None
) -> str:
    """Write tables as one JSON object.

    Returns
    -------
    str
        ``schema`` (version), ``stembench`` (version of the program), ``command``, the facts, and a
        list of rows by the name of each table, a row by the keys of its columns. What does not
        exist, such as NaN, is null.
    """
    return json.dumps(
        {
            "schema": SCHEMA,
            "stembench": stembench.__version__,
            "command": command,
            **{key: _plain(value) for key, value in (facts or {}).items()},
            **{
                table.name: [
                    {key: _plain(cell) for key, cell in zip(table.columns, row, strict=True)}
                    for row in table.rows
                ]
                for table in tables
            },
        },
        indent=2,
        ensure_ascii=False,
        allow_nan=False,
    )


def _plain(cell: Cell) -> Any:
    """Cell as JSON has it: no infinite number, and no type of NumPy."""
    if cell is None or isinstance(cell, (str, bool)):
        return cell
    if isinstance(cell, Path):
        return str(cell)
    if isinstance(cell, Sequence):
        return [_plain(value) for value in cell]
    number = cell.item() if hasattr(cell, "item") else cell
    return number if not isinstance(number, float) or math.isfinite(number) else None


def cell_text(cell: Cell) -> str:
    """Write a cell as the table for readers shows it."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:g}"
    if isinstance(cell, Sequence) and not isinstance(cell, str):
        return ", ".join(f"{one:g}" if isinstance(one, float) else str(one) for one in cell)
    return str(cell)
