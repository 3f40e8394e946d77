"""The registry of cases: names, hashes, doses, and what happens to a wrong name."""

import dataclasses
import json

import pytest

from cases.registry import CASES, get_case, unique_names
from noise.presets import STUDY_SCAN
from noise.scan import ScanNoise
from stembench.errors import InputError

#: A changed hash means a changed description: give the case a new version, then pin its hash.
PINNED = {
    ("pt_bulk", 2): "2199b4908630251d4b6b02c23d3ae4d86bf5f1b398f89d833a634c88d80bbf90",
    ("edge_dislocation", 3): "c91a4130ba9a87d741123db2cca4b66e64f7b2bd7c4e4f9d119f230e0c9b8365",
    ("nanoparticle", 2): "f34adc06269bd47ae48872c9b24f7a66d788bfdb6a228994dcb0aa0b6dd5b3c6",
    ("defect_ladder", 1): "3054fe1ccf4e6dc84df8942b6786ff56fab15e719a945dbad3170ab6058242d6",
    ("particle_adatoms", 1): "a3f947d1172c7c7e0b917629548f21e3e3d846c6a6a693751eec88ce24e49739",
}


def test_the_hash_of_each_description_is_pinned():
    assert {(case.name, case.version): case.hash for case in CASES} == PINNED


def test_the_hash_sees_every_field():
    case = get_case("pt_bulk")
    changes = {
        "version": 99,
        "doses": (5e2, 5e4, 5e5),
        "offset": (0.0, 0.0),
        "noise": STUDY_SCAN,
        "microscope": dataclasses.replace(case.microscope, source_sigma=0.4),
        "simulation": dataclasses.replace(case.simulation, seed=1),
    }
    for name, value in changes.items():
        assert dataclasses.replace(case, **{name: value}).hash != case.hash, name


def test_only_what_is_applied_afterwards_is_left_out_of_the_simulated_part():
    case = get_case("pt_bulk")
    blurred = dataclasses.replace(case.microscope, source_sigma=0.4)
    other_detector = dataclasses.replace(case.microscope, inner=60.0)
    assert dataclasses.replace(case, microscope=blurred).simulated() == case.simulated()
    assert dataclasses.replace(case, sampling=0.1).simulated() == case.simulated()
    assert dataclasses.replace(case, microscope=other_detector).simulated() != case.simulated()


def test_descriptions_are_plain_types_and_round_trip_through_json():
    for case in CASES:
        text = json.dumps(case.as_dict())
        assert json.loads(text)["name"] == case.name


def test_a_new_optional_stage_of_the_noise_chain_leaves_descriptions_alone():
    assert get_case("pt_bulk").as_dict()["noise"] == {}
    assert set(get_case("nanoparticle").as_dict()["noise"]) == {"jitter", "detector", "fast_scan"}


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match="pt_bulk, edge_dislocation, nanoparticle"):
        get_case("pt_bluk")


def test_duplicate_names_are_refused():
    with pytest.raises(ValueError, match="found twice: pt_bulk"):
        unique_names([*CASES, CASES[0]])


def test_the_three_studies_are_declared_as_in_the_paper():
    bulk, dislocation, particle = CASES[:3]
    assert (bulk.study, dislocation.study, particle.study) == (1, 2, 3)
    assert bulk.doses == (5e2, 5e4)
    assert dislocation.doses == particle.doses == (5e2, 1e3, 5e3, 1e4, 5e4)
    assert bulk.noise == ScanNoise()
    assert dislocation.noise == particle.noise == STUDY_SCAN
    assert [image.thickness for image in bulk.images] == list(range(1, 76))
    assert bulk.labels[0] == "z01"
    assert bulk.labels[-1] == "z75"
    assert [case.bound for case in CASES[:3]] == [True, False, False]
    assert particle.library_case == bulk.name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_sampling_of_wave_function_and_scan_holds_all_frequencies(case):
    # h c / sqrt(2 e U m c² + (e U)²), CODATA 2018.
    volt, rest = case.microscope.voltage, 510998.95
    wavelength = 12398.4198 / (volt * (volt + 2 * rest)) ** 0.5
    assert wavelength == pytest.approx(0.0196875, abs=1e-6)
    a = case.structure.material.lattice_parameter
    if case.simulation.kind == "supercell":
        pixel = case.simulation.repeats * a / case.simulation.grid_points
        step = a / case.simulation.scan_points
    else:
        step = case.simulation.step
        pixel = step / case.simulation.oversampling
    # Antialiasing cuts at 2/3 of the Nyquist frequency and tapers over 3 %.
    reach = 0.97 * wavelength / (3 * pixel) * 1e3
    assert reach >= case.microscope.outer + case.microscope.semi_convergence
    assert step <= wavelength / (4 * case.microscope.semi_convergence * 1e-3)
