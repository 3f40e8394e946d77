"""Pulse heights against single pulses added up and against the compound Poisson variance."""

import math

import numpy as np
import pytest
from scipy import stats

from noise.chain import distort
from noise.presets import STUDY_SCAN
from noise.scan import ScanNoise
from noise.stages.additions.pulse_height import PulseHeight, add_pulse_heights
from noise.stages.detector import Detector, add_pulse_noise

#: σ of one pulse 1.33 e.
TUBE = PulseHeight(photons=10.0, photon_variance=10.0, efficiency=0.1, secondary_gain=4.0)


class TestPulseHeight:
    @pytest.mark.parametrize("electrons", [1, 7, 60])
    def test_spread_is_that_of_pulses_added_one_by_one(self, electrons: int) -> None:
        n = 20_000
        sigma = TUBE.sigma_electrons
        counts = np.full(n, float(electrons))
        ours = add_pulse_heights(counts, np.random.default_rng(1), detector=TUBE)
        one_by_one = np.random.default_rng(2).normal(1.0, sigma, (n, electrons)).sum(axis=1)
        assert stats.ks_2samp(ours, one_by_one).pvalue > 1e-3
        stderr = math.sqrt(electrons) * sigma / math.sqrt(2 * n)
        assert abs(ours.std() - math.sqrt(electrons) * sigma) < 5 * stderr  # k = 5
        # Negative control: (46) as it is printed has one spread for any number of electrons.
        printed = add_pulse_noise(counts, np.random.default_rng(1), detector=TUBE)
        assert (stats.ks_2samp(printed, one_by_one).pvalue < 1e-6) == (electrons > 1)

    @pytest.mark.parametrize("mean", [0.3, 20.0])
    def test_variance_of_a_pixel_is_that_of_a_compound_poisson_sum(self, mean: float) -> None:
        dose, sampling, n = 1e4, 0.2, 40_000
        shot = distort(
            np.full((200, 200), mean / (dose * sampling**2)), [np.random.default_rng(3)],
            dose=dose, sampling=sampling, noise=ScanNoise(pulse_height=TUBE),
        )[0]  # fmt: skip
        variance = mean * (1 + TUBE.sigma_electrons**2)
        assert variance == pytest.approx(mean * TUBE.excess)
        # Fourth cumulant of the sum: mean times the fourth moment of a pulse, N(1, σ).
        s2 = TUBE.sigma_electrons**2
        kurtosis = mean * (1 + 6 * s2 + 3 * s2**2) / variance**2
        stderr = variance * math.sqrt((2 + kurtosis) / n)
        assert abs(shot.var() - variance) < 5 * stderr  # k = 5
        assert abs(shot.var() - mean) > 5 * stderr  # negative control: counting alone
        assert abs(shot.mean() - mean) < 5 * math.sqrt(variance / n)

    def test_a_pixel_without_electrons_has_no_noise(self) -> None:
        assert not add_pulse_heights(np.zeros(9), np.random.default_rng(1), detector=TUBE).any()

    def test_it_has_the_detectors_single_pulse_and_leaves_the_electrons(self) -> None:
        same = Detector(photons=10.0, photon_variance=10.0, efficiency=0.1, secondary_gain=4.0)
        assert TUBE.sigma_electrons == same.sigma_electrons
        image = np.full((20, 20), 0.3)
        quiet = PulseHeight(photons=1e12, photon_variance=0.0, efficiency=1.0, secondary_gain=1e12)
        plain = STUDY_SCAN.without("detector")
        arguments = {"dose": 900.0, "sampling": 0.2}
        one, two = (
            distort(image, [np.random.default_rng(4)], noise=noise, **arguments)
            for noise in (plain, ScanNoise(**{**vars(plain), "pulse_height": quiet}))
        )
        assert one == pytest.approx(two, abs=1e-4)
