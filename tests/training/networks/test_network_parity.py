"""Networks of training on every backend of Keras there is: the same outputs to rounding."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("network_outputs.py")
#: Of the contrast of what TensorFlow gives: convolutions sum in another order.
TOLERANCE = 1e-5


def outputs_on(backend: str, folder: Path) -> dict[str, NDArray[np.float32]]:
    path = folder / f"{backend}.npz"
    environment = os.environ | {
        "KERAS_BACKEND": backend,
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(path)],
        capture_output=True, text=True, env=environment, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="module")
def on_tensorflow(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NDArray[np.float32]]:
    return outputs_on("tensorflow", tmp_path_factory.mktemp("outputs"))


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_networks_are_the_same_on_every_backend(
    backend: str, on_tensorflow: dict[str, NDArray[np.float32]], tmp_path: Path
) -> None:
    """All heads of all networks, CGRDN with its published weights."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    found = outputs_on(backend, tmp_path)
    assert found.keys() == on_tensorflow.keys()
    assert len(found) == 9  # MR-UNET has four heads
    deviations = {
        name: float(np.abs(found[name] - wanted).max() / wanted.std())
        for name, wanted in on_tensorflow.items()
    }
    assert max(deviations.values()) < TOLERANCE, deviations
    # Another network is far away.
    one, other = (on_tensorflow[name] for name in ("GRDN/0", "GRDN with attention/0"))
    assert np.abs(one - other).max() > 0.01 * one.std()
