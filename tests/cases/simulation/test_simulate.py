"""The simulation end to end at toy size: against abTEM's own scan, resumption, same bits."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cases import CASES, get_case
from cases.simulation.configuration import probes_of, simulate_configuration
from cases.simulation.configuration_cache import ConfigurationScan as Scanned, cache_folder
from cases.simulation.estimate import average, estimate, scatter_of_neighbours
from cases.simulation.multislice import make_probe, multislice, transmission
from cases.simulation.simulate import Amount, combine, shipped_amount, simulate
from cases.specimens.symmetry import POINT_GROUP
from cases.truth.scan_plan import deal, scan_plan
from cases.truth.truth_file import default_path, read_scan
from stembench.errors import InputError
from tests.toy_cases import tiny_bulk, tiny_particle

ROOT = Path(__file__).parents[3]


def still(case):
    """The case without thermal displacements."""
    material = dataclasses.replace(case.structure.material, rms_displacement=0.0)
    return dataclasses.replace(
        case, structure=dataclasses.replace(case.structure, material=material)
    )


@pytest.mark.slow
def test_multislice_equals_abtems_own_scan():
    """Potential, probe, propagation and detector through `abtem.Probe.scan` alone."""
    import abtem
    from ase import Atoms

    from cases.simulation.multislice import abtem_settings

    microscope = tiny_bulk().microscope
    extent, points, thickness = 7.8484, 96, 1.9621
    positions = np.random.default_rng(4).uniform(0, 1, size=(80, 3)) * [
        extent,
        extent,
        6 * thickness,
    ]
    places = np.array([[1.0, 2.0], [3.3, 0.4], [6.1, 5.2]])
    with abtem_settings("cpu"):
        atoms = Atoms("Pt80", positions=positions, cell=(extent, extent, 6 * thickness), pbc=True)
        potential = abtem.Potential(
            atoms,
            gpts=points,
            slice_thickness=(thickness,) * 6,
            projection="infinite",
            exit_planes=2,
        )
        probe = abtem.Probe(energy=300e3, semiangle_cutoff=21.4, extent=extent, gpts=points)
        expected = (
            probe.scan(
                potential,
                scan=abtem.CustomScan(places),
                detectors=abtem.AnnularDetector(inner=25, outer=55),
                lazy=False,
            ).array[1:]  # without the entrance plane
        )
        functions = transmission(
            positions, "Pt", extent=extent, points=points, slices=6,
            slice_thickness=thickness, voltage=300e3,
        )  # fmt: skip
        waves = make_probe(microscope, extent=extent, points=points, positions=places)
        found = multislice(
            waves, iter(functions), slice_thickness=thickness, microscope=microscope, exit_every=2
        )
    assert found.shape == expected.shape == (3, 3)
    assert found.min() > 1e-3
    # Single precision: 6e-8 per operation, some hundred of them.
    np.testing.assert_allclose(found, expected, rtol=2e-5)
    assert np.abs(found[2] / found[1] - 1).max() > 0.01  # negative control: planes differ


def test_window_scan_is_symmetric_and_ends_in_vacuum():
    """Without displacements all equivalent places give the same, which the random choice tests."""
    case = still(tiny_particle())
    plan = scan_plan(case.simulation)
    first, second = (
        [simulate_configuration(case, start + k) for k in range(4)] for start in (0, 4)
    )
    for (index, values), (same, other) in zip(first, second, strict=True):
        np.testing.assert_array_equal(index, same)
        np.testing.assert_allclose(values, other, rtol=3e-3)
    mean, _ = average(plan, [Scanned(i, v, 0.0) for i, v in first], images=1)
    full = plan.expand(mean)[0]
    assert full.shape == (13, 13)
    np.testing.assert_allclose(full, full.T, rtol=1e-12)
    np.testing.assert_allclose(full, full[::-1], rtol=1e-12)
    # Two atoms above each other at half a cell along an axis, 4.4 steps; one atom in the middle.
    assert {int(np.abs(np.array(np.unravel_index(full.argmax(), full.shape)) - 6).max())} == {4}
    assert full[6, 6] == full[5:8, 5:8].max()
    assert full[0, 0] < 0.05 * full.max()


def test_supercell_places_are_equivalent_to_the_planned_points():
    case = still(tiny_bulk())
    one, two = (simulate_configuration(case, k)[1] for k in (0, 1))
    np.testing.assert_allclose(one, two, rtol=2e-4)
    displaced = simulate_configuration(tiny_bulk(), 0)[1]
    assert np.abs(displaced / one - 1).max() > 0.01  # negative control: displacements show


def test_each_configuration_visits_its_own_points_and_all_together_visit_all():
    simulation = get_case("nanoparticle").simulation
    plan = scan_plan(simulation)
    seen = np.concatenate(
        [
            deal(plan, k, rng=np.random.default_rng(k), simulation=simulation)[0]
            for k in range(plan.groups)
        ]
    )
    np.testing.assert_array_equal(np.sort(seen), np.arange(len(plan.points)))
    _, places = deal(plan, 0, rng=np.random.default_rng(0), simulation=simulation)
    octants = {tuple(np.sign(place)) for place in places[0] if place.all()}
    assert len(octants) == 4


def test_coarse_places_are_all_equivalent_places():
    simulation = get_case("nanoparticle").simulation
    plan = scan_plan(simulation)
    rng = np.random.default_rng(0)
    index, places = deal(plan, 3, rng=rng, simulation=simulation, repetitions=8)
    assert places.shape == (8, len(index), 2)
    for point, found in zip(plan.points[index], places.swapaxes(0, 1), strict=True):
        images = {tuple(operation @ point) for operation in POINT_GROUP}
        assert {tuple(place) for place in found} == images
    with pytest.raises(ValueError, match="no 9 places"):
        deal(plan, 3, rng=rng, simulation=simulation, repetitions=9)


def test_bulk_wedge_has_thirty_points_and_unfolds_with_the_group():
    plan = scan_plan(get_case("pt_bulk").simulation)
    assert len(plan.points) == 30
    values = np.arange(30.0)[None]
    full = plan.expand(values)[0]
    np.testing.assert_array_equal(full, np.roll(full, (9, 9), axis=(0, 1)))
    np.testing.assert_array_equal(full, full.T)
    np.testing.assert_array_equal(full[1:], full[1:][::-1])
    assert full[0, 0] != full[0, 9]  # the two kinds of columns are not taken as equal
    assert len(POINT_GROUP) == len({op.tobytes() for op in POINT_GROUP}) == 8


def test_sparse_outside_is_interpolated_to_the_value_of_a_smooth_image():
    simulation = dataclasses.replace(
        get_case("nanoparticle").simulation, points=61, fine_radius=4.0
    )
    plan = scan_plan(simulation)
    radius = np.hypot(*plan.points.T) * simulation.step
    full = plan.expand(np.exp(-radius / 4)[None])[0]
    y, x = np.mgrid[-30:31, -30:31] * simulation.step
    np.testing.assert_allclose(full, np.exp(-np.hypot(x, y) / 4), atol=2e-4)


def test_average_is_mean_and_standard_error():
    plan = scan_plan(tiny_bulk().simulation)
    n = len(plan.points)
    samples = np.random.default_rng(5).normal(size=(7, 2, n))
    scans = [Scanned(np.arange(n), sample, 0.0) for sample in samples]
    mean, stderr = average(plan, scans, images=2)
    np.testing.assert_allclose(mean, samples.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(stderr, samples.std(axis=0, ddof=1) / np.sqrt(7), atol=1e-12)
    assert np.isnan(average(plan, scans[:1], images=2)[1]).all()
    with pytest.raises(ValueError, match="full scans"):
        average(plan, [Scanned(np.arange(n - 1), samples[0, :, 1:], 0.0)], images=2)


SCRIPT = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from toy_cases import tiny_bulk
from cases.simulation.simulate import Amount, simulate
simulate(tiny_bulk(), Amount(400), folder=Path({folder!r}), output=Path({output!r}))
"""


@pytest.mark.slow
def test_a_killed_run_continues_and_ends_with_the_same_bits(tmp_path):
    case = tiny_bulk()
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    script = SCRIPT.format(
        root=str(ROOT), tests=str(ROOT / "tests"), folder=str(killed), output=str(tmp_path / "x.h5")
    )
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", script])
    third = cache_folder(case, killed) / "configuration_00002.npz"
    deadline = time.monotonic() + 120
    while not third.exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    done = len(list(cache_folder(case, killed).glob("configuration_*.npz")))
    assert 3 <= done < 400
    stamp = third.stat().st_mtime_ns

    n = done + 2
    simulate(case, Amount(n), folder=killed, output=tmp_path / "a.h5")
    assert third.stat().st_mtime_ns == stamp  # what was done is not done again
    simulate(case, Amount(n), folder=whole, output=tmp_path / "b.h5")
    resumed, provenance, _ = read_scan(tmp_path / "a.h5")
    straight, _, _ = read_scan(tmp_path / "b.h5")
    assert resumed.hash == straight.hash
    assert provenance["configurations"] == provenance["samples_per_point"] == n
    assert provenance["versions"]["abtem"]
    assert provenance["made_by"] == "stembench simulate"
    # Physics at toy size: the corner column scatters more than the middle between columns.
    assert (resumed.mean[:, 0, 0] > 3 * resumed.mean[:, 1, 1]).all()
    assert resumed.mean[1].mean() > 1.5 * resumed.mean[0].mean()
    fewer = combine(case, Amount(2), folder=whole, output=tmp_path / "c.h5")
    assert read_scan(fewer)[0].hash != straight.hash


def test_partial_images_unknown_devices_and_missing_configurations_are_refused(tmp_path):
    case = tiny_particle()
    with pytest.raises(InputError, match="positive multiple of 4"):
        simulate(case, Amount(3), folder=tmp_path)
    with pytest.raises(InputError, match="neither 'cpu' nor 'gpu'"):
        simulate(case, Amount(4), folder=tmp_path, device="tpu")
    with pytest.raises(InputError, match="is missing"):
        combine(case, Amount(4), folder=tmp_path, output=tmp_path / "x.h5")
    with pytest.raises(InputError, match="3 coarse"):
        simulate(case, Amount(4, coarse=3), folder=tmp_path)
    with pytest.raises(InputError, match=r"at least 8 .* not 4: .*; raise --configurations"):
        simulate(case, Amount(4, coarse=4), folder=tmp_path)
    assert not list(tmp_path.rglob("*.npz"))  # refused before anything was simulated
    plain = dataclasses.replace(case, simulation=dataclasses.replace(case.simulation, coarse=None))
    with pytest.raises(InputError, match="no coarse level"):
        simulate(plain, Amount(4, coarse=4), folder=tmp_path)
    with pytest.raises(ValueError, match="no coarse level"):
        simulate_configuration(plain, 0, level="paired")
    assert not (tmp_path / "x.h5").exists()


def test_the_work_that_is_announced_is_the_work_that_is_done(tmp_path):
    case = tiny_particle()
    announced, steps = [], []
    common = {"folder": tmp_path, "announce": announced.append, "progress": steps.append}
    simulate(case, Amount(4), output=tmp_path / "a.h5", **common)
    (total,) = announced
    assert total > 0
    assert len(steps) > 1
    assert sum(steps) == pytest.approx(total)
    # what the cache holds is no work any more
    simulate(case, Amount(4), output=tmp_path / "b.h5", **common)
    assert announced == [total, 0]
    assert sum(steps) == pytest.approx(total)


def test_without_a_number_as_many_configurations_are_made_as_ship():
    for case in CASES:
        if case.structure.edits_on_host is not None:
            with pytest.raises(InputError, match="is not simulated"):
                shipped_amount(case)
            continue
        shipped = read_scan(default_path(case))[1]
        amount = shipped_amount(case)
        assert amount.fine == shipped["configurations"] > 0
        assert amount.coarse == shipped.get("coarse_configurations", 0)
        unpublished = dataclasses.replace(case, version=99)
        assert shipped_amount(unpublished) == Amount(scan_plan(case.simulation).groups)


@pytest.mark.parametrize("make", [tiny_bulk, tiny_particle])
def test_the_paired_level_sees_the_displacements_and_places_of_the_fine_one(make):
    """Both levels fluctuate together; a coarse configuration of its own does not."""
    case = make()
    groups = scan_plan(case.simulation).groups
    number = range(0, 12 * groups, groups)
    fine, paired, other = (
        np.stack([simulate_configuration(case, k, level=level)[1] for k in number])
        for level in ("fine", "paired", "coarse")
    )
    assert fine.shape == paired.shape == other.shape
    along = _correlation(fine, paired)
    assert along > 0.9
    # Negative control: n = 12 per point and more than 3 points pooled, k = 5 standard errors.
    assert abs(_correlation(fine, other)) < 5 / np.sqrt(12 * 3)
    assert probes_of(case, 0, level="coarse") == case.simulation.coarse.places * fine.shape[-1]


def _correlation(first, second):
    """Correlation of the fluctuations about each point's mean, all points and images pooled."""
    a, b = first - first.mean(axis=0), second - second.mean(axis=0)
    return np.sum(a * b) / np.sqrt(np.sum(a**2) * np.sum(b**2))


def test_two_levels_estimate_the_fine_mean_with_the_stated_error():
    """Known means: fine = signal, coarse = 0.7 signal - 1; the estimate must not see the latter."""
    plan = scan_plan(tiny_bulk().simulation)
    n, rng = len(plan.points), np.random.default_rng(11)
    index = np.arange(n)

    def scans(values):
        return [Scanned(index, value[None], 1.0) for value in values]

    errors, stated, single = [], [], []
    for _ in range(200):
        shared, own = rng.normal(size=(8, n)), rng.normal(scale=0.1, size=(8, n))
        fine = 5 + shared + own
        paired = 0.7 * (5 + shared) - 1
        coarse = 0.7 * (5 + rng.normal(size=(50, n))) - 1
        levels = {"fine": scans(fine), "paired": scans(paired), "coarse": scans(coarse)}
        mean, stderr = estimate(plan, levels, images=1)
        errors.append(mean[0] - 5)
        stated.append(stderr[0])
        single.append(fine.mean(axis=0) - 5)
    error, expected = np.ravel(errors), np.sqrt(np.mean(np.square(stated)))
    draws = error.size
    assert abs(error.mean()) < 5 * expected / np.sqrt(draws)  # without bias, k = 5
    assert error.std() == pytest.approx(expected, rel=5 / np.sqrt(2 * draws))
    # Derived: ((0.3² + 0.1²) / 8 + 0.7² / 50)^½ against (1.01 / 8)^½ of one level.
    assert expected == pytest.approx(np.sqrt(0.1 / 8 + 0.49 / 50), rel=0.02)
    assert np.ravel(single).std() > 2 * error.std()
    levels["paired"][0] = Scanned(index[::-1], paired[:1], 1.0)
    with pytest.raises(ValueError, match="visited other points"):
        estimate(plan, levels, images=1)


def test_one_sample_of_each_point_has_the_error_of_its_scatter():
    simulation = dataclasses.replace(get_case("edge_dislocation").simulation, points=60)
    plan = scan_plan(simulation)
    rng = np.random.default_rng(6)
    smooth = np.cos(plan.points[:, 0] / 9) + plan.points[:, 1] / 40
    values = (smooth + rng.normal(scale=0.3, size=len(smooth)))[None]
    stated = scatter_of_neighbours(plan, values)
    # 3600 points, correlated over some five: k = 4 errors of (5 / 7200)^½.
    assert np.sqrt(np.mean(stated**2)) == pytest.approx(0.3, rel=4 * np.sqrt(5 / 7200))
    one = [Scanned(np.arange(len(smooth)), values, 1.0)]
    levels = {"fine": one, "paired": [dataclasses.replace(one[0], fractions=0 * values)]}
    levels["coarse"] = [dataclasses.replace(one[0], fractions=values) for _ in range(2)]
    np.testing.assert_allclose(estimate(plan, levels, images=1)[1], stated)
    bulk = scan_plan(tiny_bulk().simulation)
    with pytest.raises(ValueError, match="two samples"):
        scatter_of_neighbours(bulk, np.zeros((1, len(bulk.points))))


@pytest.mark.slow
def test_a_two_level_run_is_resumed_and_reports_both_amounts(tmp_path):
    case = tiny_bulk()
    simulate(case, Amount(3), folder=tmp_path, output=tmp_path / "one.h5")
    fine = sorted(cache_folder(case, tmp_path).glob("*.npz"))
    stamps = [path.stat().st_mtime_ns for path in fine]
    amount = Amount(3, coarse=5)
    simulate(case, amount, folder=tmp_path, output=tmp_path / "two.h5")
    assert [path.stat().st_mtime_ns for path in fine] == stamps
    one, two = read_scan(tmp_path / "one.h5"), read_scan(tmp_path / "two.h5")
    assert one[0].hash != two[0].hash
    assert (two[1]["configurations"], two[1]["coarse_configurations"]) == (3, 5)
    assert "coarse_configurations" not in one[1]
    ratio = two[0].mean.mean() / one[0].mean.mean()
    # Mean over 2 images x 36 places: three samples of some 10 % on either side, k = 5.
    assert ratio == pytest.approx(1, abs=5 * 0.1 / np.sqrt(3))
