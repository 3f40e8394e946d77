"""Tables of trainings grow, are whole or not at all, and say what is wrong with them."""

from pathlib import Path

import pandas as pd
import pytest

from bench.paper.networks.trained.kept_rows import add_rows, has_rows, read_rows
from stembench.errors import InputError

ROWS = pd.DataFrame({"name": ["a", "a"], "seed": [1, 1], "value": [0.5, 0.25]})


def test_rows_are_added_behind_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "losses.csv"
    assert not has_rows(path, name="a", seed=1)
    add_rows(path, ROWS)
    add_rows(path, ROWS.assign(seed=2))
    assert has_rows(path, name="a", seed=2)
    assert not has_rows(path, name="b", seed=1)
    pd.testing.assert_frame_equal(
        read_rows(path), pd.concat([ROWS, ROWS.assign(seed=2)], ignore_index=True)
    )
    assert [each.name for each in path.parent.iterdir()] == ["losses.csv"]


@pytest.mark.parametrize("text", ["", "number,value\n1,2\n", 'a,"b\n1'])
def test_a_damaged_table_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "losses.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"losses\.csv .*restore it from the repository"):
        add_rows(path, ROWS)
    assert path.read_text(encoding="utf-8") == text
