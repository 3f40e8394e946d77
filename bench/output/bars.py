"""Bars of long work on a terminal; elsewhere a line now and then, without control characters."""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from bench.output.colours import console
from reports import seconds_text

#: Seconds over which the speed is averaged: of steps that take seconds, and of those that take
#: minutes.
_SPEED_PERIODS: Final = (30.0, 600.0)
#: Seconds between the lines of one bar where there is no terminal.
LINE_EVERY: Final = 30.0


class _Painter(Protocol):
    """What shows bars."""

    def show(self, bar: "Bar") -> None:
        """Show the state of a bar."""
        ...

    def note(self, line: str) -> None:
        """Show a line beside the bars."""
        ...


class Bar:
    """A bar whose methods are the callbacks that long work takes."""

    def __init__(self, painter: _Painter, description: str, *, visible: bool = True) -> None:
        self._painter = painter
        self.description = description
        self.visible = visible
        self.total: float | None = None
        self.done = 0.0
        #: What was done when the work was announced: it tells nothing of the speed.
        self.begun_with = 0.0

    def announce(self, total: float, done: float = 0.0) -> None:
        """Set the amount of work in all, and how much of it is done already."""
        self.total, self.done, self.begun_with = total, done, done
        self._painter.show(self)

    def advance(self, amount: float = 1.0, *, description: str | None = None) -> None:
        """Add finished work, and say what it was if a description is given."""
        self.done += amount
        self.description = self.description if description is None else description
        self._painter.show(self)

    def within(self, done: float, total: float) -> None:
        """Set the work done and the work in all, and show a bar that was hidden."""
        self.done, self.total, self.visible = done, total, True
        self._painter.show(self)

    def hide(self) -> None:
        """Show the bar no more."""
        self.visible = False
        self._painter.show(self)

    def note(self, line: str) -> None:
        """Print a line above the bars."""
        self._painter.note(line)


class _Drawn:
    """Bars that Rich draws on a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[Bar, TaskID] = {}

    def show(self, bar: Bar) -> None:
        if bar not in self._tasks:
            self._tasks[bar] = self._progress.add_task(bar.description, total=None)
        if 0 < bar.done == bar.begun_with:
            # Rich takes an update for work of that moment, from which it reckons the speed.
            self._progress.reset(self._tasks[bar], completed=bar.done)  # type: ignore[arg-type]
        self._progress.update(
            self._tasks[bar],
            total=bar.total,
            completed=bar.done,
            description=bar.description,
            visible=bar.visible,
        )

    def note(self, line: str) -> None:
        self._progress.console.print(line, markup=False, highlight=False)


class Lines:
    """Bars told by lines: for pipes, files and queueing systems.

    Parameters
    ----------
    write : callable
        Called with each line.
    counted : bool
        Whether work is a number of images; otherwise it is told in per cent.
    every : float
        Least time between two lines of one bar [s].
    clock : callable
        Seconds from any point in time.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        counted: bool = True,
        every: float = LINE_EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._counted = counted
        self._every = every
        self._clock = clock
        self._begun = clock()
        self._told: dict[Bar, float] = {}
        self._said: dict[Bar, str] = {}
        #: When how much of a bar was done, the last ten minutes of it.
        self._reached: dict[Bar, deque[tuple[float, float]]] = {}

    def show(self, bar: Bar) -> None:
        """Tell of a bar if there has been no line of it for a while."""
        self._reach(bar)
        last = self._told.setdefault(bar, self._begun)
        if bar.visible and self._clock() - last >= self._every:
            self._tell(bar)

    def note(self, line: str) -> None:
        """Write a line."""
        self._write(line)

    def close(self) -> None:
        """Tell where each bar ended."""
        for bar in self._told:
            if bar.visible and self._said.get(bar) != self._amount(bar):
                self._tell(bar)

    def _tell(self, bar: Bar) -> None:
        now = self._clock()
        self._told[bar] = now
        self._said[bar] = self._amount(bar)
        line = f"{bar.description}: {self._amount(bar)}, {_time(now - self._begun)}"
        reached = self._reached[bar]
        while len(reached) > 2 and now - reached[1][0] >= _SPEED_PERIODS[1]:
            reached.popleft()
        since, had = reached[0]
        known = since < now and bar.begun_with < had < bar.done
        if known and bar.total is not None and bar.done < bar.total:
            left = (now - since) * (bar.total - bar.done) / (bar.done - had)
            line += f", about {_time(left)} left"
        reached.append((now, bar.done))
        self._write(line)

    def _reach(self, bar: Bar) -> None:
        """Keep when the first work of a bar was done, from which on the speed is told.

        Before that lies the start of processes and engines, which no further work has.
        """
        reached = self._reached.setdefault(bar, deque())
        if reached and (bar.done < reached[-1][1] or reached[0][1] <= bar.begun_with):
            reached.clear()  # other work under the same bar, or none of it done
        if not reached:
            reached.append((self._clock(), bar.done))

    def _amount(self, bar: Bar) -> str:
        if bar.total is None:
            return f"{bar.done:g} done"
        if self._counted:
            return f"{bar.done:g} of {bar.total:g}"
        return f"{bar.done / bar.total:.0%}" if bar.total else "100%"


def _time(seconds: float) -> str:
    return f"{float(f'{seconds:.2g}'):g} s" if seconds < 60 else seconds_text(seconds)


class _Silent:
    """Shows nothing but notes."""

    def show(self, bar: Bar) -> None:
        """Show nothing."""

    def note(self, line: str) -> None:
        typer.echo(line, err=True)


def draws_bars() -> bool:
    """Whether standard error is a terminal on which lines can be drawn over.

    Asked of the stream itself: colours may be wanted in a pipe, moving bars never are.
    """
    return console(stderr=True).is_interactive and sys.stderr.isatty()


@contextmanager
def painter(*, counted: bool = True, shown: bool = True) -> Iterator[_Painter]:
    """Show bars on standard error while the context lasts, drawn or in lines.

    Parameters
    ----------
    counted : bool
        Whether the amount of work is a number of images. Otherwise it is shown in per cent, and
        the time left is estimated from the speed of the last ten minutes.
    shown : bool
        False shows nothing but notes.
    """
    if not shown:
        yield _Silent()
    elif draws_bars():
        with Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn() if counted else TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console(stderr=True),
            speed_estimate_period=_SPEED_PERIODS[0 if counted else 1],
        ) as progress:
            yield _Drawn(progress)
    else:
        lines = Lines(lambda line: typer.echo(line, err=True), counted=counted)
        yield lines
        lines.close()


@contextmanager
def progress_bar(description: str, *, counted: bool = True, shown: bool = True) -> Iterator[Bar]:
    """Show one bar on standard error while the context lasts; see `painter`.

    Yields
    ------
    Bar
    """
    with painter(counted=counted, shown=shown) as shows:
        bar = Bar(shows, description)
        shows.show(bar)
        yield bar
