"""Electron counts against the Poisson distribution."""

import math

import numpy as np
import pytest
from scipy.stats import chi2, poisson

from noise.chain import distort
from noise.scan import ScanNoise
from noise.stages.compiled.count_tables import FINE, FINE_END, LARGEST, count_by_tables
from noise.stages.electron_counting import count_electrons
from noise.stages.stage import Counting
from stembench.errors import InputError

K = 5  # standard errors allowed by every tolerance below


class TestCounting:
    @pytest.mark.parametrize("counting", ["numpy", "tables"])
    @pytest.mark.parametrize("mean", [0.05, 3.0, 800.0])
    def test_counts_have_poisson_mean_and_variance(self, mean: float, counting: Counting) -> None:
        n = 200_000
        counts = count_electrons(np.full(n, mean), np.random.default_rng(5), counting=counting)
        assert np.array_equal(counts, np.round(counts))
        # Mean: sqrt(mean/n). Variance: sqrt((mu4 - mu2²)/n), mu4 = mean (1 + 3 mean). k = 5.
        assert abs(counts.mean() - mean) < 5 * math.sqrt(mean / n)
        stderr = math.sqrt((mean * (1 + 3 * mean) - mean**2) / n)
        assert abs(counts.var() - mean) < 5 * stderr
        gaussian = np.random.default_rng(5).normal(mean, 1.3 * math.sqrt(mean), n)
        assert abs(gaussian.var() - mean) > 5 * stderr  # negative control

    def test_counts_and_fraction_differ_by_dose_times_pixel_area(self) -> None:
        fraction, dose, sampling, n = 0.07, 3e3, 0.31, 40_000
        counts = distort(
            np.full((200, 200), fraction), [np.random.default_rng(3)], dose=dose,
            sampling=sampling, noise=ScanNoise(),
        )  # fmt: skip
        expected = fraction * dose * sampling**2
        assert abs(counts.mean() - expected) < K * math.sqrt(expected / n)
        assert abs(counts.mean() - fraction * dose * sampling) > K * math.sqrt(expected / n)

    def test_more_electrons_than_can_be_counted(self) -> None:
        with pytest.raises(InputError, match=r"dose must be > 0 and <= 1e[+]12"):
            distort(
                np.ones((2, 2)), [np.random.default_rng(1)], dose=1e30, sampling=1.0,
                noise=ScanNoise(),
            )  # fmt: skip


def chance_of(counts: np.ndarray, mean: float) -> float:
    """Chance of a larger chi-square of counts of one expectation, bins of 20 or more expected."""
    edges = np.unique(poisson.ppf(np.linspace(0.002, 0.998, 60), mean))
    chance = np.diff(np.concatenate([[0.0], poisson.cdf(edges, mean), [1.0]]))
    found = np.bincount(np.searchsorted(edges, counts), minlength=len(chance))
    kept = chance * len(counts) >= 20
    expected = np.append(chance[kept], chance[~kept].sum()) * len(counts)
    observed = np.append(found[kept], found[~kept].sum())
    taken = expected >= 5
    value = float((((observed - expected) ** 2)[taken] / expected[taken]).sum())
    return float(chi2.sf(value, max(1, taken.sum() - 1)))


class TestTables:
    @pytest.mark.parametrize(
        "mean",
        [0.01, 0.125, 0.99 / FINE, 1.37, 19.99, FINE_END - 1e-9, FINE_END + 0.5, 200.7,
         LARGEST - 0.01, LARGEST + 1.0],
    )  # fmt: skip
    def test_counts_are_distributed_as_poisson(self, mean: float) -> None:
        # ten means at a level of 1e-4 each
        n = 1_000_000
        counts = count_by_tables(np.full(n, mean), np.random.default_rng(11))
        assert chance_of(counts, mean) > 1e-4
        other = mean + 0.02 * math.sqrt(mean)  # negative control
        assert chance_of(counts, other) < 1e-4

    def test_expectations_side_by_side_do_not_mix(self) -> None:
        means = np.tile([0.0, 0.3, 30.1, 600.0, 2.49, 40.9], 100_000)
        counts = count_by_tables(means, np.random.default_rng(12))
        for k, mean in enumerate(means[:6]):
            own = counts[k::6]
            if mean == 0.0:
                assert not own.any()
            else:
                assert chance_of(own, mean) > 1e-4
        # neighbours that share a gap between events are independent: k = 5, n = 100 000
        correlation = np.corrcoef(counts[2::6], counts[1::6])[0, 1]
        assert abs(correlation) < K / math.sqrt(100_000)

    def test_more_events_than_gaps_were_drawn_for(self) -> None:
        # rests of nearly one: as many events as pixels, four times the gaps drawn at once
        mean = FINE_END + 0.99
        counts = count_by_tables(np.full(400_000, mean), np.random.default_rng(13))
        assert chance_of(counts, mean) > 1e-4
        assert chance_of(counts, FINE_END + 0.8) < 1e-4

    def test_an_expectation_that_is_no_number(self) -> None:
        with pytest.raises(ValueError, match="zero or more"):
            count_by_tables(np.array([1.0, np.nan]), np.random.default_rng(1))

    def test_chains_count_by_tables_on_request(self) -> None:
        def counted(counting: Counting) -> np.ndarray:
            return distort(
                np.full((64, 64), 0.01), [np.random.default_rng(3)], dose=2e4, sampling=0.3,
                noise=ScanNoise(), counting=counting,
            )  # fmt: skip

        assert chance_of(counted("tables").ravel(), 18.0) > 1e-4
        assert not np.array_equal(counted("tables"), counted("numpy"))
        with pytest.raises(InputError, match="numpy or tables"):
            counted("guess")  # type: ignore[arg-type]
