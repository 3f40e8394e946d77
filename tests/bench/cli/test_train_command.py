"""`stembench train`: from a recipe to files, in one call and in two, and what it refuses."""

from pathlib import Path

import pytest

from tests.bench.cli.calling import call

RECIPE = """
name = "tiny"
batch = 2
network = {kind = "cgrdn", features = 8, growth = 4, groups = 1, blocks = 1, dense_layers = 2}
pairs = {modality = "lrsem", training = 8, validation = 4, side = 16}
watch = {log = 1, checkpoint = 2, validation = 100, validated = 2}

[[stages]]
epochs = 2
learning_rate = 1e-3
loss = {absolute = 1}
"""
FEW = ("--no-measures", "--no-tensorboard", "--jobs", 1)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


def test_a_training_is_stopped_continued_and_exported(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    printed = call("train", recipe, "-o", out, "--steps", 3, *FEW)
    assert printed.splitlines()[-1] == f"{out}: tiny.keras, tiny.onnx"
    early = (out / "tiny.onnx").read_bytes()
    pairs = tmp_path / "pairs"
    shape = ("--modality", "lrsem", "--size", 16, "--count", 12, "--jobs", 1)
    call("pairs", "-o", pairs, *shape)
    call("train", recipe, "-o", out, "--pairs", pairs, *FEW)
    assert (out / "tiny.onnx").read_bytes() != early

    whole = tmp_path / "whole"
    call("train", recipe, "-o", whole, *FEW)
    assert (whole / "tiny.onnx").read_bytes() == (out / "tiny.onnx").read_bytes()
    assert (whole / "training.csv").read_bytes() == (out / "training.csv").read_bytes()


def test_bad_input_is_one_sentence_and_leaves_nothing(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    text = call("train", "no.toml", "-o", out, *FEW, code=2)
    assert "there is no recipe file no.toml; name one that is there" in text
    recipe.write_text(RECIPE.replace("batch", "bach"), encoding="utf-8")
    assert "has no parameter 'bach'" in call("train", recipe, "-o", out, *FEW, code=2)
    recipe.write_text(RECIPE, encoding="utf-8")
    text = call("train", recipe, "-o", out, "--pairs", tmp_path / "nowhere", *FEW, code=2)
    assert "is no folder of pairs" in text
    assert not out.exists()


@pytest.mark.slow
def test_results_do_not_depend_on_the_workers(recipe: Path, tmp_path: Path) -> None:
    for jobs in (1, 2):
        call("train", recipe, "-o", tmp_path / str(jobs), *FEW[:2], "--jobs", jobs)
    one, two = ((tmp_path / jobs / "training.csv").read_bytes() for jobs in "12")
    assert one == two
    assert len(one.splitlines()) == 9


@pytest.mark.slow
def test_validations_are_judged_by_measures(recipe: Path, tmp_path: Path) -> None:
    """Those of lattices which no pair and no case has."""
    call("train", recipe, "-o", tmp_path / "out", "--steps", 4, *FEW[1:])
    header = (tmp_path / "out" / "validation.csv").read_text(encoding="utf-8").splitlines()[0]
    for name in ("position_response@500", "vacancy@500", "position_over_bound@5000"):
        assert name in header.split(",")
