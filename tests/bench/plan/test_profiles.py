"""Profiles: what the studies declare is run, a case that nothing else names included."""

import dataclasses

import pytest

from bench.cli.inventory.listing import print_listing
from bench.images.pairs import sources
from bench.measures.column_search import searched
from bench.plan.blocks import Block, plan_blocks
from bench.plan.profiles import Selection, narrow, profiles
from cases import CASES, RunAmount, Study, get_case
from stembench.errors import InputError

#: What the profiles ran before the studies declared it.
QUICK = {
    "pt_bulk": (("z02", "z05", "z10", "z20", "z40", "z75"), (5e2, 5e4), 16),
    "edge_dislocation": (("core",), (5e2, 1e3, 5e3, 1e4, 5e4), 16),
    "nanoparticle": (("particle",), (5e2, 1e3, 5e3, 1e4, 5e4), 8),
    "defect_ladder": (("z10",), (5e2, 5e3), 16),
    "particle_adatoms": (("particle",), (5e2, 5e3), 8),
    "response": (
        (
            "z10",
            "z10-shift15",
            "z10-shift60",
            "z10-scs10",
            "z10-scs25",
            "z10-shiftwaves-x",
            "z10-scswaves-x",
        ),
        (5e2, 5e3),
        12,
    ),
}


def amounts(profile):
    return {s.case: (s.images, s.doses, s.realizations) for s in profile.selections}


def test_profile_quick_is_what_it_was():
    assert amounts(profiles()["quick"]) == QUICK


def test_profile_paper_runs_all_but_the_crystal_of_one_cell():
    run = [case for case in CASES if case.study.paper is not None]
    wanted = {case.name: (case.labels, case.doses, 100) for case in run}
    for name in ("response", "response_112", "response_long"):
        wanted[name] = (*wanted[name][:2], 20)
    wanted["pt_bulk"] = (get_case("pt_bulk").labels[1:], *wanted["pt_bulk"][1:])
    assert amounts(profiles()["paper"]) == wanted


def test_a_case_that_only_serves_others_is_run_by_no_profile():
    serving = {case.name for case in CASES if case.study.quick is None and case.study.paper is None}
    assert serving >= {"pt_112", "simulated_edits"}
    assert not serving & set(sources())
    for profile in (profiles()["quick"], profiles()["paper"]):
        assert not serving & {selection.case for selection in profile.selections}
        with pytest.raises(InputError, match=f"'{profile.name}' does not run case 'pt_112'"):
            narrow(profile, cases=["pt_112", "pt_bulk"])
        assert narrow(profile, cases=["pt_bulk"]).selections  # negative control


@pytest.fixture
def with_gold(monkeypatch):
    """The registry with one more case, whose name stands nowhere else."""
    study = Study(figure="precision", quick=RunAmount(images=("z03",), realizations=2))
    gold = dataclasses.replace(get_case("pt_bulk"), name="au_bulk", study=study)
    cases = (*CASES, gold)
    for module in (
        "cases.registry",
        "bench.plan.profiles",
        "bench.cli.inventory.listing",
        "bench.images.pairs",
    ):
        monkeypatch.setattr(f"{module}.CASES", cases)
    return gold


def test_a_new_case_is_planned_listed_and_paired(with_gold, capsys):
    quick = profiles()["quick"]
    assert quick.selections[-1] == Selection("au_bulk", ("z03",), with_gold.doses, 2)
    assert profiles()["paper"].selections[-1].images == with_gold.labels
    blocks = plan_blocks(narrow(quick, cases=["au_bulk"]), seed=0)
    assert {block.case for block in blocks} == {"au_bulk"}
    assert [searched(block) for block in blocks] == [0] * len(blocks)
    assert "au_bulk" in sources()
    print_listing(detail=False)
    assert "au_bulk" in capsys.readouterr().out


def test_a_study_says_how_many_images_are_searched(with_gold, monkeypatch):
    study = dataclasses.replace(with_gold.study, searched=1, searched_examples=2)
    known = dataclasses.replace(with_gold, study=study)
    monkeypatch.setattr("cases.registry.CASES", (*CASES, known))
    block = Block(case="au_bulk", image="z03", dose=5e2, restorer="raw", start=0, stop=8, seed=0)
    assert searched(block) == 1
    assert searched(dataclasses.replace(block, example=True)) == 2


def test_a_part_of_the_images():
    paper = profiles()["paper"]
    (bulk,) = narrow(paper, cases=["pt_bulk"], images=["z02:z04", "z20"]).selections
    assert bulk.images == ("z02", "z03", "z04", "z20")
    both = narrow(paper, images=["z10", "particle"]).selections
    assert {one.case: one.images for one in both} == {
        "pt_bulk": ("z10",),
        "nanoparticle": ("particle",),
        "defect_ladder": ("z10",),
        "particle_adatoms": ("particle",),
        "response": ("z10",),
        "response_long": ("z10",),
    }
    for stranger in ("z99", "z20:z02", "z02:core"):
        with pytest.raises(InputError, match=f"no image '{stranger}' is run of pt_bulk"):
            narrow(paper, cases=["pt_bulk"], images=[stranger])
    with pytest.raises(InputError, match="image is named twice"):
        narrow(paper, images=["z10", "z10"])


def test_parts_of_the_images_are_together_the_whole_plan():
    paper = profiles()["paper"]
    whole = {block.name for block in plan_blocks(narrow(paper, cases=["pt_bulk"]), seed=0)}
    parts = [narrow(paper, cases=["pt_bulk"], images=[part]) for part in ("z02:z30", "z31:z75")]
    names = [{block.name for block in plan_blocks(part, seed=0)} for part in parts]
    assert names[0] | names[1] == whole
    assert not names[0] & names[1]


def test_an_edited_image_brings_the_one_it_is_held_against():
    (one,) = narrow(profiles()["quick"], cases=["response"], images=["z10-shift15"]).selections
    assert one.images == ("z10", "z10-shift15")


def test_ladders_and_frames_stay_with_their_image():
    paper = profiles()["paper"]
    assert narrow(paper, images=["particle"]).ladders
    assert {one.case for one in narrow(paper, images=["core"]).frames} == {"edge_dislocation"}
    assert not narrow(paper, images=["z20"]).ladders


def test_an_engine_for_the_network_alone():
    quick = profiles()["quick"]
    told = narrow(quick, engine="bf16").restorers
    assert [name for name in told if "@" in name] == ["cgrdn@bf16"]
    assert [name.partition("@")[0] for name in told] == list(quick.restorers)
    with pytest.raises(InputError, match="none of gaussian leaves that open"):
        narrow(quick, restorers=["gaussian"], engine="onnx")
    with pytest.raises(InputError, match="leaves that open"):
        narrow(quick, restorers=["cgrdn@onnx"], engine="onnx")
