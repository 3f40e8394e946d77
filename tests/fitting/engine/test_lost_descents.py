"""Fits that are ended because the image holds no columns, and fits that must not be."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from fitting import Bounds, ColumnModel, FitOptions, fit_columns, flags
from fitting.engine import lost_descents
from fitting.engine.layout import arrange, neighbours
from fitting.engine.lost_descents import Vain

STARTS = np.array([(8 + 9.8 * i, 8 + 9.8 * j) for j in range(8) for i in range(8)])
ONE = np.zeros(64, dtype=np.int64)
HELD = FitOptions(width=2.4, background="none")


def columns(*, width, light):
    """Counts of 64 columns, `light` electrons per beam fraction, as fractions of the beam."""
    model = ColumnModel(
        x=STARTS[:, 0],
        y=STARTS[:, 1],
        height=np.random.default_rng(1).uniform(0.02, 0.2, 64),
        sigma=np.full(64, width),
        shape=(85, 85),
    )
    return np.random.default_rng(2).poisson(model.image() * light) / light


def given_up(fit):
    return (fit.table["flags"].to_numpy() & flags.GIVEN_UP) != 0


@pytest.fixture
def patient(monkeypatch):
    """Fit without giving up."""

    def fit(*args, **options):
        with monkeypatch.context() as context:
            context.setattr(lost_descents, "_VAIN", 10**6)
            return fit_columns(*args, **options)

    return fit


def test_a_fit_of_a_flat_image_is_given_up(patient):
    image = np.full((85, 85), 0.1)
    fit = fit_columns(image, STARTS, sampling=0.2, options=HELD)
    assert given_up(fit).all()
    assert fit.failed.all()
    assert fit.status.startswith(f"given up after {fit.steps} steps")
    whole = patient(image, STARTS, sampling=0.2, options=HELD)
    # all that it saves: the fit would have failed with every step that it may take
    assert whole.failed.all()
    assert not given_up(whole).any()
    assert whole.steps > 3 * fit.steps


@pytest.mark.parametrize("bounds", [(2.4, 2.6), (1.5, 2.0), (3.2, 4.0)])
@pytest.mark.parametrize("light", [30.0, 2000.0])
def test_columns_whose_width_stands_on_a_bound_are_not_given_up(bounds, light, patient):
    """The true width (2.4 px) at its bound, and bounds beside it: true columns, few steps."""
    image = columns(width=2.4, light=light)
    options = FitOptions(background="none", bounds=Bounds(width=bounds))
    fit = fit_columns(image, STARTS, sampling=0.2, options=options)
    assert not given_up(fit).any()
    whole = patient(image, STARTS, sampling=0.2, options=options)
    assert fit.table.equals(whole.table)


def test_columns_that_were_smoothed_away_are_not_given_up_if_the_descent_ends(patient):
    image = gaussian_filter(columns(width=2.4, light=500.0), 4.0)
    fit = fit_columns(image, STARTS, sampling=0.2)
    assert not given_up(fit).any()
    assert fit.table.equals(patient(image, STARTS, sampling=0.2).table)


def vain_steps(*, bound=True, at=range(1, 201), **change):
    """Steps after which a descent of 200 idle steps is given up if those `at` are changed so."""
    near = neighbours(STARTS, reach=12.0)
    layout = arrange(
        near, reach=12.0, positions_free=True, width="shared", group=ONE, n_background=0
    )
    theta = np.ones(layout.n_parameters)
    lower, upper = np.zeros_like(theta), np.full_like(theta, 1.0 if bound else 2.0)
    vain = Vain(layout, lower, upper)
    for step in range(1, 201):
        told = {"gain": 1e-4, "moved": np.full(64, 1e-2), "convex": False}
        told |= change if step in at else {}
        if vain.too_many(theta, **told):
            return step
    return None


def test_only_idle_steps_in_a_row_count():
    most = lost_descents._VAIN
    assert vain_steps() == most
    assert vain_steps(convex=True, at=[20]) == 20 + most
    assert vain_steps(gain=1e-2, at=[20]) == 20 + most
    assert vain_steps(moved=np.repeat([1e-2, 1e-7], [31, 33])) is None
    assert vain_steps(bound=False) is None
