"""The registry of claims, and claims on network and crystal: true, false, open and untold."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.claims import declared
from reports.claims.judgement import claim_rows, judge_claims, number_rows
from reports.claims.registry import CLAIMS, in_order
from reports.claims.run_tables import RunTables
from tests.claims_factory import BULK, ENDS, RAW, both, information, judge, untold, verdicts
from tests.records_factory import Estimator, as_run, make_info, make_records


def test_every_claim_of_the_paper_has_a_row() -> None:
    judged = judge(untold())
    assert list(judged) == list(range(1, 41))
    rows = claim_rows(judged.values(), figures=set())
    assert list(rows["claim"]) == list(range(1, 41))
    silent = rows[rows["verdict"] == "no data"]
    # CGRDN is not in these records, so that nothing is told of it.
    assert len(silent) == 40
    assert (silent["missing"] != "").all()
    assert silent["value"].isna().all()
    assert number_rows(judged.values()).empty


def test_numbers_of_claims_are_checked() -> None:
    with pytest.raises(ValueError, match="each once"):
        in_order((*CLAIMS, CLAIMS[0]))
    with pytest.raises(ValueError, match="from 1 on"):
        in_order(CLAIMS[1:])


def test_no_verdict_is_typed_where_claims_are_declared() -> None:
    files = sorted(Path(declared.__file__).parent.glob("*.py"))
    assert len(files) == 7
    words = re.compile(r"confirm|refut|undecided|partly|no data", re.IGNORECASE)
    assert not [
        (file.name, found)
        for file in files
        for found in words.findall(file.read_text(encoding="utf-8"))
    ]


def test_a_rule_comes_with_every_number_and_none_without() -> None:
    for claim in CLAIMS:
        decided = claim.evidence.__name__ != "no_record" or claim.decided_by != ""
        assert decided == (claim.condition != ""), claim.number
        assert claim.needs


@pytest.mark.parametrize(
    ("std", "over", "expected"),
    [
        (2.0, 0.8, "confirmed"),
        (9.0, 1.6, "refuted"),
        (2.0, 2.5, "partly"),
        (5.0, 1.0, "undecided"),
    ],
)
def test_below_the_bound_as_scatter_and_as_information(
    std: float, over: float, expected: str
) -> None:
    records = both(BULK, Estimator(std_pm=std, scs_std_pct=1.2 * std), realizations=30, seed=1)
    judged = verdicts(judge(records, information=information(over)))
    assert judged[13] == judged[14] == expected


def test_a_scatter_below_the_bound_alone_confirms_nothing() -> None:
    judged = judge(both(BULK, Estimator(std_pm=0.1), realizations=30, seed=1))
    assert judged[13].verdict == "undecided"
    assert judged[13].by_condition == "scatter: confirmed; scatter over response: no data"
    assert "edited images" in judged[13].missing


def test_where_the_response_may_be_zero_its_upper_end_decides() -> None:
    """Scatter 4 over bound 5 over a response of 0.3 at most: 2.7 times the bound at least."""
    told = information(np.inf)
    told[["over_bound_low", "over_bound_high"]] = np.nan
    judged = judge(both(BULK, Estimator(std_pm=2.0), realizations=30, seed=1), information=told)
    assert judged[13].verdict == "partly"
    assert "above 2.67" in " ".join(number.text for number in judged[13].numbers)


@pytest.mark.parametrize(
    ("factor", "over", "realizations", "expected"),
    [
        (1.0, 1.1, 40, "confirmed"),
        (0.4, 0.5, 40, "refuted"),
        (0.4, 1.1, 40, "partly"),
        (1.0, 1.1, 3, "undecided"),
    ],
)
def test_convergence_at_the_highest_dose(
    factor: float, over: float, realizations: int, expected: str
) -> None:
    how = Estimator(std_pm=7.0 * factor, scs_std_pct=8.0 * factor)
    records = both(BULK, how, doses=(50_000.0,), realizations=realizations, seed=3)
    told = information(over, spread=1.02)
    assert judge(records, information=told)[15].verdict == expected


@pytest.mark.parametrize(
    ("raw", "ours", "expected"),
    [(-0.5, 0.0, "confirmed"), (0.0, -0.5, "refuted"), (-0.5, -0.5, "undecided")],
)
def test_the_gain_is_largest_at_the_lowest_dose(raw: float, ours: float, expected: str) -> None:
    """By how scatter goes with dose, of raw and of restored images; alike, no dose stands out."""
    how = {
        "raw": Estimator(std_pm=60.0, scs_std_pct=40.0, dose_exponent=raw),
        "cgrdn": Estimator(std_pm=9.0, scs_std_pct=6.0, dose_exponent=ours),
    }
    records = make_records(BULK, how, doses=ENDS, realizations=12)
    assert judge(records)[16].verdict == expected


def test_a_filter_below_the_bound_shows_that_no_training_is_needed() -> None:
    for std, expected in ((2.0, "confirmed"), (9.0, "refuted"), (5.0, "undecided")):
        how = {"raw": RAW, "gaussian": Estimator(std_pm=std)}
        records = make_records(BULK, how, realizations=30, seed=1)
        assert judge(records)[17].verdict == expected
    # The network's own scatter is no evidence.
    assert judge(both(BULK, Estimator(std_pm=2.0), realizations=30))[17].verdict == "no data"


def test_the_network_is_described_by_the_run() -> None:
    """7 035 521 parameters round to 7.04 million; 153 layers with weights are not 152."""
    records = both(BULK, Estimator())
    judged = judge(records)
    assert (judged[1].verdict, judged[2].verdict) == ("confirmed", "refuted")
    info = make_info(records)
    told = {n: replace(r, parameters=None, layers=None) for n, r in info.restorers.items()}
    run = as_run(records)
    tables = RunTables.of(replace(run, info=replace(info, restorers=told)), {})
    silent = {one.claim.number: one.verdict for one in judge_claims(tables)}
    assert (silent[1], silent[2]) == ("no data", "no data")


def test_scs_rises_with_thickness() -> None:
    def verdict(*per_atom: float) -> str:
        frames = [
            make_records(
                replace(BULK, image=f"z{z:02d}", thickness=z, scs_per_atom=scs), {"raw": RAW},
                realizations=1,
            )
            for z, scs in zip((2, 5, 10), per_atom, strict=True)
        ]  # fmt: skip
        return judge(pd.concat(frames))[30].verdict

    assert verdict(0.05, 0.05, 0.04) == "confirmed"
    assert verdict(0.05, 0.05, 0.02) == "refuted"
    assert judge(both(BULK, Estimator()))[30].verdict == "no data"


def test_contrast_tells_what_is_recovered() -> None:
    records = both(BULK, Estimator())
    for kept, expected in ((0.9, "confirmed"), (0.08, "refuted"), (0.5, "undecided")):
        row = {
            "case": "pt_bulk", "image": "z05", "thickness": 5, "dose": 500.0, "restorer": "cgrdn",
            "metric": "contrast_kept", "value": kept, "low": kept - 0.05, "high": kept + 0.05,
        }  # fmt: skip
        assert judge(records, intensity=pd.DataFrame([row]))[18].verdict == expected
