"""Comparison of simulations with finer settings, at toy size."""

import dataclasses
import json

import numpy as np
import pytest

from cases import CASES
from cases.configuration import DECLARED, Slicing
from cases.convergence import Variation, main, measure, places, variations
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


def test_the_command_writes_what_it_prints(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("cases.convergence.get_case", lambda _: tiny_particle())
    monkeypatch.setattr("cases.convergence.places", lambda _: POINTS)
    out = tmp_path / "found.json"
    vary = lambda case: [Variation("none", "same", case)]  # noqa: E731
    assert main(["nanoparticle", "--output", str(out)], vary=vary) == 0
    assert "rms 0.00%" in capsys.readouterr().out
    assert json.loads(out.read_text())[0]["variation"] == "none"
    monkeypatch.undo()
    assert main(["gold"]) == 2
    assert "no case is named 'gold'" in capsys.readouterr().err
