"""Tables as JSON hold the cells that readers see."""

import json
from pathlib import Path

import numpy as np
import pytest

import stembench
from bench.output.colours import Tone, sign
from bench.output.tables import SCHEMA, OutputTable, cell_text, print_tables, tables_json
from tests.bench.cli.calling import call


def cells_shown(output: str) -> list[list[str]]:
    """Cells of the rows of all printed tables, headings left out."""
    rows = [line for line in output.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in row.strip("│").split("│")] for row in rows]


@pytest.mark.parametrize("arguments", [("list",), ("list", "-v"), ("doctor",)])
def test_json_holds_the_cells_of_the_table(arguments: tuple[str, ...]) -> None:
    written = json.loads(call(*arguments, "--json"))
    shown = cells_shown(call(*arguments, columns=1000))  # so wide that no cell is broken
    signs = {f"{sign(tone, 'utf-8')} " for tone in Tone}
    bare = [[cell[2:] if cell[:2] in signs else cell for cell in row] for row in shown]
    tables = [table for table in written.values() if isinstance(table, list)]
    assert [[cell_text(cell) for cell in row.values()] for table in tables for row in table] == bare
    assert len(shown) > 10


def test_json_is_plain_and_keeps_numbers() -> None:
    output = call("list", "--json")
    assert "\x1b" not in output
    first = json.loads(output)["cases"][0]
    assert first["case"] == "pt_bulk"
    assert first["doses_e_per_A2"] == [500.0, 50000.0]
    assert isinstance(first["version"], int)


def test_json_says_what_it_is() -> None:
    written = json.loads(call("list", "--json"))
    assert (written["schema"], written["command"]) == (SCHEMA, "list")
    assert written["stembench"] == stembench.__version__


def test_what_does_not_exist_is_null() -> None:
    table = OutputTable(
        name="one",
        title="",
        columns={"a_pm": "a", "b": "b", "c": "c", "d": "d"},
        rows=((np.float64("nan"), [np.inf, 1.5], np.int64(3), Path("x")),),
    )
    written = json.loads(tables_json([table], command="made", facts={"wall_s": float("inf")}))
    assert written["one"] == [{"a_pm": None, "b": [None, 1.5], "c": 3, "d": "x"}]
    assert written["wall_s"] is None


def test_names_with_brackets_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    table = OutputTable(name="one", title="[t]", columns={"a": "[h]"}, rows=(("[bold]x",),))
    print_tables([table], command="made")
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("[t]", "[h]", "[bold]x"))


def test_a_row_of_the_wrong_length_is_no_table() -> None:
    table = OutputTable(name="one", title="", columns={"a": "a", "b": "b"}, rows=(("x",),))
    with pytest.raises(ValueError, match="shorter"):
        tables_json([table], command="made")
