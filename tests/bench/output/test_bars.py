"""Bars in pipes and on terminals: lines without control characters, and what they say."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from bench.output.bars import Bar, Lines, _Drawn, progress_bar

ROOT = Path(__file__).parents[3]


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def told(**settings: object) -> tuple[Lines, Clock, list[str]]:
    clock, lines = Clock(), []
    return Lines(lines.append, every=30.0, clock=clock, **settings), clock, lines


def test_a_line_every_thirty_seconds_and_one_at_the_end() -> None:
    painter, clock, lines = told()
    bar = Bar(painter, "Restoring")
    bar.announce(100)
    for second in range(1, 101):
        clock.now = float(second)
        bar.advance()
    painter.close()
    assert lines == [
        "Restoring: 30 of 100, 30 s, about 1 min 10 s left",
        "Restoring: 60 of 100, 1 min 0 s, about 40 s left",
        "Restoring: 90 of 100, 1 min 30 s, about 10 s left",
        "Restoring: 100 of 100, 1 min 40 s",
    ]


def test_what_was_done_before_tells_nothing_of_the_speed() -> None:
    painter, clock, lines = told(counted=False)
    bar = Bar(painter, "Simulating")
    bar.announce(100, 50)
    clock.now = 40.0
    bar.advance(10, description="Simulating pt_bulk")
    clock.now = 80.0
    bar.advance(10)
    # 10 in 40 s: the other 30 take 120 s; of 70 in 80 s they would take 34 s
    assert lines == [
        "Simulating pt_bulk: 60%, 40 s",
        "Simulating pt_bulk: 70%, 1 min 20 s, about 2 min 0 s left",
    ]


def test_the_start_tells_nothing_of_the_speed_once_there_is_more_to_go_by() -> None:
    """Engines that start for five minutes, then an image every 2 s: 100 of them take 200 s."""
    painter, clock, lines = told()
    bar = Bar(painter, "Restoring")
    bar.announce(1000, 800)
    for image in range(100):
        clock.now = 300.0 + 2 * image
        bar.advance()
    assert lines[0] == "Restoring: 801 of 1000, 5 min 0 s"
    assert lines[1] == "Restoring: 816 of 1000, 5 min 30 s, about 6 min 8 s left"
    assert lines[-1] == "Restoring: 891 of 1000, 8 min 0 s, about 3 min 38 s left"


@pytest.mark.parametrize("done", [0, 800])
def test_the_start_tells_nothing_of_the_speed_on_a_terminal(done: int) -> None:
    """The same engines; of a run that goes on, what was finished before is no work either."""
    clock = Clock()
    progress = Progress(
        console=Console(file=io.StringIO()), get_time=clock, speed_estimate_period=600.0,
        auto_refresh=False,
    )  # fmt: skip
    bar = Bar(_Drawn(progress), "Restoring")
    bar.announce(1000, done)
    for image in range(10):
        clock.now = 300.0 + 2 * image
        bar.advance()
    (task,) = progress.tasks
    assert task.completed == done + 10
    assert task.time_remaining == 2 * (1000 - task.completed)
    assert task.elapsed == clock.now


def test_the_speed_is_that_of_the_last_ten_minutes() -> None:
    painter, clock, lines = told()
    bar = Bar(painter, "Restoring")
    bar.announce(100_000)
    for second in range(1, 1801):  # ten in a second, then one
        clock.now = float(second)
        bar.advance(10 if second <= 1000 else 1)
    # 89 200 left; over the last ten minutes or a little more one in a second
    assert lines[-1] == "Restoring: 10800 of 100000, 30 min 0 s, about 24.8 h left"


def test_other_work_under_the_same_bar_has_its_own_speed() -> None:
    painter, clock, lines = told()
    bar = Bar(painter, "within")
    for second in range(1, 101):
        clock.now = float(second)
        bar.within(second, 100)
    for second in range(1, 41):  # five times as slow
        clock.now = 100.0 + 5 * second
        bar.within(second, 100)
    assert lines[-1] == "within: 40 of 100, 5 min 0 s, about 5 min 0 s left"


def test_a_hidden_bar_says_nothing_until_it_is_shown() -> None:
    painter, clock, lines = told()
    bar = Bar(painter, "within", visible=False)
    painter.show(bar)
    clock.now = 31.0
    bar.advance()
    assert lines == []
    bar.within(2, 4)
    assert lines == ["within: 2 of 4, 31 s"]
    bar.hide()
    painter.close()
    assert len(lines) == 1


def test_work_whose_end_is_unknown_is_told_by_what_is_done() -> None:
    painter, _, lines = told()
    bar = Bar(painter, "Checking raw")
    bar.advance()
    bar.advance()
    painter.close()
    assert lines == ["Checking raw: 2 done, 0 s"]


WORK = """
from bench.output.bars import progress_bar
with progress_bar("Working") as bar:
    bar.announce(3)
    for _ in range(3):
        bar.advance()
    bar.note("a note [in brackets]")
"""


@pytest.mark.parametrize("forced", [{}, {"FORCE_COLOR": "1"}])
def test_pipes_hold_no_control_character(forced: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORK], cwd=ROOT, capture_output=True, check=True,
        env={**os.environ, "TERM": "xterm", **forced},
    )  # fmt: skip
    assert done.stdout == b""
    text = done.stderr.decode()
    assert text.splitlines()[0] == "a note [in brackets]"
    assert text.splitlines()[1].startswith("Working: 3 of 3, ")
    assert all(one.isprintable() or one in "\r\n" for one in text)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are of Unix")
@pytest.mark.parametrize(("kind", "drawn"), [("xterm", True), ("dumb", False)])
def test_a_terminal_is_drawn_on_and_a_dumb_one_is_not(kind: str, drawn: bool) -> None:
    """Negative control of the pipes: the same work draws over its lines where that is possible."""
    ours, theirs = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    subprocess.run(
        [sys.executable, "-c", WORK], cwd=ROOT, stderr=theirs, check=True,
        env={**environment, "TERM": kind},
    )  # fmt: skip
    os.close(theirs)
    text = os.read(ours, 100_000).decode()
    os.close(ours)
    assert ("\x1b[" in text) == drawn
    assert "Working" in text


def test_nothing_is_shown_where_nothing_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("Quiet", shown=False) as bar:
        bar.announce(2)
        bar.advance()
        bar.note("but this")
    assert capsys.readouterr().err == "but this\n"
