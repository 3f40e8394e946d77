"""The shipped crystal along [112]: symmetry, size, and its columns against the dislocation's."""

import dataclasses

import numpy as np
import pytest

from bench.reference import clean_fit
from cases import get_case
from cases.truth.columns import to_angstrom
from cases.truth.ground_truth import load_ground_truth
from cases.truth.scan_plan import scan_plan
from cases.truth.truth_file import default_path

CASE = get_case("pt_112")


@pytest.fixture(scope="module")
def truth():
    return load_ground_truth(CASE)


def relative_error_of_scs(truth):
    """Standard error of the mean over the cell, each irreducible point counted with its places."""
    unfold = scan_plan(CASE.simulation).unfold
    mean, stderr = (array[0].astype(float) for array in (truth.scan.mean, truth.scan.stderr))
    variance = 0.0
    for number in range(unfold.max() + 1):
        here = unfold == number
        variance += (here.sum() * stderr[here][0]) ** 2
    return np.sqrt(variance) / mean.sum()


def test_the_standard_error_of_the_cross_section_is_below_one_per_cent(truth):
    assert 0 < relative_error_of_scs(truth) < 0.01
    assert default_path(CASE).stat().st_size < 5e4


def test_the_scan_has_the_mirrors_of_a_rectangular_cell(truth):
    mean = truth.scan.mean[0]
    assert mean.shape == (10, 7)
    np.testing.assert_array_equal(mean[1:], mean[1:][::-1])
    np.testing.assert_array_equal(mean[:, 1:], mean[:, 1:][:, ::-1])
    assert mean.argmax() == 0
    np.testing.assert_allclose(
        np.multiply(truth.scan.steps, [7, 10]), np.array([1.38741, 2.26564]), atol=1e-5
    )


def test_columns_have_the_cross_section_of_the_dislocations_far_ones(truth):
    """Fits of both noise-free images; the far columns are 10 to 16 Å from the core.

    k = 4 standard errors: of the far columns' mean, from their scatter, and of this crystal's scan.
    """
    fitted = clean_fit(CASE, "z06", choice=CASE.fit).table["scs"].to_numpy()
    measured = truth.columns("z06")["measured"].to_numpy()
    assert measured.sum() == 64
    assert np.ptp(fitted[measured]) < 0.002 * fitted[measured].mean()
    ours = fitted[measured].mean()
    other = get_case("edge_dislocation")
    columns = load_ground_truth(other).columns("core")[["x", "y"]].to_numpy()
    radius = np.hypot(*to_angstrom(other, columns).T)
    whole = ((columns > 8) & (columns < 119)).all(axis=1)
    far = clean_fit(other, "core", choice=other.fit).table["scs"].to_numpy()
    far = far[(radius > 10) & (radius < 16) & whole]
    assert len(far) > 50
    error = np.hypot(far.std(ddof=1) / np.sqrt(len(far)) / far.mean(), relative_error_of_scs(truth))
    assert error < 0.01
    assert abs(far.mean() / ours - 1) < 4 * error
    # Negative control: columns of five atoms would not pass.
    assert abs(far.mean() / (ours * 5 / 6) - 1) > 4 * error


def test_the_crystal_has_no_edge_at_256_px(truth):
    large = load_ground_truth(dataclasses.replace(CASE, shape=(256, 256)))
    image, columns = large.image("z06", margin=8), large.columns("z06")
    assert image.shape == (272, 272)
    # One column in each cell of a/(2√2) x a/√3, but for those that the rim cuts.
    area = (255 * 0.2) ** 2
    assert len(columns) == pytest.approx(area / 3.1434, rel=0.05)
    assert image.min() > 0.05 * image.max()
    # Ten columns along x and five along y further on, the image is the same.
    x, y = 10 * 1.387414 / 0.2, 5 * 2.265638 / 0.2
    moved = dataclasses.replace(CASE, offset=(CASE.offset[0] - x * 0.2, CASE.offset[1] - y * 0.2))
    np.testing.assert_allclose(load_ground_truth(moved).image("z06"), truth.image("z06"), rtol=1e-4)
