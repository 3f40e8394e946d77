"""The column model against sums written out and against numerical derivatives."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import dblquad

from fitting.model import ColumnModel, scattering_cross_section
from stembench.errors import InputError


def small_model(**changes):
    values = {
        "x": np.array([4.2, 9.1, 6.6]),
        "y": np.array([5.0, 6.3, 11.2]),
        "height": np.array([0.3, 0.1, 0.5]),
        "sigma": np.array([1.7, 1.9, 2.2]),
        "shape": (15, 13),
        "background": (0.02, 0.003, -0.001),
        "species": np.array([0, 1, 0]),
    }
    return ColumnModel(**{**values, **changes})


def test_image_is_the_sum_of_gaussians_and_plane():
    model = small_model()
    expected = np.zeros(model.shape)
    for row in range(15):
        for col in range(13):
            value = 0.02 + 0.003 * (col - 6) - 0.001 * (row - 7)
            for x, y, eta, rho in zip(model.x, model.y, model.height, model.sigma, strict=True):
                value += eta * np.exp(-((col - x) ** 2 + (row - y) ** 2) / (2 * rho**2))
            expected[row, col] = value
    np.testing.assert_allclose(model.image(), expected, rtol=1e-13)


def test_integrated_pixels_hold_the_mean_over_their_area():
    model = small_model(pixel="integrated", background=())
    image = model.image()
    for row, col in ((5, 4), (0, 0), (11, 8)):

        def at(y, x):
            r2 = (x - model.x) ** 2 + (y - model.y) ** 2
            return float(np.sum(model.height * np.exp(-r2 / (2 * model.sigma**2))))

        mean, _ = dblquad(at, col - 0.5, col + 0.5, row - 0.5, row + 0.5, epsabs=1e-12)
        assert image[row, col] == pytest.approx(mean, abs=1e-11)


@pytest.mark.parametrize("pixel", ["sampled", "integrated"])
@pytest.mark.parametrize("width", ["shared", "species", "column", "fixed"])
@pytest.mark.parametrize("free", [True, False])
def test_jacobian_equals_central_differences(pixel, width, free):
    sigma = {
        "shared": np.full(3, 1.8),
        "species": np.array([1.7, 1.9, 1.7]),
    }.get(width, np.array([1.7, 1.9, 2.2]))
    model = small_model(pixel=pixel, width=width, sigma=sigma, positions_free=free)
    step = 1e-6
    columns = []

    def difference(**pairs):
        name, change = pairs.popitem()
        value = np.asarray(getattr(model, name), dtype=float)
        up, down = (value + s * step * change for s in (1, -1))
        if name == "background":
            up, down = tuple(up), tuple(down)
        high, low = (replace(model, **{name: v}).image() for v in (up, down))
        return ((high - low) / (2 * step)).ravel()

    unit = np.eye(3)
    if free:
        columns += [difference(x=e) for e in unit] + [difference(y=e) for e in unit]
    columns += [difference(height=e) for e in unit]
    groups = {"shared": [0, 0, 0], "species": [0, 1, 0], "column": [0, 1, 2]}.get(width)
    if groups:
        columns += [difference(sigma=(np.array(groups) == g) * 1.0) for g in range(max(groups) + 1)]
    columns += [difference(background=e) for e in unit]
    jacobian = model.jacobian()
    assert jacobian.shape == (15 * 13, len(columns))
    np.testing.assert_allclose(jacobian, np.transpose(columns), atol=2e-9)


def test_scs_is_the_volume_above_the_background():
    model = ColumnModel(
        x=np.array([30.3]),
        y=np.array([29.8]),
        height=np.array([0.4]),
        sigma=np.array([2.7]),
        shape=(61, 62),
    )
    volume = float(model.image().sum()) * 0.2**2
    scs = scattering_cross_section(0.4, 2.7, sampling=0.2)
    assert scs == pytest.approx(volume, rel=1e-10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.zeros(2)}, "share one shape"),
        ({"width": "wide"}, "shared, species"),
        ({"width": "species", "species": np.zeros(2, int)}, "one integer per column"),
        ({"background": (1.0, 2.0)}, "0, 1 or 3"),
    ],
)
def test_a_model_that_does_not_fit_together_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        small_model(**change)


def test_an_image_summed_by_tiles_is_that_of_all_columns_at_once(monkeypatch):
    rng = np.random.default_rng(0)
    model = ColumnModel(
        x=rng.uniform(-5, 155, 60),
        y=rng.uniform(-5, 105, 60),
        height=rng.uniform(0.1, 1.0, 60),
        sigma=rng.uniform(0.5, 2.0, 60),
        shape=(101, 150),
        background=(0.0, 1e-3, -2e-3),
    )
    whole = model.image()
    monkeypatch.setattr("fitting.model._TILE", 32)
    np.testing.assert_allclose(model.image(), whole, rtol=1e-12, atol=1e-15)
    # negative control: tiles that see columns within three widths alone lose tails
    monkeypatch.setattr("fitting.model._UNDERFLOW", 3.0)
    assert np.abs(model.image() - whole).max() > 1e-6
