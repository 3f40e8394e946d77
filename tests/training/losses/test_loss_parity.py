"""Losses held against numpy twins and finite differences, on every backend of Keras there is."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("loss_parity.py")

#: Largest deviations of values and gradients from the twins. On backends other than TensorFlow
#: Keras takes means of float64 in float32.
TOLERANCES = {"tensorflow": (1e-12, 3e-7), "jax": (3e-5, 1e-6), "torch": (3e-5, 1e-6)}
#: Of values from float32 images. The means (10) differ by a hundredth of the images' spread.
IN_FLOAT32 = 3e-5


def parity_on(backend: str) -> dict[str, Any]:
    environment = os.environ | {
        "KERAS_BACKEND": backend,
        "JAX_ENABLE_X64": "1",
        "JAX_PLATFORMS": "cpu",
        # Less time to compile, and the same arithmetic.
        "XLA_FLAGS": "--xla_backend_optimization_level=0" if backend == "jax" else "",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("backend", TOLERANCES)
def test_every_loss_equals_its_twin(backend: str) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    value, gradient = TOLERANCES[backend]
    found = parity_on(backend)
    assert len(found["rows"]) == 14
    for row in found["rows"]:
        assert row["value"] < value, row
        assert row["gradient"] < gradient, row
        assert row["value_in_float32"] < IN_FLOAT32, row
    # A loss that lacks a factor is far beyond these tolerances.
    assert found["without_its_weight"] > 0.1
    for name, (least, finite) in found["where_roots_vanish"].items():
        assert finite, name
        # Only the authors' floor keeps (9) of no difference from being zero.
        floored = {"Fourier space, authors'": 1.0, "pixel-wise, authors'": 0.1}
        assert least == pytest.approx(floored.get(name, 0.0) * 1e-9**0.125, rel=1e-5, abs=1e-9)
