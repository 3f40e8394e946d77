"""`--json`: every command that prints rows has it, and what it writes is of one kind."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from bench.cli.app import app
from bench.output.tables import SCHEMA
from noise.evidence.declarations import drawn_declarations
from tests.bench.cli.calling import call_json

ROOT = Path(__file__).parents[3]
COMMANDS = {
    command.name or command.callback.__name__.replace("_", "-"): command.callback
    for command in app.registered_commands
}
OPTIONS = {
    name: {option for each in command.params for option in each.opts}
    for name, command in typer.main.get_command(app).commands.items()
}
#: Commands that say sentences one after another (`fit` to a listener, which the search below does
#: not see), and whose table is a file that they write.
SENTENCES = {
    "fit": "columns.csv",
    "assess": "assessment.csv",
}
#: What writes a table to standard output whatever it is given.
TABLE_MAKERS = ("print_tables", "Table")
#: Ends of the names of functions that return several lines.
TEXTS = ("table", "tables", "lines", "power_text")


class Function(NamedTuple):
    """A function of this project, and the names that it can see."""

    place: str
    node: ast.AST
    names: dict[str, tuple[str, str]]


@cache
def module(name: str) -> tuple[dict[str, ast.AST], dict[str, tuple[str, str]]]:
    """Functions and classes of a module of bench, and what it imports from where."""
    path = ROOT / (name.replace(".", "/") + ".py")
    if not name.startswith("bench.") or not path.exists():
        return {}, {}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = {
        node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    return defined, imported(tree.body)


def imported(nodes: list[ast.stmt]) -> dict[str, tuple[str, str]]:
    return {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def reached(module_name: str, name: str, seen: set[tuple[str, str]]) -> Iterator[Function]:
    """A function and all functions of bench whose names stand in it, and in these."""
    if (module_name, name) in seen:
        return
    seen.add((module_name, name))
    defined, names = module(module_name)
    node = defined.get(name)
    if node is None:
        return
    inner = [each for each in ast.walk(node) if isinstance(each, ast.ImportFrom)]
    known = {**names, **imported(inner)}
    yield Function(f"{module_name}.{name}", node, known)
    own = {each.id for each in ast.walk(node)
           if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}  # fmt: skip
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id not in own:
            place = (module_name, each.id) if each.id in defined else known.get(each.id)
            if place is not None:
                yield from reached(*place, seen)


def echoes(node: ast.AST) -> Iterator[ast.Call]:
    """Calls below a node that write to standard output."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            name = each.func.attr if isinstance(each.func, ast.Attribute) else ""
            name = each.func.id if isinstance(each.func, ast.Name) else name
            quiet = any(keyword.arg == "err" for keyword in each.keywords)
            if name in ("echo", "secho", "print") and not quiet:
                yield each


def rows_printed(function: ast.AST) -> Iterator[int]:
    """Lines at which a function prints a table, or one line after another."""
    for node in ast.walk(function):
        if isinstance(node, (ast.For, ast.While, ast.ListComp, ast.GeneratorExp)):
            yield from (each.lineno for each in echoes(node))
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and called.id in TABLE_MAKERS:
            yield node.lineno
    for each in echoes(function):
        for part in ast.walk(each):
            if isinstance(part, ast.Constant) and part.value == "\n":
                yield each.lineno
            called = part.func if isinstance(part, ast.Call) else None
            if isinstance(called, ast.Name) and called.id.endswith(TEXTS):
                yield each.lineno


def prints_rows(command: str) -> list[str]:
    callback = inspect.unwrap(COMMANDS[command])
    return [
        f"{found.place}:{line}"
        for found in reached(callback.__module__, callback.__name__, set())
        for line in sorted(set(rows_printed(found.node)))
    ]


def test_every_command_that_prints_rows_has_the_option() -> None:
    found = {name: rows for name in COMMANDS if (rows := prints_rows(name))}
    # The search sees what is known to print tables, each in another way.
    assert set(found) >= {
        "list", "doctor", "check", "compare", "regression", "power", "plan", "noise-ranges",
        "figures", "noise-figures", "networks", "simulate", "convergence", "assess",
    }  # fmt: skip
    lacking = {
        name: rows
        for name, rows in found.items()
        if "--json" not in OPTIONS[name] and name not in SENTENCES
    }
    assert not lacking, f"these print rows and lack --json: {lacking}"
    assert all("--json" not in OPTIONS[name] for name in SENTENCES)


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ("for row in rows: typer.echo(row)", 1),
        ("for row in rows: typer.echo(row, err=True)", 0),
        ("typer.echo('\\n'.join(rows))", 1),
        ("typer.echo(range_table())", 1),
        ("print_tables([table])", 1),
        ("console.print(Table())", 1),
        ("typer.echo(f'Report: {page}')", 0),
    ],
)
def test_ways_to_print_rows(body: str, number: int) -> None:
    function = ast.parse(textwrap.dedent(f"def command():\n    {body}\n"))
    assert len(set(rows_printed(function))) == number


def test_the_same_option_means_the_same_everywhere() -> None:
    for name, options in OPTIONS.items():
        if "--json" in options:
            (option,) = (
                each
                for each in typer.main.get_command(app).commands[name].params
                if "--json" in each.opts
            )
            assert option.is_flag, name


def rows_of(written: dict[str, Any], command: str, *tables: str) -> list[list[dict[str, Any]]]:
    """Tables of what a command wrote, after a look at its frame."""
    assert written["schema"] == SCHEMA
    assert written["command"] == command
    assert [key for key, value in written.items() if isinstance(value, list)] == [*tables]
    for name in tables:
        assert len({tuple(row) for row in written[name]}) == 1  # one set of keys
    return [written[name] for name in tables]


def test_ranges_of_noise() -> None:
    ranges, chances = rows_of(call_json("noise-ranges"), "noise-ranges", "ranges", "probabilities")
    declared, probable = drawn_declarations()
    assert (len(ranges), len(chances)) == (len(declared), len(probable))
    jitter = next(row for row in ranges if row["parameter"] == "jitter.sigma")
    assert (jitter["low"], jitter["high"], jitter["unit"]) == (0.0025, 0.8, "Å")
    assert all(0 <= row["probability"] <= 1 for row in chances)


def test_findings_of_a_check() -> None:
    written = call_json("check", "raw")
    assert written["name"] == "raw"
    assert written.pop("failed") == []
    assert isinstance(written.pop("notes"), list)
    (findings,) = rows_of(written, "check", "findings")
    assert "pass" in {row["outcome"] for row in findings}
    assert {type(row["value"]) for row in findings} <= {float, int, type(None)}


def test_figures_that_are_lacking(tmp_path: Path) -> None:
    written = call_json("figures", "2", "-o", tmp_path, code=1)
    assert written["index"] == str(tmp_path / "figures.md")
    (figures,) = rows_of(written, "figures", "figures")
    assert [(row["number"], row["state"]) for row in figures] == [("2", "lacking")]


def test_files_that_were_drawn(tmp_path: Path) -> None:
    (files,) = rows_of(call_json("noise-figures", "jitter", "-o", tmp_path),
                       "noise-figures", "figures")  # fmt: skip
    assert files == [{"figure": "noise-jitter", "file": "noise-jitter.png"}]


@pytest.mark.slow
def test_networks_that_were_drawn(tmp_path: Path) -> None:
    written = call_json("networks", "discriminator", "-o", tmp_path)
    (networks,) = rows_of(written, "networks", "networks")
    assert [Path(file).suffix for file in networks[0]["files"]] == [".png", ".svg", ".csv"]
    assert networks[0]["parameters"] > networks[0]["layers"] > 1


def test_an_error_is_no_json() -> None:
    assert call_json("check", "no-such-restorer", code=2) is None
