"""Validation: raw counts give the truth, and each measure sees what it is for."""

from dataclasses import dataclass

import numpy as np
import pytest

from bench.images.faithfulness.judged_network import Faithfulness
from bench.images.faithfulness.judged_scenes import CHANGE, SHIFT, judged_scene
from restore import load_restorer
from stembench.errors import InputError
from training import JUDGED_LATTICES, SceneColumns, column_image

JUDGE = Faithfulness(doses=(5e3,), realizations=2)
#: Three lattices and two realizations.
N = 6


@pytest.fixture(scope="module")
def raw():
    return JUDGE(load_restorer("raw"))


@pytest.mark.parametrize(
    ("measure", "true"),
    [("position_response", 1.0), ("scs_response", 1.0), ("vacancy", 1.0), ("half", 1.0),
     ("intensity", 1.0)],
)  # fmt: skip
def test_unbiased_images_give_the_truth(raw, measure, true):
    """Of n = 6 images, k = 5 standard errors of their mean, which is itself known to 30 %."""
    name = f"{measure}@5000"
    assert abs(raw[name] - true) < 5 * raw[f"{name}_se"] + 1e-3
    assert 0 < raw[f"{name}_se"] < 0.1


def test_unbiased_fits_are_near_their_bound(raw):
    """Least squares loses some 10 % to maximum likelihood; nothing unbiased is below 1.

    RMSE of n columns is known to 1 / sqrt(2 n); n = 6 images of at least 50 columns: 4 %, k = 4.
    """
    for measure in ("position_over_bound", "scs_over_bound"):
        assert 1 - 0.16 < raw[f"{measure}@5000"] < 1.2 + 0.16
    assert raw["fitted@5000"] == 1.0
    assert raw["vacuum@5000"] == pytest.approx(0.0, abs=1e-9)


@dataclass(frozen=True)
class Altered:
    """A restorer that does one thing wrong with the images."""

    what: str

    def restore(self, images, /, **_):
        if self.what == "dark":
            return images - 0.05 * images.max()
        if self.what == "paler":
            return 0.9 * images
        if self.what == "nothing":
            return np.zeros_like(images)
        filled = np.stack([self.perfect(each) for each in images])
        return filled if self.what == "perfect" else (images + filled) / 2

    def perfect(self, image):
        """Every column as if nothing had happened: the mean over lattice cells, by brute force."""
        best = None
        for lattice in JUDGED_LATTICES.values():
            for kind in ("perfect", "edited", "defects"):
                scene = judged_scene(
                    lattice, kind, rng=JUDGE._generator(f"scene {name_of(lattice)} {kind}")
                )
                plain = SceneColumns(
                    scene.places, np.full(len(scene.places), 0.2), np.ones(len(scene.places))
                )
                made = column_image(plain, lattice, shape=image.shape) * 5e3 * 0.04
                error = np.square(made - image).sum()
                if best is None or error < best[0]:
                    best = (error, made)
        return best[1]


def name_of(lattice):
    return next(name for name, each in JUDGED_LATTICES.items() if each == lattice)


def test_an_image_of_the_perfect_lattice_has_no_response():
    found = JUDGE(Altered("perfect"))
    for measure in ("position_response", "scs_response", "vacancy", "half"):
        assert abs(found[f"{measure}@5000"]) < 0.05
    assert found["position_over_bound@5000"] < 0.05  # and yet its errors are the least


def test_dark_vacuum_and_lost_intensity_are_seen():
    assert JUDGE(Altered("dark"))["vacuum@5000"] < -0.03
    assert JUDGE(Altered("paler"))["intensity@5000"] == pytest.approx(0.9, abs=0.02)


def test_an_image_half_filled_has_half_of_the_response(raw):
    """SCS exactly; a displacement nearly, since the sum of two Gaussians is fitted by one."""
    found = JUDGE(Altered("half"))
    for measure in ("scs_response", "vacancy", "half"):
        assert found[f"{measure}@5000"] == pytest.approx(raw[f"{measure}@5000"] / 2, abs=0.02)
    assert found["position_response@5000"] == pytest.approx(
        raw["position_response@5000"] / 2, abs=0.05
    )


def test_a_network_that_collapsed_is_judged_too():
    found = JUDGE(Altered("nothing"))
    assert found["intensity@5000"] == 0.0
    assert found["fitted@5000"] < 0.5  # an empty place that is held has an SCS, of 0
    assert not abs(found["position_response@5000"]) > 0.5  # no number, or none that is large


def test_it_is_a_function_of_its_settings(raw):
    assert JUDGE(load_restorer("raw")) == raw
    other = Faithfulness(seed=1, doses=(5e3,), realizations=2)(load_restorer("raw"))
    assert other["intensity@5000"] != raw["intensity@5000"]


@pytest.mark.parametrize("name", list(JUDGED_LATTICES))
def test_scenes_hold_what_they_say(name):
    lattice = JUDGED_LATTICES[name]
    edited = judged_scene(lattice, "edited", rng=np.random.default_rng(0))
    moved = np.linalg.norm(edited.moved, axis=1)
    assert set(np.round(moved, 6)) == {0.0, SHIFT}
    assert set(np.round(np.abs(edited.changed), 6)) == {0.0, CHANGE}
    assert not ((moved > 0) & (edited.changed != 0)).any()
    defects = judged_scene(lattice, "defects", rng=np.random.default_rng(0))
    assert set(defects.changed) == {0.0, -0.5, -1.0}
    vacancies = defects.places[(defects.changed == -1) & defects.measured]
    for x, y in vacancies:
        assert defects.image[round(y), round(x)] < 0.25 * defects.image.max()
    particle = judged_scene(lattice, "particle", rng=np.random.default_rng(0))
    assert particle.vacuum.sum() > 1000
    assert particle.image[particle.vacuum].max() < 5e-3 * particle.image.max()


def test_impossible_settings_are_refused():
    with pytest.raises(InputError, match="realizations"):
        Faithfulness(realizations=0)


@pytest.mark.slow
def test_the_published_network_fills_vacancies_and_passes_on_less_than_half_of_a_shift():
    found = Faithfulness()(load_restorer("cgrdn@onnx"))
    assert found["position_response@500"] < 0.5
    assert found["vacancy@500"] < 0.9
    # Its dark hole, at the higher dose alone.
    assert found["vacuum@5000"] < -0.05 < found["vacuum@500"]
    assert found["intensity@5000"] < 0.99
