"""Long work with a progress bar and an estimate of what is left."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from bench.plan.blocks import Block
from bench.plan.profiles import Profile
from bench.run.run import RunOutcome, run_benchmark


def _columns() -> tuple[ProgressColumn, ...]:
    return (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )


def run_with_progress(
    profile: Profile, folder: Path, *, seed: int, jobs: int | None, verbose: bool
) -> RunOutcome:
    """Run a profile (`run_benchmark`) with progress bars on the terminal."""
    console = Console(stderr=True)
    with Progress(*_columns(), console=console) as bar:
        task = bar.add_task(f"Profile {profile.name}", total=None)

        def announce(total: int, done: int) -> None:
            bar.update(task, total=total, completed=done)
            if done:
                console.print(f"{done} of {total} images were done already")

        def advance(block: Block, realizations: int) -> None:
            bar.update(task, advance=realizations)
            if verbose:
                console.print(f"done {block.name}")

        outcome = run_benchmark(
            profile, folder, seed=seed, jobs=jobs, progress=advance, announce=announce
        )
    console.print(
        f"{outcome.blocks} blocks ({outcome.reused} from before) in {outcome.seconds:.0f} s,"
        f" peak memory {outcome.peak_memory / 2**30:.1f} GiB: {outcome.folder}"
    )
    return outcome


def images_with_progress(
    folder: Path, *, restorers: Sequence[str], chosen: Sequence[str], seed: int, realizations: int
) -> tuple[str, ...]:
    """Measure images (`measure_images`) with a progress bar, and write their report."""
    from bench.images.measure import default_restorers, measure_images
    from reports import write_image_report

    console = Console(stderr=True)
    with Progress(*_columns(), console=console) as bar:
        task = bar.add_task("Restoring", total=None)
        failures = measure_images(
            folder,
            restorers=restorers or default_restorers(),
            chosen=chosen,
            seed=seed,
            realizations=realizations,
            announce=lambda total: bar.update(task, total=total),
            progress=lambda what: bar.update(task, advance=1, description=what),
        )
    console.print(f"Report: {write_image_report(folder)}")
    return failures
