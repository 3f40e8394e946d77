"""An assessment from Python: that of the command, with images, table and page."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import stembench
from bench.library import AssessedRestoration
from bench.own_images.files.image_file import read_image
from stembench.errors import InputError
from tests.bench.cli.calling import call

SAMPLING = 0.2
OPTIONS = {"sampling": SAMPLING, "draws": 3, "counts": True, "jobs": 1, "roi": "0:60,12:72"}


def counts() -> np.ndarray:
    y, x = np.mgrid[:72, :72]
    image = np.full((72, 72), 8.0)
    for row in range(0, 73, 12):
        for col in range(0, 73, 12):
            image += 60 * np.exp(-((x - col) ** 2 + (y - row) ** 2) / (2 * 2.0**2))
    return np.random.default_rng(1).poisson(image).astype(float)


@pytest.fixture(scope="module")
def assessed() -> AssessedRestoration:
    return stembench.assess(counts(), "gaussian", **OPTIONS)


def test_it_is_that_of_the_command(assessed, tmp_path: Path) -> None:
    np.save(tmp_path / "image.npy", counts())
    page = tmp_path / "page.html"
    wished = ("--draws", 3, "--counts", "--jobs", 1, "--roi", OPTIONS["roi"])
    common = (tmp_path / "image.npy", "-r", "gaussian", "--sampling", SAMPLING)
    said = call("assess", *common, *wished, "-o", page)
    assert assessed.sentences[0] in said
    written = assessed.write_page(tmp_path / "mine.html")
    theirs = pd.read_csv(page.with_suffix(".csv"))
    mine = pd.read_csv(written.with_suffix(".csv"))
    pd.testing.assert_frame_equal(mine, theirs)
    assert assessed.table["x_px"].to_numpy() == pytest.approx(theirs["x"].to_numpy(), rel=1e-5)
    assert assessed.share == pytest.approx(theirs["trusted"].mean())


def test_images_have_their_place_and_their_mark(assessed, tmp_path: Path) -> None:
    np.testing.assert_array_equal(assessed.raw.pixels, counts()[:60, 12:72])
    assert assessed.restored.origin == (12.0, 0.0)
    assert assessed.restored.restored_by.startswith("gaussian")
    html = assessed._repr_html_()
    assert html.count("data:image/png") == 2
    assert assessed.sentences[0].replace("'", "&#x27;") in html
    pytest.importorskip("hyperspy", reason="HyperSpy is an extra")
    with pytest.raises(InputError, match="says that it was restored"):
        stembench.assess(assessed.restored.to_hyperspy(), "gaussian")
    assessed.restored.to_hyperspy().save(tmp_path / "restored.hspy")
    with pytest.raises(InputError, match=r"restored.hspy says that it was restored \(gaussian"):
        stembench.assess(tmp_path / "restored.hspy", "gaussian")
    assessed.raw.to_hyperspy().save(tmp_path / "raw.hspy")
    assert not read_image(tmp_path / "raw.hspy").restored_by


def test_an_unknown_restorer_is_told_first(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no-such"):
        stembench.assess(tmp_path / "none.tif", "no-such")
