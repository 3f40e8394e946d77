"""The S(T)EM chain as a whole."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from noise.chain import distort
from noise.presets import FULL_SCAN, STUDY_SCAN
from noise.scan import ScanNoise
from noise.seeds import realization_generator
from noise.stages.detector import Detector
from noise.stages.digitiser import Clip
from noise.stages.fast_scan import FastScan
from noise.stages.jitter import Jitter
from noise.stages.point_defects import PointDefects
from noise.stages.row_lines import RowLines

K = 5  # standard errors allowed by every tolerance below


def generators(count: int, seed: int = 7) -> list[np.random.Generator]:
    return [
        realization_generator(seed, "test", image="a", dose=500.0, realization=k)
        for k in range(count)
    ]


def waves(height: int = 40, width: int = 48) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return 0.2 + 0.1 * np.sin(2 * np.pi * x / 9.3) * np.cos(2 * np.pi * y / 11.1)


class TestChain:
    def test_a_realization_depends_on_its_generator_alone(self) -> None:
        arguments = {"dose": 500.0, "sampling": 0.2, "noise": STUDY_SCAN}
        batch = distort(waves(), generators(5), **arguments)
        for k in range(5):
            alone = distort(waves(), [generators(5)[k]], **arguments)
            assert np.array_equal(batch[k], alone[0])
        stacked = distort(np.stack([waves()] * 5), generators(5), **arguments)
        assert np.array_equal(batch, stacked)
        assert not np.array_equal(batch[0], batch[1])

    def test_leaving_a_stage_out_keeps_the_draws_of_the_others(self) -> None:
        detector = Detector(
            photons=1e12, photon_variance=0.0, efficiency=1.0, secondary_gain=1e12
        )  # a detector so good that its term vanishes
        poisson = distort(waves(), generators(2), dose=500.0, sampling=0.2, noise=ScanNoise())
        counted = distort(
            waves(), generators(2), dose=500.0, sampling=0.2, noise=ScanNoise(detector=detector)
        )
        assert counted == pytest.approx(poisson, abs=1e-4)

    def test_mean_and_variance_of_the_whole_chain_on_a_flat_field(self) -> None:
        fraction, dose, sampling, n = 0.3, 1000.0, 0.2, 40
        counts = distort(
            np.full((64, 96), fraction), generators(n), dose=dose, sampling=sampling,
            noise=STUDY_SCAN, margin=8,
        )  # fmt: skip
        mean = fraction * dose * sampling**2
        response = STUDY_SCAN.fast_scan.response()
        power = (response**2).sum()
        variance = (mean + STUDY_SCAN.detector.sigma_electrons**2) * power
        lines = n * counts.shape[1]
        # Pixels of a line are correlated: take one pixel a line, far from the left edge.
        sample = counts[:, :, 60].ravel()
        assert abs(sample.mean() - mean) < 5 * math.sqrt(variance / lines)  # k = 5
        # Nearly normal (mean of 12 electrons smeared): Var(s²) = 2 sigma⁴ / n, widened by the
        # Poisson excess kurtosis 1/mean.
        stderr = variance * math.sqrt((2 + 1 / mean) / lines)
        assert abs(sample.var(ddof=1) - variance) < 5 * stderr
        assert abs(sample.var(ddof=1) - mean) > 5 * stderr  # negative control: not Poisson alone
        lag_one = ((counts[:, :, 60] - mean) * (counts[:, :, 61] - mean)).mean()
        covariance = variance * (response[:-1] * response[1:]).sum() / power
        assert abs(lag_one - covariance) < 5 * variance * math.sqrt(1.1 / lines)

    def test_margin_is_cut_off(self) -> None:
        noise = ScanNoise(jitter=Jitter(sigma_x=0.3, sigma_y=0.3, phi_x=0.5, phi_y=0.5))
        wide = distort(waves(56, 64), generators(3), dose=1e6, sampling=0.2, noise=noise, margin=8)
        assert wide.shape == (3, 40, 48)

    @settings(deadline=None, max_examples=40)
    @given(
        image=hnp.arrays(
            np.float64,
            hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
            elements=st.floats(0, 1),
        ),
        dose=st.floats(1e-2, 1e5),
        sampling=st.floats(0.02, 1.0),
        seed=st.integers(0, 2**31),
    )
    def test_any_clean_image_gives_finite_counts_of_its_shape(
        self, image: np.ndarray, dose: float, sampling: float, seed: int
    ) -> None:
        noise = STUDY_SCAN
        out = distort(image, generators(2, seed), dose=dose, sampling=sampling, noise=noise)
        assert out.shape == (2, *image.shape)
        assert np.isfinite(out).all()

    def test_every_stage_left_out_leaves_the_others_draws(self) -> None:
        image = np.full((64, 64), 0.2)
        arguments = {"dose": 1e4, "sampling": 0.2}

        def once(noise: ScanNoise) -> np.ndarray:
            return distort(image, [np.random.default_rng(9)], noise=noise, **arguments)[0]

        bare = once(ScanNoise())
        zinged = once(ScanNoise(zingers=PointDefects(density=0.01, low=50.0, high=60.0)))
        both = once(
            ScanNoise(
                black_pixels=PointDefects(density=0.01, low=0.0, high=0.0),
                zingers=PointDefects(density=0.01, low=50.0, high=60.0),
            )
        )
        black = once(ScanNoise(black_pixels=PointDefects(density=0.01, low=0.0, high=0.0)))
        assert (zinged != bare).any()
        kept = black == bare
        assert np.array_equal(both[kept], zinged[kept])
        assert not both[~kept].any()


class TestZeroNoise:
    @pytest.mark.parametrize(
        "noise",
        [
            ScanNoise(jitter=Jitter(sigma_x=0.0, sigma_y=0.0, phi_x=0.5, phi_y=0.5)),
            ScanNoise(fast_scan=FastScan(alpha=1.0, beta=1.0, gamma=8.0, theta=1.5, length=1)),
            ScanNoise(row_lines=RowLines(rate=0.0, shortest=1, longest=9)),
            ScanNoise(black_pixels=PointDefects(density=0.0, low=0.0, high=0.1)),
            ScanNoise(zingers=PointDefects(density=0.5, low=1.0, high=1.0)),
            ScanNoise(clip=Clip(level=1e9)),
        ],
    )
    def test_a_stage_of_zero_strength_is_the_identity(self, noise: ScanNoise) -> None:
        image = 0.1 + 0.05 * np.random.default_rng(1).random((20, 24))
        arguments = {"dose": 1e5, "sampling": 0.2}
        bare = distort(image, [np.random.default_rng(2)], noise=ScanNoise(), **arguments)
        out = distort(image, [np.random.default_rng(2)], noise=noise, **arguments)
        assert out == pytest.approx(bare, abs=1e-9)
        strong = distort(image, [np.random.default_rng(2)], noise=FULL_SCAN, **arguments)
        assert strong != pytest.approx(bare, abs=1e-9)  # negative control


@settings(deadline=None, max_examples=40)
@given(
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    seed=st.integers(0, 2**31),
    modality=st.sampled_from(["stem", "sem"]),
)
def test_any_drawn_chain_gives_finite_counts(
    height: int, width: int, seed: int, modality: str
) -> None:
    rng = np.random.default_rng(seed)
    noise = ScanNoise.sample(rng, modality=modality)
    out = distort(rng.random((height, width)), [rng], dose=500, sampling=0.3, noise=noise)
    assert out.shape == (1, height, width)
    assert np.isfinite(out).all()
