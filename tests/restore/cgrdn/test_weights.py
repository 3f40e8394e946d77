"""The published weights: our reader of TensorFlow checkpoints against TensorFlow's own."""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from restore.cgrdn.graph import CONVOLUTIONS
from restore.cgrdn.tensor_bundle import read_tensor_bundle
from restore.cgrdn.weights import NETWORKS, read_published_weights, saved_model_folder
from restore.registry import metadata_of
from stembench.errors import InputError


def checkpoint(network: str) -> Path:
    """Prefix of a published checkpoint."""
    return saved_model_folder(network) / "variables" / "variables"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of one checkpoint that a test may damage."""
    for path in checkpoint("hrstem").parent.iterdir():
        shutil.copyfile(path, tmp_path / path.name)
    return tmp_path / "variables"


@pytest.mark.parametrize("network", NETWORKS)
def test_every_tensor_is_what_tensorflow_reads(network: str) -> None:
    """All 306 tensors of 7 035 521 numbers, bit for bit."""
    import tensorflow as tf

    reference = tf.train.load_checkpoint(str(checkpoint(network)))
    ours = read_tensor_bundle(checkpoint(network))
    assert len(ours) == 2 * CONVOLUTIONS
    assert sum(tensor.size for tensor in ours.values()) == 7_035_521
    for name, tensor in ours.items():
        np.testing.assert_array_equal(tensor, reference.get_tensor(name), strict=True)


def test_metadata_count_what_the_checkpoint_holds() -> None:
    """The graph's own count of kernels and biases, and of layers, against the published files."""
    weights = read_published_weights("hrstem").convolutions
    metadata = metadata_of("cgrdn")
    assert metadata.parameters == sum(w.size + b.size for w, b in weights.values()) == 7_035_521
    assert metadata.layers == len(weights) == 153
    assert metadata_of("gaussian").parameters is metadata_of("gaussian").layers is None


def test_networks_differ() -> None:
    """Six different hashes, and the version of the package."""
    published = [read_published_weights(network) for network in NETWORKS]
    assert len({weights.sha256 for weights in published}) == len(NETWORKS)
    assert {weights.version for weights in published} == {"1.0.4"}
    # The golden values hold for these weights and no others.
    assert published[0].sha256.startswith("36d558a722fa")


def test_unknown_network() -> None:
    with pytest.raises(InputError, match=r"unknown CGRDN network 'xrstem'; known are hrstem"):
        read_published_weights("xrstem")


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without tk_r_em the message says how to get it."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "tk_r_em" else find(name)
    )
    with pytest.raises(InputError, match=r"tk_r_em is not installed; install it with 'pip"):
        read_published_weights("hrstem")


def test_missing_file(bundle: Path) -> None:
    bundle.with_name("variables.index").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        read_tensor_bundle(bundle)


@pytest.mark.parametrize("damage", ["footer", "empty", "block", "zeros"])
def test_damaged_index(bundle: Path, damage: str) -> None:
    """Each kind of damage is one clear sentence, never another exception."""
    index = bundle.with_name("variables.index")
    content = index.read_bytes()
    index.write_bytes(
        {
            "footer": content[:-1],
            "empty": b"",
            "block": content[:-48][: len(content) // 2] + content[-48:],
            "zeros": bytes(len(content) - 48) + content[-48:],
        }[damage]
    )
    with pytest.raises(InputError, match=r"variables\.index is not an index of TensorFlow"):
        read_tensor_bundle(bundle)


def test_truncated_data(bundle: Path) -> None:
    data = bundle.with_name("variables.data-00000-of-00001")
    data.write_bytes(data.read_bytes()[: data.stat().st_size // 2])
    with pytest.raises(InputError, match="does not hold tensor"):
        read_tensor_bundle(bundle)
