"""Finding columns against scenes whose columns are known, and the score against hand counts."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cases import get_case
from cases.truth.ground_truth import load_ground_truth
from fitting import ColumnModel, find_columns, score_detection
from fitting.search.column_search import strongest_apart
from stembench.errors import InputError

DATA = Path(__file__).parents[2] / "data"


def particle(seed=0):
    """A round particle of columns, thin at its rim, with one vacancy and one add-atom column."""
    rng = np.random.default_rng(seed)
    grid = np.arange(-6, 7) * 9.8
    places = np.array([(x, y) for y in grid for x in grid])
    radius = np.hypot(*places.T)
    inside = (radius < 52) & ~((places == [9.8, -9.8]).all(axis=1))
    places, radius = places[inside], radius[inside]
    thickness = np.maximum(2, np.round(12 * np.sqrt(1 - (radius / 56) ** 2)))
    places = places + 70.0 + rng.normal(0, 0.15, places.shape)
    return ColumnModel(
        x=places[:, 0],
        y=places[:, 1],
        height=0.02 * thickness,
        sigma=np.full(len(places), 2.6),
        shape=(140, 140),
        background=(0.001,),
    )


def truth_of(model):
    return np.column_stack([model.x, model.y])


@pytest.mark.parametrize("dose", [1e3, 5e4, np.inf])
def test_all_columns_of_a_particle_are_found(dose):
    model = particle()
    image = model.image()
    if np.isfinite(dose):
        image = np.random.default_rng(1).poisson(image * dose * 0.04) / (dose * 0.04)
    score = score_detection(find_columns(image), truth_of(model), radius=3.0)
    assert score.precision == 1.0  # nothing at the vacancy, nothing in the vacuum
    assert score.recall == 1.0
    assert score.rms < (0.6 if dose == 1e3 else 0.1)


@pytest.mark.parametrize("seed", [1, 2])
def test_places_taken_apart_are_those_of_the_double_loop(seed):
    rng = np.random.default_rng(seed)
    places = np.round(rng.uniform(0, 60, (300, 2)))  # whole numbers: equal distances occur
    strength = np.round(rng.uniform(0, 1, 300), 1)  # and equal strengths
    taken = []
    for k in np.argsort(-strength, kind="stable"):
        if all(np.hypot(*(places[k] - places[j])) >= 5.0 for j in taken):
            taken.append(k)
    assert strongest_apart(places, strength, apart=5.0).tolist() == sorted(taken)
    assert 20 < len(taken) < 200
    # negative control: the weakest first take others
    assert strongest_apart(places, -strength, apart=5.0).tolist() != sorted(taken)
    assert len(strongest_apart(places[:0], strength[:0], apart=5.0)) == 0


def test_low_dose_loses_thin_columns_first():
    model = particle()
    image = np.random.default_rng(2).poisson(model.image() * 500 * 0.04)
    score = score_detection(find_columns(image), truth_of(model), radius=3.0)
    assert score.precision > 0.97
    assert score.recall > 0.85
    assert (model.height[score.missed] < np.median(model.height)).all()
    # negative control: a threshold in the noise finds columns where there are none
    eager = score_detection(
        find_columns(image, significance=1.0, least=0.0), truth_of(model), radius=3.0
    )
    assert len(eager.false) > len(score.false)


@pytest.mark.parametrize("rate", [0.05, 2.0, 50.0])
def test_nothing_is_found_in_shot_noise(rate):
    image = np.random.default_rng(3).poisson(np.full((128, 128), rate))
    assert len(find_columns(image)) == 0


def test_nothing_is_found_in_a_flat_image():
    assert find_columns(np.full((40, 50), 0.3)).shape == (0, 2)


def test_units_and_missing_pixels_do_not_matter():
    model = particle()
    image = np.random.default_rng(4).poisson(model.image() * 400) / 400
    found = find_columns(image)
    np.testing.assert_allclose(find_columns(7e4 * image), found, atol=1e-4)
    holed = image.copy()
    holed[::17, ::13] = np.nan
    score = score_detection(find_columns(holed), truth_of(model), radius=3.0)
    assert score.f1 > 0.98


def test_ptir_columns_are_found():
    """Against the 140 columns that the example data lists (four fainter ones are not listed)."""
    data = np.load(DATA / "ptir_image.npz")
    score = score_detection(
        find_columns(data["image"].astype(float)), data["positions_px"], radius=6.0
    )
    assert score.recall > 0.98
    assert score.precision > 0.95


def test_score_counts_by_hand():
    truth = [(0, 0), (10, 0), (20, 0), (30, 0)]
    found = [(0.5, 0), (10, 1), (11.5, 0), (50, 0), (20, 0)]
    score = score_detection(found, truth, radius=2.0)
    assert score.precision == pytest.approx(3 / 5)
    assert score.recall == pytest.approx(3 / 4)
    assert score.f1 == pytest.approx(2 * 3 / 9)
    assert score.matches.tolist() == [[0, 0], [1, 1], [4, 2]]
    assert score.missed.tolist() == [3]
    assert score.false.tolist() == [2, 3]
    assert score.rms == pytest.approx(np.sqrt((0.25 + 1.0 + 0.0) / 3))


def test_score_prefers_more_matches_to_nearer_ones():
    score = score_detection([(0.9, 0), (-1.0, 0)], [(0.0, 0), (2.5, 0)], radius=2.0)
    assert len(score.matches) == 2


def test_score_of_nothing():
    none = np.zeros((0, 2))
    assert np.isnan(score_detection(none, none, radius=1.0).f1)
    assert score_detection(none, [(1, 1)], radius=1.0).recall == 0.0
    assert score_detection([(1, 1)], none, radius=1.0).precision == 0.0


@pytest.mark.parametrize(
    ("image", "choice", "message"),
    [
        (np.ones(9), {}, "5 x 5"),
        (np.ones((3, 9)), {}, "5 x 5"),
        (np.full((9, 9), np.nan), {}, "no finite pixel"),
        (np.ones((9, 9)), {"width": -1.0}, "width must be"),
        (np.ones((9, 9)), {"min_distance": np.nan}, "min_distance must be"),
        (np.ones((9, 9)), {"least": 2.0}, "least between"),
    ],
)
def test_bad_input_is_named(image, choice, message):
    with pytest.raises(InputError, match=message):
        find_columns(image, **choice)


def test_bad_radius_and_positions_are_named():
    with pytest.raises(InputError, match="radius"):
        score_detection([(0, 0)], [(0, 0)], radius=0.0)
    with pytest.raises(InputError, match="finite"):
        score_detection([(np.nan, 0)], [(0, 0)], radius=1.0)


@pytest.mark.parametrize("blur", [1.0, 1.5, 2.0])
def test_columns_of_a_blurred_lattice_are_found_although_its_rim_ripples(blur):
    """Spots at the rim of a crystal that the frame cuts once kept the fit from converging."""
    truth = load_ground_truth(get_case("pt_bulk"))
    electrons = 5e4 * 0.04
    counts = np.random.default_rng(0).poisson(truth.image("z20") * electrons) / electrons
    columns = truth.columns("z20")[["x", "y"]].to_numpy()
    last = counts.shape[0] - 1
    inner = columns[((columns > 6) & (columns < last - 6)).all(axis=1)]
    found = find_columns(gaussian_filter(counts, blur))
    found = found[((found > 4) & (found < last - 4)).all(axis=1)]
    score = score_detection(found, inner, radius=2.0)
    assert score.recall == 1.0
    # Outside the inner frame there are columns too; where there is none nothing is found.
    assert all(np.linalg.norm(columns - place, axis=1).min() < 3.0 for place in found)
