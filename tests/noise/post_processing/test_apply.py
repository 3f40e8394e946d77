"""Post-processing of a pair: which image meets what."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import ndimage

from noise.post_processing.annotations import Annotation
from noise.post_processing.apply import PostProcessing, post_process
from noise.post_processing.crop import Crop
from noise.post_processing.linear_transform import LinearTransform
from stembench.errors import InputError


def pair(shape: tuple[int, ...] = (40, 50)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.random(shape) + 3, rng.random(shape)


class TestBlur:
    def test_only_the_distorted_image_is_blurred(self) -> None:
        x, y = pair()
        out = post_process(x, y, post=PostProcessing(blur=0.8))
        assert np.array_equal(out[1], y)
        assert out[0] == pytest.approx(ndimage.gaussian_filter(x, 0.8, mode="mirror"))

    def test_noise_is_cut_by_the_filter_s_power(self) -> None:
        n, sigma = 250_000, 0.7
        noise = np.random.default_rng(3).standard_normal((500, 500))
        out, _ = post_process(noise, noise, post=PostProcessing(blur=sigma))
        kernel = ndimage.gaussian_filter1d(np.eye(1, 21, 10)[0], sigma)
        power = (kernel**2).sum() ** 2
        # Neighbours are correlated: fewer independent pixels, n times the power at least; k = 5.
        assert abs(out.var() - power) < 5 * power * math.sqrt(2 / (n * power))
        assert abs(out.var() - 1) > 0.1  # negative control


class TestPair:
    def test_a_batch_is_done_one_by_one(self) -> None:
        x, y = pair((3, 30, 32))
        post = PostProcessing(
            transform=LinearTransform(scale=1.1), blur=0.5,
            crop=Crop(x=0.5, y=0.5, width=0.8, height=0.8, tilt=0.1, fill="high"),
            annotations=(Annotation(kind="disc", x=0.2, y=0.2, size=0.2),),
        )  # fmt: skip
        batch = post_process(x, y, post=post)
        for k in range(3):
            alone = post_process(x[k], y[k], post=post)
            assert np.array_equal(batch[0][k], alone[0])
            assert np.array_equal(batch[1][k], alone[1])

    def test_the_arguments_are_left_alone(self) -> None:
        x, y = pair()
        kept_x, kept_y = x.copy(), y.copy()
        mark = Annotation(kind="disc", x=0.5, y=0.5, size=0.5)
        post_process(x, y, post=PostProcessing(annotations=(mark,)))
        assert np.array_equal(x, kept_x)
        assert np.array_equal(y, kept_y)

    @settings(deadline=None, max_examples=60)
    @given(seed=st.integers(0, 2**31), height=st.integers(1, 40), width=st.integers(1, 40))
    def test_any_drawn_processing_of_any_size_is_finite(
        self, seed: int, height: int, width: int
    ) -> None:
        rng = np.random.default_rng(seed)
        x, y = rng.random((2, height, width))
        for image in post_process(x, y, post=PostProcessing.sample(rng)):
            assert image.shape == (height, width)
            assert np.isfinite(image).all()

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: post_process(np.eye(3), np.eye(4), post=PostProcessing()), "share"),
            (lambda: PostProcessing(blur=-1), "blur"),
        ],
    )  # fmt: skip
    def test_impossible_requests_are_named(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()
