"""Order of the pairs of an epoch."""

import numpy as np
import pytest

from training.schedule.pair_order import epoch_order


@pytest.mark.parametrize(("count", "batch"), [(200, 4), (203, 4), (5, 5), (64, 3)])
def test_an_epoch_has_every_pair_once_up_to_an_incomplete_batch(count: int, batch: int) -> None:
    order = epoch_order(count, batch, seed=1, epoch=0)
    assert order.shape == (count // batch, batch)
    assert len(np.unique(order)) == order.size
    assert order.min() >= 0
    assert order.max() < count


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    first = epoch_order(200, 4, seed=1, epoch=0)
    np.testing.assert_array_equal(first, epoch_order(200, 4, seed=1, epoch=0))
    for seed, epoch in ((1, 1), (2, 0)):
        other = epoch_order(200, 4, seed=seed, epoch=epoch)
        # In random order 200 pairs are at their place once on average; 12 has a chance below 1e-9.
        assert (first == other).sum() < 12
    assert (np.diff(first.ravel()) == 1).sum() < 12


def test_few_files_are_needed_at_a_time() -> None:
    """Sixteen batches of four are one block of 64 pairs, or two where the last is not whole."""
    order = epoch_order(6400, 4, seed=3, epoch=0)
    blocks = order.reshape(-1, 64) // 64
    assert max(len(np.unique(each)) for each in blocks) == 1
