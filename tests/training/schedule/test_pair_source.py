"""Pairs that are made, and pairs that are read: the same; and what is no folder of them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from restore.networks.normalisation import standardise
from stembench.errors import InputError
from training import MadePairs, PairSequence, Shards, WrittenPairs, write_pairs
from training.schedule.pair_source import standardised_batch

SEQUENCE = PairSequence("lrsem", 9, seed=4, shape=(16, 16))
BATCHES = [(8, 0, 3), (1, 7), (2,)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_pairs(Shards(tmp_path / "pairs", SEQUENCE, size=4))


def test_written_pairs_are_the_made_ones_to_the_bit(folder: Path) -> None:
    made = list(MadePairs(SEQUENCE).stream(BATCHES))
    read = list(WrittenPairs.opened(folder, SEQUENCE).stream(np.array([[8, 0, 3], [1, 7, 2]])))
    np.testing.assert_array_equal(made[0][0], read[0][0])
    np.testing.assert_array_equal(made[0][1], read[0][1])
    np.testing.assert_array_equal(made[1][0], read[1][0][:2])
    np.testing.assert_array_equal(made[0][0][1], SEQUENCE[0][0])
    assert made[0][0].shape == (3, 16, 16, 1)


def test_a_folder_may_hold_more_pairs_but_not_fewer(folder: Path) -> None:
    WrittenPairs.opened(folder, replace(SEQUENCE, count=5))
    more = replace(SEQUENCE, count=10)
    with pytest.raises(InputError, match=r"holds 9 pairs and the recipe needs 10; .*--count 10"):
        WrittenPairs.opened(folder, more)
    (folder / "pairs-000000004.npz").unlink()
    with pytest.raises(InputError, match="holds 4 pairs"):
        WrittenPairs.opened(folder, SEQUENCE)


@pytest.mark.parametrize(
    ("change", "name"), [({"seed": 5}, "seed"), ({"modality": "lrstem"}, "modality"),
                         ({"shape": (32, 32)}, "shape"), ({"first": 1}, "first")]
)  # fmt: skip
def test_a_folder_of_other_pairs_is_refused(
    folder: Path, change: dict[str, object], name: str
) -> None:
    with pytest.raises(InputError, match=rf"other pairs than the recipe's \({name} differ\)"):
        WrittenPairs.opened(folder, replace(SEQUENCE, **change))  # type: ignore[arg-type]


def test_pairs_of_which_other_lattices_were_left_out_are_refused(folder: Path) -> None:
    path = folder / "pairs.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**told, "excluded": "nothing"}), encoding="utf-8")
    with pytest.raises(InputError, match="excluded differ"):
        WrittenPairs.opened(folder, SEQUENCE)


def test_what_is_no_folder_of_pairs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder of pairs"):
        WrittenPairs.opened(tmp_path, SEQUENCE)


def test_a_damaged_file_is_named(folder: Path) -> None:
    source = WrittenPairs.opened(folder, SEQUENCE)
    path = folder / "pairs-000000004.npz"
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(InputError, match=r"pairs-000000004.npz is damaged; remove it"):
        list(source.stream([(5,)]))
    with pytest.raises(InputError, match="is damaged"):
        WrittenPairs.opened(folder, SEQUENCE)


def test_pairs_are_standardised_as_the_restorer_does_it() -> None:
    distorted, clean = (each.copy() for each in SEQUENCE.batch((0, 1, 2)))
    distorted[2] = 3.0
    x, y = standardised_batch(distorted, clean)
    for number in range(2):
        standard = standardise(distorted[number, ..., 0].astype(np.float64))
        assert standard is not None
        np.testing.assert_allclose(x[number, ..., 0], standard.image, rtol=1e-6, atol=1e-7)
        back = standard.undo(y[number, ..., 0])
        np.testing.assert_allclose(back, clean[number, ..., 0], rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(x[2], 0.0)
    np.testing.assert_allclose(y[2], clean[2] - 3.0, rtol=1e-6)
