"""Verification of a run's fits: some of its images made again and fitted by lmfit."""

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.plan.blocks import Block
from bench.run.block import run_block
from bench.run.estimate.fit_estimate import image_cost
from cases import get_case, load_ground_truth
from fitting import MOST_MEMORY
from reports import (
    FitVerification,
    RefittedImage,
    load_run,
    seconds_text,
    write_verification,
)
from restore import is_built_in
from stembench.arrays import Bools, Floats
from stembench.errors import InputError

_IMAGE = ["case", "image", "dose", "restorer", "realization"]
_PM_PER_ANGSTROM = 100.0


@dataclass(frozen=True)
class VerificationPlan:
    """Images of a run to fit once more.

    Attributes
    ----------
    blocks : tuple of Block
        One image each, with lmfit as engine.
    seconds, memory : float
        Estimates of all fits together, and of the largest in bytes.
    """

    blocks: tuple[Block, ...]
    seconds: float
    memory: float

    @property
    def estimate(self) -> str:
        """The estimates in one sentence."""
        return (
            f"fitting {len(self.blocks)} images by lmfit takes about {seconds_text(self.seconds)}"
            f" and {self.memory / 1e9:.1f} GB, beside making and restoring them"
        )


def plan_verification(folder: Path, *, number: int, cases: Sequence[str] = ()) -> VerificationPlan:
    """Choose images of a run, spread evenly over its cases, images, doses and restorers.

    Parameters
    ----------
    folder : Path
        Run folder.
    number : int
        Images, at least 1.
    cases : sequence of str
        Cases to choose from; all by default.

    Returns
    -------
    VerificationPlan

    Raises
    ------
    InputError
        If nothing can be chosen: restorers that are not built in cannot be loaded from a run
        folder, and lmfit takes images up to `fitting.MOST_MEMORY` alone.
    """
    if number < 1:
        raise InputError(f"the number of images must be at least 1, not {number}")
    run = load_run(folder)
    info = run.info
    if info.fit_engine != "joint":
        raise InputError(f"the fits of {folder} are by {info.fit_engine} already")
    unknown = sorted(set(cases) - set(info.cases))
    if unknown:
        raise InputError(f"{folder} has no case {', '.join(unknown)}")
    costs = {
        (name, image): image_cost(get_case(name), image)
        for name, declared in info.cases.items()
        if not cases or name in cases
        for image in declared.images
    }
    present = run.records[_IMAGE].drop_duplicates()
    wanted = [
        row
        for row in present.sort_values(_IMAGE).to_dict("records")
        if (row["case"], row["image"]) in costs
        and costs[row["case"], row["image"]].memory <= MOST_MEMORY
        and info.restorers[row["restorer"]].built_in
        and is_built_in(row["restorer"])
        and info.restorers[row["restorer"]].family != "reference"
    ]
    if not wanted:
        raise InputError(
            f"{folder} holds no image that can be fitted again: restorers have to be built in, and"
            f" lmfit takes at most {MOST_MEMORY / 1e9:.0f} GB"
        )
    for name in {row["case"] for row in wanted}:
        declared, case = info.cases[name], get_case(name)
        if declared.hash != case.hash or declared.data_hash != load_ground_truth(case).hash:
            raise InputError(f"the case {name} has changed since {folder} was run: run it again")
    picked = np.unique(np.linspace(0, len(wanted) - 1, number).round().astype(int))
    rows = [wanted[int(place)] for place in picked]
    blocks = tuple(
        Block(
            case=row["case"],
            image=row["image"],
            dose=row["dose"],
            restorer=row["restorer"],
            start=row["realization"],
            stop=row["realization"] + 1,
            seed=info.seed,
            engine="lmfit",
            main_alone=True,
        )
        for row in rows
    )
    chosen = [costs[block.case, block.image] for block in blocks]
    return VerificationPlan(
        blocks, sum(cost.seconds for cost in chosen), max(cost.memory for cost in chosen)
    )


def verify_fits(
    folder: Path,
    plan: VerificationPlan,
    *,
    progress: Callable[[RefittedImage], None] | None = None,
) -> FitVerification:
    """Make images of a run again, fit them by lmfit and compare with the run's records.

    Parameters
    ----------
    folder : Path
        Run folder; ``verification.json`` is written there.
    plan : VerificationPlan
    progress : callable, optional
        Called with each image.

    Raises
    ------
    InputError
        If the folder is no run.
    """
    run = load_run(folder)
    records = run.records
    images = []
    for block in plan.blocks:
        begun = time.perf_counter()
        again = run_block(block, np.empty(0)).records
        there = records[
            (records["case"] == block.case)
            & (records["image"] == block.image)
            & (records["dose"] == block.dose)
            & (records["restorer"] == block.restorer)
            & (records["realization"] == block.start)
        ]
        again = again[again["restorer"] == block.restorer]
        image = _compared(there, again, block=block, seconds=time.perf_counter() - begun)
        images.append(image)
        if progress is not None:
            progress(image)
    verification = FitVerification(
        engine="lmfit",
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        images=tuple(images),
    )
    write_verification(folder, verification, origin=run.origin)
    return verification


def _compared(
    there: pd.DataFrame, again: pd.DataFrame, *, block: Block, seconds: float
) -> RefittedImage:
    """Compare two fits of one image."""
    both = there.merge(again, on="column", suffixes=("", "_again"), validate="one_to_one")
    first, second = (
        both[[f"{name}{end}" for name in ("x_fit", "y_fit", "scs")]].to_numpy(dtype=np.float64).T
        for end in ("", "_again")
    )
    position = np.hypot(*(second - first)[:2])
    relative = np.abs(second[2] / first[2] - 1) * 100
    flagged = ((both["flags"] != 0) | (both["flags_again"] != 0)).to_numpy()
    pm = _PM_PER_ANGSTROM * float(there["sampling"].iloc[0])
    return RefittedImage(
        case=block.case,
        image=block.image,
        dose=block.dose,
        restorer=block.restorer,
        realization=block.start,
        seconds=seconds,
        n_columns=len(both),
        n_flagged=int(flagged.sum()),
        n_one_sided=int(np.sum(np.isfinite(first[0]) != np.isfinite(second[0]))),
        position_px=_largest(position, ~flagged),
        position_pm=pm * _largest(position, ~flagged),
        scs_pct=_largest(relative, ~flagged),
        flagged_position_pm=pm * _largest(position, flagged),
        flagged_scs_pct=_largest(relative, flagged),
    )


def _largest(values: Floats, among: Bools) -> float:
    """Largest finite value among some; 0 if there is none."""
    kept = values[among & np.isfinite(values)]
    return float(kept.max()) if kept.size else 0.0
