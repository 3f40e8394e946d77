"""Frames of one scene: drift, sum and fits of each against simulated series of known drift."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.own_images.frame_series import drift_of, sum_of
from stembench.errors import InputError

_SIGMA, _HEIGHT, _SAMPLING = 2.5, 40.0, 0.1
_SCS = 2 * np.pi * _HEIGHT * _SIGMA**2 * _SAMPLING**2


def _particle(drift: np.ndarray, size: int = 96) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    image = np.full((size, size), 8.0)
    for cx, cy in _places() + drift:
        image += _HEIGHT * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 2 / _SIGMA**2)
    return image


def _places() -> np.ndarray:
    """Columns of a particle that stays within the frame, with vacancies."""
    side = np.arange(18.0, 80.0, 12.0)
    lattice = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    return np.delete(lattice, [7, 16, 20], axis=0)


@pytest.fixture(scope="module")
def series() -> tuple[np.ndarray, np.ndarray]:
    """Frames of Poisson counts, and their drift: 8 px in all, more than half the pitch."""
    rng = np.random.default_rng(7)
    drift = np.cumsum(rng.uniform(0.2, 2.4, (6, 2)), axis=0)
    drift -= drift[0]
    return np.array([rng.poisson(_particle(place)) for place in drift]).astype(float), drift


def test_drift(series) -> None:
    frames, drift = series
    assert np.abs(drift).max() > 6
    assert drift_of(frames) == pytest.approx(drift, abs=0.25)


def test_missing_pixels_do_not_count(series) -> None:
    frames, drift = series
    frames = frames.copy()
    frames[2, :9] = np.nan
    assert drift_of(frames) == pytest.approx(drift, abs=0.3)


def test_counts_stay_counts(series) -> None:
    frames, drift = series
    total = sum_of(frames, drift)
    known = total[np.isfinite(total)]
    assert np.array_equal(known, np.rint(known))
    # Frames that drift by (x, y) lose that many columns and rows at the left and the top... of
    # what was seen in the last frame, at the right and the bottom of the first.
    lost = np.rint(drift).max(axis=0).astype(int)
    assert np.isnan(total[:, -lost[0] :]).all()
    assert np.isnan(total[-lost[1] :]).all()
    assert np.isfinite(total[: -lost[1], : -lost[0]]).all()


def test_a_frame_far_off_or_empty_is_named() -> None:
    frames = np.random.default_rng(1).random((2, 32, 32))
    frames[1] = np.nan
    with pytest.raises(InputError, match="frame 2 of 2 has no finite pixel"):
        drift_of(frames)


def _fit(path: Path, *options: object, code: int = 0) -> tuple[pd.DataFrame, str]:
    out = path.with_name("o.csv")
    result = CliRunner().invoke(
        app, ["fit", str(path), "-o", str(out), *map(str, options)], catch_exceptions=False
    )
    assert result.exit_code == code, result.output
    return pd.read_csv(out), result.output


class TestFits:
    def test_each_frame_and_the_sum(self, series, tmp_path: Path) -> None:
        frames, drift = series
        np.savez(tmp_path / "a.npz", image=frames, sampling=_SAMPLING)
        start = _places()
        np.save(tmp_path / "p.npy", start)
        each, output = _fit(tmp_path / "a.npz", "--positions", tmp_path / "p.npy")
        assert f"{len(start)} columns in 6 frames" in output
        assert list(each["frame"].unique()) == [1, 2, 3, 4, 5, 6]
        assert len(each) == 6 * len(start)
        for frame, table in each.groupby("frame"):
            assert table["column"].tolist() == list(range(len(start)))
            expected = start + drift[frame - 1]
            assert table[["x", "y"]].to_numpy() == pytest.approx(expected, abs=0.5)
        summed, output = _fit(tmp_path / "a.npz", "--positions", tmp_path / "p.npy", "--sum")
        assert "sum of 6 frames" in output
        assert "frame" not in summed
        # Six times the light: the mean of n columns has an error of theirs over the root of n.
        n = len(start)
        assert each["scs"].mean() == pytest.approx(
            _SCS, abs=4 * each["scs_err"].mean() / np.sqrt(6 * n)
        )
        assert summed["scs"].mean() == pytest.approx(
            6 * _SCS, abs=4 * summed["scs_err"].mean() / np.sqrt(n)
        )
        assert summed["scs_err"].mean() == pytest.approx(
            np.sqrt(6) * each["scs_err"].mean(), rel=0.15
        )

    def test_columns_are_found_in_the_aligned_sum(self, series, tmp_path: Path) -> None:
        frames, _ = series
        np.save(tmp_path / "a.npy", frames)
        table, output = _fit(tmp_path / "a.npy", "--sampling", _SAMPLING)
        assert "columns found" in output
        assert table.groupby("frame").size().min() == len(_places())

    def test_a_sum_has_no_scan(self, series, tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", series[0])
        result = CliRunner().invoke(
            app,
            ["fit", str(tmp_path / "a.npy"), "-o", str(tmp_path / "o.csv"), "--sampling", "0.1",
             "--sum", "--scan", "auto"],
        )  # fmt: skip
        assert result.exit_code == 2
        assert "--sum" in result.output

    def test_nothing_fitted_is_a_failure(self, tmp_path: Path) -> None:
        image = np.random.default_rng(1).poisson(50, (48, 48)).astype(float)
        image[:, :28] = np.nan
        np.save(tmp_path / "a.npy", image)
        (tmp_path / "p.csv").write_text("x,y\n10,10\n20,20\n")
        table, _ = _fit(
            tmp_path / "a.npy", "--sampling", 0.1, "--positions", tmp_path / "p.csv", code=2
        )
        assert (table["flags"] != 0).all()
