"""The script that makes the file of `stembench-small` from a trained network."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from noise import ScanNoise
from restore import ContractRestorer, load_restorer, read_stored_network
from restore.cgrdn.small.small_restorer import load_small
from tests.loaded_script import loaded_script
from training import Cgrdn, Grdn, Recipe, read_recipe, write_network

NAME = "stembench-small"
ROWS, ACROSS = np.indices((20, 26))
IMAGE = np.random.default_rng(1).poisson(3.0 + (ROWS % 7) + (ACROSS % 5)).astype(np.float64)


@pytest.fixture
def script():
    return loaded_script("bench/shipped/small_network.py")


def test_the_file_restores_as_the_trained_network_does(script, tmp_path, capsys):
    """Held against the exported ONNX file, which another writer made."""
    recipe = read_recipe(NAME)
    model = recipe.network.build(np.random.default_rng(3))
    write_network(model, recipe, tmp_path)
    assert script.main([str(tmp_path)]) == 0
    path = tmp_path / f"{NAME}.npz"
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told == {NAME: hashlib.sha256(path.read_bytes()).hexdigest()}
    assert path.stat().st_size <= 2_000_000
    origin = read_stored_network(path).origin
    start = read_recipe(f"{NAME}-start")
    assert origin == {
        "recipe": NAME, "steps": recipe.steps, "seed": recipe.seed,
        "begun_with": {"recipe": start.name, "steps": start.steps, "seed": start.seed},
    }  # fmt: skip
    small = load_small(path, name="small", engine="onnx")
    told = f"(recipe {NAME}, {recipe.steps} steps, after recipe {start.name}, {start.steps} steps)"
    assert small.metadata.training_data.endswith(told)
    found = ContractRestorer(small).restore(IMAGE[None], sampling=0.2)[0]
    expected = load_restorer(str(tmp_path / f"{NAME}.onnx")).restore(IMAGE[None], sampling=0.2)[0]
    change = np.abs(expected - IMAGE).max()
    assert change > 0.05 * IMAGE.std()
    assert np.abs(found - expected).max() < 0.01 * change  # float16 against float32


def test_what_is_not_trained_is_a_sentence(script, tmp_path, capsys):
    assert script.main([str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert f"stembench train {NAME} --out {tmp_path}" in said
    assert not list(Path(tmp_path).iterdir())


def test_another_network_is_refused(script):
    with pytest.raises(script.InputError, match="none of a CGRDN"):
        script.stored(None, Recipe(name="other", network=Grdn()))
    assert isinstance(read_recipe(NAME).network, Cgrdn)


def test_the_last_judgement_is_under_the_noise_of_the_studies(monkeypatch):
    """Jitter costs raw images what counting alone does not: the negative control."""
    judgement = loaded_script("bench/shipped/small_judgement.py")
    monkeypatch.setattr(judgement, "BESIDE", ("gaussian",))
    monkeypatch.setattr(judgement, "PUBLISHED", "nlm")
    table = judgement.unseen("raw", realizations=2)
    assert set(table["restorer"]) == {"raw", "gaussian", "nlm"}
    errors = table[table["measure"] == "position_pm"].groupby("restorer")["value"].mean()
    assert errors["raw"] > 8.0
    monkeypatch.setattr(judgement, "STUDY_SCAN", ScanNoise())
    counted = judgement.unseen("raw", realizations=2)
    counted = counted[counted["measure"] == "position_pm"].groupby("restorer")["value"].mean()
    assert counted["raw"] < 0.6 * errors["raw"]
