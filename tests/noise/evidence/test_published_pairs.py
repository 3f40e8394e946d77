"""Random chains against the published pairs of distorted and clean images."""

import sys

import numpy as np
import pytest

from noise.chain import distort
from noise.evidence.coverage import Draw, drawn_statistics, random_distortion, rank
from noise.evidence.published_pairs import MODALITIES, published_pairs
from noise.evidence.residuals import STATISTICS, autocorrelation, distorted_part
from noise.scan import ScanNoise
from stembench.errors import InputError

DRAWS = 24


def outside(modalities: tuple[str, ...], draw_of) -> tuple[dict[str, int], int]:
    """Pairs whose statistic lies below or above all draws, and the number of pairs."""
    count, pairs = dict.fromkeys(STATISTICS, 0), 0
    for modality in modalities:
        for k, (x, y) in enumerate(zip(*published_pairs(modality), strict=True)):
            if np.array_equal(x, y):  # one published pair is not distorted at all
                continue
            pairs += 1
            published, drawn = drawn_statistics(
                x, y, draw=draw_of(modality), rng=np.random.default_rng([11, k]), draws=DRAWS
            )
            for name, value in published.items():
                count[name] += rank(value, drawn[name]) in (0.0, 1.0)
    return count, pairs


def allowed(pairs: int) -> float:
    """Pairs that may lie outside: if theirs were one more draw of ours, p = 2 / (draws + 1).

    Pairs are independent: binomial, k = 4 standard deviations above the mean.
    """
    p = 2 / (DRAWS + 1)
    return pairs * p + 4 * np.sqrt(pairs * p * (1 - p))


@pytest.mark.slow
def test_random_chains_cover_the_published_pairs() -> None:
    count, pairs = outside(MODALITIES, random_distortion)
    assert pairs == 39
    for name, outliers in count.items():
        assert outliers <= allowed(pairs), name


def test_counting_alone_does_not_cover_them() -> None:
    def counting(_modality: str) -> Draw:
        def draw(clean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            dose = rng.uniform(0.5, 750) / clean.mean()
            return distort(clean, [rng], dose=dose, sampling=1.0, noise=ScanNoise())[0] / dose

        return draw

    count, pairs = outside(("hrstem",), counting)
    assert count["row_1"] > allowed(pairs)


class TestPublishedPairs:
    def test_lines_are_the_fast_scan(self) -> None:
        x, y = published_pairs("hrstem")
        assert x.shape == y.shape == (8, 256, 256)
        residual = x[3] - y[3] - (x[3] - y[3]).mean()
        part = np.ones(residual.shape, dtype=bool)
        rows, columns = (autocorrelation(residual, part, axis=a, lag=1) for a in (1, 0))
        assert rows > columns + 0.3  # the trailing response

    def test_the_package_is_not_imported(self) -> None:
        published_pairs("lrsem")
        assert "tk_r_em" not in sys.modules

    def test_unknown_modality_is_named(self) -> None:
        with pytest.raises(InputError, match="hrtem"):
            published_pairs("hrtem")


class TestStatistics:
    def test_autocorrelation_of_a_moving_average(self) -> None:
        n = 200_000
        white = np.random.default_rng(1).standard_normal((400, 501))
        smooth = white[:, 1:] + 0.5 * white[:, :-1]
        part = np.ones(smooth.shape, dtype=bool)
        # MA(1): 0.5 / 1.25 at lag 1, 0 beyond; Bartlett's error is below 1/sqrt(n); k = 5.
        assert abs(autocorrelation(smooth, part, axis=1, lag=1) - 0.4) < 5 / np.sqrt(n)
        assert abs(autocorrelation(smooth, part, axis=1, lag=2)) < 2 * 5 / np.sqrt(n)
        assert abs(autocorrelation(smooth, part, axis=0, lag=1)) < 2 * 5 / np.sqrt(n)

    def test_cropped_and_annotated_areas_do_not_count(self) -> None:
        rng = np.random.default_rng(2)
        y = rng.random((64, 64))
        x = y + rng.standard_normal(y.shape)
        x[:, 40:] = y[:, 40:]
        part = distorted_part(x, y)
        assert not part[:, 40:].any()
        assert part[:, :38].all()
        x[:, 40:] += 0.5  # black levels may differ
        x[5, 5] = y[5, 5]  # equal by chance
        assert np.array_equal(distorted_part(x, y), part)

    @pytest.mark.parametrize(
        ("value", "expected"), [(-1.0, 0.0), (9.0, 1.0), (2.0, 0.625), (2.5, 0.75)]
    )
    def test_rank_counts_ties_half(self, value: float, expected: float) -> None:
        assert rank(value, np.array([0.0, 1.0, 2.0, 3.0])) == expected
