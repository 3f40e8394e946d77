"""Counts: within one atom, total, shape, and biases by true count that averages hide."""

import numpy as np
import pandas as pd
import pytest

from cases import get_case
from reports.metrics.columns.atom_counts import summarise_counts
from reports.words.studies.atom_counts import count_sentences, count_table
from tests.records_factory import Estimator, Layout, make_records, restorers_named

CASES = {"nanoparticle": get_case("nanoparticle")}
COUNTS = np.repeat([1, 2, 4, 8], 4)
NO_OFFSETS = pd.DataFrame(columns=["case", "image", "thickness", "dose", "restorer"])
SPACING = 3.9242  # lattice parameter of Pt: one atom per cell in a column along [100]


def records_of(deviation: np.ndarray, *, realizations: int = 6) -> pd.DataFrame:
    """Records whose counts deviate so from the true ones, in every image."""
    layout = Layout(case="nanoparticle", image="particle", counts=COUNTS, bound_pm=None,
                    scs_bound_pct=None)  # fmt: skip
    records = make_records(layout, {"raw": Estimator(), "cgrdn": Estimator(scs_std_pct=0.1)},
                           realizations=realizations, seed=1)  # fmt: skip
    number = records["column"].to_numpy()
    own = (records["restorer"] == "cgrdn").to_numpy()
    return records.assign(
        count_fit=np.where(own, COUNTS[number] + deviation[number], records["count_fit"])
    )


def values(records: pd.DataFrame, *, offsets: pd.DataFrame = NO_OFFSETS) -> pd.Series:
    found = summarise_counts(records, CASES, offsets=offsets)
    own = found[(found["restorer"] == "cgrdn") & (found["count_true"] == 0)]
    return own.set_index("metric")["value"]


def test_errors_of_known_counts() -> None:
    deviation = np.zeros(16)
    deviation[[0, 5, 9, 13]] = [1, -1, 2, -3]
    found = values(records_of(deviation))
    assert found["count_within_one"] == 14 / 16
    assert found["atoms_total_bias_pct"] == pytest.approx(100 * -1 / 60)
    assert found["atoms_total_rmse_pct"] == pytest.approx(100 / 60)
    # (1 + 1 + 4 + 9) / 16 atoms squared; the sign of none of them matters.
    expected = SPACING * np.sqrt(15 / 16)
    assert found["shape_error_A"] == pytest.approx(expected, rel=1e-9)
    assert values(records_of(-deviation))["shape_error_A"] == pytest.approx(expected, rel=1e-9)


def test_a_failed_fit_holds_no_atom_and_is_not_within_one() -> None:
    records = records_of(np.zeros(16))
    lost = (records["column"] == 0) & (records["restorer"] == "cgrdn")  # a column of one atom
    records.loc[lost, ["x_fit", "y_fit", "scs", "count_fit"]] = np.nan
    found = values(records)
    assert found["count_within_one"] == 15 / 16
    assert found["atoms_total_bias_pct"] == pytest.approx(100 * -1 / 60)


def test_biases_by_count_show_what_their_mean_hides() -> None:
    records = records_of(np.zeros(16), realizations=12)
    own = records["restorer"] == "cgrdn"
    factor = records["count_true"].map({1: 0.75, 2: 0.99, 4: 1.06, 8: 1.2})
    records.loc[own, "scs"] *= factor[own]
    found = summarise_counts(records, CASES, offsets=NO_OFFSETS)
    rows = found[(found["metric"] == "scs_bias_by_count_pct") & (found["restorer"] == "cgrdn")]
    assert list(rows["count_true"]) == [1, 2, 4, 8]
    # Scatter 0.1 % over 12 x 4 columns: k = 5 standard errors of 0.0144 %.
    np.testing.assert_allclose(rows["value"], [-25, -1, 6, 20], atol=5 * 0.0144 * 1.2)
    assert abs(rows["value"].mean()) < 0.1
    restorers = restorers_named("raw", "cgrdn")
    said = count_sentences(found, title="P", restorer="cgrdn", restorers=restorers)
    (hidden,) = [s for s in said if "opposite sign" in s.text]
    assert hidden.kind == "warning"
    assert "at 1 atom and" in hidden.text
    assert "at 8 atoms" in hidden.text
    assert "2 of 4 true counts are biased low, 2 high" in hidden.text
    even = summarise_counts(records_of(np.zeros(16)), CASES, offsets=NO_OFFSETS)
    said = count_sentences(even, title="P", restorer="cgrdn", restorers=restorers)
    assert not [s for s in said if "opposite sign" in s.text]


def test_offsets_are_a_share_of_the_wrong_counts() -> None:
    records = records_of(np.ones(16), realizations=4)
    offsets = pd.DataFrame(
        {
            "case": "nanoparticle", "image": "particle", "thickness": records["thickness"].iloc[0],
            "dose": 500.0, "restorer": "cgrdn", "realization": range(4), "n_columns": 16,
            "n_wrong": [10, 10, 20, 0], "n_wrong_by_offset": [1, 2, 5, 0], "n_right_by_offset": 1,
        }
    )  # fmt: skip
    assert values(records, offsets=offsets)["count_offset_share"] == pytest.approx(8 / 40)
    # One right count of each of the four images would be wrong.
    assert values(records, offsets=offsets)["count_offset_net"] == pytest.approx(4 / 40)
    found = summarise_counts(records, CASES, offsets=offsets)
    restorers = restorers_named("raw", "cgrdn")
    said = count_sentences(found, title="P", restorer="cgrdn", restorers=restorers)
    (sentence,) = [s for s in said if "library" in s.text]
    assert "20 (" in sentence.text
    table = count_table(found, title="P", restorers=restorers)
    assert [row[1] for row in table.rows] == ["raw", "CGRDN"]
    assert "wrong counts due to offsets (%)" in table.header


def test_a_case_that_is_not_counted_has_none() -> None:
    records = make_records(Layout(), {"raw": Estimator()}, realizations=2)
    cases = {"pt_bulk": get_case("pt_bulk")}
    assert summarise_counts(records, cases, offsets=NO_OFFSETS).empty
