"""Tables as JSON hold the cells that readers see."""

import json

import pytest

from bench.cli.inventory.tables import OutputTable, cell_text, tables_json
from tests.bench.cli.calling import call


def cells_shown(output: str) -> list[list[str]]:
    """Cells of the rows of all printed tables, headings left out."""
    rows = [line for line in output.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in row.strip("│").split("│")] for row in rows]


@pytest.mark.parametrize("arguments", [("list",), ("list", "-v"), ("doctor",)])
def test_json_holds_the_cells_of_the_table(arguments: tuple[str, ...]) -> None:
    written = json.loads(call(*arguments, "--json"))
    shown = cells_shown(call(*arguments, columns=1000))  # so wide that no cell is broken
    assert [
        [cell_text(cell) for cell in row.values()] for table in written.values() for row in table
    ] == shown
    assert len(shown) > 10


def test_json_is_plain_and_keeps_numbers() -> None:
    output = call("list", "--json")
    assert "\x1b" not in output
    first = json.loads(output)["cases"][0]
    assert first["case"] == "pt_bulk"
    assert first["doses"] == [500.0, 50000.0]
    assert isinstance(first["version"], int)


def test_a_row_of_the_wrong_length_is_no_table() -> None:
    table = OutputTable(name="one", title="", columns={"a": "a", "b": "b"}, rows=(("x",),))
    with pytest.raises(ValueError, match="shorter"):
        tables_json([table])
