"""Long work with progress bars: a run, its estimate, a restoration."""

from pathlib import Path

import numpy as np
import typer

from bench.executor.placement import Placement
from bench.output.bars import Bar, painter, progress_bar
from bench.plan.blocks import Block
from bench.plan.profiles import Profile
from bench.run.estimate.fit_estimate import checked_engine, estimate_text
from bench.run.estimate.room import check_room
from bench.run.estimate.run_estimate import Estimate, estimate_run
from bench.run.run import RunOutcome, run_benchmark
from restore import Restorer, heard_warnings
from stembench.arrays import Floats


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
        typer.echo(f"stembench: {said}", err=True)
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
    typer.echo(
        f"{outcome.blocks} blocks ({outcome.reused} reused) in {outcome.seconds:.0f} s,"
        f" peak memory {outcome.peak_memory / 2**30:.1f} GiB: {outcome.folder}",
        err=True,
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
    with heard_warnings() as said, painter() as shows:
        whole = Bar(shows, f"Restoring with {restorer.metadata.name}")
        whole.announce(len(images))
        steps = Bar(shows, "within one image", visible=False)
        for k in range(len(images)):
            one = images[k : k + 1]
            restored[k] = restorer.restore(one, sampling=sampling, progress=steps.within)[0]
            whole.advance()
        steps.hide()
    for sentence in said:
        typer.echo(f"stembench: note: {sentence}", err=True)
    return restored
