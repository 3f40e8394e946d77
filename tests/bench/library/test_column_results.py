"""Columns fitted from Python: the numbers of the command, units, signals, notebooks, refusals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import stembench
from bench.library import FittedColumns
from bench.library.unit_names import _NAMES
from fitting.results.column_fit import TABLE
from stembench.errors import InputError
from tests.bench.cli.calling import call
from tests.fitting.search.own_image.made_images import lattice

SAMPLING = 0.12


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return lattice().counts()


@pytest.fixture(scope="module")
def fitted(image: np.ndarray) -> FittedColumns:
    return stembench.fit_columns(image, sampling=SAMPLING)


def test_the_table_is_that_of_the_command(image, fitted, tmp_path: Path) -> None:
    np.save(tmp_path / "image.npy", image)
    out = tmp_path / "columns.csv"
    said = call("fit", tmp_path / "image.npy", "--sampling", SAMPLING, "-o", out)
    written = pd.read_csv(out, index_col="column")
    renamed = fitted.table.rename(columns={new: old for old, new in _NAMES.items()})
    # pandas 2 reads the last digit of some numbers otherwise than it was written.
    pd.testing.assert_frame_equal(renamed, written, rtol=1e-13, atol=0.0)
    assert len(fitted.table) == len(lattice().inside())
    assert all(fact in said for fact in fitted.facts)


def test_names_of_columns_say_their_unit(fitted) -> None:
    endings = {"px": "_px", "Å": "_A", "image x Å²": "_A2", "image": "", "": ""}
    for name, unit in TABLE.items():
        shown = _NAMES.get(name, name)
        assert shown.endswith(endings[unit])
        assert shown in fitted.table.columns
    assert fitted.table["x_A"].to_numpy() == pytest.approx(
        SAMPLING * fitted.table["x_px"].to_numpy()
    )


def test_a_region_keeps_its_place(image) -> None:
    found = stembench.fit_columns(image, sampling=SAMPLING, roi="5:75,10:90")
    assert found.image.origin == (10.0, 5.0)
    assert found.image.pixels.shape == found.residual.pixels.shape == (70, 80)
    assert found.table["x_px"].min() > 9.5
    # What is left is noise: its mean square is that of counts, their mean.
    inside = np.isfinite(found.residual.pixels)
    noise = found.model.pixels[inside].mean()
    assert np.mean(found.residual.pixels[inside] ** 2) == pytest.approx(noise, rel=0.1)


def test_notes_are_warnings_and_stay(image) -> None:
    smooth = lattice().clean
    with pytest.warns(UserWarning, match="neighbouring pixels hardly differ") as caught:
        found = stembench.fit_columns(smooth, sampling=SAMPLING)
    assert [str(each.message) for each in caught] == list(found.notes)
    assert caught[0].filename == __file__
    assert "note: neighbouring pixels" in str(found)
    assert "neighbouring pixels hardly differ" in found._repr_html_()


def test_refusals_name_arguments_of_python(image, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"states no pixel size; give it in Å per pixel with samp"):
        stembench.fit_columns(image)
    with pytest.raises(InputError, match=r"give dark=True, or dark=False"):
        stembench.fit_columns(image.max() - image, sampling=SAMPLING)
    with pytest.raises(InputError, match=r"positions have the shape \(3,\)"):
        stembench.fit_columns(image, [1.0, 2.0, 3.0], sampling=SAMPLING)
    with pytest.raises(InputError, match=r"mask has the shape \(2, 2\)"):
        stembench.fit_columns(image, sampling=SAMPLING, mask=np.zeros((2, 2)))
    with pytest.raises(InputError, match="array of numbers"):
        stembench.fit_columns([["a", "b"]], sampling=SAMPLING)
    with pytest.raises(InputError, match=r"there is no file .*none\.tif"):
        stembench.fit_columns(tmp_path / "none.tif")
    with pytest.raises(InputError, match="scan='auto'"):
        stembench.fit_columns(image, sampling=SAMPLING).lines  # noqa: B018


def test_frames_are_fitted_one_by_one(image) -> None:
    frames = np.stack([image, np.random.default_rng(7).poisson(lattice().clean)])
    found = stembench.fit_columns(frames, lattice().inside(4.0), sampling=SAMPLING)
    assert sorted(found.table["frame"].unique()) == [1, 2]
    assert "in 2 frames" in found.summary
    with pytest.raises(InputError, match="several frames"):
        found.residual  # noqa: B018


def test_a_signal_of_hyperspy_is_read_and_comes_back(image, fitted, tmp_path: Path) -> None:
    signals = pytest.importorskip("hyperspy.signals", reason="HyperSpy is an extra")
    axes = [{"name": name, "size": size, "scale": SAMPLING / 10, "units": "nm"}
            for name, size in zip("yx", image.shape, strict=True)]  # fmt: skip
    found = stembench.fit_columns(signals.Signal2D(image, axes=axes))
    pd.testing.assert_frame_equal(found.table, fitted.table)  # nm are Å by now
    back = found.residual.to_hyperspy()
    for axis in back.axes_manager.signal_axes:
        assert (axis.scale, axis.units, axis.offset) == (pytest.approx(SAMPLING), "Å", 0.0)
    np.testing.assert_array_equal(back.data, found.residual.pixels)
    part = stembench.fit_columns(image, sampling=SAMPLING, roi="5:75,10:90").image.to_hyperspy()
    offsets = {axis.name: axis.offset for axis in part.axes_manager.signal_axes}
    assert offsets == {"x": pytest.approx(10 * SAMPLING), "y": pytest.approx(5 * SAMPLING)}
    part.save(tmp_path / "part.hspy")
    again = stembench.fit_columns(tmp_path / "part.hspy")
    assert again.fit.sampling == pytest.approx(SAMPLING)
    np.testing.assert_array_equal(again.image.pixels, image[5:75, 10:90])


def test_without_hyperspy_the_extra_is_named(fitted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stembench.surroundings.extras.find_spec", lambda _: None)
    with pytest.raises(
        InputError, match=r'HyperSpy, which is not installed; .*"stembench\[hyperspy\]"'
    ):
        fitted.image.to_hyperspy()
