"""Tables of losses: floats to the last bit, and rows of a killed call."""

from pathlib import Path

import pytest

from stembench.errors import InputError
from training.schedule.records import history
from training.schedule.records.history import append_row, read_rows, write_rows

COLUMNS = ("step", "stage", "loss", "square")
ROWS = [{"step": step, "stage": 1, "loss": 1 / (step + 3)} for step in range(1, 5)]


def test_appended_rows_are_read_back_to_the_bit(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    for row in ROWS:
        append_row(path, row, columns=COLUMNS)
    assert read_rows(path) == ROWS
    assert read_rows(path, up_to=2) == ROWS[:2]
    whole = path.read_text(encoding="utf-8")
    write_rows(path, ROWS, columns=COLUMNS)
    assert path.read_text(encoding="utf-8") == whole


def test_a_row_without_its_end_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    write_rows(path, ROWS, columns=COLUMNS)
    whole = path.read_text(encoding="utf-8")
    for cut in range(1, len(whole.splitlines()[-1]) + 1):
        path.write_text(whole[:-cut], encoding="utf-8")
        assert read_rows(path) == ROWS[:3]
    path.write_text(whole + "5,1,what,\n", encoding="utf-8")
    assert read_rows(path) == ROWS


def test_a_table_of_rows_that_differ_has_all_their_columns(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    rows = [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25, "vacancy@500": 0.9}]
    write_rows(path, rows)
    assert read_rows(path) == rows


def test_a_table_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"one\.csv"):
        append_row(tmp_path / "none" / "one.csv", ROWS[0], columns=COLUMNS)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read_rows(tmp_path / "folder.csv")


def test_events_without_tensorflow_are_refused_with_what_leaves_them_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training on another backend does not need it."""
    monkeypatch.setattr(history, "is_installed", lambda name: name != "tensorflow")
    with pytest.raises(InputError, match=r"leave them out \(--no-tensorboard\), or install"):
        history.Board(tmp_path / "board")


def test_a_place_where_events_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "board").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match=r"board cannot be written \(File exists\); name another"):
        history.Board(tmp_path / "board")
