"""Pairs of scenes: functions of seed and index, defects that are there and weighted, exclusion."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from cases import CASES
from noise import STUDY_SCAN
from stembench.errors import InputError
from training.specimens.held_out.exclusion import NOTHING_EXCLUDED, case_distances
from training.tuning.judged_lattices import JUDGED_LATTICES
from training.tuning.scene_columns import SceneColumns, cell_weights, column_image, draw_columns
from training.tuning.scene_lattice import SceneLattice
from training.tuning.scene_pair import make_scene_pair
from training.tuning.scene_ranges import JITTERED, LATTICE, RECORDING

SHAPE = (64, 48)


@given(seed=st.integers(0, 2**40), index=st.integers(0, 2**40), before=st.integers(0, 2**40))
@settings(deadline=None, max_examples=10)
def test_a_pair_is_a_function_of_seed_and_index(seed, index, before):
    first = make_scene_pair(seed, index, shape=SHAPE)
    make_scene_pair(seed, before, shape=SHAPE)
    second = make_scene_pair(seed, index, shape=SHAPE)
    for name in ("distorted", "clean", "weights"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
        assert getattr(first, name).shape == SHAPE
        assert np.isfinite(getattr(first, name)).all()
    assert first.clean.min() >= 0


def test_another_seed_or_index_makes_another_pair():
    one = make_scene_pair(1, 1, shape=SHAPE)
    assert not np.array_equal(one.clean, make_scene_pair(1, 2, shape=SHAPE).clean)
    assert not np.array_equal(one.clean, make_scene_pair(2, 1, shape=SHAPE).clean)


def test_a_jittered_scene_is_the_same_scene_under_the_studies_noise_with_much_jitter():
    """Only what is recorded of it differs: the same lattice, and jitter of a size in px."""
    low, high = JITTERED.ranges["jitter"].low, JITTERED.ranges["jitter"].high
    sizes, electrons = [], []
    for index in range(60):
        plain = make_scene_pair(3, index, shape=(16, 16))
        scene = make_scene_pair(3, index, shape=(16, 16), jittered=True)
        assert scene.lattice == plain.lattice
        assert scene.noise.detector == STUDY_SCAN.detector
        sizes += [scene.noise.jitter.sigma_x, scene.noise.jitter.sigma_y]
        electrons.append(scene.electrons)
    sampling = LATTICE.ranges["sampling"]
    assert min(sizes) >= low * sampling.low
    assert max(sizes) <= high * sampling.high
    assert min(electrons) >= JITTERED.ranges["electrons"].low
    # Even in their logarithm: the mean within four standard errors of n = 60.
    ends = np.log([JITTERED.ranges["electrons"].low, JITTERED.ranges["electrons"].high])
    error = (ends[1] - ends[0]) / np.sqrt(12 * 60)
    assert abs(np.log(electrons).mean() - ends.mean()) < 4 * error
    # Negative control: scenes of all kinds of noise lie outside, with no jitter at all in half.
    others = [make_scene_pair(3, index, shape=(16, 16)) for index in range(60)]
    assert sum(other.noise.jitter is None for other in others) > 15
    assert min(other.electrons for other in others) < JITTERED.ranges["electrons"].low


def near(lattice, forbidden):
    """Whether a lattice's shortest vectors, found by hand, are within 5 % of a distance."""
    cell = np.array(lattice.vectors)
    steps = [np.linalg.norm(v) for v in (*cell, cell[0] + cell[1], cell[0] - cell[1])]
    shortest = sorted(steps)[:2]
    return any(abs(s / f - 1) < 0.0499 for s in shortest for f in forbidden)


def test_no_lattice_is_a_case_s_or_a_judged_one():
    forbidden = {each for case in CASES for each in case_distances(case)}
    forbidden |= {np.linalg.norm(v) for each in JUDGED_LATTICES.values() for v in each.vectors}
    kept = [make_scene_pair(5, k, shape=(16, 16)).lattice for k in range(150)]
    assert not any(near(lattice, forbidden) for lattice in kept)
    # Negative control: without the exclusion some are.
    free = [
        make_scene_pair(5, k, shape=(16, 16), exclude=NOTHING_EXCLUDED).lattice for k in range(150)
    ]
    assert sum(near(lattice, forbidden) for lattice in free) > 10


def test_lattices_stay_in_their_range():
    for k in range(60):
        lattice = SceneLattice.sample(np.random.default_rng(k))
        pitch = LATTICE.ranges["pitch"]
        assert pitch.low * 0.999 <= min(np.linalg.norm(lattice.vectors, axis=1))
        assert lattice.distances[0] == pytest.approx(
            min(
                np.linalg.norm(np.array([i, j]) @ np.array(lattice.vectors))
                for i in range(-2, 3)
                for j in range(-2, 3)
                if (i, j) != (0, 0)
            )
        )


def test_columns_are_gaussians_at_sub_pixel_places():
    lattice = SceneLattice(((9.0, 0.0), (0.0, 9.0)), width=2.0, tail=0.2, tail_width=4.0)
    columns = SceneColumns(np.array([[20.3, 30.7], [25.0, 12.2]]), np.array([1.0, 0.5]), np.ones(2))
    image = column_image(columns, lattice, shape=SHAPE)
    rows, across = np.indices(SHAPE)
    twin = np.zeros(SHAPE)
    for (x, y), height in zip(columns.places, columns.heights, strict=True):
        square = (across - x) ** 2 + (rows - y) ** 2
        twin += height * (np.exp(-square / 8) + 0.2 * np.exp(-square / 32))
    assert np.abs(image - twin).max() < 1e-6


def test_defects_and_shifts_are_there_and_weighted():
    """Over many scenes every kind of change occurs, and unchanged columns weigh 1."""
    lattice = SceneLattice(((9.0, 0.0), (0.0, 9.0)))
    seen = {"defect": 0, "shift": 0, "plain": 0}
    for k in range(40):
        columns, atom = draw_columns(
            np.random.default_rng(k), lattice, shape=SHAPE, weights=(7.5, 18.0)
        )
        assert 0 < atom <= 1
        assert set(np.unique(columns.weights)) <= {1.0, 7.5, 18.0}
        assert columns.heights.min() >= 0
        seen["defect"] += int((columns.weights == 7.5).sum())
        seen["shift"] += int((columns.weights == 18.0).sum())
        seen["plain"] += int((columns.weights == 1.0).sum())
        missing = (columns.heights == 0) & (columns.weights == 7.5)
        seen["vacancy"] = seen.get("vacancy", 0) + int(missing.sum())
    assert all(seen.values())
    assert seen["plain"] > seen["defect"] + seen["shift"]


def test_weights_lie_on_the_cells():
    columns = SceneColumns(np.array([[10.0, 20.0], [30.0, 20.0]]), np.ones(2), np.array([1.0, 7.5]))
    weights = cell_weights(columns, radius=4.0, shape=SHAPE)
    rows, across = np.indices(SHAPE)
    expected = np.where((rows - 20) ** 2 + (across - 30) ** 2 <= 16, 7.5, 1.0)
    assert np.array_equal(weights, expected)


def test_half_of_the_pairs_have_counting_alone():
    some = [make_scene_pair(9, k, shape=(16, 16)) for k in range(120)]
    alone = sum(pair.noise.jitter is None and pair.noise.detector is None for pair in some)
    # p = 0.5 and a few of the whole chain without these stages; n = 120: k = 4.
    assert abs(alone / 120 - 0.5) < 4 * np.sqrt(0.25 / 120)
    electrons = RECORDING.ranges["electrons"]
    assert all(electrons.low <= pair.electrons <= electrons.high for pair in some)


@pytest.mark.parametrize(
    ("seed", "index", "shape", "name"),
    [(-1, 0, SHAPE, "seed"), (0, -1, SHAPE, "index"), (0, 0, (8, 40), "side")],
)
def test_impossible_requests_are_refused_in_one_sentence(seed, index, shape, name):
    with pytest.raises(InputError, match=name):
        make_scene_pair(seed, index, shape=shape)
