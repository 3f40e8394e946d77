"""Wrong counts due to offsets: by hand, and by a twin that counts against the columns' own SCS."""

import numpy as np
import pandas as pd

from bench.measures.count_offsets import wrong_counts

LIBRARY = np.array([1.0, 2.0, 3.0, 4.0])


def table(*scs: float) -> pd.DataFrame:
    return pd.DataFrame({"scs": scs})


def reference(scs_ref: list[float], counts: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"scs_ref": scs_ref, "count_true": counts, "measured": True})


def test_an_offset_is_blamed_for_what_it_alone_causes() -> None:
    # Column 0 stands 0.3 above the library: an error of +0.3 is wrong, and would not be without
    # the offset. An error of +0.6 is wrong either way. Column 2 is right thanks to its offset.
    there = reference([2.3, 2.3, 1.7], [2, 2, 2])
    found = wrong_counts(there, [table(2.6, 2.9, 2.4)], library=LIBRARY)
    assert found.iloc[0].to_dict() == {
        "n_columns": 3, "n_wrong": 2, "n_wrong_by_offset": 1, "n_right_by_offset": 1,
    }  # fmt: skip


def test_without_offsets_none_is_blamed() -> None:
    rng = np.random.default_rng(1)
    counts = rng.integers(1, 5, 400)
    there = reference(list(LIBRARY[counts - 1]), list(counts))
    found = wrong_counts(there, [table(*(LIBRARY[counts - 1] + rng.normal(size=400)))],
                         library=LIBRARY)  # fmt: skip
    assert found.loc[0, "n_wrong"] > 100
    assert found.loc[0, ["n_wrong_by_offset", "n_right_by_offset"]].tolist() == [0, 0]


def test_a_failed_fit_is_wrong_and_nothing_mends_it() -> None:
    found = wrong_counts(reference([2.3, 2.3], [2, 2]), [table(np.nan, 2.3)], library=LIBRARY)
    assert found.loc[0, ["n_wrong", "n_wrong_by_offset"]].tolist() == [1, 0]


def test_unmeasured_and_empty_columns_do_not_count() -> None:
    there = reference([2.0, 0.0, 2.0], [2, 0, 2]).assign(measured=[True, True, False])
    assert wrong_counts(there, [table(2.0, 0.1, 9.0)], library=LIBRARY).loc[0, "n_columns"] == 1
