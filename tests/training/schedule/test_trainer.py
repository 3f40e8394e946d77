"""Training as a whole: it learns, goes on after a kill, and stops where it must."""

import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from restore import Restorer, quiet_tensorflow
from stembench.errors import InputError
from tests.training.schedule.tiny_training import tiny_recipe
from training import (
    AdamSettings,
    Cgrdn,
    MadePairs,
    Recipe,
    Told,
    Watch,
    make_reproducible,
    train,
    write_network,
)
from training.schedule.records.checkpoint import CHECKPOINT
from training.schedule.records.history import read_rows

quiet_tensorflow()

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("tiny_training.py")
TABLES = ("training.csv", "validation.csv")
FIRST = tiny_recipe(epochs=(2, 0, 0))


def tables(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text(encoding="utf-8") for name in TABLES}


@pytest.fixture(scope="module", autouse=True)
def reproducible() -> None:
    make_reproducible()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a training of all three stages in one call."""
    folder = tmp_path_factory.mktemp("whole")
    train(tiny_recipe(), folder)
    return folder


def test_a_row_of_each_step_tells_its_stage_and_rate(whole: Path) -> None:
    rows = read_rows(whole / "training.csv")
    assert [row["step"] for row in rows] == list(range(1, 41))
    assert [row["stage"] for row in rows] == [1] * 20 + [2] * 10 + [3] * 10
    assert [row["epoch"] for row in rows] == [k // 10 + 1 for k in range(40)]
    rates = [row["learning_rate"] for row in rows]
    assert rates[:6] == pytest.approx([2e-4, 4e-4, 6e-4, 8e-4, 1e-3, 1e-3])
    assert set(rates[6:]) == {1e-3}
    assert "whitening" not in rows[19]
    assert {"whitening", "fourier", "mean", "std"} <= rows[20].keys()
    assert "discriminator" not in rows[29]
    assert rows[35]["loss"] == pytest.approx(
        rows[35]["pixel_wise"] + 2e-5 * rows[35]["adversarial"], rel=1e-5
    )


def test_validation_has_the_gap_to_what_was_learned_since(whole: Path) -> None:
    learned = read_rows(whole / "training.csv")
    rows = read_rows(whole / "validation.csv")
    assert [row["step"] for row in rows] == [6, 10, 12, 18, 20, 24, 30, 36, 40]
    begin = 0
    for row in rows:
        since = [each["pixel_wise"] for each in learned[begin : row["step"]]]
        assert row["training"] == pytest.approx(np.mean(since), rel=1e-12)
        assert row["gap"] == pytest.approx(row["loss"] - row["training"], rel=1e-12)
        begin = row["step"]


def test_the_network_learns(whole: Path) -> None:
    """On held-out pairs, which no step has seen, at every validation of the first stage."""
    rows = read_rows(whole / "validation.csv")[:5]
    absolute = [row["absolute"] for row in rows]
    assert (np.diff(absolute) < 0).all()
    assert absolute[-1] < 0.95 * absolute[0]
    assert rows[-1]["psnr"] > rows[0]["psnr"]


def test_curves_images_and_events_are_written(whole: Path) -> None:
    assert {path.name for path in (whole / "images").iterdir()} == {
        f"epoch-{number:02d}.png" for number in range(1, 5)
    }
    for path in (whole / "losses.png", *(whole / "images").iterdir()):
        assert path.read_bytes().startswith(b"\x89PNG")
    events = b"".join(path.read_bytes() for path in (whole / "tensorboard").iterdir())
    for name in (b"training/loss", b"validation/gap", b"training/learning_rate"):
        assert name in events


def test_a_training_in_two_calls_is_one(whole: Path, tmp_path: Path) -> None:
    """Stopped within the stage that has a discriminator."""
    told: list[tuple[float, float]] = []
    for steps in (33, None):
        train(
            tiny_recipe(), tmp_path, steps=steps, board=False,
            told=Told(announce=lambda total, done: told.append((total, done))),
        )  # fmt: skip
        assert len(read_rows(tmp_path / "training.csv")) == (steps or 40)
    assert told == [(33.0, 0.0), (40.0, 33.0)]
    assert tables(tmp_path) == tables(whole)


def test_a_training_gives_its_averaged_weights_and_checkpoints_those_that_learn(
    tmp_path: Path,
) -> None:
    """The running average, taken here from the weights after each number of steps."""
    share = 0.8
    recipe = replace(FIRST, adam=AdamSettings(averaging=share))
    steps = 6
    plain = [
        [each.numpy() for each in train(FIRST, tmp_path / f"{k}", steps=k, board=False).weights]
        for k in range(1, steps + 1)
    ]
    expected = plain[0]
    for weights in plain[1:]:
        expected = [share * a + (1 - share) * w for a, w in zip(expected, weights, strict=True)]
    for stops in ((steps,), (2, steps)):  # in one call and in two
        folder = tmp_path / f"averaged{len(stops)}"
        for stop in stops:
            found = train(recipe, folder, steps=stop, board=False)
        for each, average, last in zip(found.weights, expected, plain[-1], strict=True):
            np.testing.assert_allclose(each.numpy(), average, rtol=1e-5, atol=1e-7)
            assert not np.allclose(average, last, rtol=1e-5, atol=1e-7) or not last.any()


def test_a_training_begins_with_the_weights_of_another(tmp_path: Path) -> None:
    """A step of no length leaves them; a checkpoint comes before the file."""
    earlier = tmp_path / "earlier"
    trained = train(FIRST, earlier, board=False)
    write_network(trained, FIRST, earlier)
    path = earlier / "tiny.keras"
    (stage,) = FIRST.stages
    still = replace(FIRST, stages=(replace(stage, learning_rate=1e-12),))
    one = tmp_path / "one"
    begun = train(still, one, begin=path, steps=1, board=False)
    drawn = train(still, tmp_path / "drawn", steps=1, board=False)
    for given, found, other in zip(trained.weights, begun.weights, drawn.weights, strict=True):
        np.testing.assert_allclose(found.numpy(), given.numpy(), rtol=0, atol=1e-9)
        assert not np.allclose(other.numpy(), given.numpy(), rtol=0, atol=1e-5)
    path.unlink()
    train(still, one, begin=path, steps=2, board=False)  # goes on without it
    deep = replace(FIRST, network=Cgrdn(features=8, growth=4, groups=1, blocks=1, dense_layers=3))
    write_network(train(deep, tmp_path / "deep", steps=1, board=False), deep, earlier)
    for wrong, told in (
        (path, "no trained network of the recipe's kind"),
        (earlier / "absent.keras", "there is no file .*absent.keras to begin with"),
    ):
        with pytest.raises(InputError, match=told):
            train(FIRST, tmp_path / "new", begin=wrong, steps=1, board=False)
        # A recipe there would refuse the next one.
        assert not list((tmp_path / "new").glob("*"))


@pytest.mark.slow
def test_rows_of_several_steps_are_their_means_however_it_was_stopped(tmp_path: Path) -> None:
    recipe = replace(FIRST, watch=Watch(log=4, checkpoint=3, validation=100, validated=3))
    for folder, stops in ((tmp_path / "one", [20]), (tmp_path / "two", [6, 11, 20])):
        for steps in stops:
            train(recipe, folder, steps=steps, board=False)
    assert tables(tmp_path / "one") == tables(tmp_path / "two")
    single = tmp_path / "single"
    train(FIRST, single, steps=4, board=False)
    mean = np.mean([row["loss"] for row in read_rows(single / "training.csv")])
    assert read_rows(tmp_path / "one" / "training.csv")[0]["loss"] == pytest.approx(mean, rel=1e-6)


def environment() -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    }


def killed_at(folder: Path, row: int, epochs: str) -> int:
    """Train in a process until the table has a row, kill it; return the rows there are then."""
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), epochs],
        env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    path = folder / "training.csv"
    while process.poll() is None:
        if path.exists() and path.read_bytes().count(b"\n") > row:
            process.kill()
            break
        time.sleep(0.001)
    process.wait()
    return path.read_bytes().count(b"\n") - 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_training_goes_on_to_the_same_losses(tmp_path: Path, seed: int) -> None:
    """At a random one of 200 steps of all stages, whatever was being written then."""
    epochs = "8,6,6"
    step = random.Random(seed).randrange(10, 190)  # noqa: S311
    there = killed_at(tmp_path / "killed", step, epochs)
    assert step <= there < 200
    for name in ("killed", "whole"):
        subprocess.run(
            [sys.executable, str(SCRIPT), str(tmp_path / name), epochs],
            env=environment(), check=True, capture_output=True,
        )  # fmt: skip
    assert tables(tmp_path / "killed") == tables(tmp_path / "whole")
    assert len(read_rows(tmp_path / "whole" / "training.csv")) == 200


def test_rows_after_the_last_checkpoint_are_done_again(whole: Path, tmp_path: Path) -> None:
    """What a kill between a row and the next checkpoint leaves behind."""
    train(FIRST, tmp_path, steps=9, board=False)
    for name in TABLES:
        path = tmp_path / name
        last = path.read_text(encoding="utf-8").splitlines()[-1]
        _, _, rest = last.partition(",")
        with path.open("a", encoding="utf-8") as file:
            file.write(f"10,{rest}\n11,1,2,0.00")
    train(FIRST, tmp_path, steps=9, board=False)
    train(FIRST, tmp_path, board=False)
    for name in TABLES:
        assert read_rows(tmp_path / name) == read_rows(whole / name, up_to=20)


def test_a_finished_training_is_left_alone(whole: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.iterdir() if path.is_file()}
    steps: list[float] = []
    train(tiny_recipe(), whole, told=Told(progress=steps.append))
    assert not steps
    assert {path: path.stat().st_mtime_ns for path in whole.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("change", [{"batch": 4}, {"seed": 9}, {"stages": FIRST.stages}])
def test_a_folder_of_another_recipe_is_refused(whole: Path, change: dict[str, Any]) -> None:
    before = tables(whole)
    with pytest.raises(InputError, match=rf"another recipe \(other {next(iter(change))}\)"):
        train(replace(tiny_recipe(), **change), whole, board=False)
    assert tables(whole) == before


def test_a_checkpoint_of_another_network_is_refused(whole: Path, tmp_path: Path) -> None:
    train(FIRST, tmp_path, steps=2, board=False)
    (tmp_path / CHECKPOINT).write_bytes((whole / CHECKPOINT).read_bytes())
    with pytest.raises(InputError, match=r"training by another recipe \(other stages\)"):
        train(FIRST, tmp_path, board=False)


def test_a_checkpoint_of_another_recipe_is_refused(whole: Path, tmp_path: Path) -> None:
    """Of the same networks: only what they learned by differs. One without a recipe is taken."""
    other = replace(tiny_recipe(), batch=4)
    (tmp_path / CHECKPOINT).write_bytes((whole / CHECKPOINT).read_bytes())
    with pytest.raises(InputError, match=r"training by another recipe \(other batch\); name"):
        train(other, tmp_path, board=False)
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]
    train(tiny_recipe(), tmp_path, board=False)


@pytest.mark.parametrize("name", ["tiny.keras", "tiny.onnx", "training.csv", "losses.png"])
def test_what_cannot_be_written_at_the_end_is_refused_at_the_beginning(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / name).mkdir()
    steps: list[float] = []
    with pytest.raises(InputError, match=rf"{name} is a folder, no regular file"):
        train(FIRST, tmp_path, board=False, told=Told(progress=steps.append))
    assert not steps
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_validations_on_all_held_out_pairs_are_told(tmp_path: Path) -> None:
    notes: list[str] = []
    recipe = replace(FIRST, watch=replace(FIRST.watch, validated=None))
    train(recipe, tmp_path, steps=1, board=False, told=Told(note=notes.append))
    assert notes == ["validations are on all of 4 held-out pairs, not 256"]


def test_want_of_memory_is_told_with_what_takes_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a backend calls it; other errors are not taken for it."""
    import tensorflow as tf

    errors: list[Exception] = [
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 72 bytes."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ]

    def fails(*_: Any, **__: Any) -> Any:
        raise errors[0]

    monkeypatch.setattr(Cgrdn, "build", fails)
    while errors:
        with pytest.raises(InputError, match="2 images of 16 x 16 px at a time; take a smaller"):
            train(FIRST, tmp_path, board=False)
        errors.pop(0)
    errors.append(RuntimeError("shapes do not fit"))
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        train(FIRST, tmp_path, board=False)


def test_a_diverged_training_keeps_its_last_checkpoint(tmp_path: Path) -> None:
    train(FIRST, tmp_path, steps=8, board=False)
    before = (tmp_path / CHECKPOINT).read_bytes()

    class Broken:
        def stream(self, batches: Any, /) -> Any:
            for number, (x, y) in enumerate(MadePairs(FIRST.pairs.sequence).stream(batches)):
                yield x, y * (np.nan if number == 4 else 1.0)

    # The second epoch's fifth.
    with pytest.raises(InputError, match=r"diverged at step 15 in stage 1: the loss 'loss'"):
        train(FIRST, tmp_path, source=Broken(), board=False)
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_measures_of_the_network_as_a_restorer_stand_beside_the_losses(tmp_path: Path) -> None:
    image = np.random.default_rng(3).poisson(20.0, (1, 24, 32)).astype(float)
    seen = []

    def validate(restorer: Restorer) -> dict[str, float]:
        seen.append(restorer.restore(image, sampling=0.2))
        ten = restorer.restore(10 * image, sampling=0.2)
        np.testing.assert_allclose(ten, 10 * seen[-1], rtol=1e-6)
        return {"vacancy@500": float(len(seen)), "loss": -1.0}

    recipe: Recipe = replace(FIRST, watch=replace(FIRST.watch, validation=4))
    train(recipe, tmp_path, steps=8, validate=validate, board=False)
    rows = read_rows(tmp_path / "validation.csv")
    assert [row["vacancy@500"] for row in rows] == [1.0, 2.0]
    assert all(row["loss"] > 0 for row in rows)
    assert np.abs(seen[0] - seen[1]).max() > 1e-3
