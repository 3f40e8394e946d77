"""Figures drawn by several processes: the same files, in the order asked for, and one index."""

from functools import partial
from pathlib import Path

import pytest

from bench.executor.placement import Placement
from bench.paper.drawing import draw_figures
from stembench.errors import InputError

#: They restore nothing.
CHEAP = ("12", "10", "noise-equations")


def test_several_processes_draw_what_one_does(tmp_path: Path) -> None:
    start = partial(Placement(jobs=2).executor, announce=lambda _: None)
    said: list[str] = []
    several = draw_figures(tmp_path / "two", numbers=CHEAP, note=said.append, start=start)
    one = draw_figures(tmp_path / "one", numbers=CHEAP, note=lambda _: None)
    assert [entry.number for entry in several] == list(CHEAP) == [entry.number for entry in one]
    assert {line.partition(":")[0] for line in said} == set(CHEAP)
    names = {path.name for path in (tmp_path / "one").iterdir() if path.is_file()}
    assert names == {path.name for path in (tmp_path / "two").iterdir() if path.is_file()}
    for name in names - {"figures.md"}:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    index = (tmp_path / "two" / "figures.md").read_text(encoding="utf-8")
    assert index.count("| drawn |") == len(CHEAP)


def test_an_unknown_figure_is_refused_before_any_process_starts(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no figure 99"):
        draw_figures(tmp_path, numbers=("10", "99"), note=lambda _: None, start=pytest.fail)
    assert not list(tmp_path.iterdir())
