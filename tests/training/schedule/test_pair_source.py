"""Pairs that are made, and pairs that are read: the same; and what is no folder of them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

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
    with pytest.raises(
        InputError, match=r"holds 9 pairs and the recipe needs 10; .*--count 10 .*--per-file 4"
    ):
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
    with pytest.raises(InputError, match=rf"other pairs than the recipe's \(other {name}\)"):
        WrittenPairs.opened(folder, replace(SEQUENCE, **change))  # type: ignore[arg-type]


def test_pairs_of_which_other_lattices_were_left_out_are_refused(folder: Path) -> None:
    path = folder / "pairs.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**told, "excluded": "nothing"}), encoding="utf-8")
    with pytest.raises(InputError, match="other excluded"):
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


def changed(path: Path, **arrays: Any) -> None:
    """Write a file of pairs again with other arrays."""
    with np.load(path) as file:
        kept = {name: file[name] for name in file.files}
    np.savez(path, allow_pickle=False, **(kept | arrays))


@pytest.mark.parametrize(
    "arrays",
    [
        {"y": np.full((4, 16, 16), np.nan, np.float32)},
        {"x": np.zeros((4, 16, 8), np.float32)},
        {"y": np.zeros((3, 16, 16), np.float32)},
        {"index": np.array([4, 6, 5, 7])},
    ],
)
def test_a_file_of_impossible_pairs_is_damaged(folder: Path, arrays: dict[str, Any]) -> None:
    changed(folder / "pairs-000000004.npz", **arrays)
    with pytest.raises(InputError, match=r"pairs-000000004.npz is damaged; remove it"):
        list(WrittenPairs.opened(folder, SEQUENCE).stream([(4, 5, 6)]))


def test_a_file_of_other_pairs_among_the_right_ones_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    """Of the same indices, but another seed: copied into the wrong folder."""
    other = write_pairs(Shards(tmp_path / "other", replace(SEQUENCE, seed=5), size=4))
    name = "pairs-000000004.npz"
    (folder / name).write_bytes((other / name).read_bytes())
    with pytest.raises(InputError, match=rf"{name} holds other pairs than the files beside it"):
        WrittenPairs.opened(folder, SEQUENCE)


def test_files_of_versions_that_did_not_say_which_pairs_they_are_can_be_read(folder: Path) -> None:
    wanted = next(MadePairs(SEQUENCE).stream([(0, 5, 8)]))
    for path in folder.glob("*.npz"):
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files if name != "set"}
        np.savez(path, allow_pickle=False, **arrays)
    found = next(WrittenPairs.opened(folder, SEQUENCE).stream([(0, 5, 8)]))
    np.testing.assert_array_equal(found, wanted)


def test_a_stray_file_is_not_taken_for_pairs(folder: Path) -> None:
    (folder / "pairs-old.npz").write_bytes(b"anything")
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
