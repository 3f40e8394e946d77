"""Noise drawn anew: its statistics, and pairs of draws that differ by a change alone."""

from dataclasses import replace

import numpy as np
import pytest

from bench.assessment.evidence.image_noise import Estimate, ImageNoise
from bench.assessment.noise_draws import NoiseDraws, lines_note
from fitting import MOST_PHI, LineEstimate, ScanResult
from noise import Jitter

_DRAWS = NoiseDraws(sampling=0.2, seed=5)


def waves(rows: int = 60, cols: int = 90) -> np.ndarray:
    y, x = np.mgrid[:rows, :cols]
    return 20 + 15 * np.sin(2 * np.pi * x / 9.3) * np.cos(2 * np.pi * y / 11.1)


def test_counts_are_poisson_and_depend_on_seed_and_number_alone() -> None:
    truth = waves()
    drawn = _DRAWS.drawn(truth, None, number=3)
    assert (drawn == np.rint(drawn)).all()
    np.testing.assert_array_equal(drawn, replace(_DRAWS).drawn(truth, None, number=3))
    other = _DRAWS.drawn(truth, None, number=4)
    assert (drawn != other).mean() > 0.5
    # chi-square of all pixels over their number: its variance is (2 + 1/mean) / n at most 2.2 / n.
    square = float(np.mean((drawn - truth) ** 2 / truth))
    assert square == pytest.approx(1, abs=4 * np.sqrt(2.2 / truth.size))


def test_a_pair_differs_where_something_was_changed_alone() -> None:
    truth, changed = waves(), waves()
    changed[10:20, 30:40] *= 0.5
    changed[40:50, 30:40] += 9
    plain, edited = (_DRAWS.drawn(truth, after, number=1) for after in (None, changed))
    same = changed == truth
    np.testing.assert_array_equal(plain[same], edited[same])
    region = edited[10:20, 30:40]
    mean = changed[10:20, 30:40].mean()
    assert region.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / region.size))
    # negative control: as much light as before the change is not there
    assert abs(region.mean() - truth[10:20, 30:40].mean()) > 4 * np.sqrt(mean / region.size)


@pytest.mark.parametrize("vertical", [False, True])
def test_lines_are_displaced_along_the_fast_axis(vertical) -> None:
    """Rows of a field of stripes along y scatter, columns of it do not."""
    _, x = np.mgrid[:300, :120]
    stripes = 2e4 * (1 + np.sin(2 * np.pi * x / 12))
    truth = stripes.T if vertical else stripes
    jitter = Jitter(sigma_x=0.2, sigma_y=0.0, phi_x=0.5, phi_y=0.0)
    draws = replace(_DRAWS, jitter=jitter, vertical=vertical)
    drawn = draws.drawn(truth, None, number=0)
    lines = drawn.T if vertical else drawn
    wave = np.exp(-2j * np.pi * np.arange(120) / 12)
    shifts = np.angle(lines @ wave / (stripes[0] @ wave)) * 12 / (2 * np.pi) * 0.2
    # AR(1): standard deviation sigma / sqrt(1 - phi²); 300 lines are about 300 (1-phi²)/(1+phi²).
    expected = 0.2 / np.sqrt(1 - 0.25)
    assert shifts.std() == pytest.approx(expected, rel=4 / np.sqrt(2 * 180))
    still = replace(draws, jitter=None).drawn(truth, None, number=0)
    assert np.abs(still - truth).max() < 8 * np.sqrt(4e4)


def test_trailing_noise_correlates_and_does_not_blur_the_image() -> None:
    truth = waves(400, 300)
    response = np.array([0.7, 0.2, 0.1])
    drawn = replace(_DRAWS, trailing=tuple(response)).drawn(truth, None, number=2)
    left = drawn - truth
    assert left.var() == pytest.approx(20 * (response**2).sum(), rel=0.05)
    lag = float(np.mean(left[:, 1:] * left[:, :-1]) / left.var())
    expected = (0.7 * 0.2 + 0.2 * 0.1) / (response**2).sum()
    assert lag == pytest.approx(expected, abs=4 / np.sqrt(left.size))
    # Blurring would leave a part of the waves in the difference.
    assert abs(float(np.mean(left * (truth - 20)))) < 4 * 15 * np.sqrt(20 / left.size)


def test_pairs_with_displaced_lines_share_them() -> None:
    truth = waves()
    changed = truth.copy()
    changed[30:36, 40:46] += 30
    draws = replace(_DRAWS, jitter=Jitter(sigma_x=0.1, sigma_y=0.1, phi_x=0.4, phi_y=0.4))
    plain, edited = (draws.drawn(truth, after, number=0) for after in (None, changed))
    # the interpolating spline spreads a change, less than a count beyond some pixels
    far = np.ones(truth.shape, dtype=bool)
    far[15:51, 25:61] = False
    np.testing.assert_array_equal(plain[far], edited[far])
    assert edited.sum() > plain.sum()


def estimated(phi_x: float, phi_y: float) -> ImageNoise:
    """Noise with lines of some correlation, as a scan fit states them."""
    exact = Estimate(value=1.0, low=1.0, high=1.0)
    scan = ScanResult(
        displacements=np.zeros((1, 60, 2)), errors=np.zeros((1, 60, 2)),
        drifts=np.zeros((1, 60, 2)), x=LineEstimate(sigma=0.10, phi=phi_x),
        y=LineEstimate(sigma=0.20, phi=phi_y), widths=(2.0, 4.0), wide_part=0.1,
        covariance=np.zeros((0, 2, 2)), misfit=1.0, converged=True, steps=5, warnings=(),
    )  # fmt: skip
    return ImageNoise(
        gain=exact, offset=exact, correlation=(0.0,) * 6, scan=scan, trailing=(), known=True,
        determined=True, reason="", sentences=(),
    )  # fmt: skip


def test_of_lines_that_drift_the_differences_are_drawn() -> None:
    """The particle of ptir_image has phi at its limit, and its places would be 38 pm off."""
    common = {"sampling": 0.2, "vertical": False, "seed": 1}
    both = NoiseDraws.of(estimated(0.5, 0.7), **common)
    assert both.jitter == Jitter(sigma_x=0.10, sigma_y=0.20, phi_x=0.5, phi_y=0.7)
    assert lines_note(estimated(0.5, 0.7)) == ""
    one = NoiseDraws.of(estimated(0.5, MOST_PHI), **common).jitter
    assert one is not None
    assert (one.sigma_x, one.phi_x, one.phi_y) == (0.10, 0.5, 0.0)
    # differences of AR(1) have the variance 2 sigma² / (1 + phi)
    assert 2 * one.sigma_y**2 == pytest.approx(2 * 0.20**2 / (1 + MOST_PHI))
    assert lines_note(estimated(0.5, MOST_PHI)).startswith("displacements across the lines drift")
    assert "along and across" in lines_note(estimated(MOST_PHI, MOST_PHI))
