"""The script of the experiments: what is in a table is not trained again, and errors are told."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from bench.paper.networks.trained.trained_network import TrainedNetwork
from bench.paper.networks.trained.trial import Trial
from tests.loaded_script import loaded_script
from tests.training.schedule.tiny_training import tiny_recipe

RECIPE = tiny_recipe(epochs=(1, 0, 0))


@pytest.fixture
def script() -> ModuleType:
    return loaded_script("bench/shipped/training_experiments.py")


def trials() -> tuple[Trial, ...]:
    return tuple(Trial(name="tiny", recipe=replace(RECIPE, seed=seed)) for seed in (1, 2))


def measured(network: TrainedNetwork) -> pd.DataFrame:
    seed = network.trial.recipe.seed
    return pd.DataFrame({"name": ["tiny"], "seed": [seed], "parameters": [network.parameters]})


@pytest.fixture
def tiny(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setitem(script.EXPERIMENTS, "losses", (trials, measured))
    return script


def test_trainings_are_done_once_each(
    tiny: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    call = ["losses", "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")]
    assert tiny.main([*call, "--seeds", "2"]) == 0
    table = tmp_path / "out" / "losses.csv"
    assert list(pd.read_csv(table)["seed"]) == [2]
    assert tiny.main(call) == 0
    rows = pd.read_csv(table)
    assert list(rows["seed"]) == [2, 1]
    assert (rows["parameters"] == rows["parameters"][0]).all()
    assert capsys.readouterr().out.count("s of training") == 2

    def never(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(tiny, "trained_network", never)
    before = table.read_bytes()
    assert tiny.main(call) == 0
    assert table.read_bytes() == before


def test_pairs_of_another_recipe_are_one_sentence(
    tiny: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["losses", "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")]
    assert tiny.main([*call, "--pairs", str(tmp_path / "none")]) == 2
    assert "none" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
