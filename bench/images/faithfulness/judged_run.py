"""The benchmark's images on which networks that are trained here are judged, run and read."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.executor.placement import Placement
from bench.output.progress import run_with_progress
from bench.plan.profiles import get_profile, narrow
from reports import Run, load_run

#: That of the shipped runs, so that their numbers stand beside these.
SEED: Final = 2024


def judged_run(
    folder: Path,
    restorers: Sequence[str],
    *,
    case: str,
    doses: Sequence[float],
    realizations: int,
    images: Sequence[str] = (),
    jobs: int = 1,
) -> Run:
    """Run images of profile quick, without ladders of noise chains and frames, or go on; read them.

    Parameters
    ----------
    folder : pathlib.Path
        Of the run.
    restorers : sequence of str
        Specs; raw images are run beside them.
    case : str
    doses : sequence of float
        In e/Å².
    realizations : int
    images : sequence of str
        Labels; all of the case by default.
    jobs : int
        Worker processes.
    """
    quick = narrow(
        get_profile("quick"), cases=(case,), images=images, doses=doses,
        realizations=realizations, restorers=("raw", *restorers),
    )  # fmt: skip
    run_with_progress(
        replace(quick, ladders=(), frames=()), folder, seed=SEED, placement=Placement(jobs=jobs),
        verbose=False,
    )  # fmt: skip
    return load_run(folder)
