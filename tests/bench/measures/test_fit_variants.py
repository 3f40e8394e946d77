"""Fit variants: which are made, what they are called, and where the width comes from."""

import numpy as np
import pytest

from bench.measures.fit_variants import (
    TRUE_WIDTH_REALIZATIONS,
    Setting,
    fit_tables,
    refuse_variant_name,
    spacing,
    true_width,
    variants_of,
)
from cases import get_case
from cases.truth.ground_truth import load_ground_truth
from fitting.flags import AT_BOUND, NOT_RESOLVED as FLAG, NOT_RESTORED as LOST, SHAPE_AT_BOUND
from reports.records.fit_flags import AT_LIMIT, NOT_RESOLVED, NOT_RESTORED
from stembench.errors import InputError

BULK, CORE = get_case("pt_bulk"), get_case("edge_dislocation")


def names(family: str, case=BULK) -> list[str]:
    return [variant.name for variant in variants_of(Setting(case, case.noise, family))]


def test_reports_read_the_bits_that_fits_set() -> None:
    assert (AT_LIMIT, NOT_RESOLVED, NOT_RESTORED) == (AT_BOUND | SHAPE_AT_BOUND, FLAG, LOST)


def test_poisson_likelihood_is_for_counts_that_only_counting_touched() -> None:
    assert names("raw") == ["", "poisson", "true-width"]
    assert names("raw", CORE) == ["", "true-width", "scan", "scan-10pm"]
    assert names("network") == ["", "true-width"]
    assert names("reference") == [""]


def fitted(images: np.ndarray, *, start: int = 0, resolved: bool = True, family: str = "network"):
    return fit_tables(
        images,
        Setting(BULK, BULK.noise, family),
        restorer="r",
        image="z10",
        dose=5e3,
        start=start,
        resolved=np.full(len(images), resolved),
    )


def test_the_main_fit_finds_a_width_that_the_true_one_does_not_bound() -> None:
    """A stretched image: columns 1.7 times as wide, beyond the true width's factor of 1.5."""
    from scipy.ndimage import gaussian_filter

    clean = load_ground_truth(BULK).image("z10")
    width = true_width(BULK, "z10")
    blur = width * np.sqrt(1.7**2 - 1)
    tables = fitted(gaussian_filter(clean, blur)[np.newaxis])
    main, true = tables["r"][0].table, tables["r/true-width"][0].table
    assert np.isclose(main["sigma"].median() / width, 1.7, rtol=0.05)
    assert not (main["flags"] & AT_LIMIT).any()
    assert np.isclose(true["sigma"].median() / width, 1.5)
    assert (true["flags"] & SHAPE_AT_BOUND).all()
    assert 0.1 < width / spacing(BULK, "z10") < 0.5


def test_only_the_first_realizations_are_fitted_with_the_true_width() -> None:
    clean = load_ground_truth(BULK).image("z10")
    tables = fitted(np.stack([clean, clean]), start=TRUE_WIDTH_REALIZATIONS - 1)
    assert (len(tables["r"]), len(tables["r/true-width"])) == (2, 1)
    assert list(fitted(clean[np.newaxis], start=TRUE_WIDTH_REALIZATIONS)) == ["r"]


def test_an_image_that_is_not_resolved_is_flagged_and_not_fitted() -> None:
    clean = load_ground_truth(BULK).image("z10")
    table = fitted(clean[np.newaxis], resolved=False)["r"][0].table
    assert table["x"].isna().all()
    assert (table["flags"] == FLAG).all()
    assert len(table) == len(load_ground_truth(BULK).columns("z10"))


@pytest.mark.parametrize("name", ["raw/poisson", "mine:denoise/true-width", "mine/scan"])
def test_a_restorer_cannot_be_named_like_a_further_fit(name: str) -> None:
    with pytest.raises(InputError, match="another name"):
        refuse_variant_name(name)
    refuse_variant_name(name.replace("/", "-"))
