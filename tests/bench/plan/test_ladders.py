"""Ladders of noise chains that profiles run."""

import pytest

from bench.plan.acquisitions import FRAMES
from bench.plan.blocks import plan_blocks, plan_ladders, repeated_blocks
from bench.plan.ladders import ONE_STEP, axes
from bench.plan.profiles import Profile, Selection, get_profile, narrow
from cases import get_case
from noise.presets import noise_axes
from reports.records.ladder import AXES

DISTORTED = {"edge_dislocation", "nanoparticle"}


def of_axes(profile: Profile) -> list:
    return [ladder for ladder in profile.ladders if ladder.kind == AXES]


def test_the_profile_steps_all_axes_at_all_of_its_doses() -> None:
    ladders = of_axes(get_profile("axes"))
    assert {ladder.case for ladder in ladders} == DISTORTED
    assert len(ladders) == 2 * 3 * 3
    for ladder in ladders:
        values = tuple(rung.value for rung in ladder.rungs)
        assert values == tuple(noise_axes()[ladder.axis].settings)
        own = [rung.noise == get_case(ladder.case).noise for rung in ladder.rungs]
        assert sum(own) == 1


def test_quick_goes_one_step_from_the_cases_own_noise() -> None:
    ladders = of_axes(get_profile("quick"))
    assert [(ladder.case, ladder.axis, ladder.dose) for ladder in ladders] == [
        (case, axis, 5e3) for case in sorted(DISTORTED) for axis in ("jitter", "detector", "dwell")
    ]
    for ladder in ladders:
        assert tuple(rung.value for rung in ladder.rungs) == ONE_STEP[ladder.axis]
        assert any(rung.noise == get_case(ladder.case).noise for rung in ladder.rungs)
        assert ladder.realizations == 4


def test_the_cases_own_noise_is_taken_from_the_records() -> None:
    profile = get_profile("axes")
    shots, steps = plan_blocks(profile, seed=1), plan_ladders(profile, seed=1)
    repeated = [block for block in steps if repeated_blocks(block, (*shots, *steps))]
    assert len(repeated) == sum(b.noise == get_case(b.case).noise for b in steps)
    # 3 axes, 2 cases, 3 doses, 16 realizations in blocks of 8, four images each.
    assert len(repeated) == 3 * 2 * 3 * 2 * 4
    assert len(steps) == 10 * 2 * 3 * 2 * 4
    assert len({(block.ladder, block.name) for block in (*shots, *steps)}) == len(shots + steps)
    assert {block.restorer for block in steps} == {"raw", "gaussian", "cgrdn", FRAMES}


@pytest.mark.parametrize(
    ("choice", "ladders", "frames"),
    [
        ({}, 6, {("edge_dislocation", 5e3), ("nanoparticle", 5e3)}),
        ({"cases": ["edge_dislocation"]}, 3, {("edge_dislocation", 5e3)}),
        ({"doses": [5e2]}, 0, set()),
        ({"cases": ["pt_bulk"]}, 0, set()),
        ({"restorers": ["gaussian"], "realizations": 2}, 6,
         {("edge_dislocation", 5e3), ("nanoparticle", 5e3)}),
    ],
)  # fmt: skip
def test_narrowing(choice: dict, ladders: int, frames: set) -> None:
    profile = narrow(get_profile("quick"), **choice)
    assert len(of_axes(profile)) == ladders
    blocks = [block for block in plan_blocks(profile, seed=1) if block.restorer == FRAMES]
    assert {(block.case, block.dose) for block in blocks} == frames
    assert {block.stop for block in blocks} <= {choice.get("realizations", 8)}
    assert (FRAMES in profile.specs) == bool(frames)


def test_frames_named_as_a_restorer_are_planned_once() -> None:
    profile = narrow(get_profile("axes"), restorers=[FRAMES], realizations=1)
    for blocks in (plan_blocks(profile, seed=1), plan_ladders(profile, seed=1)):
        assert {block.restorer for block in blocks} == {"raw", FRAMES}
        assert len({block.name for block in blocks}) == len(blocks)


def test_steps_and_company_are_chosen() -> None:
    jitter, *_ = axes(
        "edge_dislocation", "core", dose=5e2, realizations=2, steps=ONE_STEP, beside=(FRAMES,)
    )
    assert jitter.labels == ("jitter 0 Å", "jitter 0.15 Å")
    profile = Profile("p", "", (Selection("edge_dislocation", ("core",), (5e2,), 2),), ("raw",),
                      ladders=(jitter,))  # fmt: skip
    assert profile.specs == ("raw", FRAMES)
    assert {block.restorer for block in plan_ladders(profile, seed=1)} == {"raw", FRAMES}
