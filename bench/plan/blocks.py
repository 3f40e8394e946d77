"""The units of work of a run: blocks of realizations of one image, dose and restorer."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.plan.acquisitions import FRAMES
from bench.plan.probed_images import probed
from bench.plan.profiles import SCAN_FITS, Profile
from cases import get_case
from fitting import Engine
from noise import ScanNoise
from restore import is_reference
from stembench.errors import InputError
from stembench.exact_numbers import exact

#: Realizations per block. A block is the grain of resuming and of balancing workers; results do
#: not depend on it.
BLOCK_SIZE = 8
#: More images would take centuries, and their list more memory than there is.
MOST_IMAGES: Final = 20_000_000
MOST_BLOCKS: Final = 2_000_000
#: Seeds that every part of a run takes.
MOST_SEED: Final = 2**63 - 1


@dataclass(frozen=True)
class Block:
    """One unit of work.

    Attributes
    ----------
    case : str
    image : str
        Label of the image within the case.
    dose : float
        Dose in e/Å².
    restorer : str
        Restorer spec.
    start, stop : int
        Realizations start, ..., stop - 1.
    seed : int
        Seed of the run.
    example : bool
        Whether the first realization's arrays are kept for the figures.
    ladder : str
        Kind of the ladder of noise chains, whose folder takes the records; empty for the case's
        own noise.
    rung : str
        Label of the ladder's rung.
    noise : ScanNoise or None
        The rung's noise chain; None stands for the case's own.
    engine : {'joint', 'lmfit'}
        What fits the images. The noise-free fits, references of all others, are joint ones.
    main_alone : bool
        Leave out all but the main fit.
    scans : int
        Realizations whose scan lines are fitted, from 0 on; few on the rungs of ladders.
    probes : int
        Realizations of this image, dose and restorer that are probed, from 0 on
        (`bench.plan.probed_images`).
    """

    case: str
    image: str
    dose: float
    restorer: str
    start: int
    stop: int
    seed: int
    example: bool = False
    ladder: str = ""
    rung: str = ""
    noise: ScanNoise | None = None
    engine: Engine = "joint"
    main_alone: bool = False
    scans: int = SCAN_FITS
    probes: int = 0

    @property
    def name(self) -> str:
        """File name stem, unique within its folder of a run and free of path characters."""
        restorer = f"{_slug(self.restorer)[-40:]}-{_digest(self.restorer)}"
        realizations = f"{self.start:04d}-{self.stop - 1:04d}"
        rung = f"__{_slug(self.rung)[:60]}-{_digest(self.rung)}" if self.rung else ""
        return f"{self.case}__{self.image}__{exact(self.dose)}__{restorer}__{realizations}{rung}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.")


def check_amounts(profile: Profile, *, seed: int, block_size: int = BLOCK_SIZE) -> None:
    """Refuse amounts that no run can take, before anything is listed or written.

    Raises
    ------
    InputError
    """
    if not 0 <= seed <= MOST_SEED:
        raise InputError(f"the seed must be between 0 and {MOST_SEED}, not {seed}")
    if block_size < 1:
        raise InputError(f"a block must hold at least one realization, not {block_size}")
    amounts = [
        (len(one.images) * len(one.doses), one.realizations_of(restorer))
        for one in profile.selections
        for restorer in profile.restorers
    ]
    amounts += [(len(one.images) * len(one.doses), one.realizations) for one in profile.frames]
    amounts += [
        (len(one.rungs) * len((*profile.restorers, *one.beside)), one.realizations)
        for one in profile.ladders
    ]
    images = sum(cells * number for cells, number in amounts)
    blocks = sum(cells * -(-number // block_size) for cells, number in amounts)
    if images > MOST_IMAGES or blocks > MOST_BLOCKS:
        raise InputError(
            f"that would be {images} images in {blocks} blocks; a run has at most {MOST_IMAGES} in"
            f" {MOST_BLOCKS}: ask for fewer realizations, doses or cases"
        )


def plan_blocks(profile: Profile, *, seed: int, block_size: int = BLOCK_SIZE) -> tuple[Block, ...]:
    """All blocks of a profile, in the order in which they are run.

    Examples are kept of realization 0 at the extremes that the figures show: a case's first image
    at its lowest dose, and its last image at its highest dose.
    """
    blocks = []
    for selection in profile.selections:
        low = (selection.images[0], min(selection.doses))
        high = (selection.images[-1], max(selection.doses))
        chosen = {
            restorer: probed(selection, restorer, seed=seed) for restorer in profile.restorers
        }
        for image in selection.images:
            for dose in selection.doses:
                for restorer in profile.restorers:
                    blocks += [
                        Block(
                            case=selection.case,
                            image=image,
                            dose=dose,
                            restorer=restorer,
                            start=start,
                            stop=min(start + block_size, selection.realizations_of(restorer)),
                            seed=seed,
                            example=start == 0 and (image, dose) in (low, high),
                            scans=profile.scans,
                            probes=chosen[restorer][2] * (chosen[restorer][:2] == (image, dose)),
                        )
                        for start in range(0, selection.realizations_of(restorer), block_size)
                    ]
    return (*blocks, *_plan_frames(profile, seed=seed, block_size=block_size))


def _plan_frames(profile: Profile, *, seed: int, block_size: int) -> tuple[Block, ...]:
    """Blocks of the frames that are aligned and summed beside the shots.

    None if they are named among the restorers, whose blocks they then are.
    """
    if FRAMES in profile.restorers:
        return ()
    return tuple(
        Block(
            case=selection.case,
            image=image,
            dose=dose,
            restorer=FRAMES,
            start=start,
            stop=min(start + block_size, selection.realizations),
            seed=seed,
        )
        for selection in profile.frames
        for image in selection.images
        for dose in selection.doses
        for start in range(0, selection.realizations, block_size)
    )


def plan_ladders(profile: Profile, *, seed: int, block_size: int = BLOCK_SIZE) -> tuple[Block, ...]:
    """All blocks of a profile's ladders of noise chains, rung by rung.

    The realizations are those of the case's own blocks.
    """
    return tuple(
        Block(
            case=ladder.case,
            image=ladder.image,
            dose=ladder.dose,
            restorer=restorer,
            start=start,
            stop=min(start + block_size, ladder.realizations),
            seed=seed,
            ladder=ladder.kind,
            rung=rung.label,
            noise=rung.noise,
        )
        for ladder in profile.ladders
        for rung in ladder.rungs
        for restorer in dict.fromkeys((*profile.restorers, *ladder.beside))
        if not is_reference(restorer)
        for start in range(0, ladder.realizations, block_size)
    )


def repeated_blocks(block: Block, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Blocks of the records that hold what a block of a ladder would make once more.

    A rung whose chain is the case's own repeats the records to the last bit, since a realization
    depends on its own seed alone.

    Parameters
    ----------
    block : Block
    blocks : sequence of Block
        The whole plan.

    Returns
    -------
    tuple of Block
        Empty if the block has to be run.
    """
    if not block.ladder or block.noise != get_case(block.case).noise:
        return ()
    found = tuple(
        other
        for other in blocks
        if not other.ladder
        and (other.case, other.image, other.dose, other.restorer, other.seed)
        == (block.case, block.image, block.dose, block.restorer, block.seed)
        and other.start < block.stop
        and block.start < other.stop
    )
    held = {k for other in found for k in range(other.start, other.stop)}
    return found if held >= set(range(block.start, block.stop)) else ()
