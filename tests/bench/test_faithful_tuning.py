"""The script that tunes several seeds: which tunings it asks for, and how it stops."""

from pathlib import Path

import numpy as np
import pytest

from restore import read_difference
from stembench.errors import InputError
from tests.loaded_script import loaded_script
from training import FusionTuning, TuningBatches

ROOT = Path(__file__).parents[2]


@pytest.fixture
def script():
    return loaded_script("bench/shipped/faithful_tuning.py")


@pytest.fixture
def asked(script, monkeypatch):
    """Tunings that are asked for, each with a folder and a start; none is made."""
    found = []

    def tune(tuning, folder, *, start, progress):
        found.append((tuning, folder, start))
        for step in range(tuning.steps):
            progress(step + 1, 2.0)

    monkeypatch.setattr(script, "tune_fusions", tune)
    return found


def test_three_seeds_by_one_recipe_in_folders_of_their_own(script, asked, tmp_path, capsys):
    assert script.main(["--steps", "25", "--out", str(tmp_path)]) == 0
    assert asked == [
        (
            FusionTuning(
                batches=TuningBatches(seed=seed, shape=(96, 96)), steps=25, learning_rate=3e-4
            ),
            tmp_path / f"seed{seed}",
            None,
        )
        for seed in (1, 2, 3)
    ]
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("seed 2")]
    assert [line.partition(":")[2].partition(", ")[0] for line in lines] == [
        " step 10 of 25", " step 20 of 25", " step 25 of 25",
    ]  # fmt: skip
    assert all("loss 2.0000" in line for line in lines)


def test_what_is_asked_for_otherwise(script, asked, tmp_path):
    more = ["--seeds", "5", "--precision", "float32", "--steps", "1"]
    assert script.main([*more, "--out", str(tmp_path)]) == 0
    ((tuning, folder, _),) = asked
    assert (tuning.precision, tuning.batches.seed, folder.name) == ("float32", 5, "seed5")


def test_it_goes_on_from_the_mean_of_earlier_differences(script, asked, tmp_path, capsys):
    kept = [ROOT / "results" / "faithful" / f"seed{seed}-step300.npz" for seed in (1, 2)]
    more = ["--seeds", "4", "--steps", "1", "--size", "6", "--distilled", "3", "--start"]
    assert script.main([*more, *map(str, kept), "--out", str(tmp_path)]) == 0
    ((tuning, _, start),) = asked
    assert (tuning.batches.size, tuning.batches.distilled) == (6, 3)
    one, other = (read_difference(path).changes[150] for path in kept)
    for part, first, second in zip(start.changes[150], one, other, strict=True):
        assert np.allclose(part, (first + second) / 2, rtol=1e-6, atol=0)
    assert script.main([*more, str(tmp_path / "none.npz"), "--out", str(tmp_path)]) == 2
    assert "no difference to published weights" in capsys.readouterr().err


def test_a_tuning_that_fails_is_a_sentence_and_no_other_seed_begins(
    script, monkeypatch, tmp_path, capsys
):
    begun = []

    def tune(tuning, folder, *, start, progress):
        begun.append(folder.name)
        raise InputError(f"{folder} is of another tuning; name another folder")

    monkeypatch.setattr(script, "tune_fusions", tune)
    assert script.main(["--out", str(tmp_path)]) == 2
    assert "another tuning" in capsys.readouterr().err
    assert begun == ["seed1"]
    assert script.main(["--steps", "0", "--out", str(tmp_path)]) == 2
    assert "steps of a tuning" in capsys.readouterr().err
