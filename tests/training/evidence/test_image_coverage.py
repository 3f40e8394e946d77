"""Undistorted images of ours against the published ones."""

import numpy as np
import pytest

from noise import MODALITIES, published_pairs, rank
from training.evidence.image_coverage import (
    IMAGE_STATISTICS,
    drawn_images,
    image_statistics,
)

DRAWS = 24


def outside(modalities, draws_of) -> tuple[dict[str, int], int]:
    """Published images whose statistic lies below or above all draws, and their number."""
    count, images = dict.fromkeys(IMAGE_STATISTICS, 0), 0
    for modality in modalities:
        for k, image in enumerate(published_pairs(modality)[1]):
            images += 1
            published = image_statistics(image)
            drawn = draws_of(modality, k)
            for name, value in published.items():
                count[name] += rank(value, drawn[name]) in (0.0, 1.0)
    return count, images


def allowed(images: int) -> float:
    """Images that may lie outside: if they were one more draw of ours, p = 2 / (draws + 1).

    Images are independent: binomial, k = 4 standard deviations above the mean.
    """
    p = 2 / (DRAWS + 1)
    return images * p + 4 * np.sqrt(images * p * (1 - p))


@pytest.mark.slow
def test_random_images_cover_the_published_ones() -> None:
    def ours(modality: str, k: int) -> dict[str, np.ndarray]:
        return drawn_images(modality, seed=5, first=k * DRAWS, count=DRAWS)

    count, images = outside(MODALITIES, ours)
    assert images == 40
    for name, outliers in count.items():
        assert outliers <= allowed(images), (name, count)


def test_white_noise_does_not_cover_them() -> None:
    """Negative control: the same count for images without any structure."""
    rng = np.random.default_rng(9)
    rows = [image_statistics(1 + 0.2 * rng.random((256, 256))) for _ in range(DRAWS)]
    drawn = {name: np.array([row[name] for row in rows]) for name in IMAGE_STATISTICS}
    count, images = outside(("hrstem",), lambda _modality, _k: drawn)
    assert count["band_4"] > allowed(images)


def test_statistics_depend_on_neither_unit_nor_zero() -> None:
    image = np.random.default_rng(0).random((64, 48)) + 1
    assert image_statistics(image) == pytest.approx(image_statistics(1000 * image - 700))
    assert set(image_statistics(image)) == set(IMAGE_STATISTICS)


def test_statistics_of_images_that_are_known() -> None:
    y, x = np.mgrid[:128, :128]
    wave = 2 + np.sin(2 * np.pi * (x + y) / 16)
    found = image_statistics(wave)
    assert found["spread"] == pytest.approx(np.sqrt(0.5) / 2, rel=1e-6)
    assert found["skewness"] == pytest.approx(0.0, abs=1e-9)
    assert np.exp(found["flatness"]) == pytest.approx(1.5, rel=1e-6)  # of a sine's histogram
    assert found["median"] == pytest.approx(0.5, abs=0.02)
    # sqrt(2) / 16 periods per px lie in the third band.
    assert found["band_3"] == pytest.approx(0.0, abs=0.01)
