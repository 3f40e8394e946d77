"""Burgers circuits on a Volterra dislocation, a perfect lattice and damaged positions."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from fitting.lattice.burgers import burgers_by_phase, burgers_circuit, lattice_vectors
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


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_phases_wind_by_the_burgers_vector(sign: float) -> None:
    columns = dislocated_columns(burgers=sign * BURGERS)
    found = burgers_by_phase(columns, centre=CENTRE, radius=8.0)
    walked = burgers_circuit(columns, centre=CENTRE)
    assert found is not None
    assert walked is not None
    # A lattice vector exactly; the mean lattice differs from the perfect one by its strain.
    assert found == pytest.approx([-sign * BURGERS, 0.0], abs=0.02 * BURGERS)
    assert np.dot(found, walked.closure) > 0
    assert burgers_by_phase(perfect_columns(), centre=CENTRE, radius=8.0) == pytest.approx(
        (0.0, 0.0), abs=1e-12
    )


def test_noise_makes_phases_unreadable_before_it_makes_them_wrong() -> None:
    """60 draws at each noise; a wrong vector would be a whole lattice vector away."""
    columns = dislocated_columns()
    rng = np.random.default_rng(8)
    read = {}
    for noise in (0.05, 0.13, 0.2, 0.3):
        draws = [
            burgers_by_phase(
                columns + rng.normal(scale=noise, size=columns.shape), centre=CENTRE, radius=8.0
            )
            for _ in range(60)
        ]
        closures = [closure for closure in draws if closure is not None]
        read[noise] = len(closures)
        right = [np.hypot(closure[0] + BURGERS, closure[1]) < 0.5 for closure in closures]
        assert sum(right) >= len(right) - 1
    assert read[0.05] == 60
    assert read[0.13] >= 54
    assert read[0.3] < 30  # negative control: it does say that it cannot read
    strewn = rng.uniform(-12, 12, size=columns.shape)
    assert burgers_by_phase(strewn, centre=CENTRE, radius=8.0) is None
    assert burgers_by_phase(columns[:5], centre=CENTRE, radius=8.0) is None


def test_lattice_vectors_are_not_shortened_by_noise() -> None:
    """The nearest neighbour is too near by some 0.6 of the noise of a difference."""
    columns = perfect_columns()
    rng = np.random.default_rng(5)
    noise = 0.15
    found = [
        lattice_vectors(columns + rng.normal(scale=noise, size=columns.shape)) for _ in range(40)
    ]
    length = np.mean([vectors[0][0] for vectors in found if vectors is not None])
    # 40 draws of some 170 differences, each with 2^½ noise, which telescope along a row: k = 5.
    assert length == pytest.approx(1.3874, abs=5 * noise * np.sqrt(2 / (40 * 170)))
