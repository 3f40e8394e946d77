"""Estimates of runs: amounts counted, arithmetic on given rates, impossible runs refused."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bench.executor.placement import Placement
from bench.measures.column_search import searched
from bench.output.estimate_tables import estimate_tables
from bench.plan.blocks import plan_blocks, plan_ladders, repeated_blocks
from bench.plan.profiles import Profile, Selection, get_profile, narrow
from bench.run.estimate import run_estimate as module
from bench.run.estimate.kept_rates import Rates
from bench.run.estimate.rates import CaseRate, Rate
from bench.run.estimate.room import (
    LEAST_BLOCK,
    LEAST_IMAGE,
    LEAST_PROCESS,
    check_room,
    size_text,
)
from bench.run.estimate.run_estimate import Estimate, check_estimate, estimate_lines, estimate_run
from bench.run.estimate.work import amounts_of, one_image
from bench.run.run import run_benchmark
from stembench.errors import InputError

RATE = Rate(
    load=3.0, block=0.5, distort=0.1, restore=0.2, fit=0.7, searched=5.0, probed=7.0,
    scanned=11.0, memory=400_000_000, block_bytes=20_000, image_bytes=1_000, example_bytes=50_000,
)  # fmt: skip
CASE = CaseRate(clean=2.0, bound=4.0, library=8.0)


def estimate(
    profile: Profile,
    monkeypatch: pytest.MonkeyPatch,
    *,
    rate: Rate = RATE,
    jobs: int = 1,
    cores: int = 64,
) -> Estimate:
    """The estimate of a profile from one rate of all kinds of work."""

    def rates(amounts, images, **_):
        return Rates(
            start=1.0, cases=dict.fromkeys(images, CASE), kinds=dict.fromkeys(amounts, rate),
            measured=0,
        )  # fmt: skip

    monkeypatch.setattr(module, "rates_of", rates)
    monkeypatch.setattr(module, "available_cores", lambda: cores)
    return estimate_run(
        profile, seed=1, placement=Placement(jobs=jobs), workers=jobs,
        announce=print, advance=print, note=print,
    )  # fmt: skip


def small(*, realizations: int = 20, restorers: tuple[str, ...] = ("raw", "gaussian")) -> Profile:
    selection = Selection("pt_bulk", ("z02", "z10"), (5e2, 5e3), realizations)
    return Profile("quick", "a test's", (selection,), restorers)


def test_every_image_of_a_plan_is_counted_once() -> None:
    profile = get_profile("quick")
    blocks = (*plan_blocks(profile, seed=3), *plan_ladders(profile, seed=3))
    amounts = amounts_of(blocks)
    own = [block for block in blocks if not repeated_blocks(block, blocks)]
    assert len(own) < len(blocks)
    images = Counter[tuple[str, str, str]]()
    for block in own:
        images[block.case, block.restorer, block.ladder] += block.stop - block.start
    assert {(k.case, k.restorer, k.ladder): a.images for k, a in amounts.items()} == images
    assert sum(a.blocks for a in amounts.values()) == len(own)
    assert sum(a.searched for a in amounts.values()) == sum(map(searched, own))
    assert sum(a.examples for a in amounts.values()) == sum(block.example for block in own)
    # The first 8 realizations of raw images whose lines move, at each dose: 5 of each case.
    scanned = {
        k.case: a.scanned for k, a in amounts.items() if k.restorer == "raw" and not k.ladder
    }
    assert scanned["nanoparticle"] == scanned["edge_dislocation"] == 5 * 8
    assert scanned["pt_bulk"] == 0


def test_what_is_measured_is_done_of_every_image_or_of_the_first_ones() -> None:
    block = plan_blocks(get_profile("quick"), seed=3)[0]
    every, first = (one_image(block, first=first) for first in (False, True))
    assert (every.stop - every.start, first.start, first.stop) == (1, 0, 1)
    assert searched(every) == 0
    assert every.example
    assert not first.example


def test_the_sum_is_that_of_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    found = estimate(small(), monkeypatch)
    by_name = {share.restorer: share for share in found.shares}
    # Per restorer 2 images x 2 doses x 20 realizations in blocks of 8, 8 and 4; one is probed.
    assert by_name["raw"].images == by_name["gaussian"].images == 80
    assert by_name["raw"].core_seconds == pytest.approx(3 + 80 * 1.0 + 12 * 0.5)
    assert by_name["gaussian"].core_seconds == pytest.approx(3 + 80 * 1.0 + 12 * 0.5 + 7)
    assert by_name["gaussian"].restoring == pytest.approx(16)
    # Starts; library; the two noise-free fits; bounds of four cells.
    assert found.preparing == pytest.approx(2 + 8 + 2 * 2 + 4 * 4)
    assert found.wall_seconds == pytest.approx(found.core_seconds)  # of one worker
    assert found.disk == 24 * 20_000 + 160 * 1_000 + 4 * 50_000


def test_workers_share_what_can_be_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    one, four = (estimate(small(), monkeypatch, jobs=jobs) for jobs in (1, 4))
    assert one.wall_seconds / 4 < four.wall_seconds < one.wall_seconds
    # Each starts, loads the restorers and fits the noise-free images.
    assert four.core_seconds - one.core_seconds == pytest.approx(3 * (2 * 3 + 2 * 2 + 1))
    assert four.memory - one.memory == pytest.approx(3 * 400e6, rel=0.05)


def test_more_workers_than_cores_are_no_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    two, many = (estimate(small(), monkeypatch, jobs=jobs, cores=2) for jobs in (2, 24))
    assert many.workers == 24
    assert many.wall_seconds > two.wall_seconds


def test_the_table_has_a_row_for_each_restorer(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = estimate_lines(estimate(small(), monkeypatch))
    assert [line.split()[0] for line in lines] == [
        "restorer",
        "raw",
        "gaussian",
        "(preparing)",
        "all",
    ]
    assert lines[-1].split()[1] == "160"


def test_json_holds_what_the_table_does(monkeypatch: pytest.MonkeyPatch) -> None:
    found = estimate(small(), monkeypatch)
    table, facts = estimate_tables(found)
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [row["restorer"] for row in rows] == ["raw", "gaussian"]
    assert sum(row["core_s"] for row in rows) + facts["preparing_s"] == facts["core_s"]
    assert (facts["wall_s"], facts["disk_bytes"]) == (found.wall_seconds, found.disk)


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        ({"fit": 1e7}, "years"),
        ({"memory": 10**14}, "fewer --jobs"),
        ({"image_bytes": 1e14}, "larger disk"),
    ],
)
def test_impossible_runs_are_refused(
    rate: dict[str, float], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    check_estimate(estimate(small(realizations=2), monkeypatch), tmp_path / "run")
    found = estimate(small(), monkeypatch, rate=replace(RATE, **rate))
    with pytest.raises(InputError, match=said):
        check_estimate(found, tmp_path / "run")


def test_a_run_without_room_is_refused_before_anything_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    profile = small()
    check_room(profile, tmp_path / "run", placement=Placement(jobs=1))
    huge = narrow(get_profile("quick"), cases=["pt_bulk"], realizations=10_000)
    with monkeypatch.context() as patched:
        patched.setattr("psutil.virtual_memory", lambda: _Free(available=150_000_000))
        with pytest.raises(InputError, match="1 worker processes need 200 MB of memory and 150 MB"):
            check_room(profile, tmp_path / "run", placement=Placement(jobs=1))
        # Workers elsewhere take no memory here.
        check_room(profile, tmp_path / "run", placement=Placement(scheduler="tcp://nowhere:1"))
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Free(free=1_000_000))
    with pytest.raises(InputError, match="1 MB are free"):
        check_room(huge, tmp_path / "run", placement=Placement(jobs=1))
    assert not (tmp_path / "run").exists()


class _Free:
    def __init__(self, **values: int) -> None:
        self.__dict__.update(values)


def test_the_least_that_is_refused_is_less_than_a_run_takes(tmp_path: Path) -> None:
    """A run that can be done must never be refused: what is held against room is a lower bound."""
    profile = Profile("quick", "a test's", (Selection("pt_bulk", ("z02",), (5e2,), 3),), ("raw",))
    outcome = run_benchmark(profile, tmp_path / "run", seed=1, placement=Placement(jobs=1))
    size = sum(p.stat().st_size for p in (tmp_path / "run" / "records").iterdir())
    assert outcome.blocks * LEAST_BLOCK + 3 * LEAST_IMAGE < size
    assert outcome.peak_memory > 2 * LEAST_PROCESS


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1.5e9, "1.5 GB"), (2.5e13, "25 TB")],
)
def test_sizes(number: float, text: str) -> None:
    assert size_text(number) == text
