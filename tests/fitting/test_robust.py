"""Flags, each raised on purpose, and whatever input a user can come up with."""

from dataclasses import replace

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from fitting import Bounds, ColumnModel, FitOptions, fit_batch, fit_columns, flags
from stembench.errors import InputError

POISSON = FitOptions(estimator="poisson")


def scene(n=3, spacing=9.0, sigma=2.2):
    starts = np.array([(10 + i * spacing, 10 + j * spacing) for j in range(n) for i in range(n)])
    size = int(20 + (n - 1) * spacing)
    model = ColumnModel(
        x=starts[:, 0] + 0.2,
        y=starts[:, 1] - 0.1,
        height=np.linspace(0.1, 0.3, n * n),
        sigma=np.full(n * n, sigma),
        shape=(size, size),
        background=(0.02,),
    )
    return model, starts


def within(**bounds):
    """Options of a fit with these bounds."""
    return FitOptions(bounds=Bounds(**bounds))


def raised(fit, row):
    return flags.names(int(fit.table["flags"][row]))


def test_flags_are_distinct_bits_with_meanings():
    bits = [flag.bit for flag in flags.FLAGS]
    assert len(set(bits)) == len(bits)
    assert all(bit & (bit - 1) == 0 for bit in bits)
    assert all(getattr(flags, flag.name) == flag.bit for flag in flags.FLAGS)
    assert flags.names(flags.NO_DATA | flags.AT_BOUND) == ("AT_BOUND", "NO_DATA")


def test_flag_none_for_a_good_fit():
    model, starts = scene()
    fit = fit_columns(model.image(), starts, sampling=0.2)
    assert (fit.table["flags"] == 0).all()
    assert not fit.failed.any()


def test_flag_not_converged(monkeypatch):
    model, starts = scene()
    monkeypatch.setattr("fitting.engine.descent.MAX_STEPS", 1)
    fit = fit_columns(model.image(), starts, sampling=0.2)
    assert "NOT_CONVERGED" in raised(fit, 4)
    assert "still moved" in fit.status
    assert fit.table["x"].isna().all()


def test_flag_at_bound():
    model, starts = scene()
    shifted = starts + np.array([1.0, 0.0])
    fit = fit_columns(model.image(), shifted, sampling=0.2, options=within(drift=0.5))
    assert raised(fit, 4) == ("AT_BOUND",)
    assert fit.table["x"][4] == shifted[4, 0] - 0.5
    assert np.isnan(fit.table["x_err"][4])
    assert np.isfinite(fit.table["y_err"][4])
    free = fit_columns(model.image(), shifted, sampling=0.2, options=within(drift=1.5))
    assert raised(free, 4) == ()


def test_flag_shape_at_bound():
    model, starts = scene()
    fit = fit_columns(model.image(), starts, sampling=0.2, options=within(width=(1.0, 2.0)))
    assert raised(fit, 0) == ("SHAPE_AT_BOUND",)
    assert fit.table["sigma"][0] == 2.0
    assert np.isfinite(fit.table["scs"][0])
    high = fit_columns(model.image(), starts, sampling=0.2, options=within(height=(0.0, 0.25)))
    assert [raised(high, k) for k in (0, 8)] == [(), ("SHAPE_AT_BOUND",)]


def test_flag_out_of_frame():
    model, starts = scene()
    size = model.shape[0]
    beyond = np.array([[-1.5, 12.0], [size + 60.0, 10.0], [5.0, -400.0]])
    tail = ColumnModel(
        x=beyond[:1, 0],
        y=beyond[:1, 1],
        height=np.array([0.2]),
        sigma=np.array([2.2]),
        shape=model.shape,
    ).image()
    image = model.image() + tail
    fit = fit_columns(image, np.vstack([starts, beyond]), sampling=0.2)
    for row in (9, 10, 11):
        assert "OUT_OF_FRAME" in raised(fit, row)
        assert np.isnan(fit.table["x"][row])
    assert 9 in fit.modelled  # near the edge: its tail is modelled
    assert 10 not in fit.modelled
    assert (fit.table["flags"][:9] == 0).all()
    np.testing.assert_allclose(fit.table["x"][:9], model.x, atol=1e-8)


def test_flag_negative_height():
    model, starts = scene()
    image = model.image()
    dip = ColumnModel(
        **{**vars(model), "height": np.where(np.arange(9) == 4, -0.1, model.height)}
    ).image()
    fit = fit_columns(dip, starts, sampling=0.2)
    assert raised(fit, 4) == ("NEGATIVE_HEIGHT",)
    assert fit.table["scs"].isna().sum() == 1
    assert raised(fit_columns(image, starts, sampling=0.2), 4) == ()


@pytest.mark.parametrize("engine", ["joint", "lmfit"])
def test_flag_no_covariance(engine):
    """A height held at 0 leaves nothing that would depend on the position."""
    model, starts = scene()
    dip = ColumnModel(
        **{**vars(model), "height": np.where(np.arange(9) == 4, -0.1, model.height)}
    ).image()
    options = FitOptions(bounds=Bounds(height=(0.0, 10.0)), engine=engine)
    fit = fit_columns(dip, starts, sampling=0.2, options=options, dose=1e3)
    assert "SHAPE_AT_BOUND" in raised(fit, 4)
    if engine == "joint":  # lmfit's bounds are reached in the limit only
        assert "NO_COVARIANCE" in raised(fit, 4)
        assert np.isnan(fit.table["x_err"][4])
    assert np.isfinite(fit.table["x_err"].drop(4)).all()


def test_flag_no_data():
    model, starts = scene()
    mask = np.zeros(model.shape, dtype=bool)
    mask[5:24, 5:15] = True
    starts_with_nan = np.vstack([starts, [np.nan, 3.0]])
    fit = fit_columns(model.image(), starts_with_nan, sampling=0.2, mask=mask)
    assert raised(fit, 0) == ("NO_DATA",)
    assert raised(fit, 9) == ("NO_DATA",)
    assert raised(fit, 8) == ()


def test_flag_duplicate():
    model, starts = scene()
    fit = fit_columns(model.image(), np.vstack([starts, starts[4] + [0.3, 0.0]]), sampling=0.2)
    assert raised(fit, 9) == ("DUPLICATE",)
    assert raised(fit, 4) == ()
    np.testing.assert_allclose(fit.table["x"][:9], model.x, atol=1e-8)


@pytest.mark.parametrize("electrons", [0.3, 1.0])
@pytest.mark.parametrize("width", ["shared", "column"])
@pytest.mark.parametrize("estimator", ["ls", "poisson"])
def test_a_third_of_an_electron_per_pixel(electrons, width, estimator):
    """No exception, no endless loop, and every value stands or is flagged and NaN."""
    model, starts = scene(n=5, spacing=9.0)
    dose = electrons / (0.04 * model.image().mean())
    counts = np.random.default_rng(3).poisson(model.image() * dose * 0.04, (6, *model.shape))
    options = FitOptions(width=width, estimator=estimator)
    fits = fit_batch(counts / (dose * 0.04), starts, sampling=0.2, options=options, dose=dose)
    for fit in fits:
        values = fit.table[["x", "y", "height", "sigma", "scs"]].to_numpy()
        assert (np.isnan(values).all(axis=1) == fit.failed).all()
        drift = np.abs(fit.table[["x", "y"]].to_numpy() - starts)
        assert np.nanmax(drift) <= 0.4 * 9.0 + 1e-9
        assert (fit.table["scs"][~fit.failed] > 0).all()
    if width == "shared" and electrons == 1.0:
        assert np.mean([fit.failed.mean() for fit in fits]) < 0.1


@pytest.mark.parametrize("background", ["none", "constant", "plane"])
def test_poisson_likelihood_converges_in_vacuum(background):
    """Without counts around the columns the background sits at zero, where ln f ends."""
    model, starts = scene()
    model = ColumnModel(**{**vars(model), "background": (), "shape": (60, 60)})
    image = np.random.default_rng(8).poisson(model.image() * 200) / 200
    options = FitOptions(estimator="poisson", background=background)
    fit = fit_columns(image, starts, sampling=0.2, options=options, dose=5e3)
    assert (fit.table["flags"] == 0).all()
    assert fit.steps < 60
    without = replace(options, background="none")
    bare = fit_columns(image, starts, sampling=0.2, options=without, dose=5e3)
    assert np.abs(fit.table["x"] - bare.table["x"]).max() < 0.02
    if fit.background:
        assert abs(fit.background[0]) < 1e-4


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_image_and_positions_give_rows(data):
    rows = data.draw(st.integers(1, 24))
    cols = data.draw(st.integers(1, 24))
    dtype = data.draw(st.sampled_from([np.float64, np.float32, np.uint16, np.int8, bool]))
    estimator = data.draw(st.sampled_from(["ls", "poisson"]))
    low = 0 if estimator == "poisson" or dtype in (np.uint16, bool) else -100
    if dtype in (np.float64, np.float32):
        numbers = st.floats(low, 1000, width=32)
        elements = st.one_of(numbers, st.sampled_from([np.nan, np.inf, 0.0]))
    elif dtype is bool:
        elements = st.booleans()
    else:
        elements = st.integers(low, 100)
    image = data.draw(hnp.arrays(dtype, (rows, cols), elements=elements))
    n = data.draw(st.integers(0, 7))
    place = st.one_of(
        st.floats(-40, 60), st.sampled_from([0.0, -0.5, 23.5, 5.0, 5.25, np.nan, np.inf])
    )
    positions = data.draw(hnp.arrays(np.float64, (n, 2), elements=place))
    mask = data.draw(st.one_of(st.none(), hnp.arrays(bool, (rows, cols))))
    width = data.draw(st.sampled_from(["shared", "column", 1.5]))
    background = data.draw(st.sampled_from(["none", "constant", "plane"]))
    pixel = data.draw(st.sampled_from(["sampled", "integrated"]))
    fit = fit_columns(
        image,
        positions,
        sampling=0.2,
        options=FitOptions(width=width, background=background, pixel=pixel, estimator=estimator),
        dose=data.draw(st.sampled_from([None, 100.0])) if estimator == "ls" else 100.0,
        mask=mask,
    )
    assert len(fit.table) == n
    values = fit.table[["x", "y", "height", "scs"]].to_numpy()
    assert np.isfinite(values[~fit.failed]).all()
    assert np.isnan(values[fit.failed]).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": np.zeros(5)}, "two axes"),
        ({"image": np.array([["a", "b"]])}, "real numbers"),
        ({"positions": np.zeros((3, 3))}, r"\(n, 2\)"),
        ({"positions": [["a", "b"]]}, "must be numbers"),
        ({"sampling": 0.0}, "sampling must be a positive"),
        ({"sampling": "fine"}, "sampling must be a number"),
        ({"dose": np.nan}, "dose must be a positive"),
        ({"options": FitOptions(width="species")}, "needs species="),
        ({"options": FitOptions(width="species"), "species": [1]}, "species has shape"),
        ({"options": POISSON}, "needs the dose"),
        ({"image": np.full((9, 9), -1.0), "options": POISSON, "dose": 9.0}, "negative"),
        ({"mask": np.zeros((2, 2))}, "mask has shape"),
        ({"detector_sigma": -1.0}, "detector_sigma"),
    ],
)
def test_bad_arguments_are_named(changes, message):
    model, starts = scene()
    arguments = {"image": model.image(), "positions": starts, "sampling": 0.2, **changes}
    image, positions = arguments.pop("image"), arguments.pop("positions")
    with pytest.raises(InputError, match=message):
        fit_columns(image, positions, **arguments)


@pytest.mark.parametrize(
    "bad", [{"drift": -1.0}, {"width": (2.0, 1.0)}, {"width": (0.0, 1.0)}, {"height": (1.0, 1.0)}]
)
def test_bad_bounds_are_named(bad):
    with pytest.raises(InputError):
        Bounds(**bad)
