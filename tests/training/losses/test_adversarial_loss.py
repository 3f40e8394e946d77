"""Relativistic average scores, and the noise that the authors' discriminator sees."""

import numpy as np
import pytest

from restore import quiet_tensorflow
from training import (
    adversarial_loss,
    discriminator_loss,
    draw_discriminator_noise,
    relativistic_probability,
    with_discriminator_noise,
)

quiet_tensorflow()


def test_probabilities_are_relative_to_the_average_of_the_others() -> None:
    """(2) and (3): what is added to all scores changes neither."""
    real = np.array([[[[1.0]], [[3.0]]]], dtype=np.float32)
    restored = np.array([[[[0.0]], [[-1.0]]]], dtype=np.float32)
    found = np.asarray(relativistic_probability(real, restored)).ravel()
    np.testing.assert_allclose(found, 1 / (1 + np.exp([-1.5, -3.5])), rtol=1e-6)
    moved = np.asarray(relativistic_probability(real + 50, restored + 50)).ravel()
    np.testing.assert_allclose(moved, found, rtol=1e-5)


def test_the_game_is_symmetric() -> None:
    """(12) is (15) with real and restored exchanged: neither side has a loss of its own."""
    rng = np.random.default_rng(1)
    real, restored = rng.normal(size=(2, 3, 4, 4, 1)).astype(np.float32)
    found = float(adversarial_loss(real, restored))
    assert found == pytest.approx(float(discriminator_loss(restored, real)), rel=1e-6)
    assert found != pytest.approx(float(discriminator_loss(real, restored)), rel=1e-3)


def test_scores_far_apart_give_finite_losses() -> None:
    """A probability that rounds to 0 or 1 would make the printed logarithms infinite."""
    real = np.full((1, 2, 2, 1), 200.0, dtype=np.float32)
    assert float(adversarial_loss(real, -real)) == pytest.approx(800.0)
    assert float(discriminator_loss(real, -real)) == pytest.approx(0.0, abs=1e-6)
    # What smoothing is for: being too sure costs.
    assert float(discriminator_loss(real, -real, smoothing=0.05)) == pytest.approx(20.0)


def test_noise_of_the_discriminator() -> None:
    """Chance 0.5 and strength 0.001 to 0.1 over n = 4000 images, to four standard errors."""
    shape = (4000, 4, 4, 1)
    noise = draw_discriminator_noise(shape, np.random.default_rng(2))
    again = draw_discriminator_noise(shape, np.random.default_rng(2))
    np.testing.assert_array_equal(noise, again)
    noisy = noise.any(axis=(0, 2, 3, 4))
    assert noisy.mean() == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / 4000))
    # Mean square of a uniform strength, (0.1^3 - 0.001^3) / (3 * 0.099); its square spreads by 0.9.
    power = np.mean(noise[:, noisy].astype(float) ** 2)
    assert power == pytest.approx(3.367e-3, rel=4 * 1.0 / np.sqrt(2000))
    assert not np.array_equal(noise[0], noise[1])


def test_noise_is_in_units_of_the_truths_standard_deviation() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(size=(2, 8, 8, 1)).astype(np.float32) * np.float32([[[[1]]], [[[10]]]])
    restored = np.zeros_like(truth)
    noise = rng.normal(size=(2, 2, 8, 8, 1)).astype(np.float32)
    real, fake = (np.asarray(each) for each in with_discriminator_noise(truth, restored, noise))
    std = truth.std(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(real, truth + noise[0] * std, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(fake, noise[1] * std, rtol=1e-5)
