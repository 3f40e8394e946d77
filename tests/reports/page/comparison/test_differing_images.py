"""Images of a comparison: their order, their numbers, and what is not shown."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reports.gate.evidence import Evidence, evidence_of_run
from reports.page.comparison.differing_images import differing_images
from reports.records.run_folder import Examples, Run, load_run
from tests.made_run import make_run

KEY = "nanoparticle/particle"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("differing") / "run"
    return load_run(make_run(folder, realizations=2, cases=("nanoparticle",)))


def side(run: Run, name: str = "cgrdn", **changed: np.ndarray) -> Evidence:
    """A side whose images, by the end of their path, are others."""
    kept = dict(run.examples.arrays())
    for end, pixels in changed.items():
        path = next(path for path in kept if path.endswith(end.replace("__", "/")))
        kept[path] = pixels
    examples = Examples(run.examples.path, run.examples.origin, there=kept)
    return evidence_of_run(replace(run, examples=examples))[name]


def pixels_of(run: Run, dose: float, restorer: str = "cgrdn") -> np.ndarray:
    image = run.examples.image("nanoparticle", "particle", dose=dose, restorer=restorer)
    assert image is not None
    return image


def path_of(run: Run, dose: float, restorer: str) -> str:
    inside = f"{restorer}/image"
    wanted = next(p for p in run.examples.arrays() if f"/{dose:g}" in p and p.endswith(inside))
    return wanted.replace("/", "__")


def test_what_differs_most_comes_first_with_its_size(run: Run) -> None:
    clean = run.examples.clean("nanoparticle", "particle")
    assert clean is not None
    doses = {500.0: 0.01, 50_000.0: 0.03}
    brighter = {
        path_of(run, dose, "cgrdn"): pixels_of(run, dose) + share * np.ptp(clean)
        for dose, share in doses.items()
    }
    found = differing_images([(side(run), side(run, **brighter))])
    assert [one.scene.dose for one in found] == [50_000.0, 500.0]
    assert [one.apart for one in found] == pytest.approx([0.03, 0.01])
    assert [picture.name for picture in found[0].scene.pictures] == [
        "noise-free",
        "raw",
        "old",
        "new",
    ]
    # all is brighter: red, as strong as its share of the quarter of the scale with full colour
    colours = np.asarray(Image.open(io.BytesIO(found[0].difference)).convert("RGB")).astype(int)
    fade = 255 * (1 - 0.03 / 1.5 * 255 / 64)
    assert np.ptp(colours.reshape(-1, 3), axis=0).max() <= 1
    assert colours[0, 0] == pytest.approx([255, fade, fade], abs=1)
    assert found[0].old_off < found[0].new_off
    assert "differ by 3 %" in found[0].sentence
    (first,) = differing_images([(side(run), side(run, **brighter))], most=1)
    assert first.sentence == found[0].sentence


def test_images_of_another_noise_are_not_compared(run: Run) -> None:
    other = {path_of(run, 500.0, "raw"): pixels_of(run, 500.0, "raw")[::-1]}
    found = differing_images([(side(run), side(run, **other))])
    assert [one.scene.dose for one in found] == [50_000.0]


def test_a_baseline_has_no_images_unless_they_are_restored_again(run: Run) -> None:
    packed = replace(side(run), run=None, packed=True)
    assert differing_images([(packed, side(run))]) == ()

    def halved(run: Run, case: str, dose: float, raw: np.ndarray) -> np.ndarray:
        assert case == "nanoparticle"
        np.testing.assert_array_equal(raw, pixels_of(run, dose, "raw"))
        return raw / 2

    found = differing_images([(packed, side(run))], restored=halved)
    assert len(found) == 2
    for one in found:
        assert one.again
        clean = run.examples.clean("nanoparticle", "particle")
        assert clean is not None
        off = pixels_of(run, one.scene.dose, "raw") / 2 - clean
        assert one.old_off == pytest.approx(np.sqrt(np.mean(off**2)) / np.ptp(clean))


def test_runs_without_images_show_none(run: Run) -> None:
    bare = evidence_of_run(replace(run, examples=Examples(Path("none.h5"))))["cgrdn"]
    assert differing_images([(bare, side(run))]) == ()
    assert differing_images([(side(run), bare)]) == ()
