"""Checkpoints: what is read back, and what is refused with nothing set."""

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from restore import quiet_tensorflow
from stembench.errors import InputError
from training.schedule.records.checkpoint import (
    CHECKPOINT,
    Origin,
    read_checkpoint,
    write_checkpoint,
)
from training.schedule.run_state import RunState

quiet_tensorflow()

HERE = Origin(backend="tensorflow", excluded={"column_distances_px": [5.6, 8.5]})
STATE = RunState(step=12).after({"loss": 0.1})


def parts(value: float, size: int = 3) -> dict[str, list[Any]]:
    import keras

    return {
        "generator": [keras.Variable(np.full((size, 2), value, np.float32))],
        "adam": [keras.Variable(np.array(7, np.int64), dtype="int64")],
    }


def value_of(found: dict[str, list[Any]]) -> float:
    return float(np.asarray(found["generator"][0]).mean())


def test_variables_and_state_are_read_back(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, parts(1.25), STATE, origin=HERE)
    found = parts(0.0)
    assert read_checkpoint(tmp_path, found, origin=HERE) == STATE
    assert value_of(found) == 1.25


def test_without_one_nothing_is_set(tmp_path: Path) -> None:
    found = parts(3.0)
    assert read_checkpoint(tmp_path, found, origin=HERE) is None
    assert value_of(found) == 3.0


@pytest.mark.parametrize("place", [30, -60])
def test_a_flipped_bit_is_noticed(tmp_path: Path, place: int) -> None:
    write_checkpoint(tmp_path, parts(1.0), STATE, origin=HERE)
    path = tmp_path / CHECKPOINT
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(bytes(content))
    found = parts(0.0)
    with pytest.raises(InputError, match=r"checkpoint.npz is damaged: .* begin anew"):
        read_checkpoint(tmp_path, found, origin=HERE)
    assert value_of(found) == 0.0


def test_one_of_another_network_is_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, parts(1.0), STATE, origin=HERE)
    for others in (parts(0.0, size=4), {**parts(0.0), "discriminator": []},
                   {"generator": parts(0.0)["generator"]}):  # fmt: skip
        if "discriminator" in others:
            others["discriminator"] = others["generator"]
        with pytest.raises(InputError, match="another network than the recipe's"):
            read_checkpoint(tmp_path, others, origin=HERE)
        assert value_of(others) == 0.0


def test_one_of_another_backend_is_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, parts(1.0), STATE, origin=replace(HERE, backend="jax"))
    with pytest.raises(InputError, match=r"made on jax, .* KERAS_BACKEND=jax"):
        read_checkpoint(tmp_path, parts(0.0), origin=HERE)


def test_one_of_pairs_with_other_lattices_is_refused(tmp_path: Path) -> None:
    other = replace(HERE, excluded={"column_distances_px": [5.6]})
    write_checkpoint(tmp_path, parts(1.0), STATE, origin=other)
    found = parts(0.0)
    with pytest.raises(InputError, match="left out other lattices"):
        read_checkpoint(tmp_path, found, origin=HERE)
    assert value_of(found) == 0.0
    assert read_checkpoint(tmp_path, found, origin=other) == STATE


def test_weights_that_are_no_numbers_are_not_written(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, parts(1.0), STATE, origin=HERE)
    before = (tmp_path / CHECKPOINT).read_bytes()
    with pytest.raises(InputError, match="diverged at step 13"):
        write_checkpoint(tmp_path, parts(np.nan), STATE, origin=HERE)
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_a_full_disk_leaves_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_checkpoint(tmp_path, parts(1.0), STATE, origin=HERE)
    before = (tmp_path / CHECKPOINT).read_bytes()

    def full(path: Path, content: bytes) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="the disk is full"):
        write_checkpoint(tmp_path, parts(2.0), STATE, origin=HERE)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]
    assert (tmp_path / CHECKPOINT).read_bytes() == before
