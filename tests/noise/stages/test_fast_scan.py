"""The trailing response: its shape, its sum and its flux."""

import math

import numpy as np
import pytest

from noise.presets import STUDY_SCAN
from noise.stages.fast_scan import FastScan, trail
from stembench.errors import InputError


class TestFastScan:
    def test_responses_sum_to_one(self) -> None:
        scan = FastScan(alpha=3.0, beta=2.0, gamma=7.0, theta=1.2)
        for response in (scan.detector_response(), scan.readout_response(), scan.response()):
            assert response.sum() == pytest.approx(1.0, abs=1e-12)
        assert scan.detector_response()[1] / scan.detector_response()[0] == pytest.approx(
            9 / (4 * math.pi**2 + 9)
        )

    def test_the_tail_trails_along_the_scan(self) -> None:
        scan = FastScan(alpha=3.0, beta=2.0, gamma=50.0, theta=1.2, length=12)
        image = np.zeros((3, 60))
        image[1, 20] = 1.0
        out = trail(image, scan)
        assert np.allclose(out[1, 20:43], scan.response(), atol=1e-15)
        assert not out[1, :20].any()
        assert not out[[0, 2]].any()

    def test_a_constant_line_stays_constant(self) -> None:
        assert trail(np.full((2, 30), 4.0), STUDY_SCAN.fast_scan) == pytest.approx(4.0)

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: FastScan(alpha=0.0, beta=1, gamma=1, theta=1), "alpha"),
            (lambda: FastScan(alpha=1.0, beta=1, gamma=1, theta=-1), "theta"),
            (lambda: FastScan(alpha=1.0, beta=1, gamma=1, theta=1, length=0), "length"),
            (lambda: FastScan(alpha=1.0, beta=50, gamma=20.0, theta=3.1), "net charge"),
            (lambda: FastScan.at_dwell(0.0), "dwell"),
        ],
    )
    def test_impossible_parameters_are_named(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()


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
