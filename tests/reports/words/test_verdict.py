"""Every sentence of the verdict follows its interval, and says so when it decides nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from reports.records.fit_flags import AT_LIMIT
from reports.summaries.summary import paired_comparisons, summarise
from reports.words.sentences import Sentence, meeting
from reports.words.verdict.precision import precision_sentences
from reports.words.verdict.verdict import verdict
from tests.records_factory import Estimator, Layout, as_run, make_records, restorers_named

BULK = Layout(bound_pm=5.0, scs_bound_pct=6.0)
COUNTED = Layout(
    case="nanoparticle", image="particle", counts=np.arange(1, 17), bound_pm=None,
    scs_bound_pct=None,
)  # fmt: skip
RAW = Estimator(std_pm=7.0, scs_std_pct=8.0)


def say(records: pd.DataFrame, **info: object) -> list[Sentence]:
    """Verdict on records."""
    return verdict(as_run(records, **info), summarise(records), paired_comparisons(records))


def one(sentences: list[Sentence], *words: str) -> Sentence:
    """The only sentence that holds all words."""
    found = [s for s in sentences if all(word in s.text for word in words)]
    assert len(found) == 1, [s.text for s in sentences]
    return found[0]


def against_bound(std_pm: float, *, realizations: int = 30, seed: int = 1) -> list[Sentence]:
    how = {"raw": RAW, "cgrdn": Estimator(std_pm=std_pm, scs_std_pct=2.0)}
    return say(make_records(BULK, how, realizations=realizations, seed=seed))


def test_a_scatter_far_below_the_bound_beats_it() -> None:
    said = against_bound(2.0)
    sentence = one(said, "bound of position at 500 e/Å²", "times the bound")
    assert sentence.text.startswith("CGRDN beats the Cramér-Rao bound of position")
    assert "(raw 1.4" in sentence.text
    assert sentence.kind == "finding"
    assert one(said, "no bias in position beyond a third").kind == "finding"


def test_a_scatter_at_the_bound_is_undecided() -> None:
    sentence = one(against_bound(5.0), "bound of position", "times the bound")
    assert sentence.kind == "undecided"
    assert "is undecided" in sentence.text


def test_a_scatter_above_the_bound_does_not_beat_it() -> None:
    said = against_bound(9.0)
    sentence = one(said, "bound of position", "times the bound")
    assert "CGRDN does not beat" in sentence.text
    # Nothing lies below the bound, so nothing needs the warning about bias.
    assert not [s for s in said if "in position" in s.text and "bias" in s.text]


def test_thicknesses_are_told_apart() -> None:
    frames = []
    for image, thickness, std in (("z02", 2, 1.0), ("z10", 10, 5.0), ("z75", 75, 20.0)):
        how = {"raw": RAW, "cgrdn": Estimator(std_pm=std)}
        layout = replace(BULK, image=image, thickness=thickness)
        frames.append(make_records(layout, how, realizations=30, seed=thickness))
    sentence = one(say(pd.concat(frames)), "bound of position", "times the bound")
    shares = "CGRDN is better at 1 of 3 thicknesses, is worse at 1 and is undecided at 1"
    assert shares in sentence.text
    # Std 1 pm over a bound of 5 pm, 30 x 16 x 2 deviations: 0.2 to 3 %, k = 3.
    assert "at a thickness of 2 atoms its scatter is 0.19" in sentence.text


def test_bias_below_the_bound_is_a_warning() -> None:
    how = {"raw": RAW, "cgrdn": Estimator(std_pm=1.5, column_bias_pm=10.0)}
    said = say(make_records(BULK, how, realizations=30, seed=2))
    sentence = one(said, "bias of CGRDN in position is not negligible")
    assert sentence.kind == "warning"
    assert "RMSE is below the bound at 0 of 1" in sentence.text


def test_the_thickness_that_is_named_for_its_bias_qualifies() -> None:
    """The largest share may be undecided: with few realizations and much scatter, at z75 here."""
    summary = summarise_with_bias(
        # image: thickness, bias, its interval, scatter
        {"z02": (2, 0.5, 0.4, 0.6, 1.0), "z10": (10, 0.2, 0.0, 0.3, 1.0),
         "z75": (75, 3.0, 0.5, 4.2, 4.0)},
    )  # fmt: skip
    (said,) = [s for s in bound_sentences(summary) if "not negligible" in s.text]
    assert "at 1 of 3 thicknesses it exceeds a third" in said.text
    assert "largest such share at a thickness of 2 atoms" in said.text
    assert said.kind == "warning"


def test_a_bias_that_may_be_a_third_is_not_said_to_exceed_it() -> None:
    """The point estimate of 0.5 exceeds a third of the scatter, its interval (0.2 to 0.7) not."""
    summary = summarise_with_bias({"z02": (2, 0.5, 0.2, 0.7, 1.0)})
    assert not [s for s in bound_sentences(summary) if "not negligible" in s.text]
    said = one(bound_sentences(summary), "no bias in position beyond a third")
    assert said.kind == "undecided"
    assert "excludes one at 0 of 1" in said.text


def summarise_with_bias(
    images: dict[str, tuple[int, float, float, float, float]],
) -> pd.DataFrame:
    """Summary rows of a restorer below the bound whose rms bias and scatter are given."""
    rows = []
    for image, (thickness, bias, low, high, std) in images.items():
        for metric, (value, start, end) in {
            "position_std_over_bound": (0.1, 0.09, 0.11),
            "position_rmse_over_bound": (0.2, 0.1, 0.3),
            "position_bias_rms_pm": (bias, low, high),
            "position_std_pm": (std, 0.9 * std, 1.1 * std),
        }.items():
            rows.append(
                {
                    "case": "pt_bulk", "image": image, "thickness": thickness, "dose": 500.0,
                    "restorer": "cgrdn", "metric": metric, "value": value, "low": start,
                    "high": end,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def bound_sentences(summary: pd.DataFrame) -> list[Sentence]:
    none = pd.DataFrame(columns=[*summary.columns, "baseline"])
    return precision_sentences(
        summary, none, restorer="cgrdn", restorers=restorers_named("raw", "cgrdn")
    )


def test_convergence_needs_a_narrow_interval() -> None:
    raw = make_records(BULK, {"raw": RAW}, realizations=30, doses=(500.0, 5e4), seed=3)
    same = pd.concat([raw, raw.assign(restorer="cgrdn")])
    sentence = one(say(same), "position precision", "50 000".replace(" ", "\u202f"))
    assert "they have converged (within 10 %)" in sentence.text
    assert sentence.kind == "finding"
    few = same[same["realization"] < 3].copy()
    rng = np.random.default_rng(0)
    other = (few["restorer"] == "cgrdn").to_numpy()
    few.loc[other, "x_fit"] += rng.normal(size=other.sum()) * 0.3
    sentence = one(say(few), "position precision", "meet at")
    assert sentence.kind == "undecided"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.95, 1.05, "met"),
        (0.92, 0.99, "met"),
        (0.5, 0.8, "better"),
        (1.05, 1.5, "worse"),
        (0.8, 1.2, "undecided"),
        (0.89, 1.05, "undecided"),
        (float("nan"), float("nan"), "undecided"),
    ],
)
def test_meeting(low: float, high: float, expected: str) -> None:
    assert meeting(low, high) == expected


def test_curves_that_meet_name_the_dose() -> None:
    records = make_records(
        COUNTED, {"raw": RAW}, doses=(500.0, 1000.0, 5000.0), realizations=25, seed=4
    )
    restored = records.assign(restorer="cgrdn")
    low = (restored["dose"] == 500.0).to_numpy()
    for name, reference in (("x_fit", "x_ref"), ("y_fit", "y_ref")):
        error = restored[name] - restored[reference]
        restored[name] = restored[reference] + error * np.where(low, 0.2, 1.0)
    said = say(pd.concat([records, restored]))
    sentence = one(said, "MAE of position")
    assert "is smaller than that of raw" in sentence.text
    assert "The curves have met at 1000 e/Å²" in sentence.text


def test_counting_states_the_difference_in_columns() -> None:
    how = {
        "raw": Estimator(scs_std_pct=30.0),
        "cgrdn": Estimator(scs_std_pct=0.5),
    }
    records = make_records(COUNTED, how, realizations=25, seed=5)
    sentence = one(say(records), "counts more columns right than raw")
    assert sentence.kind == "finding"
    assert "100 (87 to 100) % of 16" in sentence.text
    right = {}
    for name, rows in records.groupby("restorer"):
        right[name] = 16 * (rows["count_fit"] == rows["count_true"]).mean()
    assert f"a difference of {right['cgrdn'] - right['raw']:.1f} (" in sentence.text


def test_counting_as_well_as_raw_is_undecided() -> None:
    raw = make_records(COUNTED, {"raw": Estimator(scs_std_pct=10.0)}, realizations=20, seed=6)
    # The same errors in reverse order: the mean difference is zero, the single ones are not.
    reversed_ = raw.assign(restorer="cgrdn", realization=19 - raw["realization"])
    said = say(pd.concat([raw, reversed_]))
    assert one(said, "undecided whether CGRDN counts more").kind == "undecided"


def test_an_incomplete_run_says_so_first() -> None:
    records = make_records(BULK, {"raw": RAW}, realizations=25)
    said = say(records, complete=False)
    assert said[0].kind == "warning"
    assert "incomplete" in said[0].text
    assert not [s for s in say(records) if "incomplete" in s.text]


@pytest.mark.parametrize(("realizations", "words"), [(1, "one realization"), (7, "as few as 7")])
def test_small_n_is_a_warning(realizations: int, words: str) -> None:
    said = against_bound(1.0, realizations=realizations)
    assert one(said, words).kind == "warning"
    assert not [
        s for s in against_bound(1.0, realizations=20) if "realizations per point" in s.text
    ]


def test_one_realization_decides_nothing() -> None:
    said = against_bound(1.0, realizations=1)
    assert not [s for s in said if "beats the" in s.text and s.kind == "finding"]


def test_failures_are_reported_with_their_rate() -> None:
    how = {"raw": Estimator(failure=0.25), "cgrdn": Estimator()}
    records = make_records(BULK, how, realizations=25, seed=8)
    share = 100 * records.query("restorer == 'raw'")["scs"].isna().mean()
    said = say(records, failures=("pt_bulk z05: out of memory",))
    sentence = one(said, "Fits failed: raw up to")
    assert f"up to {share:.0f}" in sentence.text or f"up to {share:.1f}" in sentence.text
    assert "CGRDN" not in sentence.text
    assert one(said, "out of memory").kind == "warning"
    assert one(against_bound(2.0), "No fit failed.").kind == "finding"


def test_networks_are_judged_before_classical_filters() -> None:
    restorers = restorers_named("raw", "gaussian", "cgrdn", "mine", "nlm", "tv", "wiener")
    assert restorers.judged(["raw", "gaussian", "cgrdn", "mine"]) == ["cgrdn", "mine"]
    assert restorers.judged(["raw", "cgrdn", "wiener", "tv"]) == ["cgrdn"]
    assert restorers.judged(["raw", "nlm", "gaussian"]) == ["gaussian"]
    assert restorers.judged(["raw"]) == []


def test_raw_alone_gives_no_comparison() -> None:
    said = say(make_records(BULK, {"raw": RAW}, realizations=25))
    assert [s.text for s in said] == ["No fit failed."]


def test_the_best_filter_without_training_stands_beside_network_and_raw() -> None:
    how = {
        "raw": RAW,
        "gaussian": Estimator(std_pm=6.0),
        "bragg": Estimator(std_pm=3.0),
        "cgrdn": Estimator(std_pm=2.0),
        "flat": Estimator(std_pm=1.0),
    }
    said = say(make_records(BULK, how, realizations=12, seed=4))
    sentence = one(said, "Without any training")
    assert "the best filter, Bragg" in sentence.text
    assert "beside CGRDN 0.4" in sentence.text
    assert "and raw 1.36" in sentence.text
    # A reference is no restorer: it is neither the best filter nor judged.
    assert not [s for s in said if "flat image" in s.text]


def test_no_ratio_to_the_bound_where_fits_end_at_a_limit() -> None:
    """5 % of the fits at a limit are let pass, 10 % are not."""
    for share, stated in ((0.05, True), (0.1, False)):
        records = make_records(BULK, {"raw": RAW}, realizations=20, seed=5)
        first = np.arange(len(records)) < share * len(records)
        records.loc[first, "flags"] = AT_LIMIT
        metrics = set(summarise(records)["metric"])
        assert ("position_rmse_over_bound" in metrics) is stated
        assert ("scs_std_over_bound" in metrics) is stated
        assert "position_bound_pm" in metrics


def test_raw_has_one_name() -> None:
    how = {"raw": RAW, "cgrdn": Estimator(std_pm=2.0, scs_std_pct=2.0)}
    bulk = make_records(BULK, how, realizations=8, doses=(500.0, 5e4), seed=1)
    particle = make_records(COUNTED, how, realizations=8, doses=(500.0, 5e4), seed=1)
    said = [s.text for s in say(pd.concat([bulk, particle]))]
    assert any("that of raw:" in text for text in said)
    assert not [text for text in said if "raw fits" in text.lower()]


def test_the_absolute_error_stands_beside_the_one_without_shift() -> None:
    how = {"raw": RAW, "cgrdn": Estimator(std_pm=2.0)}
    records = make_records(COUNTED, how, realizations=8, seed=1)
    records = records.assign(x_fit=records["x_fit"] + 2.0)  # 40 pm
    sentence = one(say(records), "MAE of position without rigid shift of CGRDN is smaller")
    assert "a ratio of 0.3" in sentence.text
    assert "(with the shift 39.8 (39.3 to 40.2) pm against" in sentence.text
