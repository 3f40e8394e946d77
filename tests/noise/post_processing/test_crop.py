"""Cropping: which area is kept, and what fills the rest."""

import numpy as np
import pytest

from noise.post_processing.apply import PostProcessing, post_process
from noise.post_processing.crop import Crop, kept
from stembench.errors import InputError


def pair(shape: tuple[int, ...] = (40, 50)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.random(shape) + 3, rng.random(shape)


class TestCrop:
    def test_the_kept_area_is_the_stated_one(self) -> None:
        crop = Crop(x=0.5, y=0.5, width=0.6, height=0.5, tilt=0.15, fill="low")
        inside = kept((300, 400), crop)
        assert inside.mean() == pytest.approx(0.3, rel=0.01)
        assert inside[150, 200]
        assert not inside[0, 0]
        assert inside.any(axis=1).sum() > 0.5 * 300  # tilted: it reaches further up

    @pytest.mark.parametrize(
        ("fill", "value"), [("low", np.min), ("high", np.max), ("median", np.median)]
    )
    def test_both_images_get_one_value_outside(self, fill: str, value) -> None:
        x, y = pair()
        crop = Crop(x=0.5, y=0.5, width=0.5, height=0.5, tilt=0.0, fill=fill)
        out = post_process(x, y, post=PostProcessing(crop=crop))
        inside = kept(y.shape, crop)
        for image, before in zip(out, (x, y), strict=True):
            assert np.array_equal(image[inside], before[inside])
            assert image[~inside] == pytest.approx(value(y))

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: Crop(x=2, y=0, width=1, height=1, tilt=0, fill="low"), "x of the crop"),
            (lambda: Crop(x=0, y=0, width=1, height=1, tilt=0, fill="pink"), "pink"),
        ],
    )
    def test_impossible_parameters_are_named(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()
