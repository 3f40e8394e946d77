"""Adatoms on the particle: places, columns, twins, scan against plain multislice, ground truth."""

import dataclasses

import h5py
import numpy as np
import pytest

from cases import get_case
from cases.simulation.adatom_scan import AdatomFunctions, displaced_blocks
from cases.simulation.defect_scan import scan_specimens
from cases.simulation.multislice import (
    abtem_settings,
    configuration_rng,
    make_probe,
    multislice as plain_multislice,
    transmission,
)
from cases.specimens.adatoms import adatom_position, adatoms, site_centre, twins
from cases.specimens.atoms import build
from cases.specimens.descriptions import AdatomSite
from cases.truth.columns import to_pixels
from cases.truth.ground_truth import load_ground_truth
from cases.truth.truth_file import default_path

CASE = get_case("particle_adatoms")
STRUCTURE = CASE.structure
A = STRUCTURE.material.lattice_parameter
#: Atoms of each adatom's column without it, and of the particle it touches.
SITES = {"adatom0": (0, 4), "adatom3": (3, 3), "adatom6": (6, 3), "adatom9": (9, 3)}
#: SHA-256 of the stored differences and their errors.
DATA = "f97876f1778bf2db3eeeb5f031202135d9725280461fd23ae5f840cd1d4e7432"


@pytest.fixture(scope="module")
def truth():
    return load_ground_truth(CASE)


@pytest.mark.parametrize("site", adatoms(STRUCTURE), ids=lambda site: site.kind)
def test_each_adatom_sits_in_a_hollow_at_the_end_of_its_column(site):
    particle = build(STRUCTURE.particle)
    place = adatom_position(STRUCTURE, site)
    column, touched = SITES[site.kind]
    apart = np.linalg.norm(particle.positions - place, axis=1)
    assert (apart < 1.01 * A / np.sqrt(2)).sum() == touched
    assert apart.min() == pytest.approx(A / np.sqrt(2), rel=1e-9)
    own = np.hypot(*(particle.positions[:, :2] - place[:2]).T) < 0.01
    assert own.sum() == column
    # the beam runs along +z
    assert (particle.positions[own, 2] < place[2]).all()
    # on a plane of atoms and not beyond them: the entrance surface stays where it is
    layers = np.unique(particle.positions[:, 2])
    assert np.abs(layers - place[2]).min() < 1e-9


def test_sites_are_apart_and_none_is_the_twin_of_another():
    places = np.array([(site.i, site.j) for site in STRUCTURE.sites])
    apart = np.abs(places[:, None] - places[None]).max(axis=-1)
    np.fill_diagonal(apart, 99)
    assert apart.min() >= 5
    orbits = {tuple(sorted(np.abs(place))) for place in places}
    assert len(orbits) == len(places)


def test_an_adatom_off_the_lattice_is_refused():
    with pytest.raises(ValueError, match="lattice place"):
        AdatomSite("adatom1", (11, 1, 1))
    with pytest.raises(ValueError, match="lattice place"):
        AdatomSite("perfect", (5, 3, 0))


def test_the_column_table_has_the_particle_the_new_column_and_its_empty_twins(truth):
    table = truth.columns("particle")
    host = truth.host.columns("particle")
    assert len(host) == 333
    assert len(table) == 333 + 1 + 7
    assert (table["count"] == 0).sum() == 7
    assert table["count"].sum() == host["count"].sum() + 4
    for site in adatoms(STRUCTURE):
        x, y = to_pixels(CASE, site_centre(STRUCTURE, site))
        here = np.hypot(table["x"] - x, table["y"] - y) < 0.01
        assert table.loc[here, "count"].tolist() == [SITES[site.kind][0] + 1]
        for place in twins(site) * A / 2:
            x, y = to_pixels(CASE, place)
            there = np.hypot(table["x"] - x, table["y"] - y) < 0.01
            assert table.loc[there, "count"].tolist() == [SITES[site.kind][0]]
    assert table["measured"].all()


def test_scan_with_and_without_an_adatom_is_plain_multislice():
    """Both specimens at two places, against slices made of all atoms at once."""
    window, places = 96, np.array([[0, 0], [2, -1]])
    simulation = CASE.simulation
    pixel = simulation.step / simulation.oversampling
    with abtem_settings("cpu"):
        particle, adatom, centre = displaced_blocks(STRUCTURE, rng=configuration_rng(1, 0))[1]
        functions = AdatomFunctions(
            CASE, particle, adatom, centre=centre, reach=(window / 2 + 17) * pixel
        )
        found = scan_specimens(CASE, functions.specimens, functions, places, window=window)
        origin = np.array([*(centre - functions.middle * pixel), 0.0])
        for name, atoms in (
            ("without", particle.positions),
            ("with", np.concatenate([particle.positions, adatom[None]])),
        ):
            extent = functions.points * pixel
            shifted = atoms - origin
            near = ((shifted[:, :2] >= 0) & (shifted[:, :2] < extent)).all(axis=1)
            slices = transmission(
                shifted[near],
                "Pt",
                extent=extent,
                points=functions.points,
                slices=particle.planes,
                slice_thickness=particle.plane_distance,
                voltage=CASE.microscope.voltage,
            )
            for place, value in zip(places, found[name], strict=True):
                x, y = place * simulation.oversampling + functions.middle - window // 2
                probe = make_probe(
                    CASE.microscope,
                    extent=window * pixel,
                    points=window,
                    positions=np.full((1, 2), window // 2 * pixel),
                )
                expected = plain_multislice(
                    probe,
                    iter(slices[:, x : x + window, y : y + window]),
                    slice_thickness=particle.plane_distance,
                    microscope=CASE.microscope,
                )
                assert value == pytest.approx(float(expected[0, 0]), rel=1e-5)
    assert (found["with"] > found["without"]).all()


def test_the_data_that_ship_are_pinned(truth):
    assert truth.scan.hash == DATA
    with h5py.File(default_path(CASE), "r") as file:
        assert file.attrs["data_sha256"] == DATA
    assert default_path(CASE).stat().st_size < 2e5


def test_the_image_is_the_particle_away_from_the_adatoms(truth):
    image, particle = truth.image("particle"), truth.host.image("particle")
    y, x = np.mgrid[: CASE.shape[0], : CASE.shape[1]]
    reach = CASE.simulation.points * CASE.simulation.step / 2 / CASE.sampling
    away = np.ones(CASE.shape, dtype=bool)
    for site in adatoms(STRUCTURE):
        px, py = to_pixels(CASE, site_centre(STRUCTURE, site))
        away &= np.maximum(np.abs(x - px), np.abs(y - py)) > reach
    np.testing.assert_array_equal(image[away], particle[away])
    assert (image != particle).sum() > 1000


def test_an_adatom_scatters_like_an_atom(truth):
    """Lone: as an atom of the bulk of one cell, k = 3 at 5 % standard error; channelled: more."""
    library = load_ground_truth(get_case("pt_bulk"))
    scan = library.scan
    cell = scan.mean[scan.labels.index("z01")].astype(float)
    # Two columns of one atom each in a cell of a/√2 x a/√2, times two.
    per_atom = cell.mean() * A**2 / 4
    step = truth.scan.step
    sums = {
        site.kind: truth.difference(f"particle-{site.kind}").sum() * step**2
        for site in adatoms(STRUCTURE)
    }
    assert sums["adatom0"] == pytest.approx(per_atom, rel=0.15)
    for kind in ("adatom3", "adatom6", "adatom9"):
        assert 1.2 * per_atom < sums[kind] < 2.2 * per_atom


def test_what_an_adatom_adds_ends_within_its_scan(truth):
    rim = np.ones(truth.scan.mean.shape[1:], dtype=bool)
    rim[1:-1, 1:-1] = False
    for label in truth.scan.labels:
        difference = truth.difference(label)
        assert np.abs(difference[rim]).sum() < 0.002 * difference.sum(), label


def test_errors_of_particle_and_adatoms_add_in_squares(truth):
    stderr, host = truth.stderr("particle"), truth.host.stderr("particle")
    assert (stderr >= host * (1 - 1e-12)).all()
    x, y = np.rint(to_pixels(CASE, site_centre(STRUCTURE, STRUCTURE.sites[0]))).astype(int)
    assert stderr[y, x] > host[y, x]
    assert stderr[y, x] < 0.1 * truth.image("particle")[y, x]


def test_another_particle_is_refused(truth):
    from cases.truth.adatom_truth import as_adatoms

    other = dataclasses.replace(
        truth.host,
        case=dataclasses.replace(
            truth.host.case, structure=dataclasses.replace(truth.host.case.structure, radius=5.0)
        ),
    )
    with pytest.raises(ValueError, match="another particle"):
        as_adatoms(truth, other)
