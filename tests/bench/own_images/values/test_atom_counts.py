"""Atom counts of an own image by a library file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.own_images.values.atom_counts import read_library, with_counts
from stembench.errors import InputError


@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
def test_libraries_of_any_separator_are_read(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "library.csv"
    path.write_text(
        "\n".join(separator.join(row) for row in (("atoms", "scs"), ("2", "0.4"), ("1", "0.2")))
    )
    assert read_library(path) == {1: 0.2, 2: 0.4}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "needs the columns"),
        ("count,scs\n", "no rows"),
        ("count,scs\n1,0.2\n1,0.3\n", "twice"),
        ("count,scs\n1,0.2\n3,0.3\n", "lacks"),
        ("count,scs\n1,0.3\n2,0.2\n", "rise"),
        ("count,scs\n1.5,0.3\n", "whole"),
        ("count,scs\n0,0.3\n", "1 or more"),
        ("count,scs\n1,-0.3\n", "positive"),
        ("count,scs\n1,x\n", "numbers"),
        ("count,scs\n1,\n", "without a number"),
        ("", "cannot be read"),
    ],
)
def test_what_is_no_library_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "library.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_library(path)
    with pytest.raises(InputError, match="no file"):
        read_library(tmp_path / "none.csv")


def test_columns_beyond_the_library_have_no_count() -> None:
    library = {1: 1.0, 2: 2.0, 3: 3.0}
    scs = [0.4, 0.9, 2.1, 3.4, 3.6, np.nan]
    table = pd.DataFrame({"scs": scs, "scs_err": np.full(6, 0.1)})
    counted, beyond = with_counts(table, library)
    np.testing.assert_array_equal(counted["atoms"], [np.nan, 1, 2, 3, np.nan, np.nan])
    assert beyond == 2
    probability = counted["atoms_probability"].to_numpy()
    assert np.isnan(probability[[0, 4, 5]]).all()
    assert (probability[[1, 2, 3]] > 0.99).all()


def test_probability_is_that_of_equal_priors() -> None:
    counted, _ = with_counts(
        pd.DataFrame({"scs": [1.5 - 1e-9], "scs_err": [0.2]}), {1: 1.0, 2: 2.0}
    )
    assert counted["atoms_probability"][0] == pytest.approx(0.5, abs=1e-6)
