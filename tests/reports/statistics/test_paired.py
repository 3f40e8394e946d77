"""The gate's statistics: against textbook formulas, and by their own error rates on made data."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from reports.gate.gate import verdict_of
from reports.gate.power import chances, needed
from reports.gate.result import Verdict
from reports.statistics.intervals import wilson
from reports.statistics.paired import (
    Effect,
    bias_effect,
    difference_effect,
    holm,
    pooled_effect,
    ratio_effect,
    realizations_needed,
    target_effect,
)

ALPHA = 0.05
MARGIN = 0.01


class TestEffects:
    def test_ratio_is_students_paired_t_of_half_log_ratios(self) -> None:
        rng = np.random.default_rng(1)
        old, new = rng.lognormal(size=(2, 9))
        effect = ratio_effect(old, new)
        expected = stats.ttest_rel(np.log(new) / 2, np.log(old) / 2)
        assert effect.p_value() == pytest.approx(expected.pvalue)
        low, high = expected.confidence_interval(0.95)
        assert effect.interval() == pytest.approx((low, high))
        assert effect.value > 0 or np.log(new / old).mean() <= 0

    def test_a_scaled_error_is_found_exactly(self) -> None:
        old = np.random.default_rng(2).lognormal(size=12)
        effect = ratio_effect(old, old * 1.02**2)
        assert math.exp(effect.value) == pytest.approx(1.02)
        assert effect.p_value() < 1e-100

    def test_shares_get_the_rounding_of_a_column(self) -> None:
        old, new = np.full(8, 0.5), np.full(8, 0.49)
        effect = difference_effect(old, new, n_columns=100)
        # Standard deviation of rounding to steps of 1/100, over sqrt(8).
        assert effect.error == pytest.approx(0.01 / math.sqrt(12) / math.sqrt(8))
        assert effect.value == pytest.approx(0.01)

    def test_bias_error_is_the_jackknife_of_the_u_statistic(self) -> None:
        rng = np.random.default_rng(3)
        errors = rng.normal(size=(7, 5)) + rng.normal(size=5)

        def squared_bias(sample: np.ndarray) -> float:
            n = len(sample)
            total = sample.sum(axis=0) ** 2 - (sample**2).sum(axis=0)
            return float((total / (n * (n - 1))).mean())

        n = len(errors)
        rest = (errors.sum(axis=0) - errors) / (n - 1)
        effect = bias_effect(np.zeros(n), (errors * rest).mean(axis=1), mean_square=1.0)
        left_out = np.array([squared_bias(np.delete(errors, r, axis=0)) for r in range(n)])
        error = math.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum())
        assert effect.value == pytest.approx(squared_bias(errors))
        assert effect.error == pytest.approx(error)

    def test_identical_results_are_no_change_and_one_realization_says_nothing(self) -> None:
        same = np.array([1.0, 2.0, 3.0])
        for effect in (
            ratio_effect(same, same),
            difference_effect(same, same, n_columns=5),
            bias_effect(same, same, mean_square=1.0),
        ):
            assert (effect.value, effect.error, effect.p_value()) == (0.0, 0.0, 1.0)
            assert effect.equivalent(1e-9, alpha=ALPHA)
        assert not ratio_effect(same[:1], same[:1] * 2).known
        assert not ratio_effect(same[:0], same[:0]).known

    def test_pooling_is_welch_for_two_cells(self) -> None:
        rng = np.random.default_rng(4)
        a, b = rng.normal(size=8), 3 * rng.normal(size=16)
        ones = np.ones(16)
        pooled = pooled_effect(
            [ratio_effect(ones[:8], np.exp(2 * a)), ratio_effect(ones, np.exp(2 * b))]
        )
        # The mean of a and b is half the difference of a and -b, and their t are the same.
        welch = stats.ttest_ind(a, -b, equal_var=False)
        assert pooled.value / pooled.error == pytest.approx(welch.statistic)
        assert pooled.freedom == pytest.approx(welch.df)


class TestHolm:
    def test_published_example(self) -> None:
        # Step by step: 4 x 0.005, 3 x 0.01, 2 x 0.03, then never below what came before.
        assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])

    @given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
    def test_between_raw_and_bonferroni_and_in_order(self, p_values: list[float]) -> None:
        adjusted = holm(p_values)
        for p, q in zip(p_values, adjusted, strict=True):
            assert p <= q <= min(1.0, len(p_values) * p) + 1e-12
        assert np.all(np.diff(np.array(adjusted)[np.argsort(p_values, kind="stable")]) >= 0)


class TestAgainstStatsmodels:
    """The same procedures of other authors."""

    @settings(deadline=None)  # the first call imports statsmodels
    @given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
    def test_holm(self, p_values: list[float]) -> None:
        expected = multipletests(p_values, method="holm")[1]
        assert holm(p_values) == pytest.approx(expected, abs=1e-15)

    @pytest.mark.parametrize("change", [0.0, 0.004, 0.012])
    @pytest.mark.parametrize("n", [3, 8, 40])
    def test_equivalence_of_paired_differences(self, change: float, n: int) -> None:
        # The larger p of the two one-sided tests decides; it lies on either side of alpha here.
        rng = np.random.default_rng(n)
        old = rng.lognormal(size=n)
        new = old * np.exp(2 * (change + 0.005 * rng.standard_normal(n)))
        effect = ratio_effect(old, new)
        p_value = ttost_paired(np.log(new) / 2, np.log(old) / 2, -MARGIN, MARGIN)[0]
        for alpha in (0.9 * p_value, 1.1 * p_value):
            if 0 < alpha < 0.5:
                assert effect.equivalent(MARGIN, alpha=alpha) == (p_value < alpha)

    @given(trials=st.integers(1, 60), share=st.floats(0, 1), level=st.sampled_from([0.68, 0.95]))
    def test_wilson(self, trials: int, share: float, level: float) -> None:
        successes = round(share * trials)
        expected = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
        assert wilson(successes, trials, level=level) == pytest.approx(
            (expected.low, expected.high), abs=1e-12
        )


def families(
    rng: np.random.Generator, *, count: int, cells: int, n: int, change: float, scatter: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean squares (count, cells, n) of two versions that share most of their scatter.

    Log RMSE scatters by 0.2 from image to image, as measured, and by `scatter` between the two,
    all of it in the new version: the unequal case.
    """
    common = 0.2 * rng.standard_normal((count, cells, n))
    own = scatter * rng.standard_normal((count, cells, n))
    return np.exp(2 * common), np.exp(2 * (common + own + math.log1p(change)))


def verdicts(old: np.ndarray, new: np.ndarray, *, adjust: bool = True) -> list[Verdict]:
    """Verdicts on one family (cells, n)."""
    effects = [ratio_effect(a, b) for a, b in zip(old, new, strict=True)]
    p_values = [effect.p_value() for effect in effects]
    adjusted = holm(p_values) if adjust else p_values
    return [
        verdict_of(effect, math.log1p(MARGIN), p_holm=p, alpha=ALPHA, tests=len(effects))[0]
        for effect, p in zip(effects, adjusted, strict=True)
    ]


def any_alarm(found: list[Verdict]) -> bool:
    return Verdict.WORSE in found or Verdict.BETTER in found


class TestErrorRates:
    @pytest.mark.parametrize("n", [8, 16])
    def test_false_alarms_of_a_family_stay_below_alpha(self, n: int) -> None:
        rng = np.random.default_rng(n)
        count = 300
        old, new = families(rng, count=count, cells=25, n=n, change=0.0, scatter=0.05)
        rate = np.mean([any_alarm(verdicts(a, b)) for a, b in zip(old, new, strict=True)])
        # 300 families: standard error 0.013 at 0.05; k = 3.
        assert rate <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / count)
        # Control: without Holm the same families raise an alarm 1 - 0.95^25 = 72 % of the time.
        bare = [
            any_alarm(verdicts(a, b, adjust=False)) for a, b in zip(old[:60], new[:60], strict=True)
        ]
        assert np.mean(bare) > 0.72 - 3 * math.sqrt(0.72 * 0.28 / 60)

    def test_the_ratio_of_pooled_rmse_would_raise_false_alarms(self) -> None:
        # Why the gate compares image by image: equal pooled mean squares, unequal scatter.
        rng = np.random.default_rng(5)
        count, n, s = 4000, 8, 0.2
        common = s * rng.standard_normal((count, n))
        old, new = np.exp(2 * common - 2 * s**2), np.exp(common - s**2 / 2)
        totals = old.sum(axis=1, keepdims=True), new.sum(axis=1, keepdims=True)
        left_out = np.log((totals[1] - new) / (totals[0] - old)) / 2
        value = np.log(totals[1] / totals[0])[:, 0] / 2
        centred = left_out - left_out.mean(axis=1, keepdims=True)
        error = np.sqrt((n - 1) / n * (centred**2).sum(axis=1))
        one_sided = np.mean(value / error > stats.t.ppf(0.975, n - 1))
        # Nominally 0.025 with a standard error of 0.0025; k = 5.
        assert one_sided > 0.025 + 5 * 0.0025

    @pytest.mark.parametrize("bias", [0.0, 2.0])
    def test_false_alarms_of_bias(self, bias: float) -> None:
        rng = np.random.default_rng(6)
        count, n, columns = 2000, 8, 40
        offset = bias * rng.standard_normal((count, 1, columns))
        shared = rng.standard_normal((count, n, columns)) + offset
        alarms = 0
        for mine in shared:
            old, new = mine, mine + 0.3 * rng.standard_normal(mine.shape)
            products = [
                (e * (e.sum(axis=0) - e) / (n - 1)).mean(axis=1) for e in (old, new)
            ]  # fmt: skip
            effect = bias_effect(*products, mean_square=float((old**2).mean()))
            alarms += effect.p_value() < 0.05
        # 2000 comparisons: standard error 0.005 at 0.05; k = 3. Where scatter exceeds the bias the
        # error is too large, not too small.
        assert alarms / count <= 0.05 + 3 * 0.005
        if bias:
            assert alarms / count >= 0.05 - 4 * 0.005

    def test_power_at_two_percent_is_what_the_table_says(self) -> None:
        rng = np.random.default_rng(7)
        count, tests, n, scatter = 1500, 110, 32, 0.0228
        old, new = families(rng, count=1, cells=count, n=n, change=0.02, scatter=scatter)
        found = [
            verdict_of(
                effect, math.log1p(MARGIN), p_holm=min(1.0, tests * effect.p_value()),
                alpha=ALPHA, tests=tests,
            )[0]
            for effect in map(ratio_effect, old[0], new[0])
        ]  # fmt: skip
        expected = chances(0.02, scatter, n=n, margin=MARGIN, rng=rng)
        # docs/gate.md: 80 % at n = 32. Standard error over 1500 comparisons 0.0105; k = 4.
        assert expected.worse == pytest.approx(0.80, abs=0.04)
        worse = found.count(Verdict.WORSE) / count
        assert worse == pytest.approx(expected.worse, abs=4 * 0.0105)
        assert found.count(Verdict.EQUIVALENT) == 0

    def test_a_change_at_the_margin_is_seldom_called_equivalent(self) -> None:
        rng = np.random.default_rng(8)
        count = 3000
        old, new = families(rng, count=1, cells=count, n=16, change=MARGIN, scatter=0.01)
        found = [
            effect.equivalent(math.log1p(MARGIN), alpha=ALPHA)
            for effect in map(ratio_effect, old[0], new[0])
        ]
        # Standard error 0.004 at 0.05; k = 4.
        assert np.mean(found) <= ALPHA + 4 * 0.004
        assert np.mean(found) > 0.02


class TestVerdict:
    def judge(self, value: float, error: float, p: float) -> Verdict:
        effect = Effect(value, error, 15.0, 16)
        return verdict_of(effect, MARGIN, p_holm=p, alpha=ALPHA, tests=100)[0]

    def test_each_verdict(self) -> None:
        assert self.judge(0.03, 0.001, 1e-6) is Verdict.WORSE
        assert self.judge(-0.03, 0.001, 1e-6) is Verdict.BETTER
        assert self.judge(0.002, 0.001, 0.5) is Verdict.EQUIVALENT
        # Real but within the margin, however sure.
        assert self.judge(0.005, 0.0001, 1e-12) is Verdict.EQUIVALENT
        assert self.judge(0.03, 0.02, 1.0) is Verdict.INCONCLUSIVE
        # Significant, with the best estimate within the margin and no proof that it stays there.
        assert self.judge(0.009, 0.001, 1e-4) is Verdict.INCONCLUSIVE
        assert self.judge(math.nan, math.nan, 1.0) is Verdict.INCONCLUSIVE


class TestRealizationsNeeded:
    def test_they_decide_as_often_as_promised(self) -> None:
        scatter, n, change = 0.0228, 16, 0.02
        effect = Effect(math.log1p(change), scatter / math.sqrt(n), n - 1.0, n)
        wanted = realizations_needed(effect, math.log1p(MARGIN), alpha=ALPHA, tests=110)
        assert wanted is not None
        rng = np.random.default_rng(9)
        made = chances(change, scatter, n=wanted, margin=MARGIN, rng=rng)
        assert made.worse == pytest.approx(0.8, abs=0.04)
        assert wanted == pytest.approx(needed(change, scatter, margin=MARGIN, rng=rng), abs=2)

    def test_none_where_none_can_be_named(self) -> None:
        unknown = Effect(math.nan, math.nan, 0.0, 1)
        at_margin = Effect(MARGIN * (1 - 1e-9), 0.01, 15.0, 16)
        for effect in (unknown, at_margin):
            assert realizations_needed(effect, MARGIN, alpha=ALPHA, tests=10) is None


def test_a_target_is_missed_by_less_or_by_more() -> None:
    """From a mean of 0.8 to one of 1.1: off by 0.2, then by 0.1."""
    effect = target_effect(np.array([0.75, 0.85]), np.array([1.1, 1.1]), target=1.0)
    assert effect.value == pytest.approx(-0.1)
    worse = target_effect(np.array([0.0, 0.01]), np.array([0.2, 0.21]), target=0.0)
    assert worse.value == pytest.approx(0.2)
