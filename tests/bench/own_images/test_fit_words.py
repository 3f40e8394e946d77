"""What a fit of one's own image says: noise that was smoothed, and what was left out."""

import re

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, zoom
from typer.testing import CliRunner

from bench.cli.app import app
from bench.own_images.smoothness import smoothness


def _counts(mean: float = 20.0, size: int = 160) -> np.ndarray:
    return np.random.default_rng(3).poisson(mean, (size, size)).astype(float)


def _columns() -> np.ndarray:
    y, x = np.mgrid[:80, :80]
    clean = sum(
        60 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 12.5)
        for cx in range(10, 80, 15)
        for cy in range(10, 80, 15)
    )
    return np.random.default_rng(1).poisson(clean + 5).astype(float)


@pytest.mark.parametrize("mean", [0.3, 20.0, 1e4])
def test_independent_pixels_are_not_smoothed(mean) -> None:
    image = _counts(mean)
    assert smoothness(image - mean, np.ones(image.shape, bool)) == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("made", [lambda i: gaussian_filter(i, 0.8), lambda i: zoom(i, 1.5)])
def test_filtered_and_interpolated_images_are(made) -> None:
    image = made(_counts())
    assert smoothness(image - image.mean(), np.ones(image.shape, bool)) < 0.15


def test_a_slow_detector_is_no_restoration() -> None:
    slow = np.apply_along_axis(
        lambda line: np.convolve(line, (0.6, 0.25, 0.15), "same"), 1, _counts()
    )
    assert smoothness(slow - 20, np.ones(slow.shape, bool)) > 0.4


def test_masked_pixels_and_small_images() -> None:
    image, valid = _counts(), np.ones((160, 160), bool)
    image[:, :80] = 1e6
    valid[:, :80] = False
    assert smoothness(image, valid) == pytest.approx(1, abs=0.25)
    assert smoothness(image[:5, :5], valid[:5, :5]) == 1
    assert smoothness(np.zeros((40, 40)), np.ones((40, 40), bool)) == 1


COPIES = "copies of others"
WINDOW = "multiplied by a window"
SPOILT = {
    "as recorded": (lambda i: i, None),
    "mirrored": (lambda i: np.pad(i[9:], [(9, 0), (0, 0)], mode="reflect"), f"9 rows.*{COPIES}"),
    "written twice": (lambda i: np.insert(i, 40, i[40], axis=0)[:80], f"2 rows.*{COPIES}"),
    "tapered": (lambda i: i * np.clip(np.arange(80) / 9, 0, 1), WINDOW),
    "windowed": (lambda i: i * np.hanning(80) * np.hanning(80)[:, None], "dims the whole image"),
    "enlarged": (lambda i: np.kron(i[:40, :40], np.ones((2, 2))), "enlarged or tiled"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_fit_says_what_is_copied_and_what_is_dimmed(name, tmp_path) -> None:
    spoil, sentence = SPOILT[name]
    np.save(tmp_path / "i.npy", spoil(_columns()))
    told = CliRunner().invoke(
        app,
        ["fit", str(tmp_path / "i.npy"), "--sampling", "0.1", "-o", str(tmp_path / "c.csv")],
    )
    assert told.exit_code == 0, told.output
    said = " ".join(told.output.split())
    if sentence is None:
        assert not any(word in said for word in (COPIES, WINDOW, "dims", "enlarged"))
    else:
        assert re.search(sentence, said)


@pytest.mark.parametrize("restored", [False, True])
def test_fit_names_assess_for_a_restored_image_alone(restored, tmp_path) -> None:
    image = _columns()
    np.save(tmp_path / "i.npy", gaussian_filter(image, 1.5) if restored else image)
    told = CliRunner().invoke(
        app,
        ["fit", str(tmp_path / "i.npy"), "--sampling", "0.1", "-o", str(tmp_path / "c.csv")],
    )
    assert told.exit_code == 0, told.output
    assert ("stembench assess tells" in told.output) == restored


@pytest.mark.parametrize("cut", [False, True])
def test_fit_says_that_columns_are_cut_off(cut, tmp_path) -> None:
    """An image of eight bits whose brightest columns are beyond the converter's range."""
    y, x = np.mgrid[:80, :80]
    clean = sum(
        (90 if cx < 40 else 180) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 12.5)
        for cx in range(10, 80, 15)
        for cy in range(10, 80, 15)
    )
    counts = np.random.default_rng(1).poisson(clean + 5)
    gain = 1.8 if cut else 0.9
    np.save(tmp_path / "i.npy", np.clip(np.round(gain * counts), 0, 255).astype(np.uint8))
    told = CliRunner().invoke(
        app,
        ["fit", str(tmp_path / "i.npy"), "--sampling", "0.1", "-o", str(tmp_path / "c.csv")],
    )
    assert told.exit_code == 0, told.output
    assert ("15 of 25 columns are cut off at the largest value" in told.output) == cut
