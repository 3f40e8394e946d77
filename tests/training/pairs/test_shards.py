"""Pairs in files: what they hold, and what becomes of stopped and damaged ones."""

import json
from dataclasses import replace

import numpy as np
import pytest

from stembench.errors import InputError
from training.pairs.pair_sequence import PairSequence
from training.pairs.shards import DESCRIPTION, Shards, write_pairs, write_shard

SEQUENCE = PairSequence("lrstem", 7, seed=2, first=40, shape=(16, 24))


@pytest.fixture
def shards(tmp_path):
    return Shards(tmp_path / "pairs", SEQUENCE, size=3)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_hold_the_pairs_of_the_sequence(shards):
    write_pairs(shards)
    assert sorted(contents(shards.folder)) == [
        "pairs-000000040.npz", "pairs-000000043.npz", "pairs-000000046.npz", DESCRIPTION,
    ]  # fmt: skip
    number = 0
    for path in sorted(shards.folder.glob("*.npz")):
        with np.load(path) as file:
            for k, index in enumerate(file["index"]):
                pair = SEQUENCE.pair(number)
                assert index == 40 + number
                assert np.array_equal(file["x"][k], pair.distorted)
                assert np.array_equal(file["y"][k], pair.clean)
                assert file["sampling"][k] == pair.sampling
                assert file["electrons"][k] == pair.electrons
                number += 1
    assert number == 7
    described = json.loads((shards.folder / DESCRIPTION).read_text(encoding="utf-8"))
    assert described["modality"] == "lrstem"
    assert described["unit"] == "electrons per pixel"


def test_a_stopped_call_continues_to_the_same_files(shards, tmp_path):
    whole = Shards(tmp_path / "whole", SEQUENCE, size=3)
    write_pairs(whole)

    class StoppedError(Exception):
        pass

    def stop(_amount):
        raise StoppedError

    with pytest.raises(StoppedError):
        write_pairs(shards, progress=stop)
    assert len(list(shards.folder.glob("*.npz"))) == 1
    announced = []
    write_pairs(shards, announce=lambda total, done: announced.append((total, done)))
    assert announced == [(7.0, 3.0)]
    assert contents(shards.folder) == contents(whole.folder)


def test_damaged_and_foreign_files_are_made_anew(shards, tmp_path):
    write_pairs(shards)
    before = contents(shards.folder)
    files = sorted(shards.folder.glob("*.npz"))
    files[0].write_bytes(files[0].read_bytes()[:500])
    write_shard(SEQUENCE, files[1], (0, 1, 2))  # of other indices
    write_pairs(shards)
    assert contents(shards.folder) == before


def test_more_pairs_can_be_added(shards):
    write_pairs(shards)
    before = contents(shards.folder)
    more = Shards(shards.folder, PairSequence("lrstem", 9, seed=2, first=40, shape=(16, 24)), 3)
    write_pairs(more)
    after = contents(shards.folder)
    for name in ("pairs-000000040.npz", "pairs-000000043.npz"):
        assert after[name] == before[name]
    with np.load(shards.folder / "pairs-000000046.npz") as file:
        assert len(file["index"]) == 3


@pytest.mark.parametrize("change", [{"seed": 3}, {"modality": "lrsem"}, {"shape": (16, 16)}])
def test_a_folder_of_other_pairs_is_refused(shards, change):
    write_pairs(shards)
    before = contents(shards.folder)
    kept = {"modality": "lrstem", "count": 7, "seed": 2, "first": 40, "shape": (16, 24), **change}
    other = Shards(shards.folder, PairSequence(**kept), size=3)
    with pytest.raises(InputError, match=f"other {next(iter(change))}"):
        write_pairs(other)
    assert contents(shards.folder) == before


def test_a_description_that_is_none_is_refused(shards):
    shards.folder.mkdir()
    (shards.folder / DESCRIPTION).write_text("[", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        write_pairs(shards)


@pytest.mark.parametrize("seed", [2, 3])
def test_pairs_without_their_description_are_not_taken_for_these(shards, seed):
    """Of another seed they would be kept under a description that is not theirs."""
    write_pairs(shards)
    (shards.folder / DESCRIPTION).unlink()
    before = contents(shards.folder)
    sequence = PairSequence("lrstem", 7, seed=seed, first=40, shape=(16, 24))
    with pytest.raises(InputError, match=r"without the pairs.json that says which they are"):
        write_pairs(Shards(shards.folder, sequence, size=3))
    assert contents(shards.folder) == before


def test_a_file_copied_from_pairs_of_another_seed_is_refused_and_kept(shards, tmp_path):
    other = Shards(tmp_path / "other", replace(SEQUENCE, seed=3), size=3)
    write_pairs(other)
    write_pairs(shards)
    name = "pairs-000000043.npz"
    (shards.folder / name).write_bytes((other.folder / name).read_bytes())
    before = contents(shards.folder)
    with pytest.raises(InputError, match=f"{name} holds other pairs than pairs.json"):
        write_pairs(shards)
    assert contents(shards.folder) == before


def test_a_place_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="file"):
        write_pairs(Shards(tmp_path / "file", SEQUENCE))


def test_fewer_pairs_take_nothing_away(tmp_path):
    folder = tmp_path / "pairs"
    modality = "lrsem"
    more = Shards(folder, PairSequence(modality, 4, seed=3, shape=(16, 16)), size=4)
    write_pairs(more)
    before = contents(folder)
    write_pairs(Shards(folder, PairSequence(modality, 3, seed=3, shape=(16, 16)), size=4))
    assert contents(folder) == before
