"""Shell blocks of documents, line by line in one folder, with small amounts.

What takes a second or two is run by `nox -s tests`, the rest by `nox -s slow`.
"""

import shutil
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.own_images.files.image_file import ImageFile
from bench.own_images.files.writers import write_image
from tests.docs.document_blocks import run_blocks, training_block
from tests.docs.shell_lines import ANSWERS, commands_of, made_small, outputs_of
from tests.fitting.search.own_image.made_images import BACKGROUND, lattice

#: Commands of which a block that has no other is run by the quick tests.
QUICK = {"list", "fit", "distort", "restore"}
BLOCKS = run_blocks("sh")


def is_quick(block):
    return {words[0] for words in commands_of(block.body)} <= QUICK


def call(words):
    result = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    said = f"stembench {' '.join(words)}\n{result.output}\n{result.exception!r}"
    assert result.exit_code in ANSWERS.get(words[0], {0}), said
    assert "Traceback" not in result.output, said
    return result.output


def write_images(folder):
    """Own images: recorded with a gain of 3.7 and an offset of 120, and one without noise."""
    made = lattice(shape=(96, 96))
    recorded = ImageFile(3.7 * made.counts()[None] + 120.0, stack=False, sampling=0.2)
    for name in ("img.tif", "image.tif"):
        write_image(folder / name, recorded)
    clean = (made.clean - BACKGROUND) / made.clean.max()
    write_image(folder / "simulated.tif", ImageFile(clean[None], stack=False, sampling=0.2))
    start = pd.DataFrame(made.inside(3.0).round(), columns=["x", "y"])
    start.to_csv(folder / "start.csv", index=False)


def write_networks(folder):
    """Networks that smooth: in Keras's format, and in ONNX of any and of one size."""
    import keras
    import onnx
    from onnx import helper, numpy_helper

    kernel = np.full((3, 3), 1 / 9, dtype=np.float32)
    source = keras.Input((None, None, 1))
    layer = keras.layers.Conv2D(1, 3, padding="same", use_bias=False)
    model = keras.Model(source, layer(source))
    model.set_weights([kernel[:, :, None, None]])
    for name in ("my_model.keras", "my.keras", "my_net.keras"):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
            model.save(folder / name)
    sizes = {"my_model.onnx": ("h", "w"), "net.onnx": ("h", "w"), "fixed256.onnx": (256, 256)}
    for name, size in sizes.items():
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            [helper.make_node("Conv", ["x", "kernel"], ["y"], pads=[1, 1, 1, 1])],
            "smooth",
            [value("x", 1, ["n", 1, *size])],
            [value("y", 1, ["n", 1, *size])],
            [numpy_helper.from_array(kernel[None, None], "kernel")],
        )
        opset = [helper.make_opsetid("", 17)]
        onnx.save_model(helper.make_model(graph, opset_imports=opset, ir_version=9), folder / name)


def write_recipe(folder):
    """Write the recipe of docs/training.md, with as many pairs as a test makes."""
    small = training_block().body
    for amount, fewer in (
        ("training = 20000", "training = 8"),
        ("validation = 256", "validation = 4"),
    ):
        assert amount in small
        small = small.replace(amount, fewer)
    (folder / "recipe.toml").write_text(small, encoding="utf-8")


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    write_images(folder)
    return folder


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """Make a folder with all that pages take for granted: images, networks, a recipe, runs."""
    folder = tmp_path_factory.mktemp("workshop")
    write_images(folder)
    write_networks(folder)
    write_recipe(folder)
    (folder / "reports" / "data").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        small = ["--case", "response", "--image", "z10", "--doses", "5000", "--jobs", "1"]
        small += ["--realizations", "3"]
        beside = ["gaussian", "cgrdn", "my_net.keras", "my_model.keras"]
        named = [word for name in ("raw", *beside) for word in ("--restorer", name)]
        for out in ("out/quick", "out/old", "out/new"):
            call(["run", *small, *named, "--out", out])
        kept = ["--restorer", "gaussian", "-o", "small.json"]
        call(["baseline", "out/quick", *kept])
    return folder


@pytest.fixture(scope="module")
def workshop_of(workshop, tmp_path_factory):
    """Make a folder for each page: its blocks go on where the one before ended, pages do not."""

    @cache
    def of(page):
        folder = tmp_path_factory.mktemp("page") / "here"
        return Path(shutil.copytree(workshop, folder))

    return of


def run_block(block, folder, monkeypatch):
    monkeypatch.chdir(folder)
    for words in commands_of(block.body):
        call(made_small(words))
        for path in outputs_of(words):
            assert path.exists(), f"stembench {' '.join(words)} wrote no {path}"


@pytest.mark.parametrize("block", [block for block in BLOCKS if is_quick(block)], ids=str)
def test_a_block_runs(block, images, monkeypatch):
    run_block(block, images, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("block", [block for block in BLOCKS if not is_quick(block)], ids=str)
def test_a_long_block_runs(block, workshop_of, monkeypatch):
    run_block(block, workshop_of(block.page), monkeypatch)


def test_a_command_that_fails_is_an_error(images, monkeypatch):
    (block,) = [b for b in BLOCKS if "fit image.tif" in b.body and "-o columns.csv" in b.body][:1]
    monkeypatch.chdir(images)
    (words,) = commands_of(block.body)
    with pytest.raises(AssertionError, match=r"nowhere\.tif"):
        call(["nowhere.tif" if word == "image.tif" else word for word in words])


def test_commands_are_read_from_lines_and_made_small():
    body = "stembench run --case a \\\n  --out b  # why\n\nnox -s figures -- 3\n"
    assert commands_of(body) == [["run", "--case", "a", "--out", "b"], ["figures", "3"]]
    small = made_small(["run", "--case", "a", "--out", "b"])
    assert small[:7] == ["run", "--case", "a", "--out", "b", "--restorer", "raw"]
    assert small[-2:] == ["--jobs", "1"]
    assert made_small(["figures", "3", "5"]) == ["figures", "8"]
    assert made_small(["restore", "x.dm4", "-r", "bm3d"]) == ["restore", "x.tif", "-r", "gaussian"]
    assert outputs_of(["fit", "-o", "a.csv", "--markdown", "b.md"]) == [Path("a.csv"), Path("b.md")]
    with pytest.raises(ValueError, match="no command of ours: rm -r"):
        commands_of("rm -r x\n")
