"""CGRDN: equal to the published SavedModels, equivariant to scale, the same in any company."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from restore import Restorer, load_restorer
from restore.cgrdn.cgrdn_restorer import CgrdnRestorer, load_cgrdn
from restore.cgrdn.weights import NETWORKS, published_folder, saved_model_folder
from restore.networks import bfloat16
from restore.restorer import RestorerMetadata
from stembench.errors import InputError

Image = NDArray[np.float64]


def published_images(network: str, which: str = "x") -> Image:
    """Test images of tk_r_em as (n, h, w), from (n, 1, w, h) or, for hrtem, (w, h, n)."""
    with h5py.File(published_folder() / "test_data" / f"sfr_{network}.h5") as file:
        stored = np.asarray(file[which], dtype=np.float64)
    return stored.transpose(0, 3, 2, 1)[..., 0] if stored.ndim == 4 else stored.transpose(2, 1, 0)


def saved_model(network: str) -> Callable[[Image], Image]:
    """The published network as its makers saved it, run by TensorFlow: the reference."""
    import tensorflow as tf

    model = tf.saved_model.load(str(saved_model_folder(network)))

    def restore(image: Image, _keep: Any = model) -> Image:
        batch = tf.constant(image[None, :, :, None].astype(np.float32))
        output = _keep.signatures["serving_default"](batch)["gen_r_em_out"]
        return np.asarray(output.numpy()[0, :, :, 0], dtype=np.float64)

    return restore


def deviation(ours: Image, reference: Image) -> float:
    """Largest difference in standard deviations of the reference."""
    return float(np.abs(ours - reference).max() / reference.std())


@pytest.fixture(scope="module")
def reference() -> Callable[[Image], Image]:
    """The published HR-STEM network."""
    return saved_model("hrstem")


@pytest.fixture(scope="module")
def cgrdn() -> Restorer:
    """Our HR-STEM network."""
    return load_restorer("cgrdn")


@pytest.fixture(scope="module")
def image() -> Image:
    """A corner (64, 64) of a published noisy image."""
    return published_images("hrstem")[0, :64, :64]


@pytest.mark.parametrize("engine", ["onnx", "keras"])
def test_parity(engine: str, image: Image, reference: Callable[[Image], Image]) -> None:
    """Both engines equal the SavedModel to 1e-4 of the output's standard deviation."""
    ours = load_restorer(f"cgrdn@{engine}").restore(image[None], sampling=0.1)
    assert deviation(ours[0], reference(image)) < 1e-4


@pytest.mark.skipif(not bfloat16._has_instructions(), reason="no AVX512-BF16 or AMX here")
def test_dense_convolutions_in_bfloat16(
    image: Image, cgrdn: Restorer, reference: Callable[[Image], Image]
) -> None:
    """Rounded inside its blocks alone, 2^-9 a time: well off float32, and near the truth."""
    low = load_restorer("cgrdn@bf16")
    (ours,) = low.restore(image[None], sampling=0.1)
    theirs = reference(image)
    root_mean_square = float(np.sqrt(np.mean((ours - theirs) ** 2)) / theirs.std())
    assert 1e-4 < root_mean_square < 4e-3
    assert deviation(cgrdn.restore(image[None], sampling=0.1)[0], theirs) < 1e-4
    again = low.restore(np.stack([image.T, image]), sampling=0.1)[1]
    np.testing.assert_array_equal(again, ours)
    assert (low.metadata.name, low.metadata.label) == ("cgrdn@bf16", "CGRDN (bf16)")
    assert (low.metadata.precision, cgrdn.metadata.precision) == ("bfloat16", "float32")


@pytest.mark.parametrize(
    "network",
    # Half a minute each; the one of another family stands for the others in every change.
    [pytest.param(name, marks=[] if name == "lrtem" else pytest.mark.slow) for name in NETWORKS],
)
def test_parity_of_all_six(network: str) -> None:
    """The same for each network on an image of its own test data; the wrong network fails."""
    noisy = published_images(network)[0, :128, :128]
    theirs = saved_model(network)(noisy)
    other = NETWORKS[NETWORKS.index(network) - 1]
    for engine in ("onnx", "keras"):
        ours = load_restorer(f"cgrdn{'' if network == 'hrstem' else '-' + network}@{engine}")
        assert deviation(ours.restore(noisy[None], sampling=0.1)[0], theirs) < 1e-4
    wrong = load_cgrdn(other).restore_image(noisy, sampling=0.1)
    assert deviation(wrong, theirs) > 1e-2


def test_golden_psnr(cgrdn: Restorer) -> None:
    """PSNR on the eight published pairs, MAX = 65535, to 0.05 dB."""
    golden = [37.91, 35.44, 38.18, 41.56, 40.21, 28.76, 40.56, 38.02]
    noisy, truth = published_images("hrstem"), published_images("hrstem", "y")

    def psnr(images: Image) -> Image:
        mean_square = np.mean((images - truth) ** 2, axis=(1, 2))
        return np.asarray(10 * np.log10(65535**2 / mean_square))

    ours = psnr(cgrdn.restore(noisy, sampling=0.1))
    np.testing.assert_allclose(ours, golden, atol=0.05)
    assert ours.mean() == pytest.approx(37.58, abs=0.05)
    assert psnr(noisy).mean() == pytest.approx(22.49, abs=0.05)


def test_fraction_of_the_beam_restores_as_its_counts_do(
    image: Image, cgrdn: Restorer, reference: Callable[[Image], Image]
) -> None:
    """The published floor on std spoils an image in beam fractions, ours does not have it."""
    factor = image.std() / 0.005
    counts = reference(image)
    ours = cgrdn.restore((image / factor)[None], sampling=0.1)[0]
    assert deviation(ours * factor, counts) < 1e-4
    # The trap is real: the published network misses by a thousand times that tolerance.
    assert deviation(reference(image / factor) * factor, counts) > 0.1


@settings(max_examples=15, deadline=None, derandomize=True)
@given(exponent=st.floats(-200, 200), offset=st.floats(-10, 10))
def test_equivariance(exponent: float, offset: float) -> None:
    """Restoring a scaled and shifted image is scaling and shifting the restored image."""
    restorer = load_once()
    counts = np.random.default_rng(1).poisson(4.0, (1, 16, 16)).astype(np.float64)
    plain = restorer.restore(counts, sampling=0.1)
    factor = 10.0**exponent
    moved = restorer.restore(factor * (counts + offset), sampling=0.1)
    # float32 inside: its rounding, 6e-8, grown by the network's depth.
    assert deviation(moved / factor - offset, plain) < 1e-4


_LOADED: list[Restorer] = []


def load_once() -> Restorer:
    """The network for tests that hypothesis calls many times."""
    if not _LOADED:
        _LOADED.append(load_restorer("cgrdn"))
    return _LOADED[0]


@pytest.mark.parametrize("value", [0.0, 0.1, 1e-300, -7.0, 1e300])
@pytest.mark.parametrize("shape", [(1, 1), (5, 8), (33, 31)])
def test_constant_image_comes_back(value: float, shape: tuple[int, int], cgrdn: Restorer) -> None:
    images = np.full((1, *shape), value)
    np.testing.assert_array_equal(cgrdn.restore(images, sampling=0.1), images)


def test_one_electron_in_the_dark_is_finite(cgrdn: Restorer) -> None:
    """The emptiest image that is not constant keeps the size of its values."""
    images = np.zeros((1, 32, 32))
    images[0, 9, 20] = 1.0
    restored = cgrdn.restore(images, sampling=0.1)
    assert np.abs(restored).max() < 2


@pytest.mark.parametrize("shape", [(31, 30), (30, 31), (31, 31), (1, 1), (1, 2), (2, 3), (3, 1)])
def test_odd_sizes(shape: tuple[int, int]) -> None:
    """The network sees an even mirrored image, standardised by the pixels that were given."""
    counts = np.random.default_rng(2).poisson(9.0, shape).astype(np.float64)
    counts[0, 0] += 1  # never constant, except where it is one pixel
    seen: list[NDArray[np.float32]] = []

    def network(image: NDArray[np.float32]) -> NDArray[np.float32]:
        seen.append(image)
        return image

    restored = stub(network).restore_image(counts, sampling=0.1)
    np.testing.assert_allclose(restored, counts, rtol=1e-6)
    if counts.size == 1:
        assert not seen
        return
    (padded,) = seen
    height, width = shape
    assert padded.shape == (height + height % 2, width + width % 2)
    original = padded[:height, :width].astype(np.float64)
    # n float32 values of unit variance: their mean and std are off by rounding alone.
    assert abs(original.mean()) < 1e-6
    assert original.std() == pytest.approx(1, abs=1e-6)
    if height % 2 and height > 1:
        np.testing.assert_array_equal(padded[height], padded[height - 2])
    if width % 2 and width > 1:
        np.testing.assert_array_equal(padded[:, width], padded[:, width - 2])


def stub(network: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> CgrdnRestorer:
    """The CGRDN restorer round another network."""
    metadata = RestorerMetadata(
        name="stub", version="1", licence="none", training_data="none", input_scale="any"
    )
    return CgrdnRestorer(metadata=metadata, forward=network)


def test_odd_size_agrees_with_its_even_neighbour(image: Image, cgrdn: Restorer) -> None:
    """Cutting one line changes the restored image little: far less than restoring does."""
    even = cgrdn.restore(image[None, :64, :64], sampling=0.1)[0]
    odd = cgrdn.restore(image[None, :63, :63], sampling=0.1)[0]
    inner = np.s_[:32, :32]
    change = np.abs(odd - even[:63, :63])[inner].mean()
    assert change < 0.05 * np.abs(even - image[:64, :64])[inner].mean()


@pytest.mark.parametrize("engine", ["onnx", "keras"])
def test_batch_invariance(engine: str, image: Image) -> None:
    """Bit for bit the same alone, in a batch, in another order, after other sizes, and again."""
    restorer = load_restorer(f"cgrdn@{engine}")
    images = np.stack([image[:16, :16], image[40:56, 40:56], image[20:36, 10:26]])
    alone = np.concatenate([restorer.restore(one[None], sampling=0.1) for one in images])
    restorer.restore(image[None, :20, :10], sampling=0.1)
    together = restorer.restore(images, sampling=0.1)
    reversed_order = restorer.restore(images[::-1], sampling=0.1)
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(reversed_order[::-1], alone)
    again = load_restorer(f"cgrdn@{engine}").restore(images, sampling=0.1)
    np.testing.assert_array_equal(again, alone)


_HASH = """
import hashlib, sys
import numpy as np
from restore import limit_threads, load_restorer
limit_threads(int(sys.argv[1]))
counts = np.random.default_rng(3).poisson(5.0, (1, 64, 48)).astype(float)
restored = load_restorer(sys.argv[2]).restore(counts, sampling=0.1)
heavy = [name for name in ("tensorflow", "keras", "tk_r_em") if name in sys.modules]
print(hashlib.sha256(restored.tobytes()).hexdigest(), heavy)
"""


def hash_elsewhere(spec: str, *, threads: int) -> tuple[str, str]:
    """Hash of a restored image made by a process of its own, and the heavy modules it imported."""
    printed = subprocess.run(
        [sys.executable, "-c", _HASH, str(threads), spec],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[3],
        text=True,
    ).stdout
    digest, heavy = printed.split(maxsplit=1)
    return digest, heavy.strip()


def test_onnx_gives_same_bits_for_any_process_and_thread_count() -> None:
    """Other processes with one and with two threads; none of them imports TensorFlow."""
    counts = np.random.default_rng(3).poisson(5.0, (1, 64, 48)).astype(np.float64)
    restored = load_restorer("cgrdn@onnx").restore(counts, sampling=0.1)
    here = hashlib.sha256(restored.tobytes()).hexdigest()
    for threads in (1, 2):
        assert hash_elsewhere("cgrdn@onnx", threads=threads) == (here, "[]")


def test_keras_gives_same_bits_in_any_process_of_one_thread() -> None:
    """The benchmark's workers have one thread each."""
    assert hash_elsewhere("cgrdn", threads=1)[0] == hash_elsewhere("cgrdn", threads=1)[0]


def test_metadata(cgrdn: Restorer) -> None:
    assert cgrdn.metadata.name == "cgrdn"
    assert cgrdn.metadata.version == "tk_r_em 1.0.4"
    assert cgrdn.metadata.licence == "GPL-3.0-only"
    assert len(cgrdn.metadata.weights_sha256 or "") == 64
    assert cgrdn.metadata.engine.startswith("keras ")


def test_unknown_engine() -> None:
    with pytest.raises(
        InputError, match="unknown engine 'cuda' for CGRDN; known are keras, onnx, bf16"
    ):
        load_cgrdn("hrstem", engine="cuda")
    known = "known are keras, onnx, bf16, auto"
    with pytest.raises(InputError, match=f"unknown engine 'cuda' of restorer 'cgrdn'; {known}"):
        load_restorer("cgrdn@cuda")
    with pytest.raises(InputError, match="unknown engine 'onnx' of restorer 'raw'; it has none"):
        load_restorer("raw@onnx")


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_missing_runtime(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match="is not installed; stembench needs it: "):
        load_restorer("cgrdn@onnx")
