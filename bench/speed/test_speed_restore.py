"""Speed of restoration: one 128 x 128 image through each restorer, CGRDN beside its SavedModel."""

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from restore import load_restorer

Image = NDArray[np.float64]


@pytest.fixture
def counts() -> Image:
    y, x = np.mgrid[:128, :128]
    columns = 20 * (1.2 + np.cos(2 * np.pi * x / 9.8) * np.cos(2 * np.pi * y / 9.8))
    return np.random.default_rng(1).poisson(columns).astype(np.float64)[None]


@pytest.mark.parametrize("spec", ["gaussian", "nlm", "cgrdn", "cgrdn@onnx"])
def test_restore(benchmark: BenchmarkFixture, counts: Image, spec: str) -> None:
    restorer = load_restorer(spec)
    restorer.restore(counts, sampling=0.2)  # the first call compiles
    restored = benchmark(restorer.restore, counts, sampling=0.2)
    assert restored.shape == counts.shape


def test_published_saved_model(benchmark: BenchmarkFixture, counts: Image) -> None:
    """The named alternative: the package's own SavedModel in TensorFlow."""
    import tensorflow as tf

    from restore.cgrdn.weights import saved_model_folder

    model = tf.saved_model.load(str(saved_model_folder("hrstem"))).signatures["serving_default"]
    batch = tf.constant(counts[..., None], dtype=tf.float32)
    model(input_gen=batch)
    restored = benchmark(lambda: model(input_gen=batch)["gen_r_em_out"].numpy())
    assert restored.shape == (*counts.shape, 1)
