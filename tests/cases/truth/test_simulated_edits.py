"""The shipped edits by multislice: size and place of the changes, and the ladder's beside them."""

import dataclasses

import numpy as np
import pytest

from bench.reference import fit_options
from cases import get_case
from cases.truth.ground_truth import load_ground_truth
from cases.truth.scan_plan import scan_plan
from fitting import fit_columns

CASE = get_case("simulated_edits")
A = CASE.structure.material.lattice_parameter
#: Standard errors of the displaced column's shift in Å and of its SCS, relative, by leaving out one
#: pair of configurations at a time (docs/ground_truth.md).
POSITION_ERROR = 0.0064
SCS_ERROR = 0.0071


@pytest.fixture(scope="module")
def truth():
    return load_ground_truth(CASE)


def change(truth, kind):
    """Sum of a change over its scan in Å² of the beam, and its standard error."""
    difference = truth.changes.difference("z10", kind, host_label="z10")
    error = truth.changes.difference_stderr("z10", kind, host_label="z10")
    unfold = scan_plan(truth.case.simulation).unfold
    # Places of one orbit share the error of their sample.
    together = np.bincount(unfold.ravel(), weights=error.ravel())
    area = truth.scan.step**2
    return difference.sum() * area, np.sqrt(np.sum(together**2)) * area


def around(truth, site):
    """Truth of a frame of 45 x 45 px, five columns across, with a site in its middle."""
    case = dataclasses.replace(truth.case, shape=(45, 45), margin=12, offset=(-site.x, -site.y))
    host = dataclasses.replace(
        truth.host, case=dataclasses.replace(truth.host.case, shape=(45, 45), offset=case.offset)
    )
    return dataclasses.replace(truth, case=case, host=host)


def fitted(truth):
    """Position and SCS of the column in the middle, in the edited and in the perfect image."""
    columns = truth.columns("z10")[["x", "y"]].to_numpy()
    perfect = truth.host.columns("z10")[["x", "y"]].to_numpy()
    middle = np.hypot(*(perfect - 22).T).argmin()
    fits = [
        fit_columns(image.image("z10"), places, sampling=0.2, options=fit_options(CASE.fit))
        for image, places in ((truth, columns), (truth.host, perfect))
    ]
    return [fit.table[["x", "y", "scs"]].to_numpy()[middle] for fit in fits]


def site_of(kind):
    return next(each for each in CASE.structure.all_sites() if each.kind == kind)


def test_a_displaced_column_is_found_30_pm_further_on(truth):
    """Fits of noise-free images; k = 4 standard errors, found by leaving each pair out."""
    after, before = fitted(around(truth, site_of("displaced")))
    x, y = 0.2 * (after - before)[:2]
    assert x == pytest.approx(0.30, abs=4 * POSITION_ERROR)
    assert y == pytest.approx(0.0, abs=1e-4)  # by the mirror that the scan keeps
    assert after[2] / before[2] == pytest.approx(1.0, abs=4 * SCS_ERROR)
    # Negative control: a column of two atoms more has not moved, but is brighter.
    after, before = fitted(around(truth, site_of("plus2")))
    assert abs(0.2 * (after - before)[0]) < 4 * POSITION_ERROR < 0.1
    assert after[2] / before[2] > 1 + 4 * SCS_ERROR


def test_a_displacement_changes_no_cross_section(truth):
    """Within k = 4 standard errors, and 1 % of a column for what its neighbours give it."""
    column = truth.host.scan.mean[9].mean() * A**2 / 4
    total, error = change(truth, "displaced")
    assert error < 0.03 * column
    assert abs(total) < 4 * error + 0.01 * column
    longer, its_error = change(truth, "plus2")
    assert longer > 5 * its_error  # negative control


def test_two_atoms_more_are_those_of_the_ladder(truth):
    """Other displacements, places and symmetry; k = 3 standard errors of both together."""
    ladder = load_ground_truth(get_case("defect_ladder"))
    (ours, error), (theirs, its_error) = (change(each, "plus2") for each in (truth, ladder))
    assert error < 0.1 * ours
    assert abs(ours - theirs) < 3 * np.hypot(error, its_error)
    one, one_error = change(ladder, "plus1")
    assert abs(ours - one) > 3 * np.hypot(error, one_error)  # negative control: one atom more


def test_the_column_table_says_where_columns_stand_and_what_they_hold(truth):
    table, roles = truth.columns("z10"), truth.roles("z10")
    perfect = truth.host.columns("z10")
    assert len(table) == len(perfect)
    kinds = roles.loc[roles["role"] == "site", "site"]
    assert kinds.value_counts().to_dict() == {"displaced": 4, "plus2": 3, "perfect": 2}
    assert table.loc[kinds.index, "measured"].all()
    moved = kinds.index[kinds == "displaced"]
    places = perfect[["x", "y"]].to_numpy()
    for x, y in table.loc[moved, ["x", "y"]].to_numpy():
        nearest = places[np.hypot(*(places - (x, y)).T).argmin()]
        np.testing.assert_allclose((x, y) - nearest, (1.5, 0.0), atol=1e-9)
    assert (table.loc[kinds.index[kinds == "plus2"], "count"] == 12).all()
    assert (roles["role"] == "reference").sum() >= 20


def test_changes_end_within_their_scans(truth):
    rim = np.ones(truth.scan.mean.shape[1:], dtype=bool)
    rim[1:-1, 1:-1] = False
    column = truth.host.scan.mean[9].mean() * A**2 / 4
    for kind in ("displaced", "plus2"):
        difference = truth.changes.difference("z10", kind, host_label="z10")
        assert abs(difference[rim].sum()) * truth.scan.step**2 < 0.003 * column, kind
