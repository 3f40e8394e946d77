"""The registry of cases: names, hashes, doses, and what happens to a wrong name."""

import dataclasses
import json

import numpy as np
import pytest

from cases.registry import CASES, _declared, checked, get_case
from cases.study import RunAmount, Study
from noise.presets import STUDY_SCAN
from noise.scan import ScanNoise
from stembench.errors import InputError

#: A changed hash means a changed description: give the case a new version, then pin its hash.
PINNED = {
    ("pt_bulk", 2): "a8c5d693523a7d8c1ef9c9077fc7f630319c30b1c76ed0e13a3211c5febde156",
    ("edge_dislocation", 3): "23731ca7dab7af1a65d7beddf177d12264ad44522fce8ca349e387737869a915",
    ("nanoparticle", 2): "0d3c04015730f8cee4e7b954bb41cd5ff881e61d86123ed41143e784ecfbd1d7",
    ("defect_ladder", 1): "ea0262fc88ff171a3ec80604188419f989d1273baa3c90a85984f2d43f0f0b38",
    ("particle_adatoms", 1): "313b91c5acb44f09b75e407d1f5ebff56d7e4902bdc511f3dc52591c1e5fd88f",
    ("pt_112", 1): "2580629dbf733a5cd5a62cd6d91f1a98a76d6eff3482f34d00f7773ea8f92bea",
    ("simulated_edits", 1): "ca8fc1feea65020a3583af457f0b8e041d33dd267a4f3636b7e5158afe474000",
    ("response", 1): "a8384bdd901073b43df1ddfcfd41e61c3da4dc46f285fc12140108af3f8274d6",
    ("response_112", 1): "60d387ee934964c3a435d4602532cdada11a3ec5dceab872b0f2d82b87653594",
    ("response_long", 1): "78df858f9ae286bad6dfadf445571c0b3b412cc46be05e885355d7d80d823dbb",
}


def test_the_hash_of_each_description_is_pinned():
    assert {(case.name, case.version): case.hash for case in CASES} == PINNED


def test_the_hash_sees_what_results_depend_on():
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


def test_a_corrected_caption_leaves_the_hash_alone():
    for case in CASES:
        changes = {
            "title": case.title + "!",
            "summary": case.summary + " ",
            "study": Study(figure="counting", quick=RunAmount(realizations=1)),
            "superseded_by": "another",
        }
        for name, value in changes.items():
            changed = dataclasses.replace(case, **{name: value})
            assert changed.hash == case.hash, name
            assert changed.as_dict() != case.as_dict(), name


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
    with pytest.raises(InputError, match="found twice: pt_bulk"):
        checked([*CASES, CASES[0]])


def test_each_successor_is_a_case_and_each_chain_ends():
    """What `checked` demands of the registry, said once more without it."""
    successor = {case.name: case.superseded_by for case in CASES}
    for name in successor:
        passed = [name]
        while successor[passed[-1]] is not None:
            passed.append(successor[passed[-1]])
            assert len(passed) <= len(CASES)
    first, second, third = CASES[:3]
    chain = (
        dataclasses.replace(first, superseded_by=second.name),
        dataclasses.replace(second, superseded_by=third.name),
        third,
    )
    assert checked(chain) == chain


def test_an_unknown_successor_is_refused():
    lost = dataclasses.replace(CASES[0], superseded_by="pt_bluk")
    with pytest.raises(InputError, match="'pt_bulk' is superseded by 'pt_bluk', which is no case"):
        checked([lost, *CASES[1:]])


@pytest.mark.parametrize("names", [("pt_bulk",), ("edge_dislocation", "nanoparticle", "pt_bulk")])
def test_successors_that_lead_in_a_circle_are_refused(names):
    following = dict(zip(names, (*names[1:], names[0]), strict=True))
    cases = [dataclasses.replace(c, superseded_by=following.get(c.name)) for c in CASES]
    with pytest.raises(InputError, match="lead back to"):
        checked(cases)


def test_a_study_of_images_or_doses_that_the_case_lacks_is_refused():
    case = get_case("defect_ladder")
    for change, named in (
        ({"quick": RunAmount(images=("z11",))}, "image z11"),
        ({"paper": RunAmount(doses=(123.0,))}, "dose 123"),
        ({"converged": ("z11",)}, "image z11"),
    ):
        study = dataclasses.replace(case.study, **change)
        with pytest.raises(InputError, match=f"'defect_ladder' names {named}, which"):
            checked([dataclasses.replace(case, study=study)])


def test_a_study_that_no_profile_runs_is_checked_for_what_it_shows():
    case = get_case("defect_ladder")
    idle = dataclasses.replace(case.study, quick=None, paper=None)
    assert checked([dataclasses.replace(case, study=idle)])[0].study.quick is None
    wrong = dataclasses.replace(idle, converged=("z11",))
    with pytest.raises(InputError, match="names image z11"):
        checked([dataclasses.replace(case, study=wrong)])


def test_a_file_without_a_case_is_refused():
    with pytest.raises(
        InputError, match=r"cases/declared/shared\.py' must define the case as CASE"
    ):
        _declared("shared")


def test_a_new_case_needs_to_state_its_figure_alone():
    study = Study(figure="precision")
    (case,) = checked([dataclasses.replace(get_case("nanoparticle"), name="gold", study=study)])
    assert case.study.quick == RunAmount(images=(), doses=(), realizations=8)
    assert case.study.paper.realizations == 100
    assert case.study.headline
    assert case.study.score


def test_studies_name_metrics_that_reports_know():
    from reports.metrics.table import METRICS

    for study in (*(case.study for case in CASES), Study(figure="precision")):
        assert set(study.headline) <= set(METRICS)


def test_thickness_counts_the_atoms_of_the_longest_column_without_sites():
    """One unit in every case: of defects and adatoms the host counts."""
    for case in CASES:
        sites = case.structure.sites_on_host
        host = case if sites is None else get_case(sites.host_case)
        for image in case.images[:12]:
            _, counts = host.structure.columns(image.thickness, extent=20.0)
            assert counts.max() == image.thickness, case.name


def test_the_three_studies_are_declared_as_in_the_paper():
    bulk, dislocation, particle = CASES[:3]
    assert [case.study.number for case in CASES] == [1, 2, 3, *[0] * len(CASES[3:])]
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
    if case.simulation.kind == "supercell":
        host = case.structure.edits_on_host
        cell = (case if host is None else get_case(host.host_case)).structure.cell
        pixel = max(cell.extent(case.simulation.repeats)) / case.simulation.grid_points
        step = max(np.array(cell.scanned) / case.simulation.scan_shape)
    else:
        step = case.simulation.step
        pixel = step / case.simulation.oversampling
    # Antialiasing cuts at 2/3 of the Nyquist frequency and tapers over 3 %.
    reach = 0.97 * wavelength / (3 * pixel) * 1e3
    assert reach >= case.microscope.outer + case.microscope.semi_convergence
    assert step <= wavelength / (4 * case.microscope.semi_convergence * 1e-3)
