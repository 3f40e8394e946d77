"""The joint engine: known answers, the lmfit reference, an independent optimiser, determinism."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

from fitting import Bounds, ColumnModel, FitOptions, fit_batch, fit_columns, flags
from stembench.errors import InputError

DATA = Path(__file__).parents[2] / "data"


def grid(columns, rows, *, spacing, start=12.0):
    """Positions of a square lattice [px]."""
    return np.array(
        [(start + i * spacing, start + j * spacing) for j in range(rows) for i in range(columns)]
    )


def scene(starts, *, seed, sigma=2.2, background=(0.02,), heights=(0.05, 0.4), edge=12, **more):
    """A model whose columns lie up to 0.3 px from the starts."""
    rng = np.random.default_rng(seed)
    places = starts + rng.uniform(-0.3, 0.3, starts.shape)
    n = len(starts)
    shape = (int(starts[:, 1].max()) + edge, int(starts[:, 0].max()) + edge)
    return ColumnModel(
        x=places[:, 0],
        y=places[:, 1],
        height=rng.uniform(*heights, n),
        sigma=np.full(n, sigma),
        shape=shape,
        background=background,
        **more,
    )


# name, starts, scene, fit
PROBLEMS = {
    "two at 1.5 sigma": (grid(2, 1, spacing=3.3), {}, {}),
    "two at 2 sigma": (grid(2, 1, spacing=4.4), {}, {}),
    "nine at 3 sigma, plane": (
        grid(3, 3, spacing=6.6),
        {"background": (0.02, 1e-4, -2e-4)},
        {"background": "plane"},
    ),
    "25 at 4 sigma": (grid(5, 5, spacing=8.8), {}, {}),
    "16 at 6 sigma, no background": (
        grid(4, 4, spacing=13.2),
        {"background": ()},
        {"background": "none"},
    ),
    "at the edges": (grid(3, 3, spacing=8.0, start=1.0), {"edge": 2}, {}),
    "weak beside strong": (grid(4, 2, spacing=7.0), {"heights": (0.005, 1.0)}, {}),
    "width per column": (grid(3, 3, spacing=8.0), {}, {"width": "column"}),
    "width held": (grid(3, 3, spacing=7.0), {}, {"width": 2.2}),
    "integrated pixels": (
        grid(3, 3, spacing=6.0),
        {"pixel": "integrated", "sigma": 1.5},
        {"pixel": "integrated"},
    ),
    "100 columns": (grid(10, 10, spacing=6.6, start=8.0), {"edge": 8, "sigma": 1.9}, {}),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_noise_free_gaussians_are_recovered_to_1e_8(name):
    starts, about, choice = PROBLEMS[name]
    truth = scene(starts, seed=3, **about)
    fit = fit_columns(truth.image(), starts, sampling=0.2, options=FitOptions(**choice))
    table = fit.table
    assert (table["flags"] == 0).all()
    assert np.abs(table["x"] - truth.x).max() < 1e-8
    assert np.abs(table["y"] - truth.y).max() < 1e-8
    scs = 2 * np.pi * truth.height * truth.sigma**2 * 0.04
    # the weakest column stands under tails of columns 200 times its height
    np.testing.assert_allclose(table["scs"], scs, rtol=1e-7 if "weak" in name else 1e-8)
    np.testing.assert_allclose(fit.background, truth.background, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name != "100 columns"])
@pytest.mark.parametrize("estimator", ["ls", "poisson"])
def test_joint_equals_lmfit_on_noisy_images(name, estimator):
    starts, about, choice = PROBLEMS[name]
    truth = scene(starts, seed=4, **about)
    electrons = 2e4 * 0.04
    image = np.random.default_rng(5).poisson(truth.image() * electrons) / electrons
    ours, reference = (
        fit_columns(
            image,
            starts,
            sampling=0.2,
            options=FitOptions(estimator=estimator, engine=engine, **choice),
            dose=2e4,
        )
        for engine in ("joint", "lmfit")
    )
    assert ours.table["flags"].tolist() == reference.table["flags"].tolist()
    for axis in ("x", "y"):
        assert np.nanmax(np.abs(ours.table[axis] - reference.table[axis])) < 1e-4
    np.testing.assert_allclose(ours.table["scs"], reference.table["scs"], rtol=1e-5)
    np.testing.assert_allclose(ours.rss, reference.rss, rtol=1e-8)
    # the variance sums are cut at five widths
    for error in ("x_err", "y_err", "scs_err", "height_err"):
        np.testing.assert_allclose(ours.table[error], reference.table[error], rtol=2e-3)


def test_joint_equals_lmfit_for_100_columns():
    starts, about, choice = PROBLEMS["100 columns"]
    truth = scene(starts, seed=6, **about)
    image = np.random.default_rng(7).poisson(truth.image() * 800) / 800
    ours, reference = (
        fit_columns(image, starts, sampling=0.2, options=FitOptions(engine=engine, **choice))
        for engine in ("joint", "lmfit")
    )
    assert np.abs(ours.table["x"] - reference.table["x"]).max() < 1e-4
    np.testing.assert_allclose(ours.table["scs"], reference.table["scs"], rtol=1e-5)


def test_species_have_their_own_widths():
    starts = grid(4, 4, spacing=9.0)
    species = np.arange(16) % 2
    truth = scene(starts, seed=8)
    truth = ColumnModel(**{**vars(truth), "sigma": np.where(species == 0, 1.8, 2.6)})
    options = FitOptions(width="species")
    fit = fit_columns(truth.image(), starts, sampling=0.2, options=options, species=species)
    np.testing.assert_allclose(fit.table["sigma"], truth.sigma, rtol=1e-8)
    shared = fit_columns(truth.image(), starts, sampling=0.2)
    assert shared.rss > 1e6 * fit.rss  # one width cannot describe both


def test_masked_pixels_and_nan_do_not_matter():
    starts = grid(4, 4, spacing=9.0)
    truth = scene(starts, seed=9)
    image = truth.image()
    mask = np.zeros(image.shape, dtype=bool)
    mask[20:23, 18:40] = True
    spoiled = np.where(mask, 77.0, image)
    spoiled[5, 5] = np.nan
    spoiled[6, 9] = np.inf
    for engine in ("joint", "lmfit"):
        options = FitOptions(engine=engine)
        fit = fit_columns(spoiled, starts, sampling=0.2, options=options, mask=mask)
        assert fit.n_pixels == image.size - mask.sum() - 2
        np.testing.assert_allclose(fit.table["x"], truth.x, atol=1e-8)
        np.testing.assert_allclose(fit.table["height"], truth.height, rtol=1e-8)
    unmasked = fit_columns(np.nan_to_num(spoiled, posinf=0.0), starts, sampling=0.2)
    assert np.abs(unmasked.table["height"] / truth.height - 1).max() > 0.1  # negative control


def test_ptir_image_reaches_the_joint_minimum():
    """An independent optimiser on the untruncated model cannot lower the residual by 1e-6."""
    data = np.load(DATA / "ptir_image.npz")
    image, starts = data["image"].astype(float), data["positions_px"]
    fit = fit_columns(image, starts, sampling=float(data["sampling"]))
    assert not fit.failed.any()
    n = len(starts)
    model = fit.model
    at = np.concatenate([model.x, model.y, model.height, [model.sigma[0], model.background[0]]])
    scale = np.concatenate([np.full(2 * n, 0.05), np.full(n, 5e-4), [1e-3, 1e-5]])
    rows, cols = (np.arange(size)[None, :] for size in image.shape)

    def cost(step):
        p = at + step * scale
        x, y, eta, rho = p[:n, None], p[n : 2 * n, None], p[2 * n : 3 * n], p[-2]
        gx = np.exp(-((cols - x) ** 2) / (2 * rho**2))
        gy = np.exp(-((rows - y) ** 2) / (2 * rho**2))
        residual = (gy * eta[:, None]).T @ gx + p[-1] - image
        dx, dy = gx * (cols - x) / rho**2, gy * (rows - y) / rho**2
        wx, wy = dx * (cols - x) / rho, dy * (rows - y) / rho
        over = gy @ residual
        gradient = np.concatenate(
            [
                eta * np.einsum("nc,nc->n", over, dx),
                eta * np.einsum("nc,nc->n", dy @ residual, gx),
                np.einsum("nc,nc->n", over, gx),
                [
                    eta @ np.einsum("nc,nc->n", over, wx)
                    + eta @ np.einsum("nc,nc->n", wy @ residual, gx)
                ],
                [residual.sum()],
            ]
        )
        return 1e3 * 0.5 * np.sum(residual**2), 1e3 * gradient * scale

    def lowered(step):
        start = cost(step)[0]
        found = minimize(
            cost,
            step,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 40, "ftol": 0, "gtol": 1e-9},
        )
        return 1 - found.fun / start

    assert 2e-3 * cost(np.zeros(3 * n + 2))[0] == pytest.approx(fit.rss, rel=1e-9)
    assert lowered(np.zeros(3 * n + 2)) < 1e-6
    # negative control: the same optimiser does improve on a fit that is off by 0.02 px
    assert lowered(np.random.default_rng(1).normal(0, 0.4, 3 * n + 2)) > 1e-6


def test_batches_and_threads_give_the_same_bits():
    starts = grid(5, 5, spacing=8.0)
    truth = scene(starts, seed=10)
    images = np.random.default_rng(11).poisson(truth.image() * 20, (6, *truth.shape)) / 20
    images[2, 4, 4] = np.nan
    one_by_one = [fit_columns(image, starts, sampling=0.2, dose=500) for image in images]
    for threads in (1, 2, 5):
        batch = fit_batch(images, starts, sampling=0.2, dose=500, threads=threads)
        for single, member in zip(one_by_one, batch, strict=True):
            assert single.table.equals(member.table)
            assert single.rss == member.rss
    assert not one_by_one[0].table.equals(one_by_one[1].table)


def test_rotated_and_transposed_images_give_the_same_fit():
    starts = grid(3, 4, spacing=8.0)
    truth = scene(starts, seed=12)
    image = np.random.default_rng(13).poisson(truth.image() * 200) / 200
    fit = fit_columns(image, starts, sampling=0.2)
    turned = fit_columns(image.T, starts[:, ::-1], sampling=0.2)
    np.testing.assert_allclose(fit.table["x"], turned.table["y"], atol=1e-6)
    np.testing.assert_allclose(fit.table["scs"], turned.table["scs"], rtol=1e-6)


def test_lmfit_refuses_what_would_not_fit_in_memory():
    dense = FitOptions(engine="lmfit")
    with pytest.raises(InputError, match="use engine='joint'"):
        fit_columns(np.ones((256, 256)), grid(20, 20, spacing=12.0), sampling=0.2, options=dense)


def test_held_positions_stay_and_heights_are_linear():
    starts = grid(4, 4, spacing=8.0)
    truth = scene(starts, seed=14)
    held = ColumnModel(**{**vars(truth), "x": starts[:, 0], "y": starts[:, 1]})
    fit = _held(held.image(), starts)
    np.testing.assert_array_equal(fit.table[["x", "y"]].to_numpy(), starts)
    np.testing.assert_allclose(fit.table["height"], truth.height, rtol=1e-9)
    assert fit.table["x_err"].isna().all()
    empty = _held(np.full(truth.shape, 0.02) - 0.1 * held.image(), starts)
    assert (empty.table["height"] < 0).all()  # an empty site may come out negative
    assert (empty.table["flags"] & flags.FAILED == 0).all()


def _held(image, starts):
    options = FitOptions(width=2.2, bounds=Bounds(drift=0.0))
    return fit_columns(image, starts, sampling=0.2, options=options)


def wedge():
    """Columns on a wedge that a constant cannot follow: the width grows far beyond its start."""
    places = grid(8, 8, spacing=12.0, start=6.0)
    truth = ColumnModel(
        x=places[:, 0],
        y=places[:, 1],
        height=np.full(64, 100.0),
        sigma=np.full(64, 2.5),
        shape=(96, 96),
        background=(44.0, 0.5, 0.0),
    )
    return places, np.random.default_rng(0).poisson(truth.image()).astype(float)


@pytest.mark.parametrize("width", [1.6, 2.0, 2.2, 2.5])
def test_width_settles_although_columns_outgrow_their_coupling(width):
    """It went to and fro for 200 steps, the width coupled as if columns were still narrow."""
    places, image = wedge()
    wide = fit_columns(image, places, sampling=0.1, options=FitOptions(start_width=3.5))
    fit = fit_columns(image, places, sampling=0.1, options=FitOptions(start_width=width))
    assert fit.steps < 45
    assert not fit.failed.any()
    np.testing.assert_allclose(fit.table["scs"], wide.table["scs"], rtol=1e-7)
