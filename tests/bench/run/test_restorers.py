"""Metadata of a run's restorers: read before work starts, with no network left in this process."""

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from bench.plan.profiles import Profile
from bench.run.restorers import read_metadata, with_resolved_engines
from reports import read_run_info
from restore import metadata_of
from stembench.errors import InputError
from tests.made_run import make_run
from tests.records_factory import Estimator, change_run

MODULE = """
import os, sys

def double(images, *, sampling):
    return 2 * images

double.metadata = dict(
    name="doubling", label="twice the counts", family="classical", version="1", licence="MIT",
    training_data="none", input_scale="unchanged", engine=os.environ["OMP_NUM_THREADS"],
)

def __getattr__(name):
    if name == "dies":
        os._exit(9)
    raise AttributeError(name)
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of the user's on the path of this process and of those that it starts."""
    (tmp_path / "restorers_of_the_test.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)


def test_a_users_restorer_is_loaded_elsewhere_on_one_thread() -> None:
    specs = ("restorers_of_the_test:double", "raw", "cgrdn")
    read = read_metadata(specs)
    assert tuple(read) == specs
    assert read["cgrdn"] == metadata_of("cgrdn")
    doubling = read["restorers_of_the_test:double"]
    assert (doubling.name, doubling.label, doubling.family) == (
        "doubling",
        "twice the counts",
        "classical",
    )
    assert doubling.engine == "1"
    assert "restorers_of_the_test" not in sys.modules


def test_no_network_is_left_in_this_process() -> None:
    """TensorFlow took 0.7 GB of the parent process for the whole of a run."""
    code = """
import sys
from bench.run.restorers import read_metadata
print([record.name for record in read_metadata(["raw", "cgrdn", "n2v"]).values()])
print([m for m in ("tensorflow", "keras", "onnxruntime") if m in sys.modules])
"""
    printed = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[3],
        text=True,
    ).stdout
    assert printed == "['raw', 'cgrdn', 'n2v']\n[]\n"


def test_a_file_that_keras_alone_refuses_is_an_error_before_work(tmp_path: Path) -> None:
    """Nothing is wrong with it that shows without loading it."""
    path = tmp_path / "odd.keras"
    layer = {"module": "keras.layers", "class_name": "NoSuchLayer", "config": {}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.12.0"}))
        archive.writestr("config.json", json.dumps(layer))
    assert metadata_of(str(path)).name == "odd.keras"
    with pytest.raises(InputError, match=r"odd\.keras cannot be loaded by Keras"):
        read_metadata(("raw", str(path)))


def test_a_restorer_that_ends_its_process() -> None:
    with pytest.raises(InputError, match="dies' ended its own process with exit code 9"):
        read_metadata(("restorers_of_the_test:dies",))


def profile_of(*restorers: str) -> Profile:
    return Profile(name="made", summary="", selections=(), restorers=restorers)


def test_a_run_that_goes_on_has_the_engine_that_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is fastest by then, and on whichever machine."""
    monkeypatch.setattr(
        "bench.run.restorers.resolved_spec", lambda spec: spec.replace("auto", "keras")
    )
    asked = profile_of("raw", "cgrdn@auto", "cgrdn-hrstem@auto")
    new = ("raw", "cgrdn@keras", "cgrdn-hrstem@keras")
    assert with_resolved_engines(asked).restorers == new
    assert with_resolved_engines(asked, tmp_path / "none").restorers == new
    how = {"raw": Estimator(), "cgrdn@onnx": Estimator()}
    begun = make_run(tmp_path / "run", cases=("pt_bulk",), thicknesses=(5,), estimators=how)
    went_on = ("raw", "cgrdn@onnx", "cgrdn-hrstem@onnx")
    assert with_resolved_engines(asked, begun).restorers == went_on
    assert with_resolved_engines(profile_of("cgrdn-lrtem@auto"), begun).restorers == (
        "cgrdn-lrtem@keras",
    )
    # A run of another precision is not what was asked for.
    info = read_run_info(begun)
    low = replace(info.restorers["cgrdn@onnx"], precision="bfloat16")
    change_run(begun, restorers={**info.restorers, "cgrdn@onnx": low})
    assert with_resolved_engines(asked, begun).restorers == new
