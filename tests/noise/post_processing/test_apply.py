"""Post-processing of a pair: which image meets what, and where the pixels go."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import ndimage

from noise.evidence.whitening import whiten
from noise.post_processing.annotations import KINDS, Annotation, annotate
from noise.post_processing.apply import PostProcessing, post_process
from noise.post_processing.crop import Crop, kept
from noise.post_processing.glyphs import LETTERS, written
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


class TestAnnotations:
    @pytest.mark.parametrize("kind", KINDS)
    def test_both_images_get_the_same_marks(self, kind: str) -> None:
        x, y = pair((80, 90))
        y[0, :2] = -1, 2  # so that no marked pixel has the ink's value before
        mark = Annotation(kind=kind, x=0.4, y=0.5, size=0.5, angle=0.4, ink=1.0, text="5 nm")
        out = post_process(x, y, post=PostProcessing(annotations=(mark,)))
        changed = out[1] != y
        assert 20 < changed.sum() < changed.size / 2
        assert np.array_equal(out[0][changed], out[1][changed])
        assert np.array_equal(out[0][~changed], x[~changed])
        assert set(np.unique(out[1][changed])) <= {y.min(), y.max()}

    def test_an_arrow_points_along_its_angle(self) -> None:
        mark = Annotation(kind="arrow", x=0.5, y=0.5, size=0.8, angle=math.pi / 2)
        out = annotate(np.zeros((61, 61)), mark, low=0.0, high=1.0)
        widths = out.sum(axis=1)
        assert widths[:30].max() < widths[30:].max()  # the head is at the lower end
        assert out == pytest.approx(out[:, ::-1])

    def test_letters_are_legible_and_distinct(self) -> None:
        drawn = {letter: written(letter).tobytes() for letter in LETTERS}
        assert len(set(drawn.values())) == len(LETTERS)
        assert written("1 nm").shape == (9, 25)
        assert not written("1 nm")[[0, -1]].any()

    def test_text_may_hang_over_the_edge(self) -> None:
        for x, y in ((0.0, 0.0), (1.0, 1.0), (0.0, 1.0)):
            mark = Annotation(kind="text", x=x, y=y, size=2.0, text="200 kV")
            assert annotate(np.full((12, 9), 0.5), mark, low=0.0, high=1.0).shape == (12, 9)


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
            (lambda: LinearTransform(scale=0.0), "scale"),
            (lambda: LinearTransform(order=2), "order"),
            (lambda: Crop(x=2, y=0, width=1, height=1, tilt=0, fill="low"), "x of the crop"),
            (lambda: Crop(x=0, y=0, width=1, height=1, tilt=0, fill="pink"), "pink"),
            (lambda: Annotation(kind="star", x=0, y=0, size=1), "star"),
            (lambda: Annotation(kind="text", x=0, y=0, size=1), "empty"),
            (lambda: Annotation(kind="text", x=0, y=0, size=1, text="5 µm"), "µ"),
            (lambda: Annotation(kind="disc", x=0, y=0, size=0), "size"),
        ],
    )  # fmt: skip
    def test_impossible_requests_are_named(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()


class TestWhitening:
    @pytest.mark.parametrize("window", [2, 3, 8])
    def test_against_a_plain_double_loop(self, window: int) -> None:
        image = 50 + np.random.default_rng(4).random((14, 15))
        padded = np.pad(image, window, mode="symmetric")
        expected = np.empty_like(image)
        for i in range(image.shape[0]):
            for j in range(image.shape[1]):
                top, left = i + window - window // 2, j + window - window // 2
                patch = padded[top : top + window, left : left + window]
                expected[i, j] = (image[i, j] - patch.mean()) / max(patch.std(), 1e-3)
        assert whiten(image, window, sigma_min=1e-3) == pytest.approx(expected, abs=1e-6)

    def test_gain_and_offset_do_not_matter(self) -> None:
        image = np.random.default_rng(5).random((30, 30))
        first = whiten(image, 4, sigma_min=1e-9)
        assert whiten(70 * image + 900, 4, sigma_min=1e-9) == pytest.approx(first, abs=1e-6)
        assert not whiten(np.full((9, 9), 3.0), 4, sigma_min=1e-9).any()

    @pytest.mark.parametrize("change", [{"window": 0}, {"sigma_min": 0.0}])
    def test_bad_input_is_named(self, change: dict) -> None:
        arguments = {"window": 4, "sigma_min": 1.0} | change
        with pytest.raises(InputError, match=r"window|deviation"):
            whiten(np.zeros((5, 5)), arguments["window"], sigma_min=arguments["sigma_min"])
