"""Scenes of the viewer: grey values within a level of the run's images, what is clipped said."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reports.page.viewer.scenes import BEYOND, scenes, viewer_data
from reports.records.run_folder import Run, load_run
from tests.made_run import make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("scenes") / "run"
    return load_run(make_run(folder, realizations=2, cases=("nanoparticle",)))


def test_pictures_are_the_runs_images_in_grey(run: Run) -> None:
    found = scenes(run)
    assert [scene.dose for scene in found] == [500.0, 50_000.0]  # those that runs keep
    scene = found[0]
    assert [picture.name for picture in scene.pictures] == [
        "noise-free",
        "raw",
        "cgrdn",
        "gaussian",
    ]
    clean = run.examples.clean("nanoparticle", "particle")
    assert clean is not None
    assert scene.white - scene.black == pytest.approx((1 + 2 * BEYOND) * np.ptp(clean))
    for picture in scene.pictures:
        kept = run.examples.image(
            "nanoparticle", "particle", dose=scene.dose, restorer=picture.name
        )
        pixels = clean if picture.name == "noise-free" else kept
        assert pixels is not None
        grey = np.asarray(Image.open(io.BytesIO(picture.webp)).convert("RGB"))
        assert np.all(grey == grey[..., :1])
        shown = scene.black + (scene.white - scene.black) * grey[..., 0] / 255
        level = (scene.white - scene.black) / 255
        inside = (pixels > scene.black) & (pixels < scene.white)
        np.testing.assert_allclose(shown[inside], pixels[inside], atol=0.51 * level)
        assert picture.clipped == pytest.approx(np.mean(~inside), abs=0.002)
    assert scene.pictures[0].clipped == 0


def test_places_that_are_unknown_are_none(run: Run) -> None:
    data = viewer_data(scenes(run))
    scene = data["scenes"][0]
    true = run.examples.true_columns("nanoparticle", "particle")
    assert true is not None
    np.testing.assert_allclose(np.array(scene["true"]), true[0], atol=6e-4)
    assert sum(scene["measured"]) == true[1].sum()
    assert scene["pictures"][0]["fitted"] is None
    raw = next(one for one in scene["pictures"] if one["name"] == "raw")
    kept = run.examples.positions("nanoparticle", "particle", dose=500.0, restorer="raw")
    assert kept is not None
    unknown = [place is None for place in raw["fitted"]]
    np.testing.assert_array_equal(unknown, ~np.isfinite(kept).all(axis=1))


def test_a_run_that_kept_no_images_has_no_scene(run: Run, tmp_path: Path) -> None:
    from dataclasses import replace

    from reports.records.run_folder import Examples

    assert scenes(replace(run, examples=Examples(tmp_path / "examples.h5"))) == ()
