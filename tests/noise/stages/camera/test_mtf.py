"""The camera's blur against Fourier convolution."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from noise.stages.camera.mtf import Mtf, blur_by_mtf
from stembench.errors import InputError

MTF = Mtf(a=0.7, b=0.35, c=1.2)


class TestMtf:
    def test_value_at_nyquist_against_the_printed_formula(self) -> None:
        radial = 0.7 * math.exp(-1 / (2 * 0.35**2)) + 0.3 * math.exp(-1 / (2 * 1.2**2))
        assert MTF.radial(np.array([0.0, 1.0])) == pytest.approx([1.0, radial])
        # sinc(π/2) = 2/π along one axis.
        assert MTF.at(np.array(1.0), np.array(0.0)) == pytest.approx(radial * 2 / math.pi)

    @settings(deadline=None, max_examples=50)
    @given(seed=st.integers(0, 2**31))
    def test_drawn_functions_are_positive_and_fall(self, seed: int) -> None:
        drawn = Mtf.sample(np.random.default_rng(seed))
        frequency = np.linspace(0, 10, 1000)
        values = drawn.radial(frequency)
        assert values[0] == 1
        assert (values >= -1e-300).all()
        assert (np.diff(values) <= 1e-16).all()

    @pytest.mark.parametrize(
        "bad", [Mtf(a=1.5, b=0.5, c=1.0), Mtf(a=2.0, b=1.0, c=0.3)], ids=["negative", "rises"]
    )
    def test_unphysical_functions_are_told_apart(self, bad: Mtf) -> None:
        assert not bad.is_physical()
        assert MTF.is_physical()

    def test_blur_equals_fourier_convolution_of_the_mirrored_image(self) -> None:
        image = np.random.default_rng(1).random((10, 13))
        mirrored = np.block([[image, image[:, ::-1]], [image[::-1], image[::-1, ::-1]]])
        u = np.fft.fftfreq(26)[None, :] * 2  # in Nyquist frequencies
        v = np.fft.fftfreq(20)[:, None] * 2
        expected = np.fft.ifft2(np.fft.fft2(mirrored) * MTF.at(u, v)).real[:10, :13]
        assert blur_by_mtf(image, MTF) == pytest.approx(expected, abs=1e-12)
        wrong = np.fft.ifft2(np.fft.fft2(mirrored) * MTF.at(u / 2, v / 2)).real[:10, :13]
        assert blur_by_mtf(image, MTF) != pytest.approx(wrong, abs=1e-3)  # negative control

    def test_blur_keeps_the_charge_and_is_symmetric(self) -> None:
        image = np.zeros((2, 31, 31))
        image[0, 15, 15] = 1.0
        image[1, 0, 3] = 2.5
        out = blur_by_mtf(image, MTF)
        assert out.sum(axis=(1, 2)) == pytest.approx([1.0, 2.5])
        assert out[0] == pytest.approx(out[0].T)
        assert out[0] == pytest.approx(out[0, ::-1, ::-1])
        assert out[0, 15, 15] < 0.5

    def test_impossible_parameters_are_named(self) -> None:
        with pytest.raises(InputError, match="MTF parameter a"):
            Mtf(a=0.0, b=1.0, c=1.0)
