"""Burgers circuits on a Volterra dislocation, a perfect lattice and damaged positions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.burgers import burgers_circuit, lattice_vectors
from tests.records_factory import dislocated_columns

BURGERS = 2.775
CENTRE = np.zeros(2)


def perfect_columns() -> np.ndarray:
    x, y = np.meshgrid((np.arange(-9, 9) + 0.5) * 1.3874, (np.arange(-5, 5) + 0.5) * 2.2657)
    return np.stack([x.ravel(), y.ravel()], axis=1)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_closure_is_the_burgers_vector(sign: float) -> None:
    found = burgers_circuit(dislocated_columns(burgers=sign * BURGERS), centre=CENTRE)
    assert found is not None
    # Elastic strain at the circuit's distance of some 9 Å is b / (2 pi r), about 5 % per step.
    assert np.linalg.norm(found.closure) == pytest.approx(BURGERS, rel=0.1)
    assert abs(found.closure[1]) < 0.1 * BURGERS
    assert np.sign(found.closure[0]) == -sign
    assert len(found.path) == 2 * sum(found.steps) + 1


def test_a_perfect_lattice_closes() -> None:
    found = burgers_circuit(perfect_columns(), centre=CENTRE)
    assert found is not None
    assert found.closure == pytest.approx((0.0, 0.0), abs=1e-12)


def test_a_circuit_beside_the_core_closes() -> None:
    """Negative control: the same crystal, a walk that leaves the core outside."""
    columns = dislocated_columns(half=13.5)
    left = columns[columns[:, 0] < -1.5]
    found = burgers_circuit(left, centre=np.array([-7.5, 0.0]))
    assert found is not None
    assert np.linalg.norm(found.closure) < 0.3


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.sampled_from([0.0, 0.02, 0.06]))
def test_noise_moves_the_closure_no_more_than_its_ends(seed: int, share: float) -> None:
    columns = dislocated_columns()
    noise = np.random.default_rng(seed).normal(size=columns.shape) * share
    found = burgers_circuit(columns + noise, centre=CENTRE)
    assert found is not None
    # Start and finish are single columns: sqrt(2) share per axis, k = 5, and the strain above.
    assert abs(np.linalg.norm(found.closure) - BURGERS) < 0.1 * BURGERS + 5 * np.sqrt(2) * share


def test_missing_columns_give_no_circuit() -> None:
    columns = dislocated_columns()
    rng = np.random.default_rng(3)
    columns[rng.random(len(columns)) < 0.5] = np.nan
    assert burgers_circuit(columns, centre=CENTRE) is None
    assert burgers_circuit(columns[:5], centre=CENTRE) is None


def test_lattice_vectors_of_a_rotated_lattice() -> None:
    angle = 0.2
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    vectors = lattice_vectors(perfect_columns() @ rotation.T)
    assert vectors is not None
    assert vectors[0] == pytest.approx(rotation @ np.array([1.3874, 0.0]), abs=1e-9)
    assert vectors[1] == pytest.approx(rotation @ np.array([0.0, 2.2657]), abs=1e-9)
