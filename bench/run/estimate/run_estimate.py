"""The estimate of a whole run: images, core hours, wall time, memory, disk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.executor.environment import available_cores
from bench.executor.placement import Placement
from bench.measures.bounds import kinds_of, takes_long
from bench.plan.blocks import BLOCK_SIZE, check_amounts, plan_blocks, plan_ladders
from bench.plan.profiles import Profile
from bench.run.estimate.kept_rates import Rates, rates_of
from bench.run.estimate.room import check_disk, check_memory, elsewhere
from bench.run.estimate.work import Amount, Kind, amounts_of
from bench.run.restorers import with_resolved_engines
from cases import get_case
from fitting import Engine
from reports import seconds_text
from stembench.errors import InputError

#: Longest run.
_YEAR: Final = 365 * 24 * 3600.0
#: Arrays of an image that a block holds at a time: before, after, scaled, and those of its fits.
_ARRAYS: Final = 8
_DOUBLE: Final = 8


@dataclass(frozen=True)
class Share:
    """What one restorer takes.

    Attributes
    ----------
    restorer : str
        Spec.
    images : int
    core_seconds : float
        Of which `restoring` go to the restorer itself.
    restoring : float
    """

    restorer: str
    images: int
    core_seconds: float
    restoring: float


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a run will take.

    Attributes
    ----------
    shares : tuple of Share
        In the order of the profile.
    preparing : float
        Core seconds that belong to no restorer: start of workers, fits of noise-free images,
        library of scattering cross-sections, bounds.
    wall_seconds : float
    workers : int
    memory : float
        Most bytes of all processes of this machine together.
    disk : float
        Bytes of the run folder.
    blocks : int
    measured : int
        Rates that were measured for this estimate.
    kept : int
        Rates of earlier calls.
    """

    shares: tuple[Share, ...]
    preparing: float
    wall_seconds: float
    workers: int
    memory: float
    disk: float
    blocks: int
    measured: int
    kept: int

    @property
    def images(self) -> int:
        """Images in all."""
        return sum(share.images for share in self.shares)

    @property
    def core_seconds(self) -> float:
        """Seconds of one core in all."""
        return self.preparing + sum(share.core_seconds for share in self.shares)


def estimate_run(
    profile: Profile,
    *,
    seed: int,
    placement: Placement,
    workers: int,
    fit_engine: Engine = "joint",
    again: bool = False,
    announce: Callable[[int], None],
    advance: Callable[[str], None],
    note: Callable[[str], None],
) -> Estimate:
    """Estimate a run from rates of this machine.

    Parameters
    ----------
    profile : Profile
    seed : int
        Of the run: it chooses which images are probed.
    placement : Placement
    workers : int
        Processes that share the work.
    fit_engine : {'joint', 'lmfit'}
        What fits the images.
    again : bool
        Measure rates that are known too.
    announce, advance, note : callable
        As of `bench.run.estimate.kept_rates.rates_of`.

    Raises
    ------
    InputError
        If the amounts are beyond those of any run, or a restorer fails.
    """
    check_amounts(profile, seed=seed)
    profile = with_resolved_engines(profile)
    blocks = tuple(
        replace(block, engine=fit_engine)
        for block in (*plan_blocks(profile, seed=seed), *plan_ladders(profile, seed=seed))
    )
    amounts = amounts_of(blocks)
    images = {selection.case: selection.images for selection in profile.selections}
    for kind, amount in amounts.items():  # of ladders of cases that are not run by themselves
        images.setdefault(kind.case, (amount.block.image,))
    rates = rates_of(amounts, images, again=again, announce=announce, advance=advance, note=note)
    local = not elsewhere(placement)
    workers = max(1, min(workers, sum(amount.blocks for amount in amounts.values())))
    at_once = min(workers, available_cores()) if local else workers
    shares = tuple(
        _share(spec, amounts, rates, workers=workers)
        for spec in dict.fromkeys(kind.restorer for kind in amounts)
    )
    alone, together = _preparing(profile, images, rates, workers=workers)
    busy = sum(share.core_seconds for share in shares) + together
    largest = max(get_case(kind.case).shape[0] * get_case(kind.case).shape[1] for kind in amounts)
    each = max(rate.memory for rate in rates.kinds.values())
    each += (BLOCK_SIZE - 1) * largest * _DOUBLE * _ARRAYS
    return Estimate(
        shares=shares,
        preparing=alone + together,
        wall_seconds=alone + busy / at_once,
        workers=workers,
        # The command loads what its workers do.
        memory=((workers if local else 0) + 1) * each,
        disk=_disk(amounts, rates),
        blocks=len(blocks),
        measured=rates.measured,
        kept=len(rates.kinds) + len(rates.cases) - rates.measured,
    )


def check_estimate(estimate: Estimate, folder: Path) -> None:
    """Refuse a run that would not end within a year, or for which there is no room.

    Raises
    ------
    InputError
    """
    if estimate.wall_seconds > _YEAR:
        raise InputError(
            f"the run would take {estimate.wall_seconds / _YEAR:.3g} years on {estimate.workers}"
            f" worker{'s' if estimate.workers > 1 else ''}: ask for fewer realizations, doses or"
            " cases, or give more workers"
        )
    check_memory(estimate.memory, workers=estimate.workers)
    check_disk(estimate.disk, folder)


def _share(spec: str, amounts: Mapping[Kind, Amount], rates: Rates, *, workers: int) -> Share:
    own = [kind for kind in amounts if kind.restorer == spec]
    seconds = workers * max(rates.kinds[kind].load for kind in own)
    restoring, images = 0.0, 0
    for kind in own:
        amount, rate = amounts[kind], rates.kinds[kind]
        images += amount.images
        restoring += amount.images * rate.restore
        seconds += (
            amount.images * rate.image
            + amount.blocks * rate.block
            + amount.searched * rate.searched
            + amount.probed * rate.probed
            + amount.scanned * rate.scanned
        )
    return Share(restorer=spec, images=images, core_seconds=seconds, restoring=restoring)


def _preparing(
    profile: Profile, images: Mapping[str, tuple[str, ...]], rates: Rates, *, workers: int
) -> tuple[float, float]:
    """Seconds that the command works by itself, and those that workers share."""
    alone = rates.start  # of the command itself
    together = workers * rates.start + workers * sum(
        rates.cases[name].clean * len(labels) for name, labels in images.items()
    )
    for selection in profile.selections:
        case, rate = get_case(selection.case), rates.cases[selection.case]
        alone += rate.library
        if not kinds_of(case):
            continue
        bounds = rate.bound * len(selection.images) * len(selection.doses)
        if takes_long(case):
            together += bounds
        else:
            alone += bounds
    return alone, together


def _disk(amounts: Mapping[Kind, Amount], rates: Rates) -> float:
    return sum(
        amount.blocks * rates.kinds[kind].block_bytes
        + amount.images * rates.kinds[kind].image_bytes
        + amount.examples * rates.kinds[kind].example_bytes
        for kind, amount in amounts.items()
    )


def estimate_lines(estimate: Estimate) -> list[str]:
    """Lines of the table that is printed."""
    width = max(len("restorer"), *(len(share.restorer) for share in estimate.shares))
    return [
        f"{'restorer':<{width}}  {'images':>9}  {'core hours':>10}  {'of these restoring':>18}",
        *(
            f"{share.restorer:<{width}}  {share.images:>9}  {_hours(share.core_seconds):>10}"
            f"  {_hours(share.restoring):>18}"
            for share in estimate.shares
        ),
        f"{'(preparing)':<{width}}  {'':>9}  {_hours(estimate.preparing):>10}",
        f"{'all':<{width}}  {estimate.images:>9}  {_hours(estimate.core_seconds):>10}",
    ]


def wall_text(estimate: Estimate) -> str:
    """Say how long the run takes by the clock."""
    several = "s" if estimate.workers > 1 else ""
    return f"{seconds_text(estimate.wall_seconds)} on {estimate.workers} worker{several}"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.3g}" if seconds < 3.6e6 else f"{seconds / 3600:.0f}"
