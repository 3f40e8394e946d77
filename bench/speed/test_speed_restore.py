"""Speed of restoration: one 128 x 128 image through each restorer, CGRDN beside its SavedModel."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from restore import load_restorer
from stembench.errors import InputError

Image = NDArray[np.float64]
#: Channels, and pixels for each of the image.
Shape = tuple[int, float]


@pytest.fixture
def counts() -> Image:
    y, x = np.mgrid[:128, :128]
    columns = 20 * (1.2 + np.cos(2 * np.pi * x / 9.8) * np.cos(2 * np.pi * y / 9.8))
    return np.random.default_rng(1).poisson(columns).astype(np.float64)[None]


@pytest.mark.parametrize("spec", ["gaussian", "nlm", "cgrdn", "cgrdn@onnx", "cgrdn@bf16"])
def test_restore(benchmark: BenchmarkFixture, counts: Image, spec: str) -> None:
    try:
        restorer = load_restorer(spec)
    except InputError as error:  # a processor without bfloat16
        pytest.skip(str(error))
    restorer.restore(counts, sampling=0.2)  # the first call compiles
    if spec.startswith("cgrdn"):
        benchmark.extra_info["operations"] = network_operations(counts.shape[1:])
    restored = benchmark(restorer.restore, counts, sampling=0.2)
    assert restored.shape == counts.shape


class Arithmetic:
    """CGRDN's graph on (channels, pixels of one of the image), counting products and sums."""

    def __init__(self) -> None:
        self.operations = 0.0

    def conv(
        self, x: Shape, /, channels: int, size: int, *, stride: int = 1, relu: bool = False
    ) -> Shape:
        del relu
        out = x[1] / stride**2
        self.operations += 2 * x[0] * channels * size**2 * out
        return channels, out

    def deconv(self, x: Shape, /, channels: int, size: int, *, stride: int) -> Shape:
        self.operations += 2 * x[0] * channels * size**2 * x[1]
        return channels, x[1] * stride**2

    def concatenate(self, parts: Sequence[Shape], /) -> Shape:
        return sum(part[0] for part in parts), parts[0][1]

    def add(self, a: Shape, b: Shape, /) -> Shape:
        return max(a[0], b[0]), a[1]


def network_operations(shape: tuple[int, ...]) -> float:
    """Products and sums of CGRDN's convolutions on one image."""
    from restore.cgrdn.graph import connect_cgrdn

    counted = Arithmetic()
    connect_cgrdn(counted, (1, 1.0))
    return counted.operations * shape[0] * shape[1]


def test_matrix_rate(benchmark: BenchmarkFixture) -> None:
    """Products of float32 matrices by the chip's own library: the limit of a network's speed."""
    import tensorflow as tf

    n = 1024
    a = tf.random.stateless_uniform((n, n), seed=(1, 2))
    tf.linalg.matmul(a, a)
    benchmark.extra_info["operations"] = 2.0 * n**3
    assert benchmark(lambda: tf.linalg.matmul(a, a).numpy()).shape == (n, n)


def test_published_saved_model(benchmark: BenchmarkFixture, counts: Image) -> None:
    """The named alternative: the package's own SavedModel in TensorFlow."""
    import tensorflow as tf

    from restore.cgrdn.weights import saved_model_folder

    model = tf.saved_model.load(str(saved_model_folder("hrstem"))).signatures["serving_default"]
    batch = tf.constant(counts[..., None], dtype=tf.float32)
    model(input_gen=batch)
    restored = benchmark(lambda: model(input_gen=batch)["gen_r_em_out"].numpy())
    assert restored.shape == (*counts.shape, 1)
