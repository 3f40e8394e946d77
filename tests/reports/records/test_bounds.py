"""Kinds of bounds and their file."""

from pathlib import Path

import pandas as pd
import pytest

from reports.records.bounds import (
    BOUND_KINDS,
    conform_bounds,
    read_bounds,
    write_bounds_file,
)
from reports.records.run_files import Origin
from stembench.errors import InputError

ORIGIN = Origin(schema_version=4, identity="of this run", seed=1)


def rows(**changes: object) -> pd.DataFrame:
    values = {
        "case": "pt_bulk", "image": "z02", "dose": 500.0, "column": [3, 4], "kind": "hybrid",
        "x": 0.1, "y": 0.2, "distance": 0.3, "scs": 0.01,
    }  # fmt: skip
    return pd.DataFrame({**values, **changes})


def test_every_kind_says_what_it_takes_as_known() -> None:
    labels = [kind.label for kind in BOUND_KINDS.values()]
    assert len(set(labels)) == len(labels)
    for name, kind in BOUND_KINDS.items():
        assert kind.name == name
        assert kind.known.startswith("That ")
        assert kind.known.endswith(".")


def test_no_panel_has_two_lines() -> None:
    """Lines of different assumptions look alike: a panel has one at most."""
    drawn = [metric for kind in BOUND_KINDS.values() for metric in kind.drawn_with]
    assert len(set(drawn)) == len(drawn)


def test_a_file_comes_back_as_written(tmp_path: Path) -> None:
    assert read_bounds(tmp_path, origin=ORIGIN) is None
    write_bounds_file(tmp_path, rows(), origin=ORIGIN)
    back = read_bounds(tmp_path, origin=ORIGIN)
    assert back is not None
    pd.testing.assert_frame_equal(back, conform_bounds(rows()))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (rows().drop(columns="y"), "lack y"),
        (rows(kind="wishful"), "unknown kind wishful"),
        (rows(column=[3, 3]), "repeat a row"),
    ],
)
def test_what_is_no_table_of_bounds_is_named(
    tmp_path: Path, frame: pd.DataFrame, message: str
) -> None:
    write_bounds_file(tmp_path, frame, origin=ORIGIN)
    with pytest.raises(InputError, match=message):
        read_bounds(tmp_path, origin=ORIGIN)
