"""Linear transforms by interpolation."""

import math

import numpy as np
import pytest

from noise.post_processing.apply import PostProcessing, post_process
from noise.post_processing.linear_transform import LinearTransform, transform
from stembench.errors import InputError


def pair(shape: tuple[int, ...] = (40, 50)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.random(shape) + 3, rng.random(shape)


class TestTransform:
    def test_a_quarter_turn_takes_x_to_y(self) -> None:
        image = np.random.default_rng(2).random((21, 21))
        out = transform(image, LinearTransform(rotation=math.pi / 2))
        # Positive angles turn the x axis (right) towards y (down): clockwise on the screen.
        assert out == pytest.approx(np.rot90(image, -1), abs=1e-6)
        assert out != pytest.approx(np.rot90(image), abs=1e-2)  # negative control

    @pytest.mark.parametrize("order", [1, 3])
    def test_a_linear_ramp_is_moved_as_the_matrix_says(self, order: int) -> None:
        linear = LinearTransform(scale=1.2, rotation=0.3, shear=0.1, order=order)
        y, x = np.mgrid[-30:31, -30:31].astype(float)
        out = transform(0.7 * x - 0.2 * y, linear)
        back = np.linalg.inv(linear.matrix())
        sx, sy = np.tensordot(back, np.stack([x, y]), axes=1)
        middle = (slice(22, 39), slice(22, 39))  # the mirrored edge is elsewhere
        tolerance = 1e-9 if order == 1 else 1e-3  # a spline feels the mirrored edge a little
        assert out[middle] == pytest.approx((0.7 * sx - 0.2 * sy)[middle], abs=tolerance)

    def test_nothing_done_is_the_identity(self) -> None:
        x, y = pair()
        assert transform(x, LinearTransform()) == pytest.approx(x, abs=1e-10)
        both = post_process(x, y, post=PostProcessing())
        assert np.array_equal(both[0], x)
        assert np.array_equal(both[1], y)

    def test_both_images_meet_the_same_transform(self) -> None:
        x, _ = pair()
        out = post_process(x, x, post=PostProcessing(transform=LinearTransform(rotation=0.2)))
        assert np.array_equal(out[0], out[1])
        assert not np.array_equal(out[0], x)

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: LinearTransform(scale=0.0), "scale"),
            (lambda: LinearTransform(order=2), "order"),
        ],
    )
    def test_impossible_parameters_are_named(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()
