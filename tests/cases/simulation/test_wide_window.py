"""Correction for the window: a known line, held-out probes, the level itself, the shipped file."""

import dataclasses

import numpy as np
import pytest

from cases import get_case
from cases.imaging import WideLevel
from cases.simulation.configuration import probes_of, simulate_configuration
from cases.simulation.configuration_cache import ConfigurationScan, cache_folder
from cases.simulation.convergence import places
from cases.simulation.simulate import Amount, simulate
from cases.simulation.wide_window import fit_correction
from cases.truth.scan_plan import scan_plan
from cases.truth.truth_file import default_path, read_scan
from tests.toy_cases import tiny_particle


def tiny_crystal():
    """The toy particle scanned without symmetry, with a wide level at five probes."""
    case = tiny_particle()
    scan = dataclasses.replace(
        case.simulation,
        symmetry="p1",
        fine_radius=None,
        coarse=None,
        wide=WideLevel(window=128, probes=5, reach=1.9),
    )
    return dataclasses.replace(case, simulation=scan)


def scans(fractions, deviation):
    """Four configurations of six points, of which each wide one repeats three."""
    fine, wide = [], []
    for number, row in enumerate(fractions):
        index = np.arange(6) * 4 + number
        at = np.array([0, 2, 5])
        fine.append(ConfigurationScan(index, row[None], 1.0))
        wide.append(ConfigurationScan(index[at], (row + deviation[number])[None, at], 1.0))
    return fine, wide


def test_a_line_is_found_and_undone():
    fractions = np.random.default_rng(0).uniform(0.005, 0.07, (4, 6))
    fine, wide = scans(fractions, 2e-4 - 0.009 * fractions)
    found = fit_correction(fine, wide, image=0)
    assert found.offset == pytest.approx(2e-4, rel=1e-6)
    assert found.slope == pytest.approx(-0.009, rel=1e-6)
    assert found.probes == 12
    assert found.rms_after < 1e-9 < 1e-3 < found.rms_before <= found.worst_before
    np.testing.assert_allclose(found.applied(fine[0].fractions)[0, 0], wide[0].fractions[0, 0])
    assert found.applied_to_error(np.array([1.0]))[0] == pytest.approx(0.991)


def test_what_is_no_line_shows_at_held_out_probes():
    """Noise of its own per probe: what is left is that noise, never less for being fitted."""
    rng = np.random.default_rng(1)
    fractions = np.full((4, 6), 0.02) + rng.uniform(0, 1e-6, (4, 6))
    fine, wide = scans(fractions, rng.normal(scale=2e-4, size=(4, 6)))
    found = fit_correction(fine, wide, image=0)
    assert found.rms_after > 0.7 * found.rms_before


def test_probes_that_the_fine_level_lacks_are_refused():
    fine, wide = scans(np.full((4, 6), 0.02), np.zeros((4, 6)))
    wide[1] = dataclasses.replace(wide[1], index=wide[1].index + 1)
    with pytest.raises(ValueError, match="the fine one did not"):
        fit_correction(fine, wide, image=0)


def test_the_wide_level_repeats_points_of_the_fine_one():
    case = tiny_crystal()
    plan = scan_plan(case.simulation)
    fine, values = simulate_configuration(case, 3)
    index, wide = simulate_configuration(case, 3, level="wide")
    assert set(index) <= set(fine)
    assert len(index) == len(set(index)) == 5 == probes_of(case, 3, level="wide")
    assert np.abs(plan.points[index]).max() * case.simulation.step <= 1.9
    # the same displacements: much nearer to each other than to the next configuration
    narrow = values[:, np.searchsorted(fine, index)]
    assert np.abs(wide / narrow - 1).max() < 0.2
    same = dataclasses.replace(
        case,
        simulation=dataclasses.replace(
            case.simulation, wide=dataclasses.replace(case.simulation.wide, window=96)
        ),
    )
    again, equal = simulate_configuration(same, 3, level="wide")
    np.testing.assert_array_equal(again, index)
    np.testing.assert_allclose(equal, narrow, rtol=1e-4)  # other blocks, other rounding


def test_a_simulation_states_and_applies_its_correction(tmp_path):
    case = tiny_crystal()
    plain = dataclasses.replace(case, simulation=dataclasses.replace(case.simulation, wide=None))
    assert cache_folder(plain, tmp_path) == cache_folder(case, tmp_path)
    assert "wide" not in plain.as_dict()["simulation"]
    simulate(case, Amount(8), folder=tmp_path, output=tmp_path / "a.h5")
    simulate(plain, Amount(8), folder=tmp_path, output=tmp_path / "b.h5")
    with_correction, made, _ = read_scan(tmp_path / "a.h5")
    without, _, _ = read_scan(tmp_path / "b.h5")
    line = made["window_correction"]["particle"]
    assert line["probes"] == 40
    expected = without.mean + line["offset"] + line["slope"] * without.mean
    np.testing.assert_allclose(with_correction.mean, expected, rtol=1e-5)
    np.testing.assert_allclose(
        with_correction.stderr, without.stderr * (1 + line["slope"]), rtol=1e-5
    )


def test_a_scan_with_symmetry_has_no_wide_level():
    case = tiny_particle()
    with pytest.raises(ValueError, match="no wide level"):
        simulate_configuration(case, 0, level="wide")
    wide = WideLevel(window=128, probes=5, reach=1.9)
    folded = dataclasses.replace(case, simulation=dataclasses.replace(case.simulation, wide=wide))
    with pytest.raises(ValueError, match="without symmetry"):
        simulate_configuration(folded, 0, level="wide")


def test_no_wide_window_leaves_the_crystal():
    case = get_case("edge_dislocation")
    scan = case.simulation
    positions = case.structure.atoms().positions
    half = scan.wide.window * scan.step / scan.oversampling / 2
    for axis in (0, 1):
        assert positions[:, axis].min() < -scan.wide.reach - half
        assert positions[:, axis].max() > scan.wide.reach + half
    places_probed = places(case) * scan.step
    widest = 1440 * scan.step / scan.oversampling / 2
    assert (places_probed.max(axis=0) + widest < positions[:, :2].max(axis=0)).all()
    assert (places_probed.min(axis=0) - widest > positions[:, :2].min(axis=0)).all()


def test_what_is_left_at_dark_and_bright_places_is_told():
    """A curved relation: the quarters' means show what no line can take out."""
    fractions = np.random.default_rng(2).uniform(0.005, 0.07, (4, 6))
    fine, wide = scans(fractions, 2e-4 - 0.5 * fractions**2)
    found = fit_correction(fine, wide, image=0)
    assert len(found.mean_after) == 4
    assert np.ptp(found.mean_after) > 0.001


def test_the_shipped_dislocation_is_corrected_to_below_two_percent():
    line = read_scan(default_path(get_case("edge_dislocation")))[1]["window_correction"]["core"]
    assert line["probes"] == 16 * 12
    assert line["worst_after"] < 0.02 < line["worst_before"]
    assert line["rms_after"] < 0.005
    assert np.abs(line["mean_after"]).max() < 0.003
