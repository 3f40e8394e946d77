"""Order in which an epoch sees its pairs: a function of seed and epoch alone."""

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

_ORDER: Final = zlib.crc32(b"order of pairs")
#: Pairs that stay together, as many as files hold by default: few files are open at a time.
_BLOCK: Final = 64


def epoch_order(count: int, batch: int, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """Draw the batches of one epoch: blocks of pairs in random order, and the pairs within each.

    Parameters
    ----------
    count : int
        Pairs.
    batch : int
        Pairs of a batch; a last incomplete batch is left out.
    seed : int
        Of the training.
    epoch : int
        Within the whole training, from 0.

    Returns
    -------
    ndarray, shape (count // batch, batch)
        Numbers of pairs, no number twice.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_ORDER, epoch)))
    blocks = np.arange(-(-count // _BLOCK))
    rng.shuffle(blocks)
    numbers = blocks[:, None] * _BLOCK + rng.permuted(
        np.tile(np.arange(_BLOCK), (len(blocks), 1)), axis=1
    )
    order = numbers.ravel()
    order = order[order < count]
    steps = count // batch
    return np.asarray(order[: steps * batch].reshape(steps, batch), dtype=np.int64)
