"""Bounds of the shipped cases beside the records' own, against another person's numbers."""

import numpy as np
import pytest

from bench.measures.bounds import bounds_of, kinds_of
from bench.reference import reference_table
from cases import CASES, get_case
from reports.records.bounds import BOUND_KINDS


def test_kinds_follow_from_noise_and_fit():
    kinds = {case.name: kinds_of(case) for case in CASES}
    assert kinds["pt_bulk"] == ("constant-background", "column-widths")
    assert kinds["edge_dislocation"] == kinds["nanoparticle"]
    assert kinds["nanoparticle"][0] == "hybrid"
    assert kinds["defect_ladder"] == kinds["particle_adatoms"] == ()
    assert {kind for found in kinds.values() for kind in found} <= set(BOUND_KINDS)


def test_the_bound_of_scs_depends_on_what_is_known():
    """75 cells at 500 e/Å²: 8.5 % as fitted, 15 % with a background, 82 % with free widths.

    Numbers of an independent script, given to two digits.
    """
    case = get_case("pt_bulk")
    reference = reference_table(case, "z75", dose=5e2)
    reference = reference[reference["measured"]]
    rows = bounds_of("pt_bulk", "z75", 5e2)
    assert set(rows["column"]) == set(reference.index)
    shares = {
        kind: 100 * (own.set_index("column")["scs"] / reference["scs_ref"]).mean()
        for kind, own in rows.groupby("kind")
    }
    assert shares["constant-background"] == pytest.approx(15, abs=0.5)
    assert shares["column-widths"] == pytest.approx(82, abs=0.5)
    assert 100 * (reference["scs_crb"] / reference["scs_ref"]).mean() == pytest.approx(8.5, abs=0.1)


def test_hybrid_bound_of_the_dislocation():
    """At 5·10^4 e/Å² another script found 6 pm, and 4 pm without the rigid shift."""
    rows = bounds_of("edge_dislocation", "core", 5e4)
    case = get_case("edge_dislocation")
    columns = reference_table(case, "core", dose=5e4)
    assert rows.groupby("kind")["column"].apply(set).tolist() == 4 * [
        set(columns.index[columns["measured"]])
    ]
    pm = rows.groupby("kind")["distance"].mean() * 100 * case.sampling
    assert pm["hybrid"] == pytest.approx(6.3, abs=0.4)
    assert pm["hybrid-unshifted"] == pytest.approx(4.0, abs=0.3)
    assert pm["hybrid-strict"] < pm["hybrid"]
    assert pm["hybrid-strict-unshifted"] < 0.8 * pm["hybrid-unshifted"]
    assert np.isfinite(rows[["x", "y", "distance", "scs"]]).all(axis=None)
