"""The table of speed: ratios of one run, what has fallen, and rows that name real benchmarks."""

import json
import re
from pathlib import Path

import pytest

from tests.loaded_script import loaded_script

SPEED = Path(__file__).parents[3] / "bench" / "speed"


def measured(**seconds: float) -> dict[str, object]:
    return {
        "benchmarks": [{"name": name, "stats": {"min": value}} for name, value in seconds.items()],
        "machine_info": {"machine": "x86_64", "processor": "", "python_version": "3.11.7"},
        "datetime": "2026-11-27T07:00:00",
    }


COUNTING = {"test_counting[tables-20.0]": 1.0, "test_counting[numpy-20.0]": 4.0}


def test_a_row_is_the_ratio_of_one_run() -> None:
    (row,) = loaded_script("bench/speed/speed_table.py").rows_of(measured(**COUNTING))
    assert row["ratio"] == 4.0
    assert row["seconds"] == 1.0


def test_half_a_pair_has_no_row() -> None:
    assert (
        loaded_script("bench/speed/speed_table.py").rows_of(
            measured(**{"test_counting[tables-20.0]": 1.0})
        )
        == []
    )


@pytest.mark.parametrize(("now", "reported"), [(1.0, False), (1.2, False), (1.3, True)])
def test_a_ratio_that_fell_by_a_fifth_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], now: float, reported: bool
) -> None:
    table = loaded_script("bench/speed/speed_table.py")
    stored, page = tmp_path / "results" / "speed.json", tmp_path / "page.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(json.dumps(measured(**COUNTING)))
    second.write_text(json.dumps(measured(**{**COUNTING, "test_counting[tables-20.0]": now})))
    kept = ["--stored", str(stored), "--document", str(page)]
    assert table.main([str(first), *kept, "--store"]) == 0
    text = page.read_text()
    assert "| 4 |" in text
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert table.main([str(second), *kept]) == int(reported)
    assert ("numpy's Poisson" in capsys.readouterr().out) is True
    assert json.loads(stored.read_text())["rows"][0]["ratio"] == 4.0  # kept without --store


def test_rows_name_benchmarks_that_exist() -> None:
    table = loaded_script("bench/speed/speed_table.py")
    source = "".join(path.read_text() for path in SPEED.glob("test_*.py"))
    declared = set(re.findall(r"^def (test_\w+)", source, re.MULTILINE))
    named = [name for one in table.COMPARISONS for name in (one.ours, one.reference)]
    named += [test for _, test in table.ALONE] + [table.RATE, table.NETWORK]
    assert {name.split("[")[0] for name in named} <= declared
