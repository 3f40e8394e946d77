"""The order in which blocks are run: each restorer meets its images in an order of its own."""

from collections.abc import Sequence

from bench.plan.blocks import Block
from bench.plan.probed_images import keyed


def shuffled(blocks: Sequence[Block]) -> list[Block]:
    """Shuffle the blocks of each restorer over the places that these have among all.

    A restorer that counts its calls cannot know what it is given; records do not depend on the
    order. It is keyed by seed and restorer, and by nothing else: what is left of a run is shuffled
    among itself.

    Parameters
    ----------
    blocks : sequence of Block

    Returns
    -------
    list of Block
    """
    places: dict[tuple[int, str], list[int]] = {}
    for place, block in enumerate(blocks):
        places.setdefault((block.seed, block.restorer), []).append(place)
    mixed = list(blocks)
    for (seed, restorer), own in places.items():
        order = keyed(seed, "order", restorer).permutation(len(own))
        for place, other in zip(own, order, strict=True):
            mixed[place] = blocks[own[int(other)]]
    return mixed
