"""The work of a planned run by kind: one case and restorer, or a ladder of noise chains of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bench.measures.column_search import searched
from bench.measures.scan_fits import RUNG_REALIZATIONS, has_jitter
from bench.plan.blocks import Block, repeated_blocks
from cases import get_case
from restore import is_raw


@dataclass(frozen=True, order=True)
class Kind:
    """What is done alike.

    Attributes
    ----------
    case : str
    restorer : str
        Spec.
    ladder : str
        Kind of the ladder of noise chains; empty for the case's own noise.
    """

    case: str
    restorer: str
    ladder: str = ""


@dataclass(frozen=True)
class Amount:
    """How much there is of one kind.

    Attributes
    ----------
    block : Block
        A block in the middle of the kind, which stands for all.
    blocks, images : int
    searched, probed, scanned : int
        Images of which columns are searched without start positions, which are probed, and whose
        scan lines are fitted too.
    examples : int
        Blocks that keep arrays for figures.
    """

    block: Block
    blocks: int = 0
    images: int = 0
    searched: int = 0
    probed: int = 0
    scanned: int = 0
    examples: int = 0


@dataclass
class _Gathered:
    own: list[Block] = field(default_factory=list)

    def amount(self) -> Amount:
        """Sum up."""
        own = self.own
        images = list(dict.fromkeys(block.image for block in own))
        doses = sorted({block.dose for block in own})
        middle = next(
            block for block in own
            if block.image == images[len(images) // 2] and block.dose == doses[len(doses) // 2]
        ) if not own[0].ladder else own[len(own) // 2]  # fmt: skip
        return Amount(
            block=middle,
            blocks=len(own),
            images=sum(block.stop - block.start for block in own),
            searched=sum(map(searched, own)),
            probed=sum(max(0, min(block.stop, block.probes) - block.start) for block in own),
            scanned=sum(map(_scanned, own)),
            examples=sum(block.example for block in own),
        )


def amounts_of(blocks: Sequence[Block]) -> dict[Kind, Amount]:
    """Sort the blocks of a run into kinds.

    Blocks that are copied from others (`bench.plan.blocks.repeated_blocks`) take next to nothing
    and are left out.

    Parameters
    ----------
    blocks : sequence of Block
        The whole plan.
    """
    gathered: dict[Kind, _Gathered] = {}
    # Only blocks of records can be repeated, and of a case that has a ladder.
    laddered = {(block.case, block.image, block.dose) for block in blocks if block.ladder}
    sources = [
        block
        for block in blocks
        if not block.ladder and (block.case, block.image, block.dose) in laddered
    ]
    for block in blocks:
        if block.ladder and repeated_blocks(block, sources):
            continue
        kind = Kind(block.case, block.restorer, block.ladder)
        gathered.setdefault(kind, _Gathered()).own.append(block)
    return {kind: found.amount() for kind, found in gathered.items()}


def one_image(block: Block, *, first: bool) -> Block:
    """A block of one image: the first of its image and dose, with all that is done of these.

    Parameters
    ----------
    block : Block
    first : bool
        Otherwise an image far behind, with what is done of every one.
    """
    start = 0 if first else 10**6
    return replace(
        block, start=start, stop=start + 1, example=not first and not block.ladder,
        probes=1 if first and not is_raw(block.restorer) else 0,
    )  # fmt: skip


def _scanned(block: Block) -> int:
    """Images of a block whose scan lines are fitted."""
    noise = block.noise or get_case(block.case).noise
    if not is_raw(block.restorer) or not has_jitter(noise):
        return 0
    limit = RUNG_REALIZATIONS if block.ladder else block.scans
    return max(0, min(block.stop, limit) - block.start)
