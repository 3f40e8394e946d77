"""The whitening transform against a plain double loop."""

import numpy as np
import pytest

from noise.evidence.whitening import whiten
from stembench.errors import InputError


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
