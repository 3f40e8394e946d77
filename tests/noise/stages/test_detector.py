"""The photomultiplier's pulse spread against its closed form."""

import math
from dataclasses import replace

import numpy as np
import pytest

from noise.presets import STUDY_SCAN
from noise.stages.detector import Detector, add_pulse_noise
from stembench.errors import InputError


class TestDetector:
    def test_pulse_width_against_the_closed_form(self) -> None:
        detector = Detector(
            photons=80.0, photon_variance=160.0, efficiency=0.25, secondary_gain=5.0, gain=1e5
        )
        # m_c eta = 20: (1 - 0.25 + 1/4) / 20 + 160 / 6400 = 0.075
        assert detector.sigma_electrons == pytest.approx(math.sqrt(0.075))
        assert detector.pulse_sigma == pytest.approx(20 * 1e5 * math.sqrt(0.075))

    def test_pulse_noise_has_its_stated_width(self) -> None:
        n = 100_000
        sigma = STUDY_SCAN.detector.sigma_electrons
        noise = add_pulse_noise(np.zeros(n), np.random.default_rng(3), detector=STUDY_SCAN.detector)
        assert abs(noise.std() - sigma) < 5 * sigma / math.sqrt(2 * n)  # k = 5

    def test_detector_term_is_the_same_at_any_gain(self) -> None:
        detector = Detector(photons=50.0, photon_variance=70.0, efficiency=0.2, secondary_gain=4.0)
        assert replace(detector, gain=1e6).sigma_electrons == pytest.approx(
            detector.sigma_electrons
        )

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: Detector(0.0, 0.0, 0.5, 4.0), "photons"),
            (lambda: Detector(1.0, -1.0, 0.5, 4.0), "variance"),
            (lambda: Detector(1.0, 0.0, 1.5, 4.0), "efficiency"),
            (lambda: Detector(1.0, 0.0, 0.5, 1.0), "secondary"),
            (lambda: Detector(1.0, 0.0, 0.5, 2.0, gain=0.0), "gain"),
        ],
    )
    def test_impossible_parameters_are_named(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()
