"""A small CGRDN from a file: engines, identity, windows, and what is refused."""

import hashlib

import numpy as np
import pytest

from restore import (
    CgrdnSize,
    ContractRestorer,
    StoredNetwork,
    Tiling,
    count_parameters,
    load_restorer,
    metadata_of,
    read_stored_network,
    write_stored_network,
)
from restore.cgrdn.graph import connect_cgrdn
from restore.cgrdn.small.small_restorer import FOLDER, SHIPPED, TILING, load_small, small_metadata
from stembench.errors import InputError

NAME = "stembench-small"
#: As deep as the one that ships and as wide as a test can wait for.
SIZE = CgrdnSize(features=6, growth=4, groups=4, blocks=2, dense_layers=4)
ROWS, ACROSS = np.indices((24, 30))
LIGHT = 40 * np.exp(-((ROWS % 10 - 5) ** 2 + (ACROSS % 10 - 5) ** 2) / 8)
IMAGE = np.random.default_rng(5).poisson(1.0 + LIGHT).astype(np.float64)


class DrawnWeights:
    """The graph's operations on numbers of channels, drawing weights on the way."""

    def __init__(self, rng):
        self.rng = rng
        self.weights = {}

    def _draw(self, size, channels, bias):
        scale = np.sqrt(1.5 / (size * size * channels[0]))
        kernel = scale * self.rng.standard_normal((size, size, *channels))
        self.weights[len(self.weights)] = (
            kernel.astype(np.float32),
            (0.01 * self.rng.standard_normal(bias)).astype(np.float32),
        )
        return bias

    def conv(self, x, /, channels, size, *, stride=1, relu=False):  # noqa: ARG002 (the protocol's)
        return self._draw(size, (x, channels), channels)

    def deconv(self, x, /, channels, size, *, stride):  # noqa: ARG002 (the protocol's)
        return self._draw(size, (channels, x), channels)

    def concatenate(self, parts, /):
        return sum(parts)

    def add(self, a, b, /):
        return max(a, b)


@pytest.fixture(scope="module")
def network():
    drawn = DrawnWeights(np.random.default_rng(2))
    connect_cgrdn(drawn, 1, SIZE)
    return StoredNetwork(size=SIZE, weights=drawn.weights, origin={"recipe": "one", "steps": 70})


@pytest.fixture(scope="module")
def path(network, tmp_path_factory):
    found = tmp_path_factory.mktemp("data") / "mine.npz"
    write_stored_network(found, network)
    return found


def test_what_is_read_is_what_was_written_but_for_float16(network, path):
    found = read_stored_network(path)
    assert (found.size, found.origin) == (network.size, network.origin)
    assert len(found.weights) == SIZE.convolutions
    different = 0
    for number, layer in network.weights.items():
        for values, read in zip(layer, found.weights[number], strict=True):
            assert np.abs(read - values).max() <= 2.0**-11 * np.abs(values).max()
            different += not np.array_equal(read, values)
    assert different  # it is rounded, or the bound would say nothing
    assert path.stat().st_size < 2.6 * count_parameters(SIZE) + 60_000


def test_both_engines_give_the_same_image(path):
    one, other = (
        ContractRestorer(load_small(path, name="mine", engine=engine)).restore(
            IMAGE[None], sampling=0.2
        )[0]
        for engine in ("keras", "onnx")
    )
    assert one.shape == IMAGE.shape
    assert np.abs(one - other).max() < 1e-4 * one.std()
    assert np.abs(one - IMAGE).max() > 0.01 * IMAGE.std()  # the network does something


def test_windows_give_what_the_whole_image_does(path):
    """The margin covers all that an output pixel depends on; half of it does not."""
    restorer = load_small(path, name="mine", engine="onnx")
    image = np.random.default_rng(1).poisson(3.0, (260, 420)).astype(np.float64)
    whole = restorer.restore_with(image, sampling=0.2, tiling=None)

    def off(margin):
        tiling = Tiling(whole=100, tile=180, margin=margin, blend=TILING.blend, multiple=2)
        cut = restorer.restore_with(image, sampling=0.2, tiling=tiling)
        return np.abs(cut - whole).max() / whole.std()

    assert off(TILING.margin) < 1e-5
    assert off(8) > 1e-4


def test_its_identity(path):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    for engine, name in ((None, "mine"), ("onnx", "mine@onnx")):
        metadata = small_metadata(path, name="mine", engine=engine)
        assert (metadata.name, metadata.weights_sha256) == (name, digest)
        assert metadata.parameters == count_parameters(SIZE)
        assert metadata.layers == SIZE.convolutions
        assert "recipe one, 70 steps" in metadata.training_data
    assert load_small(path, name="mine", engine="onnx").metadata == metadata


def test_another_file_is_refused(path, tmp_path):
    with pytest.raises(InputError, match="reinstall stembench"):
        load_small(path, name="mine", engine="onnx", sha256="0" * 64)
    broken = tmp_path / "broken.npz"
    for content in (b"", path.read_bytes()[:-2000], b"PK\x03\x04 nothing"):
        broken.write_bytes(content)
        with pytest.raises(InputError, match="holds no weights of a network"):
            small_metadata(broken, name="mine")
    with pytest.raises(InputError, match="holds no weights of a network"):
        read_stored_network(tmp_path / "absent.npz")


def test_weights_that_are_no_numbers_are_refused(network, tmp_path):
    weights = dict(network.weights)
    weights[3] = (np.full_like(weights[3][0], np.nan), weights[3][1])
    found = tmp_path / "nan.npz"
    write_stored_network(found, StoredNetwork(size=SIZE, weights=weights, origin={}))
    with pytest.raises(InputError, match="holds no weights of a network"):
        read_stored_network(found)


@pytest.mark.parametrize("name", list(SHIPPED))
def test_what_ships_is_small_and_says_where_it_is_from(name):
    found = FOLDER / f"{name}.npz"
    assert found.stat().st_size <= 2_000_000
    metadata = metadata_of(f"{name}@onnx")
    assert metadata.weights_sha256 == SHIPPED[name]
    assert metadata.parameters is not None
    assert 250_000 < metadata.parameters < 350_000
    assert f"recipe {name}" in metadata.training_data
    image = load_restorer(f"{name}@onnx").restore(IMAGE[None], sampling=0.2)[0]
    assert np.abs(image - LIGHT - 1).mean() < 0.6 * np.abs(IMAGE - LIGHT - 1).mean()
