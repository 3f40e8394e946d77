"""Metadata of restorers: what is recorded, and that reading it alone gives the same as loading."""

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from restore import RESTORERS, RestorerMetadata, load_restorer, metadata_of
from restore.cgrdn import weights
from restore.networks import bfloat16, runtimes
from stembench.errors import InputError

ROOT = Path(__file__).parents[2]
STANDARDISED = "standardised by each image's own mean and standard deviation"
STABILISED = "counts, stabilised by the Anscombe transformation"
#: Hashes of the published weights: tk_r_em 1.0.4.
WEIGHTS = {
    "cgrdn": "36d558a722fa51456d06e88d23fc4011d78a4537b60e179c016140be4d991974",
    "cgrdn-lrstem": "d167a3e4f67782426649f69dc1ee129372c9a8e1d339603f5110ad151e924283",
    "cgrdn-hrsem": "dcd3c14bc9d1b73834aa2800a02096880701e1757a1d6f5b86969a4796557a2e",
    "cgrdn-lrsem": "db901c95376a7169a0224a08eba62edf766917916b5c6cf55e5c7c543e6a5c74",
    "cgrdn-hrtem": "94b2f861d65fa78a037aeb775c0b24daa524c57edd1f6a69b790c1f2b7d924db",
    "cgrdn-lrtem": "7b235a6a478391fa647582dd3c610c39e51c9949dfdb138cd1560705c138c480",
}
#: The third is not for every processor.
ENGINES = ("keras", "onnx", *(("bf16",) if bfloat16._has_instructions() else ()))
INSTALLED = [
    entry for entry in RESTORERS if not entry.extra or importlib.util.find_spec(entry.extra)
]
SPECS = [
    "identity",
    *(entry.name for entry in INSTALLED),
    *(f"{name}@{engine}" for name in ("cgrdn", "cgrdn-lrstem") for engine in ENGINES),
    "gaussian:sigma=0.45",
    "bragg:radius=0.05,longest=20",
    "wavelet:wavelet=db2,levels=2",
    "nlm:strength=0.6",
    "n2v:steps=3,seed=1",
]


@pytest.mark.parametrize("spec", SPECS)
def test_metadata_read_alone_is_that_of_the_loaded_restorer(spec: str) -> None:
    assert metadata_of(spec) == load_restorer(spec).metadata


@pytest.mark.parametrize(
    ("spec", "name", "label", "family", "version", "scale"),
    [
        ("identity", "raw", "raw", "raw", "1", "unchanged"),
        ("gaussian", "gaussian", "Gaussian filter", "classical", "1", "unchanged"),
        (
            "gaussian:sigma=0.45",
            "gaussian:sigma=0.45",
            "Gaussian filter (sigma=0.45)",
            "classical",
            "1",
            "unchanged",
        ),
        ("wiener", "wiener", "Wiener filter", "classical", "1", "unchanged"),
        ("bragg", "bragg", "Bragg filter", "classical", "1", "unchanged"),
        ("nlm", "nlm", "non-local means", "classical", "1", STABILISED),
        (
            "wavelet:wavelet=db2,levels=2",
            "wavelet:wavelet=db2,levels=2",
            "wavelet shrinkage (wavelet=db2, levels=2)",
            "classical",
            "1",
            STABILISED,
        ),
        ("tv", "tv", "total variation", "classical", "1", STABILISED),
        ("patch-pca", "patch-pca", "patch-PCA", "classical", "1", STABILISED),
        ("n2v:steps=3", "n2v:steps=3", "Noise2Void (steps=3)", "network", "1", STANDARDISED),
        ("cgrdn", "cgrdn", "CGRDN", "network", "tk_r_em 1.0.4", STANDARDISED),
        (
            "cgrdn-hrstem@onnx",
            "cgrdn@onnx",
            "CGRDN (onnx)",
            "network",
            "tk_r_em 1.0.4",
            STANDARDISED,
        ),
        ("cgrdn-lrsem", "cgrdn-lrsem", "CGRDN LR-SEM", "network", "tk_r_em 1.0.4", STANDARDISED),
    ],
)
def test_what_built_in_restorers_record(
    spec: str, name: str, label: str, family: str, version: str, scale: str
) -> None:
    metadata = metadata_of(spec)
    assert (metadata.name, metadata.label, metadata.family) == (name, label, family)
    assert (metadata.version, metadata.input_scale) == (version, scale)
    assert metadata.weights_sha256 == WEIGHTS.get(name.partition("@")[0])


def test_the_weights_of_all_six_networks() -> None:
    assert {name: metadata_of(name).weights_sha256 for name in WEIGHTS} == WEIGHTS


def test_labels_are_as_many_as_names() -> None:
    read = [metadata_of(entry.name) for entry in INSTALLED]
    assert len({metadata.label for metadata in read}) == len(read)


def test_what_a_third_party_does_not_declare() -> None:
    plain = RestorerMetadata(
        name="mine", version="1", licence="MIT", training_data="none", input_scale="any"
    )
    assert (plain.label, plain.family) == ("mine", "network")
    with pytest.raises(InputError, match="'mine' declares the family 'magic'; known are raw, "):
        replace(plain, family="magic")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "spec",
    [
        "gaussian:width=1",
        "cgrdn@cuda",
        "raw@onnx",
        "n2v:steps=0",
        "cgrnd",
        "absent.keras",
        "wavelet:levels=9",
        "net.pth",
    ],
)
def test_an_impossible_spec_is_the_same_error(spec: str) -> None:
    with pytest.raises(InputError) as loading:
        load_restorer(spec)
    with pytest.raises(InputError) as reading:
        metadata_of(spec)
    assert str(reading.value) == str(loading.value)


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_engine_is_an_error_without_loading(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match="is not installed; stembench needs it: "):
        metadata_of("cgrdn@onnx")


def test_damaged_weights_are_an_error_without_loading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A truncated download is found from the size of its data file."""
    folder = tmp_path / "models" / "sfr_hrstem" / "variables"
    shutil.copytree(weights.saved_model_folder("hrstem") / "variables", folder)
    monkeypatch.setattr(weights, "published_folder", lambda: tmp_path)
    assert metadata_of("cgrdn").weights_sha256 == WEIGHTS["cgrdn"]
    data = folder / "variables.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[: data.stat().st_size // 2])
    with pytest.raises(InputError, match="does not hold tensor"):
        metadata_of("cgrdn")


@pytest.mark.parametrize(
    ("variables", "backend"),
    [
        ({"KERAS_BACKEND": "torch"}, "torch"),
        ({"KERAS_HOME": "."}, "jax"),
        ({"KERAS_BACKEND": "", "KERAS_HOME": "."}, "jax"),
        ({"KERAS_BACKEND": "torch", "KERAS_HOME": "."}, "torch"),
        ({"KERAS_HOME": "empty"}, "tensorflow"),
        ({"KERAS_HOME": "broken"}, "tensorflow"),
        ({"HOME": "."}, "jax"),
    ],
)
def test_the_backend_that_keras_will_use(
    variables: dict[str, str], backend: str, tmp_path: Path
) -> None:
    """Held against Keras's own file, run without the rest of Keras and so without a backend."""
    for folder, text in (
        (".", '{"backend": "jax"}'),
        (".keras", '{"backend": "jax"}'),
        ("broken", "{"),
        ("empty", "{}"),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "keras.json").write_text(text)
    code = """
import importlib.util, runpy, sys
from pathlib import Path
from unittest.mock import MagicMock
from restore.networks.runtimes import keras_backend
ours = keras_backend()
assert "keras" not in sys.modules
folder = Path(importlib.util.find_spec("keras").origin).parent
for module in ("keras", "keras.src", "keras.src.backend", "keras.src.backend.common"):
    sys.modules[module] = MagicMock()
sys.modules["keras.src.api_export"] = MagicMock(keras_export=lambda names: lambda f: f)
theirs = runpy.run_path(str(folder / "src" / "backend" / "config.py"))["backend"]()
print(ours, theirs)
"""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KERAS_")}
    printed = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(ROOT), **variables},
        text=True,
    ).stdout
    assert printed == f"{backend} {backend}\n"


def test_a_backend_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "keras_backend", lambda: "no_such_backend")
    with pytest.raises(InputError, match=r"'no_such_backend' by KERAS_BACKEND .*not installed"):
        metadata_of("cgrdn")
