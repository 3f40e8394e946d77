"""Progress bars of long work on the terminal, with an estimate of the time left."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
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

from bench.executor.placement import Placement
from bench.plan.blocks import Block
from bench.plan.profiles import Profile
from bench.run.estimate.fit_estimate import checked_engine, estimate_text
from bench.run.estimate.room import check_room
from bench.run.estimate.run_estimate import Estimate, estimate_run
from bench.run.run import RunOutcome, run_benchmark
from restore import Restorer, heard_warnings
from stembench.arrays import Floats

#: Seconds over which the speed is averaged: of steps that take seconds, and of those that take
#: minutes.
_SPEED_PERIODS: Final = (30.0, 600.0)


class Bar:
    """A progress bar whose methods are the callbacks that long work takes."""

    def __init__(self, bars: Progress, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def announce(self, total: float, done: float = 0.0) -> None:
        """Set the amount of work in all, and how much of it is done already."""
        self._bars.update(self._task, total=total, completed=done)

    def advance(self, amount: float = 1.0, *, description: str | None = None) -> None:
        """Add finished work, and say what it was if a description is given."""
        self._bars.update(self._task, advance=amount, description=description)

    def within(self, done: float, total: float) -> None:
        """Set the work done and the work in all, and show a bar that was hidden."""
        self._bars.update(self._task, completed=done, total=total, visible=True)

    def hide(self) -> None:
        """Remove the bar from the terminal."""
        self._bars.update(self._task, visible=False)

    def note(self, line: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(line, markup=False, highlight=False)


@contextmanager
def progress_bar(description: str, *, counted: bool = True, shown: bool = True) -> Iterator[Bar]:
    """Show a progress bar on standard error while the context lasts.

    Parameters
    ----------
    description : str
    counted : bool
        Whether the amount of work is a number of images. Otherwise it is shown in per cent, and
        the time left is estimated from the speed of the last ten minutes.
    shown : bool
        False shows nothing.

    Yields
    ------
    Bar
    """
    with _bars(counted=counted, shown=shown) as bars:
        yield Bar(bars, bars.add_task(description, total=None))


def _bars(*, counted: bool = True, shown: bool = True) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn() if counted else TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not shown,
        speed_estimate_period=_SPEED_PERIODS[0 if counted else 1],
    )


def run_with_progress(
    profile: Profile,
    folder: Path,
    *,
    seed: int,
    placement: Placement,
    verbose: bool,
    fit_engine: str = "joint",
) -> RunOutcome:
    """Run a profile (`run_benchmark`) with a progress bar over its images.

    What fits by lmfit will take is said first.
    """
    engine = checked_engine(fit_engine)
    check_room(profile, folder, placement=placement)
    if engine == "lmfit":
        said = estimate_text(profile, jobs=placement.cores)
        Console(stderr=True).print(f"stembench: {said}", markup=False, highlight=False)
    with progress_bar(f"Profile {profile.name}") as bar:

        def announce(total: int, done: int) -> None:
            bar.announce(total, done)
            if done:
                bar.note(f"{done} of {total} images are finished already")

        def advance(block: Block, realizations: int) -> None:
            bar.advance(realizations)
            if verbose:
                bar.note(f"finished {block.name}")

        outcome = run_benchmark(
            profile,
            folder,
            seed=seed,
            placement=placement,
            fit_engine=engine,
            progress=advance,
            announce=announce,
            note=lambda sentence: bar.note(f"stembench: note: {sentence}"),
        )
    Console(stderr=True).print(
        f"{outcome.blocks} blocks ({outcome.reused} reused) in {outcome.seconds:.0f} s,"
        f" peak memory {outcome.peak_memory / 2**30:.1f} GiB: {outcome.folder}"
    )
    return outcome


def estimate_with_progress(
    profile: Profile,
    *,
    seed: int,
    placement: Placement,
    fit_engine: str = "joint",
    again: bool = False,
) -> Estimate:
    """Estimate a run (`estimate_run`) with a progress bar over what is measured for it."""
    engine = checked_engine(fit_engine)
    if engine == "lmfit":
        estimate_text(profile, jobs=placement.cores)  # refuses what is too large
    workers = placement.planned_workers()
    with progress_bar("Measuring") as bar:
        return estimate_run(
            profile,
            seed=seed,
            placement=placement,
            workers=workers,
            fit_engine=engine,
            again=again,
            announce=bar.announce,
            advance=lambda what: bar.advance(description=what),
            note=lambda sentence: bar.note(f"stembench: note: {sentence}"),
        )


def restore_with_progress(restorer: Restorer, images: Floats, *, sampling: float) -> Floats:
    """Restore images with a bar over them and one over the windows or training steps of each.

    What the restorer warns of is printed at the end.

    Parameters
    ----------
    restorer : Restorer
    images : ndarray, shape (n, h, w)
    sampling : float
        Å/px.

    Returns
    -------
    ndarray, shape (n, h, w)

    Raises
    ------
    restore.RestorationError
        If the restorer fails or returns something unusable.
    """
    restored = np.empty(images.shape)
    with heard_warnings() as said, _bars() as bars:
        name = f"Restoring with {restorer.metadata.name}"
        whole = Bar(bars, bars.add_task(name, total=len(images)))
        steps = Bar(bars, bars.add_task("within one image", total=None, visible=False))
        for k in range(len(images)):
            one = images[k : k + 1]
            restored[k] = restorer.restore(one, sampling=sampling, progress=steps.within)[0]
            whole.advance()
        steps.hide()
    for sentence in said:
        Console(stderr=True).print(f"stembench: note: {sentence}", markup=False)
    return restored
