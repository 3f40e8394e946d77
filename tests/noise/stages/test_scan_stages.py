"""Row lines, point defects and the converter against their formulas; zero noise; conserved flux."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import ndimage, stats

from noise.presets import FULL_SCAN
from noise.scan import STUDY_SCAN, ScanNoise, distort
from noise.stages.detector import Detector
from noise.stages.digitiser import Clip, Quantisation, quantise, saturate
from noise.stages.fast_scan import FastScan, trail
from noise.stages.jitter import Jitter
from noise.stages.point_defects import PointDefects, multiply_defects
from noise.stages.row_lines import RowLines, replace_row_lines
from stembench.errors import InputError

K = 5  # standard errors allowed by every tolerance below


class TestRowLines:
    @pytest.mark.parametrize("column", [0, 5, 30])
    def test_covered_share_is_that_of_uniform_poisson_starts(self, column: int) -> None:
        rows, width, length, rate = 60_000, 40, 12, 0.5
        lines = RowLines(rate=rate, shortest=length, longest=length)
        out = replace_row_lines(np.ones((rows, width)), np.random.default_rng(1), row_lines=lines)
        # Pieces over one pixel: Poisson of mean rate times the starts that reach it over width.
        covered = 1 - math.exp(-rate * min(column + 1, length) / width)
        stderr = math.sqrt(covered * (1 - covered) / rows)  # n = 60 000 independent rows
        assert abs((out[:, column] != 1).mean() - covered) < K * stderr
        wrong = 1 - math.exp(-rate * length)  # negative control: as if all starts reached it
        assert abs((out[:, column] != 1).mean() - wrong) > K * stderr

    def test_factors_are_uniform_and_keep_the_flux_on_average(self) -> None:
        lines = RowLines(rate=0.02, shortest=1, longest=1)
        image = np.full((200_000, 8), 7.0)
        out = replace_row_lines(image, np.random.default_rng(2), row_lines=lines)
        factors = out[out != 7.0] / 7.0
        n = factors.size
        assert 3000 < n < 5000
        assert factors.min() >= 0.5
        assert factors.max() <= 1.5
        # Uniform on [0.5, 1.5]: mean 1, variance 1/12, fourth central moment 1/80. A second hit of
        # one pixel has probability rate/16 = 1e-3 and is far below these errors.
        assert abs(factors.mean() - 1) < K * math.sqrt(1 / 12 / n)
        stderr = math.sqrt((1 / 80 - 1 / 144) / n)
        assert abs(factors.var() - 1 / 12) < K * stderr
        assert abs(factors.var() - 1 / 3) > K * stderr  # negative control: not on [0, 2]

    def test_a_piece_is_its_mean_times_a_factor(self) -> None:
        image = np.arange(1.0, 31.0).reshape(1, 30)
        lines = RowLines(rate=1.0, shortest=30, longest=30)
        for seed in range(40):
            # The stage draws the number of pieces first: take the images with exactly one.
            if np.random.default_rng(seed).poisson(1.0) != 1:
                continue
            out = replace_row_lines(image, np.random.default_rng(seed), row_lines=lines)
            changed = out != image
            start = int(np.argmax(changed))
            assert changed[0, start:].all()
            assert np.ptp(out[0, start:]) == 0
            assert 0.5 <= out[0, -1] / image[0, start:].mean() <= 1.5


class TestPointDefects:
    def test_density_and_response(self) -> None:
        n, density = 1_000_000, 0.02
        defects = PointDefects(density=density, low=2.0, high=12.0)
        out = multiply_defects(
            np.full((1000, 1000), 3.0), np.random.default_rng(3), defects=defects
        )
        hit = out != 3.0
        # Poisson points spread uniformly: a pixel is missed with probability exp(-density).
        share = 1 - math.exp(-density)
        assert abs(hit.mean() - share) < K * math.sqrt(share * (1 - share) / n)
        response = out[hit] / 3.0
        assert abs(response.mean() - 7) < K * math.sqrt(100 / 12 / response.size)
        assert abs(response.mean() - 6.5) > K * math.sqrt(100 / 12 / response.size)  # control

    def test_two_random_steps_make_clusters_of_two_and_three_quarter_pixels(self) -> None:
        defects = PointDefects(density=1e-4, low=0.0, high=0.0, steps=2)
        shape = (3000, 3000)
        count = np.random.default_rng(4).poisson(1e-4 * shape[0] * shape[1])  # drawn first
        out = multiply_defects(np.ones(shape), np.random.default_rng(4), defects=defects)
        # The second step returns with probability 1/4: sites 2.75, standard deviation sqrt(3)/4.
        # Overlaps of clusters remove 1e-4 * 12 of them, the edge less: below one error.
        stderr = math.sqrt(3) / 4 / math.sqrt(count)
        sites = (out == 0).sum() / count
        assert abs(sites - 2.75) < K * stderr + 2.75 * 2e-3
        assert abs(sites - 3) > K * stderr + 2.75 * 2e-3  # negative control: no returns
        assert ndimage.label(out == 0)[1] <= count  # each cluster holds together

    def test_walks_stay_on_the_sensor(self) -> None:
        defects = PointDefects(density=1.0, low=0.0, high=0.0, steps=50)
        out = multiply_defects(np.ones((1, 1)), np.random.default_rng(1), defects=defects)
        assert out.shape == (1, 1)


class TestConverter:
    def test_mean_of_saturated_counts(self) -> None:
        mean, threshold, n = 9.0, 11, 200_000
        counts = np.random.default_rng(5).poisson(mean, n).astype(float)
        k = np.arange(200)
        clipped = np.minimum(k, threshold)
        weight = stats.poisson.pmf(k, mean)
        expected = (clipped * weight).sum()
        stderr = math.sqrt(((clipped - expected) ** 2 * weight).sum() / n)
        assert abs(saturate(counts, threshold=threshold).mean() - expected) < K * stderr
        assert abs(counts.mean() - expected) > K * stderr  # negative control

    def test_rounding_error_is_uniform(self) -> None:
        gain, n = 3.7, 100_000
        values = np.random.default_rng(6).normal(0, 50, n)
        error = quantise(values, gain=gain) - values
        step = 1 / gain
        assert np.abs(error).max() <= step / 2 * (1 + 1e-9)
        # Uniform of width `step`: variance step²/12, fourth moment step⁴/80.
        stderr = step**2 * math.sqrt((1 / 80 - 1 / 144) / n)
        assert abs(error.var() - step**2 / 12) < K * stderr
        floored = np.floor(gain * values) / gain - values
        assert abs((floored**2).mean() - step**2 / 12) > K * stderr  # negative control

    def test_converter_is_set_by_the_clean_maximum(self) -> None:
        rng = [np.random.default_rng(7)]
        clean = np.full((60, 60), 0.02)
        noise = ScanNoise(clip=Clip(level=1.1), quantisation=Quantisation(levels=40.0))
        out = distort(clean, rng, dose=5e4, sampling=0.2, noise=noise)[0]
        peak = 0.02 * 5e4 * 0.04
        assert out.max() == pytest.approx(1.1 * peak)
        assert np.allclose(out * 40 / peak, np.rint(out * 40 / peak))

    def test_an_empty_image_stays_empty(self) -> None:
        noise = ScanNoise(clip=Clip(level=1.0), quantisation=Quantisation(levels=256.0))
        out = distort(
            np.zeros((5, 6)), [np.random.default_rng(1)], dose=10, sampling=0.2, noise=noise
        )
        assert not out.any()


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

    def test_counts_and_fraction_differ_by_dose_times_pixel_area(self) -> None:
        fraction, dose, sampling, n = 0.07, 3e3, 0.31, 40_000
        counts = distort(
            np.full((200, 200), fraction), [np.random.default_rng(3)], dose=dose,
            sampling=sampling, noise=ScanNoise(),
        )  # fmt: skip
        expected = fraction * dose * sampling**2
        assert abs(counts.mean() - expected) < K * math.sqrt(expected / n)
        assert abs(counts.mean() - fraction * dose * sampling) > K * math.sqrt(expected / n)


class TestFlux:
    def test_the_trailing_response_keeps_the_charge_of_a_line(self) -> None:
        scan = FastScan.at_dwell(0.5)
        image = np.zeros((4, 400))
        image[:, :200] = np.random.default_rng(1).poisson(5.0, (4, 200))
        image[:, 0] = 0  # before its start a line rests at its first value
        out = trail(image, scan)
        assert out.sum(axis=1) == pytest.approx(image.sum(axis=1), rel=1e-12)
        assert (out[:, 200:].sum(axis=1) > 0).all()  # the tail trails

    def test_a_shorter_dwell_time_stretches_the_response(self) -> None:
        slow, fast = FastScan.at_dwell(1.0), FastScan.at_dwell(0.05)
        # Every length times 20: the readout at lag 20 of one is that at lag 1 of the other.
        ratio = fast.readout_response()[20] / fast.readout_response()[0]
        assert ratio == pytest.approx(slow.readout_response()[1] / slow.readout_response()[0])
        lag = np.arange(fast.response().size)
        assert (fast.response() * lag).sum() > 3 * (
            slow.response() * lag[: slow.response().size]
        ).sum()

    def test_the_start_of_a_line_is_at_rest(self) -> None:
        scan = STUDY_SCAN.fast_scan
        image = np.random.default_rng(2).random((3, 20))
        response = scan.response()
        long = np.concatenate([np.repeat(image[:, :1], response.size, axis=1), image], axis=1)
        expected = np.array([np.convolve(line, response) for line in long])
        first = response.size
        assert trail(image, scan) == pytest.approx(expected[:, first : first + 20], abs=1e-12)


class TestStreams:
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

    def test_results_hold_for_any_batch_and_number_type(self) -> None:
        image = np.random.default_rng(0).random((30, 41))

        def batch(count: int, **more: object) -> np.ndarray:
            generators = [np.random.default_rng([5, k]) for k in range(count)]
            return distort(image, generators, dose=2e3, sampling=0.2, noise=FULL_SCAN, **more)

        assert np.array_equal(batch(5)[:2], batch(2))
        single = batch(2, dtype=np.float32)
        assert single.dtype == np.float32
        assert np.array_equal(single, batch(2).astype(np.float32))

    def test_memory_beside_the_result_does_not_grow_with_the_batch(self) -> None:
        import tracemalloc

        image = np.full((64, 64), 0.1)

        def peak(count: int) -> int:
            generators = [np.random.default_rng(k) for k in range(count)]
            tracemalloc.start()
            result = distort(
                image, generators, dose=1e3, sampling=0.2, noise=FULL_SCAN, dtype=np.float32
            )
            _, top = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return top - result.nbytes

        peak(1)
        # A float64 image is 32 KiB; 28 more realizations may not keep one of them alive.
        assert peak(32) - peak(4) < 32 * 1024


class TestRefusals:
    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: RowLines(rate=-1, shortest=1, longest=2), "rate"),
            (lambda: RowLines(rate=1, shortest=0, longest=2), "shortest"),
            (lambda: RowLines(rate=1, shortest=3, longest=2), "longest"),
            (lambda: RowLines(rate=1, shortest=1, longest=2, low=2.0, high=1.0), "highest"),
            (lambda: PointDefects(density=1.5, low=0, high=1), "density"),
            (lambda: PointDefects(density=0.5, low=-1, high=1), "lowest"),
            (lambda: PointDefects(density=0.5, low=2, high=1), "highest"),
            (lambda: PointDefects(density=0.5, low=0, high=1, steps=-1), "steps"),
            (lambda: Clip(level=0.0), "clip"),
            (lambda: Quantisation(levels=math.nan), "levels"),
            (lambda: FastScan.at_dwell(0.0), "dwell"),
            (lambda: FULL_SCAN.without("shutter"), "shutter"),
        ],
    )
    def test_impossible_parameters_are_named(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()

    def test_more_electrons_than_can_be_counted(self) -> None:
        with pytest.raises(InputError, match="cannot be counted"):
            distort(
                np.ones((2, 2)), [np.random.default_rng(1)], dose=1e30, sampling=1.0,
                noise=ScanNoise(),
            )  # fmt: skip


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


def test_detector_term_is_the_same_at_any_gain() -> None:
    detector = Detector(photons=50.0, photon_variance=70.0, efficiency=0.2, secondary_gain=4.0)
    assert replace(detector, gain=1e6).sigma_electrons == pytest.approx(detector.sigma_electrons)
