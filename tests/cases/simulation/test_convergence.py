"""Comparison of simulations with finer settings, at toy size."""

import dataclasses

import numpy as np
import pytest

from cases import CASES, get_case
from cases.simulation.configuration import DECLARED, Slicing
from cases.simulation.convergence import Variation, _deviation, main, measure, places, variations
from cases.simulation.simulate import Amount, simulate
from cases.truth.truth_file import default_path, read_scan
from tests.toy_cases import tiny_bulk, tiny_particle

#: On a column and between columns of the toy particle and of the toy crystal.
POINTS = np.array([[4, 0], [2, 2], [0, 0]])


def test_the_declared_settings_do_not_deviate_from_themselves():
    case = tiny_particle()
    (found,) = measure(case, Variation("none", "", case), images=case.labels, points=POINTS)
    assert found.rms == found.worst == found.mean == 0
    assert found.probes == 3


@pytest.mark.slow
def test_a_narrow_window_and_a_coarse_grid_deviate():
    case = tiny_particle()
    scan = case.simulation
    narrow = dataclasses.replace(case, simulation=dataclasses.replace(scan, window=48))
    finer = dataclasses.replace(scan, oversampling=8, window=128)
    (window,) = measure(narrow, Variation("w", "", case), images=case.labels, points=POINTS)
    grid = Variation("g", "", dataclasses.replace(case, simulation=finer))
    (fine,) = measure(case, grid, images=case.labels, points=POINTS)
    # Planes stay in the middle of a slice: all that changes is that the propagator's aperture,
    # tapered at its edge, is passed three times.
    thin = Variation("t", "", case, Slicing(divide=3))
    (divided,) = measure(case, thin, images=case.labels, points=POINTS)
    assert 0 < divided.worst < 0.01
    assert 0 < fine.worst < window.worst < 1
    assert abs(window.mean) <= window.worst
    assert fine.rms <= fine.worst


@pytest.mark.slow
def test_supercells_are_compared_with_atoms_at_rest():
    case = tiny_bulk()
    scan = case.simulation
    wide = dataclasses.replace(scan, repeats=3, grid_points=144)
    same = Variation("s", "", dataclasses.replace(case, simulation=wide), still=True)
    found = measure(case, same, images=case.labels, points=POINTS)
    assert [each.image for each in found] == ["z01", "z02"]
    assert 0 < found[1].worst < 0.2


def test_every_case_declares_finer_settings():
    for case in CASES[:3]:
        made = variations(case)
        assert len({each.name for each in made}) == len(made) >= 3
        for each in made:
            assert each.finer != case or each.slicing != DECLARED
        assert len(places(case)) >= 4


def test_means_over_configurations_are_compared_with_their_error():
    """The first configuration alone, and the mean of three with an error."""
    case = tiny_particle()
    scan = case.simulation
    narrow = dataclasses.replace(case, simulation=dataclasses.replace(scan, window=48))
    variation = Variation("w", "", case)
    (one,) = measure(narrow, variation, images=case.labels, points=POINTS)
    (several,) = measure(narrow, variation, images=case.labels, points=POINTS, configurations=3)
    assert one.configurations == 1
    assert one.error is None
    assert several.configurations == 3
    assert 0 < several.error < several.worst
    assert several.worst != one.worst


def test_the_stated_error_is_the_scatter_of_repeated_comparisons():
    """400 comparisons of 8 configurations, 12 probes: scatter of a probe's ratio, k = 5 at 2 %."""
    rng = np.random.default_rng(4)
    case = tiny_particle()
    truth = rng.uniform(0.005, 0.05, 12)
    rms, errors = [], []
    for _ in range(400):
        before = truth * (1 + 0.1 * rng.normal(size=(8, 12)))
        after = before * (1 + 0.02 * rng.normal(size=(8, 12)))
        found = _deviation(case, Variation("v", "", case), "particle", before=before, after=after)
        rms.append(found.rms)
        errors.append(found.error)
    scatter = np.sqrt(np.mean(np.square(rms)))  # there is no true deviation
    stated = np.sqrt(np.mean(np.square(errors)))
    assert stated == pytest.approx(scatter, rel=0.1)
    assert stated == pytest.approx(0.02 / np.sqrt(8), rel=0.1)


@pytest.mark.parametrize("name", ["defect_ladder", "particle_adatoms"])
def test_files_of_changes_have_no_convergence_of_their_own(name, capsys):
    assert main([name]) == 2
    assert "measure the convergence of that one" in capsys.readouterr().err


def test_the_command_records_what_it_prints(tmp_path, capsys, monkeypatch):
    case = tiny_particle()
    path = tmp_path / "toy.h5"
    simulate(case, Amount(4), folder=tmp_path / "cache", output=path, progress=False)
    data = read_scan(path)[0].hash
    monkeypatch.setattr("cases.simulation.convergence.get_case", lambda _: case)
    monkeypatch.setattr("cases.simulation.convergence.places", lambda _: POINTS)
    monkeypatch.setattr("cases.simulation.convergence.default_path", lambda _: path)
    vary = lambda case: [Variation("none", "same", case)]  # noqa: E731
    assert main(["toy", "--record"], vary=vary) == 0
    assert "rms 0.00%" in capsys.readouterr().out
    scan, provenance, _ = read_scan(path)
    (found,) = provenance["convergence"]
    assert found["variation"] == "none"
    assert found["rms"] == 0
    assert provenance["configurations"] == 4
    assert scan.hash == data
    # made again, the file keeps what was measured of the same simulation
    simulate(case, Amount(8), folder=tmp_path / "cache", output=path, progress=False)
    assert read_scan(path)[1]["convergence"] == provenance["convergence"]
    # a damaged file is replaced, and states nothing
    path.write_bytes(b"no file of ours")
    simulate(case, Amount(4), folder=tmp_path / "cache", output=path, progress=False)
    assert "convergence" not in read_scan(path)[1]
    assert main(["toy", "--record", "--variation", "none"], vary=vary) == 2
    assert "leave out --variation" in capsys.readouterr().err
    monkeypatch.undo()
    assert main(["gold"]) == 2
    assert "no case is named 'gold'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["pt_bulk", "edge_dislocation", "nanoparticle"])
def test_the_files_that_ship_state_their_convergence(name):
    case = get_case(name)
    found = read_scan(default_path(case))[1]["convergence"]
    measured = {each["variation"] for each in found}
    assert measured == {each.name for each in variations(case)}
    for each in found:
        assert each["case"] == name
        assert 0 < each["rms"] <= each["worst"] < 0.1
