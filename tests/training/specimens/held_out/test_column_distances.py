"""Distances of columns, against textbook lattices and a brute-force twin."""

import numpy as np
import pytest

from training.specimens.held_out.column_distances import column_distances, projected_distances

FCC = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
DIAMOND = np.concatenate([FCC, FCC + 0.25])
BCC = np.array([[0, 0, 0], [0.5, 0.5, 0.5]])
HEXAGONAL = np.array([[1, 0, 0], [-0.5, 3**0.5 / 2, 0], [0, 0, 1.633]])
HCP = np.array([[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]])


@pytest.mark.parametrize(
    ("vectors", "places", "axis", "expected"),
    [
        (np.eye(3), FCC, (0, 0, 1), (0.5, 0.5)),
        (np.eye(3), FCC, (1, 1, 0), (0.75**0.5 / 2**0.5, 0.75**0.5 / 2**0.5)),
        (np.eye(3), FCC, (1, 1, 2), (8**-0.5, 3**-0.5)),
        (np.eye(3), FCC, (1, 1, 1), (6**-0.5, 6**-0.5)),
        (np.eye(3), BCC, (0, 0, 1), (2**-0.5, 2**-0.5)),
        # A dumbbell, and the neighbour in another direction.
        (np.eye(3), DIAMOND, (1, 1, 0), (0.25, (3 / 16) ** 0.5)),
        (HEXAGONAL, HCP, (0, 0, 1), (3**-0.5, 3**-0.5)),
    ],
)
@pytest.mark.parametrize("edge", [2.9, 5.43])
def test_known_projections(vectors, places, axis, expected, edge):
    found = projected_distances(edge * vectors, places, axis=axis)
    assert found == pytest.approx(edge * np.array(expected), rel=1e-6)


def brute_force(vectors, places, axis):
    """All atoms of a block, projected; distances of the columns of its middle cell."""
    steps = np.stack(np.meshgrid(*[np.arange(-6, 7)] * 3), axis=-1).reshape(-1, 3)
    beam = np.array(axis) @ vectors
    beam /= np.linalg.norm(beam)
    atoms = (places[None] + steps[:, None]).reshape(-1, 3) @ vectors
    atoms -= (atoms @ beam)[:, None] * beam
    middle = atoms[len(places) * int((np.abs(steps).sum(axis=1) == 0).argmax()) :][: len(places)]
    nearest, others = [], []
    for centre in middle:
        away = atoms - centre
        length = np.linalg.norm(away, axis=1)
        length[length < 0.3] = np.inf
        first = away[length.argmin()]
        across = np.linalg.norm(np.cross(away, first), axis=1)
        nearest.append(length.min())
        apart = across >= 0.3 * np.linalg.norm(away, axis=1) * np.linalg.norm(first)
        others.append(length[apart].min())
    return np.median(nearest), np.median(others)


@pytest.mark.parametrize("seed", range(8))
def test_it_is_what_all_atoms_of_a_block_show(seed):
    rng = np.random.default_rng(seed)
    vectors = 4 * np.eye(3) + rng.uniform(-0.8, 0.8, (3, 3))
    places = np.array([[0.1, 0.2, 0.3], [0.5, 0.35, 0.75]])  # columns that nowhere coincide
    axis = [(0, 0, 1), (1, 0, 0), (0, 1, 0), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1), (1, 1, 2)]
    found = projected_distances(vectors, places, axis=axis[seed])
    assert found == pytest.approx(brute_force(vectors, places, axis[seed]), rel=1e-6)


def test_a_single_row_has_no_second_distance():
    first, second = column_distances(np.array([[0.0, 0], [2.0, 0], [4.0, 0]]))
    assert first == 2.0
    assert np.isnan(second)
