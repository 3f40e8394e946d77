"""Images that are no counts, and columns that are not where they were asked for."""

import numpy as np

from fitting import FitOptions, ScanModel, fit_columns
from fitting.flags import AT_BOUND
from tests.fitting.scan.test_statistics import KNOWN, image


def fit(counts, starts, *, background="none"):
    return fit_columns(
        counts, starts, sampling=1.0, options=FitOptions(background=background), dose=1.0,
        scan=ScanModel(profile="one", width_spread=0.0, **KNOWN),
    )  # fmt: skip


def test_values_that_are_no_electrons_are_told():
    counts, truth = image(100)
    assert not fit(counts, truth).scan.warnings
    assert [s for s in fit(counts / 20, truth).scan.warnings if "no electrons" in s]
    below = fit(counts - 0.5 * counts.max(), truth, background="constant")
    assert [s for s in below.scan.warnings if "negative in places" in s]


def test_a_column_that_left_its_place_is_flagged():
    counts, truth = image(100)
    middle = int(np.argmin(np.hypot(*(truth - truth.mean(axis=0)).T)))
    apart = np.sort(np.hypot(*(truth - truth[middle]).T))[1]
    starts = truth.copy()
    starts[middle, 0] += 0.4 * apart
    found = fit(counts, starts)
    flagged = np.flatnonzero(found.table["flags"].to_numpy() & AT_BOUND)
    assert flagged.tolist() == [middle]
    assert [s for s in found.scan.warnings if "AT_BOUND" in s]
    assert np.isfinite(found.table["x"][middle])
