"""Comparison of simulations with finer settings, at toy size."""

import dataclasses

import numpy as np
import pytest

from cases import CASES, get_case
from cases.simulation.convergence import (
    Variation,
    _deviation,
    chosen_variations,
    convergence_of,
    deviation_text,
    measure,
    places,
    record_convergence,
    variations,
)
from cases.simulation.multislice import DECLARED, Slicing
from cases.simulation.simulate import Amount, simulate
from cases.truth.truth_file import default_path, read_scan
from stembench.errors import InputError
from tests.toy_cases import tiny_bulk, tiny_particle

#: On a column and between columns of the toy particle and of the toy crystal.
POINTS = np.array([[4, 0], [2, 2], [0, 0]])


def test_the_declared_settings_do_not_deviate_from_themselves():
    case = tiny_particle()
    again = dataclasses.replace(case, title="another object, so that it is simulated once more")
    (found,) = measure(case, [Variation("none", "", again)], images=case.labels, points=POINTS)
    assert found.rms == found.worst == found.mean == 0
    assert found.probes == 3


@pytest.mark.slow
def test_a_narrow_window_and_a_coarse_grid_deviate():
    case = tiny_particle()
    scan = case.simulation
    narrow = dataclasses.replace(case, simulation=dataclasses.replace(scan, window=48))
    finer = dataclasses.replace(scan, oversampling=8, window=128)
    (window,) = measure(narrow, [Variation("w", "", case)], images=case.labels, points=POINTS)
    grid = Variation("g", "", dataclasses.replace(case, simulation=finer))
    (fine,) = measure(case, [grid], images=case.labels, points=POINTS)
    # Planes stay in the middle of a slice: all that changes is that the propagator's aperture,
    # tapered at its edge, is passed three times.
    thin = Variation("t", "", case, Slicing(divide=3))
    (divided,) = measure(case, [thin], images=case.labels, points=POINTS)
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
    found = list(measure(case, [same], images=case.labels, points=POINTS))
    assert [each.image for each in found] == ["z01", "z02"]
    assert 0 < found[1].worst < 0.2


def test_every_case_declares_finer_settings():
    for case in (*CASES[:3], get_case("pt_112")):
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
    (one,) = measure(narrow, [variation], images=case.labels, points=POINTS)
    (several,) = measure(narrow, [variation], images=case.labels, points=POINTS, configurations=3)
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


@pytest.mark.parametrize("name", ["defect_ladder", "particle_adatoms", "simulated_edits"])
def test_files_of_changes_have_no_convergence_of_their_own(name):
    with pytest.raises(InputError, match="measure the convergence of that one"):
        chosen_variations([get_case("pt_bulk"), get_case(name)])


def test_variations_are_chosen_by_name_in_the_cases_that_have_them():
    cases = [get_case("pt_bulk"), get_case("nanoparticle")]
    chosen = chosen_variations(cases, ["supercell", "grid"])
    names = {case: [each.name for each in several] for case, several in chosen.items()}
    assert names == {"pt_bulk": ["grid", "supercell"], "nanoparticle": ["grid"]}
    with pytest.raises(InputError, match="no variation 'aperture' of pt_bulk, nanoparticle"):
        chosen_variations(cases, ["grid", "aperture"])


def test_a_file_keeps_its_convergence_until_it_is_made_in_another_way(tmp_path, monkeypatch):
    case = tiny_particle()
    path = tmp_path / "toy.h5"
    simulate(case, Amount(4), folder=tmp_path / "cache", output=path)
    data = read_scan(path)[0].hash
    monkeypatch.setattr("cases.simulation.convergence.places", lambda _: POINTS)
    monkeypatch.setattr("cases.simulation.convergence.default_path", lambda _: path)
    with pytest.raises(InputError, match="at least 1 configuration"):
        list(convergence_of(case, [], configurations=0))
    (deviation,) = convergence_of(case, [Variation("none", "same", case)])
    assert "particle, none (same): rms 0.00%" in deviation_text(deviation)
    record_convergence(case, [deviation])
    scan, provenance, _ = read_scan(path)
    (found,) = provenance["convergence"]
    assert found["variation"] == "none"
    assert found["rms"] == 0
    assert provenance["configurations"] == 4
    assert scan.hash == data
    # made again, the file keeps what was measured of the same simulation
    simulate(case, Amount(8), folder=tmp_path / "cache", output=path)
    assert read_scan(path)[1]["convergence"] == provenance["convergence"]
    # a damaged file is replaced, and states nothing
    path.write_bytes(b"no file of ours")
    simulate(case, Amount(4), folder=tmp_path / "cache", output=path)
    assert "convergence" not in read_scan(path)[1]


@pytest.mark.parametrize("name", ["pt_bulk", "edge_dislocation", "nanoparticle", "pt_112"])
def test_the_files_that_ship_state_their_convergence(name):
    case = get_case(name)
    found = read_scan(default_path(case))[1]["convergence"]
    measured = {each["variation"] for each in found}
    assert measured == {each.name for each in variations(case)}
    for each in found:
        assert each["case"] == name
        assert 0 < each["rms"] <= each["worst"] < 0.1
