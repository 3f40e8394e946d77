"""Pairs as a sequence and as a stream of batches."""

import pickle
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from stembench.errors import InputError
from training.pairs.pair_sequence import PairSequence, stream_batches

SEQUENCE = PairSequence("lrsem", 7, seed=3, first=100, shape=(24, 16))


class Backwards:
    """An executor whose workers finish in the reverse order, two at a time."""

    workers = 2

    def completed(self, function, tasks):
        listed = list(tasks)
        for k in range(0, len(listed), 2):
            for key, arguments in reversed(listed[k : k + 2]):
                yield key, function(*arguments)


@contextmanager
def start_backwards(_count):
    yield Backwards()


def test_it_is_what_a_data_loader_takes():
    assert len(SEQUENCE) == 7
    x, y = SEQUENCE[2]
    assert x.shape == y.shape == (24, 16, 1)
    assert len(list(SEQUENCE)) == 7  # iteration ends by IndexError
    with pytest.raises(IndexError, match="no number 7"):
        SEQUENCE[7]
    assert np.array_equal(SEQUENCE[-1][0], SEQUENCE[6][0])
    worker = pickle.loads(pickle.dumps(SEQUENCE))  # noqa: S301
    assert np.array_equal(worker[2][1], y)


def test_torchs_data_loader_gives_the_same_pairs_with_and_without_workers():
    pytest.importorskip("torch", reason="torch is not installed")
    from torch.utils.data import DataLoader

    sequence = PairSequence("lrsem", 7, seed=3, first=100, shape=(24, 16), channels="first")
    stacked = [np.stack([sequence[k][axis] for k in range(7)]) for axis in (0, 1)]
    for workers in (0, 2):
        batches = list(DataLoader(sequence, batch_size=4, num_workers=workers))
        assert [tuple(x.shape) for x, _ in batches] == [(4, 1, 24, 16), (3, 1, 24, 16)]
        for axis in (0, 1):
            found = np.concatenate([batch[axis].numpy() for batch in batches])
            assert found.dtype == np.float32
            assert np.array_equal(found, stacked[axis])


@pytest.mark.parametrize(
    ("channels", "shape"), [("last", (24, 16, 1)), ("first", (1, 24, 16)), ("none", (24, 16))]
)
def test_channels_stand_where_the_framework_wants_them(channels, shape):
    sequence = PairSequence("lrsem", 1, shape=(24, 16), channels=channels)
    assert sequence[0][0].shape == shape
    assert sequence.batch((0, 0))[0].shape == (2, *shape)


@given(first=st.integers(0, 2**30), offset=st.integers(0, 5))
@settings(deadline=None, max_examples=5)
def test_an_index_is_the_same_pair_in_every_sequence(first, offset):
    one = PairSequence("lrtem", 6, first=first, shape=(16, 16))
    other = PairSequence("lrtem", 1, first=first + offset, shape=(16, 16))
    assert np.array_equal(one[offset][0], other[0][0])


@pytest.mark.parametrize("start", [None, start_backwards])
@pytest.mark.parametrize("size", [1, 3, 7, 20])
def test_batches_come_in_order_whoever_makes_them(start, size):
    batches = list(stream_batches(SEQUENCE, size, start=start))
    assert [len(x) for x, _ in batches] == [len(part) for part in np.split(
        np.arange(7), range(size, 7, size))]  # fmt: skip
    for axis in (0, 1):
        stacked = np.concatenate([batch[axis] for batch in batches])
        assert np.array_equal(stacked, np.stack([SEQUENCE[k][axis] for k in range(7)]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"modality": "xray"}, "modalities"), ({"count": 0}, "number of pairs"),
     ({"first": -1}, "first pair"), ({"first": 2**63}, "first pair"),
     ({"shape": (16, 15)}, ">= 16"), ({"shape": (16, 9000)}, "<= 8192 px"),
     ({"channels": "middle"}, "channels")],
)  # fmt: skip
def test_impossible_sequences_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        PairSequence(**{"modality": "lrsem", "count": 1, **wrong})


def test_a_batch_has_pairs():
    with pytest.raises(InputError, match="batch"):
        next(stream_batches(SEQUENCE, 0))
