"""Multislice round sites: specimens that share slices, against plain multislice of each."""

import dataclasses
from functools import partial

import numpy as np
import pytest

from cases import get_case
from cases.simulation.block_functions import BlockFunctions, block_reach
from cases.simulation.configuration import probes_of
from cases.simulation.configuration_cache import ConfigurationScan
from cases.simulation.estimate import estimate_changes
from cases.simulation.multislice import (
    abtem_settings,
    configuration_rng,
    displace,
    make_probe,
    make_propagator,
    multislice as plain_multislice,
    transmission,
)
from cases.simulation.shared_slices import multislice_shared
from cases.simulation.sites import scan_sites, scan_specimens
from cases.specimens.kinds.defect_ladder import DEFECTS, slices
from cases.truth.scan_plan import scan_plan
from tests.toy_cases import tiny_particle

ADATOMS = get_case("particle_adatoms")


def displaced(case):
    """Displacement of atoms by the case's own amount, the first configuration of seed 1."""
    rms = case.structure.material.rms_displacement
    return partial(displace, rms=rms, rng=configuration_rng(1, 0))


@pytest.fixture(scope="module")
def block():
    """A small block round a site, on a coarse grid that keeps all physics but high angles."""
    case = get_case("defect_ladder")
    small = dataclasses.replace(
        case,
        simulation=dataclasses.replace(case.simulation, oversampling=4, window=64, points=3),
        microscope=dataclasses.replace(case.microscope, outer=90.0),
        images=case.images[:1],
    )
    with abtem_settings("cpu"):
        (crystal,) = small.structure.blocks(
            {"z05": 5}, reach=block_reach(small.simulation), displace=displaced(small)
        )
        yield small, BlockFunctions(small, crystal)


def test_shared_slices_give_what_each_specimen_gives_alone(block):
    case, functions = block
    specimens = {kind: slices(kind, 5) for kind in DEFECTS}
    places = np.array([[0, 0], [1, 1]])
    together = scan_specimens(case, specimens, functions, places)
    for kind, keys in specimens.items():
        alone = scan_specimens(case, {kind: keys}, functions, places)[kind]
        np.testing.assert_array_equal(together[kind], alone)
    assert len({float(values[0]) for values in together.values()}) == len(DEFECTS)


def test_shared_slices_are_those_of_plain_multislice(block):
    case, functions = block
    pixel = case.simulation.step / case.simulation.oversampling
    centre = np.full((1, 2), 32 * pixel)
    wave = make_probe(case.microscope, extent=64 * pixel, points=64, positions=centre)
    low = functions.middle - 32
    cut = (slice(low, low + 64), slice(low, low + 64))
    keys = slices("plus2", 5)
    settings = {
        "slice_thickness": functions.thickness,
        "microscope": case.microscope,
        "propagator": make_propagator(),
    }
    plain = plain_multislice(wave.copy(), iter([functions.of(k)[cut] for k in keys]), **settings)
    shared = multislice_shared(
        wave.copy(),
        {"plus2": keys, "perfect": slices("perfect", 5)},
        lambda key: functions.of(key)[cut],
        **settings,
    )
    assert shared["plus2"] == pytest.approx(plain[0][0], rel=1e-6)


def test_a_specimen_without_defect_makes_no_difference(block):
    case, functions = block
    two = {"first": slices("perfect", 5), "second": slices("perfect", 5)}
    found = scan_specimens(case, two, functions, np.array([[0, 0]]))
    np.testing.assert_array_equal(found["first"], found["second"])


def test_scan_with_and_without_an_adatom_is_plain_multislice():
    """Both specimens at two places, against slices made of all atoms at once."""
    window, places = 96, np.array([[0, 0], [2, -1]])
    simulation = ADATOMS.simulation
    pixel = simulation.step / simulation.oversampling
    structure = ADATOMS.structure
    particle, second = structure.particle.atoms(), structure.adatoms[1]
    ideal = [particle.positions, *(structure.adatom_position(s)[None] for s in structure.adatoms)]
    moved = displaced(ADATOMS)(np.concatenate(ideal))
    alone, adatom = moved[: len(particle.positions)], moved[len(particle.positions) + 1]
    with abtem_settings("cpu"):
        block = structure.blocks({"particle": 11}, reach=0.0, displace=displaced(ADATOMS))[1]
        functions = BlockFunctions(ADATOMS, block, reach=(window / 2 + 17) * pixel)
        found = scan_specimens(ADATOMS, block.specimens, functions, places, window=window)
        centre = structure.adatom_position(second)[:2]
        np.testing.assert_array_equal(block.centre, centre)
        origin = np.array([*(centre - functions.middle * pixel), 0.0])
        for name, atoms in (("without", alone), ("with", np.concatenate([alone, adatom[None]]))):
            extent = functions.points * pixel
            shifted = atoms - origin
            near = ((shifted[:, :2] >= 0) & (shifted[:, :2] < extent)).all(axis=1)
            layers = transmission(
                shifted[near],
                "Pt",
                extent=extent,
                points=functions.points,
                slices=particle.planes,
                slice_thickness=particle.plane_distance,
                voltage=ADATOMS.microscope.voltage,
            )
            for place, value in zip(places, found[name], strict=True):
                x, y = place * simulation.oversampling + functions.middle - window // 2
                probe = make_probe(
                    ADATOMS.microscope,
                    extent=window * pixel,
                    points=window,
                    positions=np.full((1, 2), window // 2 * pixel),
                )
                expected = plain_multislice(
                    probe,
                    iter(layers[:, x : x + window, y : y + window]),
                    slice_thickness=particle.plane_distance,
                    microscope=ADATOMS.microscope,
                )
                assert value == pytest.approx(float(expected[0, 0]), rel=1e-5)
    assert (found["with"] > found["without"]).all()


def small(name):
    """A case with sites on a coarse grid, all of whose points one configuration visits."""
    case = get_case(name)
    scan = dataclasses.replace(case.simulation, oversampling=4, window=48, points=3, interleave=1)
    return dataclasses.replace(
        case,
        simulation=scan,
        microscope=dataclasses.replace(case.microscope, outer=90.0),
        images=case.images[:1],
    )


@pytest.mark.parametrize(
    ("name", "specimens"), [("defect_ladder", 8), ("particle_adatoms", 8), ("simulated_edits", 6)]
)
def test_a_configuration_holds_every_specimen_at_every_point(name, specimens):
    case = small(name)
    advanced = []
    index, fractions = scan_sites(case, 0, advance=advanced.append)
    assert fractions.shape == (specimens, len(index))
    assert sum(advanced) == probes_of(case, 0)
    for changed, unchanged in case.structure.sites_on_host.compared_rows(case.labels):
        assert not np.array_equal(fractions[changed], fractions[unchanged])


@pytest.mark.parametrize("name", ["defect_ladder", "particle_adatoms", "simulated_edits"])
def test_changes_are_estimated_with_the_scatter_of_repeated_estimates(name):
    """300 estimates from 10 configurations, k = 5 at relative errors 1/√600 of each of 6 points."""
    case = small(name)
    plan = scan_plan(case.simulation)
    rows = case.structure.compared_rows(case.labels)
    rng = np.random.default_rng(2)
    blocks = case.structure.equal_blocks
    points, number = len(plan.points), 1 + max(map(max, rows))
    level = rng.uniform(0.02, 0.04, size=(number, 1))
    estimates, stated = [], []
    for _ in range(300):
        common = 1 + 0.2 * rng.normal(size=(10, 1, 1, points))
        drawn = level * (common + 0.01 * rng.normal(size=(10, blocks, number, points)))
        drawn = drawn.reshape(10, blocks * number, points)
        scans = [ConfigurationScan(np.arange(points), each, 1.0) for each in drawn]
        mean, stderr = estimate_changes(case, plan, scans)
        estimates.append(mean)
        stated.append(stderr)
    changed, unchanged = (level[[pair[which] for pair in rows], 0] for which in (0, 1))
    ratio = case.structure.change == "ratio"
    expected = changed / unchanged - 1 if ratio else changed - unchanged
    scatter = np.std(estimates, axis=0, ddof=1)
    bias = np.mean(estimates, axis=(0, 2)) - expected
    assert (np.abs(bias) < 5 * scatter.max(axis=1) / np.sqrt(300)).all()
    told = np.sqrt(np.mean(np.square(stated), axis=0))
    assert np.abs(told / scatter - 1).max() < 5 / np.sqrt(600)
    one = estimate_changes(case, plan, scans[:1])
    assert np.isnan(one[1]).all()


def test_a_specimen_imaged_as_a_whole_has_no_sites_to_scan():
    with pytest.raises(TypeError, match="no sites"):
        scan_sites(tiny_particle(), 0)
    case = tiny_particle()
    with pytest.raises(TypeError, match="no sites"):
        estimate_changes(case, scan_plan(case.simulation), [])
