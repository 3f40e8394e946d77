"""Fits that are ended where widths stand on their bounds and steps gain next to nothing."""

import numpy as np
from scipy.ndimage import gaussian_filter

from fitting import Bounds, ColumnModel, FitOptions, fit_columns, flags
from fitting.engine import lost_descents

STARTS = np.array([(8 + 9.8 * i, 8 + 9.8 * j) for j in range(8) for i in range(8)])
RNG = np.random.default_rng(1)
MODEL = ColumnModel(
    x=STARTS[:, 0],
    y=STARTS[:, 1],
    height=RNG.uniform(0.02, 0.2, 64),
    sigma=np.full(64, 2.5),
    shape=(85, 85),
    background=(0.002,),
)
COUNTS = np.random.default_rng(0).poisson(MODEL.image() * 4.0) / 4.0


def given_up(fit):
    return (fit.table["flags"].to_numpy() & flags.GIVEN_UP) != 0


def test_a_fit_of_an_image_smoothed_nearly_flat_is_given_up(monkeypatch):
    image = gaussian_filter(COUNTS, 12.0)
    image[20:50, 20:50] = COUNTS[20:50, 20:50]  # what is left of the columns
    fit = fit_columns(image, STARTS, sampling=0.2)
    assert given_up(fit).all()
    assert (fit.table["flags"].to_numpy() & flags.SHAPE_AT_BOUND != 0).all()
    assert fit.status.startswith("given up after")
    monkeypatch.setattr(lost_descents, "_VAIN", 10**6)
    whole = fit_columns(image, STARTS, sampling=0.2)
    assert not given_up(whole).any()
    assert whole.steps > 2 * fit.steps
    np.testing.assert_allclose(fit.rss, whole.rss, rtol=1e-3)


def test_fits_that_settle_on_a_bound_are_not():
    """Negative control: the bounded minimum is reached in a few steps."""
    image = np.random.default_rng(2).poisson(MODEL.image() * 200) / 200
    options = FitOptions(bounds=Bounds(width=(3.0, 3.5)))
    fit = fit_columns(image, STARTS, sampling=0.2, options=options)
    assert (fit.table["flags"].to_numpy() & flags.SHAPE_AT_BOUND != 0).all()
    assert not given_up(fit).any()
    assert not fit.failed.any()
