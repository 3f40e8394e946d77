"""Structures and their columns against Atomsk's output and against counts made without ASE."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from cases import get_case
from cases.specimens.atoms import fcc_112
from cases.specimens.columns import find_columns
from cases.specimens.dislocation import edge_displacement, insert_edge_dislocation
from cases.specimens.elasticity import CubicStiffness, anisotropic_displacement
from cases.truth.columns import case_columns, to_angstrom, to_pixels
from fitting.lattice.burgers import burgers_circuit
from stembench.errors import InputError

DATA = Path(__file__).parents[2] / "data"
A = 3.9242
BURGERS = A / math.sqrt(2)


@pytest.fixture(scope="module")
def start():
    """The start crystal with its atoms in Atomsk's order: cells follow each other along x."""
    order = np.arange(22 * 9 * 6 * 6).reshape(22, 9, 6, 6).transpose(2, 1, 0, 3).ravel()
    return fcc_112(A, (22, 9, 6), "Pt")[order]


def dislocate(start, **changes):
    options = {
        "burgers": BURGERS,
        "center": (11.25 * BURGERS, 4.5 * math.sqrt(3) * A),
        "poisson_ratio": 0.39,
        "mode": "edge_rm",
    }
    return insert_edge_dislocation(start, **(options | changes))


def test_removed_half_plane_equals_atomsk_atom_by_atom(start):
    with np.load(DATA / "atomsk_edge_rm_iso.npz") as reference:
        expected = {name: reference[name] for name in ("start_index", "x", "y")}
    atoms, index = dislocate(start)
    np.testing.assert_array_equal(index, expected["start_index"])
    # Atomsk prints eight decimals of coordinates and of the start's coordinates.
    np.testing.assert_allclose(atoms.positions[:, 0], expected["x"], rtol=0, atol=2e-8)
    np.testing.assert_allclose(atoms.positions[:, 1], expected["y"], rtol=0, atol=2e-8)
    np.testing.assert_allclose(atoms.positions[:, 2], start.positions[index, 2], atol=1e-12)
    assert len(atoms) == 6960
    assert atoms.cell.lengths()[0] == pytest.approx(22 * BURGERS - BURGERS / 2)
    # Negative control: another Poisson ratio moves atoms by far more than the tolerance.
    other, _ = dislocate(start, poisson_ratio=0.38)
    assert np.abs(other.positions[:, 1] - expected["y"]).max() > 1e-3


def test_anisotropic_field_equals_atomsk_atom_by_atom(start):
    with np.load(DATA / "atomsk_edge_aniso.npz") as reference:
        expected = np.stack([reference[axis] for axis in "xyz"], axis=1)
    atoms, index = dislocate(start, mode="edge", elastic=CubicStiffness(346.7, 250.7, 76.5))
    np.testing.assert_array_equal(index, np.arange(len(start)))
    np.testing.assert_allclose(atoms.positions, expected, rtol=0, atol=2e-8)
    # Negative control: a stiffness one per cent off moves atoms by far more than the tolerance.
    other, _ = dislocate(start, mode="edge", elastic=CubicStiffness(346.7, 250.7, 75.7))
    assert np.abs(other.positions - expected).max() > 1e-4


def test_anisotropic_field_tends_to_the_isotropic_one():
    """C44 close to (C11 - C12) / 2; both fields up to a rigid shift and their different cuts."""
    rng = np.random.default_rng(8)
    x, y = rng.uniform(1, 30, size=50), rng.uniform(-30, 30, size=50)
    nu, shear = 0.3, 1.0
    c12 = 2 * shear * nu / (1 - 2 * nu)
    nearly = CubicStiffness(c12 + 2 * shear, c12, shear * 1.001)
    found = anisotropic_displacement(x, y, burgers=np.array([1.0, 0, 0]), stiffness=nearly)
    ux, uy = edge_displacement(x, y, burgers=1.0, poisson_ratio=nu)
    for one, other in ((found[:, 0], ux), (found[:, 1], uy)):
        np.testing.assert_allclose(one - one.mean(), other - other.mean(), atol=1e-3)


@pytest.mark.parametrize("constants", [(1.0, 2.0, 1.0), (1.0, 0.0, -1.0), (1.0, -0.6, 1.0),
                                       (math.nan, 1.0, 1.0)])  # fmt: skip
def test_unstable_crystals_are_refused(constants):
    with pytest.raises(InputError, match="not those of a stable"):
        CubicStiffness(*constants)


def test_anisotropic_elasticity_is_refused_where_it_does_not_apply(start):
    stiffness = CubicStiffness(346.7, 250.7, 76.5)
    with pytest.raises(InputError, match="not in 'edge_rm'"):
        dislocate(start, elastic=stiffness)
    with pytest.raises(InputError, match="isotropic"):
        dislocate(start, mode="edge", elastic=CubicStiffness(3.0, 1.0, 1.0))
    with pytest.raises(InputError, match="perpendicular unit vectors"):
        CubicStiffness(346.7, 250.7, 76.5, axes=((1, 0, 0), (1, 1, 0), (0, 0, 1)))


def test_modes_change_the_number_of_atoms_and_the_box_as_they_should(start):
    only_displaced, index = dislocate(start, mode="edge")
    assert len(only_displaced) == len(start)
    np.testing.assert_array_equal(index, np.arange(len(start)))
    assert only_displaced.cell.lengths()[0] == pytest.approx(22 * BURGERS)
    added, index = dislocate(start, mode="edge_add")
    # 27 planes of columns, the core between the 14th and the 15th: 13 lie above it. One Burgers
    # vector holds two columns of each plane, of six atoms each.
    assert len(added) - len(start) == 13 * 2 * 6
    np.testing.assert_array_equal(index[: len(start)], np.arange(len(start)))
    assert added.cell.lengths()[0] == pytest.approx(22.5 * BURGERS)


@pytest.mark.parametrize("mode", ["edge", "edge_add", "edge_rm"])
@pytest.mark.parametrize("sign", [1, -1])
def test_burgers_circuit_closes_with_b_round_the_core_and_with_zero_beside_it(start, mode, sign):
    atoms, _ = dislocate(start, mode=mode, burgers=sign * BURGERS)
    columns, _ = find_columns(atoms.positions)
    core = np.array([11.25 * BURGERS, 4.5 * math.sqrt(3) * A])
    near = columns[np.abs(columns - core).max(axis=1) < 24]
    around = burgers_circuit(near, centre=core)
    # The side with the extra half plane is walked towards -x; strain at 20 Å is b / (2 pi r).
    assert around.closure == pytest.approx([-sign * BURGERS, 0.0], abs=0.05 * BURGERS)
    # Negative control: all columns to one side of the core.
    left = columns[columns[:, 0] < core[0] - 6]
    beside = burgers_circuit(left, centre=left.mean(axis=0))
    np.testing.assert_allclose(beside.closure, 0, atol=0.05 * BURGERS)


def test_displacement_jumps_by_half_a_burgers_vector_on_each_side_of_the_cut():
    above = [edge_displacement(np.array([x]), np.array([9.0]), burgers=2.0, poisson_ratio=0.3)
             for x in (-1e-9, 1e-9)]  # fmt: skip
    assert above[1][0][0] - above[0][0][0] == pytest.approx(1.0, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(
    x=st.floats(3.0, 40.0),
    y=st.floats(-40.0, -3.0),
    nu=st.floats(0.0, 0.45),
)
def test_displacement_field_obeys_isotropic_elasticity(x, y, nu):
    """Navier: (1 - 2 nu) laplacian u + grad div u = 0, by central differences."""
    h = 1e-3

    def u(i, j):
        ux, uy = edge_displacement(
            np.array([x + i * h]), np.array([y + j * h]), burgers=1.0, poisson_ratio=nu
        )
        return np.array([ux[0], uy[0]])

    xx = (u(1, 0) - 2 * u(0, 0) + u(-1, 0)) / h**2
    yy = (u(0, 1) - 2 * u(0, 0) + u(0, -1)) / h**2
    xy = (u(1, 1) - u(1, -1) - u(-1, 1) + u(-1, -1)) / (4 * h**2)
    divergence = np.array([xx[0] + xy[1], xy[0] + yy[1]])
    residual = (1 - 2 * nu) * (xx + yy) + divergence
    # Round-off of second differences: a few 1e-16 / h² times displacements of order one. The
    # differences' own error, h²/12 times a fourth derivative of about 4 / r⁴, is 1e-9 from r = 4.
    np.testing.assert_allclose(residual, 0, atol=2e-8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"center": (0.0, 0.0)}, "an atom lies on the dislocation line"),
        ({"poisson_ratio": 0.5}, "Poisson ratio"),
        ({"poisson_ratio": math.nan}, "Poisson ratio"),
        ({"burgers": 0.0}, "Burgers vector"),
        ({"burgers": math.inf}, "Burgers vector"),
        ({"mode": "screw"}, "screw"),
    ],
)
def test_unusable_arguments_are_refused(start, change, message):
    with pytest.raises(InputError, match=message):
        dislocate(start, **change)


def test_a_slanted_box_is_refused(start):
    slanted = start.copy()
    slanted.cell[0, 1] = 1.0
    with pytest.raises(InputError, match="cuboid"):
        dislocate(slanted)


def sphere_counts(limit):
    """Atoms per column of an fcc sphere in units of a/2: i + j + k even, i² + j² + k² <= limit."""
    reach = range(-math.isqrt(limit), math.isqrt(limit) + 1)
    return Counter(
        (i, j)
        for i in reach
        for j in reach
        for k in reach
        if (i + j + k) % 2 == 0 and i * i + j * j + k * k <= limit
    )


def test_nanoparticle_has_333_columns_with_the_counts_of_the_lattice():
    case = get_case("nanoparticle")
    table = case_columns(case, "particle")
    expected = sphere_counts(104)
    assert len(table) == len(expected) == 333
    assert table["count"].sum() == sum(expected.values()) == 2243
    assert table["measured"].all()
    assert len(sphere_counts(121)) == 373  # negative control: a diameter of 11 cells
    half = case.structure.material.lattice_parameter / 2
    places = to_angstrom(case, table[["x", "y"]].to_numpy()) / half
    found = {(int(i), int(j)): n for (i, j), n in zip(np.rint(places), table["count"], strict=True)}
    np.testing.assert_allclose(places, np.rint(places), atol=1e-9)
    assert found == expected


@pytest.mark.parametrize("label", ["z01", "z02", "z75"])
def test_bulk_columns_hold_one_atom_per_cell_on_a_lattice_of_half_a_cell(label):
    case = get_case("pt_bulk")
    table = case_columns(case, label)
    assert (table["count"] == int(label[1:])).all()
    pitch = A / 2 / case.sampling
    for axis in ("x", "y"):
        lines = np.unique(table[axis].round(6))
        np.testing.assert_allclose(np.diff(lines), pitch, atol=1e-5)
        assert lines[0] < pitch
        assert lines[-1] > 127 - pitch
    assert table["measured"].sum() == 64
    block = table[table["measured"]]
    assert len(block["x"].round(3).unique()) == len(block["y"].round(3).unique()) == 8
    # Innermost: no line left out is nearer the centre than one kept.
    for axis in ("x", "y"):
        kept = np.abs(block[axis] - 63.5).max()
        left = table.loc[~table[axis].round(3).isin(block[axis].round(3)), axis]
        assert np.abs(left - 63.5).min() > kept


def test_bulk_columns_lie_at_many_phases_of_a_pixel():
    table = case_columns(get_case("pt_bulk"), "z10")
    phases = np.unique((table["x"] % 1).round(3))
    assert len(phases) >= 10
    assert np.abs(phases[:, None] - np.array([0.0, 0.5])).min() > 0.005


def test_dislocation_columns_hold_six_atoms_and_are_strained_round_the_core():
    case = get_case("edge_dislocation")
    table = case_columns(case, "core", reach=case.margin)
    assert (table["count"] == 6).all()
    places = to_angstrom(case, table[["x", "y"]].to_numpy())
    near = np.hypot(*places.T) <= 8.0
    np.testing.assert_array_equal(table["measured"], near & table["inside"])
    assert 50 <= near.sum() <= 75  # pi 8² / (1.387 * 2.266) = 64
    distance = np.sort(np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)), axis=1)
    # The nearest neighbour is half a Burgers vector away, but for the strain of the core.
    assert np.median(distance[:, 1]) == pytest.approx(BURGERS / 2, rel=0.02)
    assert distance[:, 1].min() > 1.15


def test_pixels_and_angstroms_are_inverse_and_ordered_x_before_y():
    case = get_case("edge_dislocation")
    assert to_pixels(case, np.zeros((1, 2)))[0] == pytest.approx(
        [63.5 + 0.0531 / 0.2, 63.5 - 0.0817 / 0.2]
    )
    places = np.random.default_rng(0).normal(size=(20, 2))
    for sampling in (None, 0.1):
        pixels = to_pixels(case, places, sampling=sampling)
        np.testing.assert_allclose(to_angstrom(case, pixels, sampling=sampling), places, atol=1e-12)


def test_columns_are_found_whatever_the_order_of_the_atoms():
    rng = np.random.default_rng(1)
    positions = get_case("nanoparticle").structure.atoms().positions
    centres, counts = find_columns(positions)
    shuffled, same = find_columns(positions[rng.permutation(len(positions))])
    np.testing.assert_allclose(shuffled, centres, atol=1e-12)
    np.testing.assert_array_equal(same, counts)


@pytest.mark.parametrize("name", ["pt_bulk", "edge_dislocation", "nanoparticle"])
def test_atomic_planes_lie_at_the_centres_of_slices(name):
    specimen = get_case(name).structure.atoms()
    layer = specimen.positions[:, 2] / specimen.plane_distance
    np.testing.assert_allclose(layer - np.floor(layer), 0.5, atol=1e-9)
    assert layer.max() + 0.5 == pytest.approx(specimen.planes)
