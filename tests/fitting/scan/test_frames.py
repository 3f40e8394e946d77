"""Frames of one scene: known drifts and lines, the drift's algebra, and what is refused."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from fitting import FitOptions, ScanModel, fit_columns
from fitting.scan.line_statistics.displacement_moments import moments
from fitting.scan.posterior import drift
from fitting.scan.posterior.priors import LineStatistics, Priors
from fitting.scan.posterior.scene import Order, Unknowns
from fitting.scan.posterior.strips import Strips
from fitting.scan.preparation import alignment
from stembench.errors import InputError

SHAPE = (64, 72)
WIDTH = 2.4
ELECTRONS = 150.0
SIGMA, PHI = 0.4, 0.6
MODEL = {"sigma_y": SIGMA, "phi_x": PHI, "phi_y": PHI, "profile": "one", "width_spread": 0.0}


def lattice(spacing=12.0):
    """Places (n, 2) of columns in the frame and beyond it, those in the first frame first."""
    x, y = np.meshgrid(np.arange(-30, 110, spacing), np.arange(-30, 100, spacing))
    places = np.stack([x.ravel() + 6, y.ravel() + 6], axis=1)
    inside = (places > 2).all(axis=1) & (places < np.array(SHAPE[::-1]) - 3).all(axis=1)
    return np.concatenate([places[inside], places[~inside]]), int(inside.sum())


def series(rng, rows, sigma=SIGMA, phi=PHI):
    """Displacements (rows, 2) of lines: a stationary series of first order."""
    out = np.zeros((rows, 2))
    out[0] = rng.normal(0, sigma / np.sqrt(1 - phi**2), 2)
    for row in range(1, rows):
        out[row] = phi * out[row - 1] + rng.normal(0, sigma, 2)
    return out


def exposed(places, lines):
    """Expected electrons of one frame whose lines are displaced by `lines`, summed plainly."""
    rows, cols = SHAPE
    u = np.arange(cols)[None, :, None] + lines[:, 0, None, None] - places[:, 0]
    v = (np.arange(rows) + lines[:, 1])[:, None, None] - places[:, 1]
    return (ELECTRONS * np.exp(-(u**2 + v**2) / (2 * WIDTH**2))).sum(axis=2)


def shots(seed, drifts, *, slow=None):
    """Frames of electrons, places of the columns in the first frame, displacements of lines."""
    rng = np.random.default_rng(seed)
    places, inside = lattice()
    places = places + rng.normal(0, 0.3, places.shape)
    frames, moved = [], []
    for number, rigid in enumerate(drifts):
        lines = series(rng, SHAPE[0]) + rigid
        if slow is not None:
            lines += slow[number] * np.linspace(-1, 1, SHAPE[0])[:, None]
        moved.append(lines)
        frames.append(rng.poisson(exposed(places, lines)).astype(float))
    return np.stack(frames), places[:inside], np.stack(moved)


def fit(frames, starts, **more):
    return fit_columns(
        frames, np.round(starts), sampling=1.0, options=FitOptions(background="none"), dose=1.0,
        scan=ScanModel(sigma_x=SIGMA, **MODEL, **more),
    )  # fmt: skip


def deviations(found, truth, frames):
    """Errors of the columns over the stated ones, both without the shift that nothing tells.

    The prior of the lines alone tells it, with the variance of the mean of all lines.
    """
    off = found.table[["x", "y"]].to_numpy() - truth
    off -= off.mean(axis=0)
    stated = found.table[["x_err", "y_err"]].to_numpy() ** 2 - error_of_mean() ** 2 / frames
    return off / np.sqrt(stated)


def error_of_mean():
    """Standard deviation of the mean displacement of a frame's lines [px]."""
    lag = np.abs(np.subtract.outer(np.arange(SHAPE[0]), np.arange(SHAPE[0])))
    return float(np.sqrt((SIGMA**2 * PHI**lag / (1 - PHI**2)).mean()))


DRIFTS = np.array([[0.0, 0.0], [2.6, -1.7], [5.1, 1.4], [1.3, 3.8]])


def test_columns_and_drifts_are_found_within_their_errors():
    frames, truth, lines = shots(1, DRIFTS)
    found = fit(frames, truth)
    assert found.scan.converged
    z = deviations(found, truth, 4)
    # 50 deviates, of which those of one row of columns share the errors of its lines: counted as
    # 10, one for each row and axis. k = 4.
    assert np.sqrt((z**2).mean()) < 1 + 4 / np.sqrt(2 * 10)
    drifts = found.scan.drifts[:, 0]
    off = (drifts - drifts.mean(axis=0)) - (DRIFTS - DRIFTS.mean(axis=0))
    # A drift is told from the mean of the lines by the prior alone: k = 4, 8 values.
    assert np.abs(off).max() < 4 * error_of_mean()
    off = found.scan.displacements - lines
    off -= off.mean(axis=(0, 1))
    stated = found.scan.errors**2 - error_of_mean() ** 2 / 4
    # 512 deviates, of which those of 10 lines, twice a column's full width, share errors. k = 4.
    assert abs(np.sqrt((off**2 / stated).mean()) - 1) < 4 / np.sqrt(2 * 51)


@pytest.mark.slow
def test_frames_treated_as_still_are_wrong(monkeypatch):
    frames, truth, _ = shots(1, DRIFTS)
    monkeypatch.setattr(
        alignment, "align_frames",
        lambda frames, **_: alignment.AlignedFrames(np.zeros((len(frames), 2)), frames[0]),
    )  # fmt: skip
    monkeypatch.setattr(drift, "RIGID", 1e-6)
    found = fit(frames, truth)
    # Either no result, or a wrong one.
    z = np.array(np.inf) if found.failed.all() else deviations(found, truth, 4)
    assert np.sqrt((z**2).mean()) > 1 + 4 / np.sqrt(2 * 10)


@pytest.mark.slow
def test_four_frames_tell_more_than_one():
    frames, truth, _ = shots(1, DRIFTS)
    errors = [fit(f, truth).table["x_err"].median() for f in (frames[:1], frames)]
    assert errors[1] < 0.75 * errors[0]


def test_one_frame_is_an_image():
    frames, truth, _ = shots(2, DRIFTS[:1])
    one, image = fit(frames, truth), fit(frames[0], truth)
    np.testing.assert_array_equal(one.table.to_numpy(), image.table.to_numpy())
    assert not one.scan.drifts.any()


def test_held_lines_follow_the_drift_of_their_frame():
    rng = np.random.default_rng(3)
    places, inside = lattice()
    frames = np.stack([rng.poisson(exposed(places, np.tile(d, (64, 1)))) for d in DRIFTS[:2]])
    found = fit_columns(
        frames, np.round(places[:inside]), sampling=1.0, options=FitOptions(background="none"),
        dose=1.0, scan=ScanModel(sigma_x=0, **{**MODEL, "sigma_y": 0}),
    )  # fmt: skip
    # The light of some 30 columns places a frame within 0.03 px (2.4 / sqrt(30 * 150 * 36)): k > 3.
    np.testing.assert_allclose(np.diff(found.scan.drifts[:, 0], axis=0)[0], DRIFTS[1], atol=0.05)
    np.testing.assert_allclose(found.scan.displacements, found.scan.drifts, atol=0.02)


@pytest.mark.slow
def test_slow_drift_is_told_from_columns():
    slow = np.array([[0.0, 0.0], [1.5, -1.0], [-1.2, 1.5], [0.0, -0.8]])
    frames, truth, _ = shots(4, np.zeros((4, 2)), slow=slow)
    without, found = fit(frames, truth), fit(frames, truth, slow_drift=1.0)
    change = found.scan.drifts[:, -1] - found.scan.drifts[:, 0]
    off = (change - change.mean(axis=0)) - 2 * (slow - slow.mean(axis=0))
    # First and last line by the mean of a quarter frame each: 2 sqrt 2 times a frame's, k = 4.
    assert np.abs(off).max() < 4 * 2 * np.sqrt(2) * error_of_mean()
    # Frames that move as a whole do not change, which is outside of these bounds.
    assert np.ptp(without.scan.drifts, axis=1).max() < 1e-9
    assert np.abs(2 * (slow - slow.mean(axis=0))).max() > 4 * 2 * np.sqrt(2) * error_of_mean()


def toy(slow=True, gauge=3.0):
    """Priors and unknowns of two frames of nine lines, two columns; and their order."""
    rng = np.random.default_rng(5)
    frames, rows = 2, 9
    design = drift.drift_design(rows, slow=slow)
    shared = rng.normal(0, 1, 4 + frames * 2 * design.shape[1])
    priors = Priors(
        x=LineStatistics(0.5, 0.6), y=LineStatistics(0.8, 0.2),
        columns=rng.normal(0, 1, (2, 4)), columns_precision=rng.uniform(1, 2, (2, 4)),
        shared=rng.normal(0, 1, len(shared)), shared_precision=rng.uniform(1, 2, len(shared)),
        drift=design, gauge=gauge,
    )  # fmt: skip
    at = Unknowns(rng.normal(0, 1, (2, 4)), rng.normal(0, 1, (frames, rows, 2)), shared)
    # The second frame lies three lines lower, so that its lines are in other strips.
    lines = (np.arange(rows) + np.array([[0.0], [3.0]])).ravel()
    return priors, at, Order.along(np.array([2.0, 7.0]), lines, height=4.5, rows=rows)


def flat(at):
    return np.concatenate([at.columns.ravel(), at.lines.ravel(), at.shared])


def unflat(at, values):
    parts = np.split(values, np.cumsum([at.columns.size, at.lines.size]))
    return Unknowns(parts[0].reshape(at.columns.shape), parts[1].reshape(at.lines.shape), parts[2])


def test_gradient_and_precision_of_the_drift_are_differences_of_the_cost():
    priors, at, order = toy()
    here = flat(at)

    def cost(values):
        return priors.cost_and_gradient(unflat(at, values))[0]

    def ascent(values):
        parts = priors.cost_and_gradient(unflat(at, values))[1]
        return np.concatenate([part.ravel() for part in parts])

    steps = np.eye(len(here)) * 1e-4
    numeric = np.array([(cost(here + s) - cost(here - s)) / 2e-4 for s in steps])
    np.testing.assert_allclose(-ascent(here), numeric, rtol=1e-6, atol=1e-6)
    matrix = order.empty(shared=len(at.shared))
    priors.add_to(matrix, at, order=order)
    for step in np.random.default_rng(6).normal(0, 1, (5, len(here))):
        moved = unflat(at, step)
        strips = order.gather(moved.columns, moved.lines.reshape(-1, 2))
        product = matrix.times(strips, moved.shared)
        columns, lines = order.scatter(product[0])
        told = np.concatenate([columns.ravel(), lines.ravel(), product[1]])
        np.testing.assert_allclose(told, ascent(here) - ascent(here + step), atol=1e-9)


def test_prior_of_lines_is_a_series_about_the_drift():
    priors, at, _ = toy(gauge=0.0)
    other = unflat(at, flat(at) * 0.3)
    told = priors.cost_and_gradient(at)[0] - priors.cost_and_gradient(other)[0]

    def plain(values):
        cost = (priors.columns_precision * (values.columns - priors.columns) ** 2).sum() / 2
        cost += (priors.shared_precision * (values.shared - priors.shared) ** 2).sum() / 2
        drifts = priors.drifts(values)
        lag = np.abs(np.subtract.outer(np.arange(9), np.arange(9)))
        for axis, known in enumerate((priors.x, priors.y)):
            covariance = known.sigma**2 * known.phi**lag / (1 - known.phi**2)
            for frame in range(2):
                mean = drifts[frame, :, axis]
                cost -= multivariate_normal(mean, covariance).logpdf(values.lines[frame, :, axis])
        return cost

    np.testing.assert_allclose(told, plain(at) - plain(other), rtol=1e-9)


@pytest.mark.parametrize("slow", [False, True])
def test_moments_hold_the_error_of_the_drift(slow):
    priors, at, order = toy(slow)
    g, k, m = len(at.shared), order.strips, order.size
    rng = np.random.default_rng(7)
    root = rng.normal(0, 1, (k * m + g, k * m + g)) / np.sqrt(k * m)
    whole = root @ root.T
    inverse = Strips(
        np.stack([whole[s * m : (s + 1) * m, s * m : (s + 1) * m] for s in range(k)]),
        np.stack([whole[(s + 1) * m : (s + 2) * m, s * m : (s + 1) * m] for s in range(k - 1)]),
        whole[: k * m, k * m :].reshape(k, m, g),
        whole[k * m :, k * m :],
    )
    jitter = at.lines - priors.drifts(at)
    for axis, found in enumerate(moments(jitter, inverse, order, drift=priors.drift)):
        squares = products = inner = 0.0
        for frame in range(2):
            # Displacements less drift, as a linear map of all unknowns.
            turn = np.zeros((9, k * m + g))
            place = order.lines[frame * 9 : frame * 9 + 9]
            turn[np.arange(9), place[:, 0] * m + place[:, 1] + axis] = 1.0
            knots = priors.drift.shape[1]
            own = k * m + 4 + (2 * frame + axis) * knots
            turn[:, own : own + knots] -= priors.drift
            second = turn @ whole @ turn.T + np.outer(
                jitter[frame, :, axis], jitter[frame, :, axis]
            )
            squares += np.trace(second)
            inner += np.trace(second[1:-1, 1:-1])
            products += np.trace(second, offset=-1)
        np.testing.assert_allclose(
            [found.squares, found.inner, found.products], [squares, inner, products]
        )


@pytest.mark.slow
def test_statistics_of_the_lines_are_those_about_the_drift():
    frames, truth, _ = shots(1, DRIFTS)
    found = fit_columns(
        frames, np.round(truth), sampling=1.0, options=FitOptions(background="none"), dose=1.0,
        scan=ScanModel(sigma_x=None, **MODEL),
    )  # fmt: skip
    low, high = found.scan.x.sigma_interval
    assert low < SIGMA < high
    assert high - low < 0.2


def test_frames_of_different_shapes_are_refused():
    frames, truth, _ = shots(2, DRIFTS[:2])
    with pytest.raises(InputError, match="different shapes"):
        fit([frames[0], frames[1][:-3]], truth)
    with pytest.raises(InputError, match="three axes"):
        fit(frames[None], truth)


def test_a_frame_without_pixels_is_refused():
    frames, truth, _ = shots(2, DRIFTS[:2])
    frames[1] = np.nan
    with pytest.raises(InputError, match=r"frame 2 of 2 has no pixel"):
        fit(frames, truth)


def test_pixels_that_do_not_count_are_left_out():
    frames, truth, _ = shots(2, DRIFTS[:2])
    whole = fit(frames, truth)
    frames[1, 20:30, 30:40] = np.nan
    found = fit(frames, truth)
    apart = (found.table["x"] - whole.table["x"]).abs()
    assert apart.max() < 3 * whole.table["x_err"].max()
    assert apart.max() > 0
