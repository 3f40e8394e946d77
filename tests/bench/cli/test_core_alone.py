"""The core alone, without any extra: what every command does, and what asks for which extra."""

import shlex
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import pytest
import typer
from onnx import helper, numpy_helper

from bench.cli.app import app
from bench.own_images.files.image_file import ImageFile
from bench.own_images.files.writers import write_image
from reports import read_run_info
from restore import load_restorer
from tests.bench.cli.core_alone import HIDDEN, ROOT, Said, call_all, environment
from tests.fitting.search.own_image.made_images import lattice

_ONE: Final = "--case response --image z10 --doses 5000 --realizations 2 --jobs 1"
#: Calls in this order, by a command's name and what sets them apart, and what each must answer.
WORKING: Final = {
    "list": "",
    "doctor": "",
    "plan": f"{_ONE} --restorer cgrdn",
    # The smallest profile: `regression` runs the model on what the baseline was made of.
    "run": "--profile glance --case response --jobs 1 --restorer raw --restorer gaussian "
    "--restorer cgrdn --restorer net.onnx --out run",
    "report": "run",
    "compare": "gaussian net.onnx --run run",
    "verify-fit": "run -n 1",
    "pack": "run -o run.pack",
    "baseline": "run --restorer cgrdn -o cgrdn.json",
    "regression": "net.onnx --baseline cgrdn.json --jobs 1",
    "power": "run raw gaussian",
    "images": "--source empty --restorer raw --realizations 1 --out images",
    "restore": "img.tif --restorer cgrdn-faithful -o restored.tif",
    "check": "net.onnx",
    "distort": "simulated.tif --dose 5000 --sampling 0.2 -o distorted.tif",
    "fit": "img.tif --sampling 0.2 -o columns.csv",
    "assess": "img.tif --restorer gaussian --sampling 0.2 --draws 3 --jobs 1 --roi 0:64,0:64 "
    "-o assessment.html",
    "figures": "8 -o figures",
    "noise-figures": "tem -o noise",
    "noise-ranges": "",
    "pairs": "--count 2 --jobs 1 --size 64 -o pairs",
}  # fmt: skip
#: Exit codes that say something of what was judged.
ANSWERS: Final = {"compare": {0, 1, 3}, "regression": {0, 1, 3}, "assess": {0, 3}}
#: What asks for an extra, the extra, and what the sentence begins with.
ASKING: Final = {
    "train": ("hrstem -o trained", "tensorflow", "training needs Keras"),
    "networks": ("-o networks", "tensorflow", "the graph of a network needs Keras"),
    "simulate": ("pt_bulk --output pt.h5 --folder cache", "simulate", "a simulation needs abTEM"),
    "convergence": ("pt_bulk", "simulate", "a simulation needs abTEM"),
    "check keras": ("net.keras", "tensorflow", "net.keras needs Keras"),
    "check saved": ("saved", "tensorflow", "saved needs TensorFlow"),
    "check n2v": ("n2v", "tensorflow", "the restorer 'n2v' needs Keras"),
    "restore": ("img.tif --restorer cgrdn@keras -o never.tif", "tensorflow",
                "Keras is not installed"),
    "run keras": (f"{_ONE} --restorer net.keras --out never", "tensorflow",
                  "net.keras needs Keras"),
    "run tensorflow": (f"{_ONE} --restorer cgrdn --engine tensorflow --out never", "tensorflow",
                       "Keras is not installed"),
    "figures 9": ("9 -o figures", "tensorflow", "the discriminator's graph needs Keras"),
    "figures atoms": ("atomic-numbers -o figures", "simulate", "a simulated signal needs abTEM"),
}  # fmt: skip


def _write_inputs(folder: Path) -> None:
    """Write images, a network in ONNX, and what is named like networks in Keras's formats."""
    made = lattice(shape=(96, 96))
    write_image(folder / "img.tif", ImageFile(made.counts()[None], stack=False, sampling=0.2))
    clean = made.clean / made.clean.max()
    write_image(folder / "simulated.tif", ImageFile(clean[None], stack=False, sampling=0.2))
    kernel = np.full((1, 1, 3, 3), 1 / 9, dtype=np.float32)
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "kernel"], ["y"], pads=[1, 1, 1, 1])],
        "smooth",
        [value("x", 1, ["n", 1, "h", "w"])],
        [value("y", 1, ["n", 1, "h", "w"])],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save_model(
        helper.make_model(graph, opset_imports=opset, ir_version=9), folder / "net.onnx"
    )
    with zipfile.ZipFile(folder / "net.keras", "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("metadata.json", "{}")
    (folder / "saved").mkdir()
    (folder / "saved" / "saved_model.pb").write_bytes(b"")


@pytest.fixture(scope="module")
def called(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, Said], tuple[str, ...]]:
    folder = tmp_path_factory.mktemp("core")
    _write_inputs(folder)
    calls = {name: [name, *shlex.split(words)] for name, words in WORKING.items()}
    for name, (words, _, _) in ASKING.items():
        calls[f"asking {name}"] = [name.partition(" ")[0], *shlex.split(words)]
    said, loaded = call_all(calls, folder)
    return folder, said, loaded


def test_every_command_is_tried() -> None:
    commands = set(typer.main.get_command(app).commands)
    assert commands == {*WORKING, *(name.partition(" ")[0] for name in ASKING)}


@pytest.mark.parametrize("package", ["keras", "tensorflow", "abtem"])
def test_no_extra_can_be_imported(package: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {package}"],
        cwd=tmp_path, env=environment(tmp_path / "hiding"), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"ModuleNotFoundError: No module named '{package}'" in done.stderr


def test_nothing_of_an_extra_was_loaded(called) -> None:
    loaded = called[2]
    assert not set(HIDDEN) & set(loaded)
    assert {"onnxruntime", "bench"} <= set(loaded)  # negative control


@pytest.mark.parametrize("name", WORKING)
def test_commands_that_need_no_extra(name: str, called) -> None:
    said = called[1][name]
    assert said.code in ANSWERS.get(name, {0}), said.text
    assert "Traceback" not in said.text


@pytest.mark.parametrize("name", ASKING)
def test_commands_that_ask_for_an_extra(name: str, called) -> None:
    _, extra, beginning = ASKING[name]
    said = called[1][f"asking {name}"]
    assert said.code in (1, 2), said.text
    assert beginning in said.text
    assert f"install the extra '{extra}' (pip install \"stembench[{extra}]\"" in said.text


def test_what_asks_for_an_extra_leaves_nothing_behind(called) -> None:
    folder = called[0]
    for name in ("trained", "networks", "pt.h5", "cache", "never", "never.tif"):
        assert not (folder / name).exists(), name
    assert (folder / "restored.tif").exists()  # negative control


def test_the_published_network_runs_on_onnx_and_says_so(called) -> None:
    folder = called[0]
    engines = {one.name: one.engine for one in read_run_info(folder / "run").restorers.values()}
    assert engines["cgrdn"].startswith("onnxruntime ")
    assert "TensorFlow" not in called[1]["run"].text


def test_the_doctor_notes_what_is_left_out(called) -> None:
    text = called[1]["doctor"].text
    assert "broken" not in text
    for extra in ("tensorflow", "simulate"):
        assert f"Install the extra '{extra}'" in text


def test_the_result_is_that_of_tensorflow(called) -> None:
    """The engine of the core beside the one of a whole installation, on a real image."""
    pytest.importorskip("tensorflow", reason="the extra [tensorflow] is not installed")
    image = np.load(ROOT / "tests" / "data" / "ptir_image.npz")["image"][:96, :96] * 1e3
    restored = {
        engine: load_restorer(f"cgrdn@{engine}").restore(image[None], sampling=0.2)[0]
        for engine in ("keras", "onnx")
    }
    difference = restored["onnx"] - restored["keras"]
    assert np.sqrt(np.mean(difference**2)) < 1e-5 * restored["keras"].std()
    assert not np.array_equal(restored["onnx"], restored["keras"])  # these are two engines


def test_extras_are_no_requirement_of_the_core() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    core = " ".join(project["dependencies"])
    for package in ("tensorflow", "keras", "abtem"):
        assert package not in core
    for package in ("onnx>", "onnxruntime>", "distributed>"):
        assert package in core
