"""Coupled counts: exact Poisson counts of the other image that change where the images differ."""

import numpy as np
import pytest
from scipy import stats

from noise.stages.additions.coupled_counts import coupled_counts
from stembench.errors import InputError

SHAPE = (40, 50)
N = 60


def _images() -> tuple[np.ndarray, np.ndarray]:
    before = np.full(SHAPE, 3.0)
    before[:10] = 0.0
    after = before.copy()
    after[10:20] = 1.2
    after[20:30] = 4.5
    after[:5] = 0.7
    return before, after


def _generators(seed: int) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, k]) for k in range(N)]


def _coupled(seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    before, after = _images()
    counts = np.stack([g.poisson(before) for g in _generators(seed)]).astype(float)
    return counts, coupled_counts(counts, _generators(seed + 1), before=before, after=after)


def test_coupled_counts_are_poisson_counts_of_the_other_image() -> None:
    _, other = _coupled()
    _, after = _images()
    for rows in (slice(0, 5), slice(10, 20), slice(20, 30)):
        values = other[:, rows].ravel()
        mean = float(after[rows].flat[0])
        # k = 4 standard errors at n = 15 000 and 30 000: of the mean, and of the variance, whose
        # own variance for Poisson counts is (mu + 2 mu^2) / n.
        error = np.sqrt(mean / values.size)
        assert abs(values.mean() - mean) < 4 * error
        assert abs(values.var() - mean) < 4 * np.sqrt((mean + 2 * mean**2) / values.size)
        expected = stats.poisson.pmf(np.arange(6), mean) * values.size
        seen = np.bincount(values.astype(int), minlength=7)[:6]
        assert (np.abs(seen - expected) < 4.5 * np.sqrt(expected)).all()


def test_counts_stay_where_nothing_changes() -> None:
    counts, other = _coupled()
    np.testing.assert_array_equal(other[:, 30:], counts[:, 30:])
    np.testing.assert_array_equal(other[:, 5:10], 0.0)


def test_darker_pixels_lose_counts_and_brighter_ones_gain_them() -> None:
    counts, other = _coupled()
    assert (other[:, 10:20] <= counts[:, 10:20]).all()
    assert (other[:, 20:30] >= counts[:, 20:30]).all()


def test_the_difference_of_a_pair_is_far_less_noisy_than_that_of_two_images_of_one_seed() -> None:
    """What coupling is for: the same generator is out of step behind the first changed pixel."""
    before, after = _images()
    counts, other = _coupled()
    apart = np.stack([g.poisson(after) for g in _generators(3)]).astype(float)
    coupled, separate = (other - counts)[:, 30:], (apart - counts)[:, 30:]
    assert not coupled.any()
    # Uncorrelated counts of mean 3 differ by sqrt(6) rms.
    assert separate.std() > 0.9 * np.sqrt(2 * before[30, 0])


def test_a_realization_does_not_depend_on_its_batch() -> None:
    before, after = _images()
    counts, other = _coupled()
    alone = coupled_counts(counts[7:8], _generators(4)[7:8], before=before, after=after)
    np.testing.assert_array_equal(alone[0], other[7])


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda c, b, a: (c + 0.5, b, a), "only counts can be coupled"),
        (lambda c, b, a: (-c - 1, b, a), "only counts can be coupled"),
        (lambda c, b, a: (c, b, a[1:]), "do not belong"),
        (lambda c, b, a: (c, b, a - 10), "cannot be negative"),
    ],
)
def test_what_cannot_be_coupled_is_refused(spoil, text) -> None:  # type: ignore[no-untyped-def]
    before, after = _images()
    counts = np.stack([g.poisson(before) for g in _generators(1)]).astype(float)
    counts, before, after = spoil(counts, before, after)
    with pytest.raises(InputError, match=text):
        coupled_counts(counts, _generators(2), before=before, after=after)
