"""The contract of every restorer, and every kind of input and output that it refuses."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from restore import RestorationError, Restorer, RestorerMetadata, load_restorer
from restore.contract import ContractRestorer
from stembench.errors import InputError

FAST = ("raw", "gaussian", "nlm")
FIELD = np.random.default_rng(0).poisson(6.0, (3, 8, 9)).astype(np.float64)


class Broken:
    """A restorer that returns whatever the test wants."""

    metadata = RestorerMetadata(
        name="broken", version="1", licence="none", training_data="none", input_scale="any"
    )

    def __init__(self, answer: Callable[[NDArray[np.float64]], Any]) -> None:
        self._answer = answer

    def restore_image(self, image: NDArray[np.float64], /, **_given: float) -> Any:
        return self._answer(image)


@pytest.mark.parametrize("name", FAST)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 24), st.integers(1, 24)),
    sampling=st.floats(0.02, 1.0),
    dose=st.floats(0, 1e5),
    dtype=st.sampled_from([np.float64, np.float32, np.int32]),
)
def test_any_counts(
    name: str, shape: tuple[int, ...], sampling: float, dose: float, dtype: type
) -> None:
    """Float64 of the same shape, finite; the input is left alone; a batch is its images."""
    restorer = load_restorer(name)
    images = np.random.default_rng(1).poisson(dose, shape).astype(dtype)
    before = images.copy()
    restored = restorer.restore(images, sampling=sampling)
    assert restored.shape == shape
    assert restored.dtype == np.float64
    assert np.isfinite(restored).all()
    assert not np.shares_memory(restored, images)
    np.testing.assert_array_equal(images, before)
    alone = [restorer.restore(one[None], sampling=sampling)[0] for one in images]
    np.testing.assert_array_equal(restored, alone)


@pytest.mark.parametrize("name", [*FAST, "cgrdn"])
def test_is_a_restorer(name: str) -> None:
    restorer = load_restorer(name)
    assert isinstance(restorer, Restorer)
    assert restorer.metadata.name == name


def test_empty_batch() -> None:
    assert load_restorer("raw").restore(np.empty((0, 4, 5)), sampling=0.1).shape == (0, 4, 5)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (FIELD[0], r"images must have shape \(n, h, w\), not \(8, 9\); give one image as"),
        (FIELD[..., None], r"not \(3, 8, 9, 1\)"),
        (np.empty((2, 0, 5)), r"images of shape \(2, 0, 5\) hold no pixels"),
        (np.where(FIELD[1].max() == FIELD, np.nan, FIELD)[1:], "image 0 holds NaN or infinite"),
        (np.stack([FIELD[0], np.full((8, 9), np.inf)]), "image 1 holds NaN or infinite"),
        (FIELD.astype(complex), "images must hold real numbers, not complex128"),
        (np.full((1, 2, 2), "a"), "images must hold real numbers"),
    ],
)
def test_bad_images(images: Any, message: str) -> None:
    for name in FAST:
        with pytest.raises(InputError, match=message):
            load_restorer(name).restore(images, sampling=0.1)


@pytest.mark.parametrize("sampling", [0.0, -0.1, np.nan, np.inf])
def test_bad_sampling(sampling: float) -> None:
    for name in FAST:
        with pytest.raises(InputError, match="sampling must be a positive number of Å/px, not"):
            load_restorer(name).restore(FIELD, sampling=sampling)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda image: image[:-1], r"returned shape \(7, 9\) for image 0 of shape \(8, 9\)"),
        (lambda image: image[None], r"returned shape \(1, 8, 9\) for image 0"),
        (lambda image: image * np.nan, "returned NaN or infinity in 72 of 72 pixels of image 0"),
        (lambda image: image + 1j, "returned complex128 for image 0"),
        (lambda image: image.nothing, "failed on image 0: AttributeError: "),
    ],
)
def test_broken_restorer(answer: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(RestorationError, match="restorer 'broken' " + message):
        ContractRestorer(Broken(answer)).restore(FIELD, sampling=0.1)


def test_the_failing_image_is_named() -> None:
    """Only the third image is spoiled, and that is the one that is named."""
    marked = FIELD.copy()
    marked[2, 0, 0] = 1e9

    def spoil(image: NDArray[np.float64]) -> NDArray[np.float64]:
        image[image > 1e8] = np.inf
        return image

    with pytest.raises(RestorationError, match="in 1 of 72 pixels of image 2"):
        ContractRestorer(Broken(spoil)).restore(marked, sampling=0.1)
    assert marked[2, 0, 0] == 1e9  # the restorer worked on a copy
