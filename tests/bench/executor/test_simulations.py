"""Simulations on each executor: the same bits, whoever works, is lost or interrupted."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

from bench.executor.placement import Placement
from cases import Case
from cases.simulation.configuration_cache import read_configuration
from cases.simulation.convergence import Variation, measure
from cases.simulation.simulate import Amount, levels, simulate
from cases.truth.truth_file import read_scan
from stembench.independent_work import StartExecutor
from tests.toy_cases import tiny_bulk, tiny_particle

ROOT = Path(__file__).parents[3]
AMOUNT = Amount(3, coarse=4)


def starting(placement: Placement, said: list[str]) -> StartExecutor:
    return partial(placement.executor, announce=said.append, engines=("abtem",))


def made(
    folder: Path,
    placement: Placement | None,
    *,
    amount: Amount = AMOUNT,
    then: Callable[[], object] = lambda: None,
) -> list[str]:
    """Simulate the toy, do something after the first configuration, return what was said."""
    said: list[str] = []
    steps: list[float] = []
    announced: list[float] = []

    def progress(step: float) -> None:
        steps.append(step)
        if len(steps) == 1:
            then()

    simulate(
        tiny_bulk(),
        amount,
        folder=folder / "cache",
        output=folder / "toy.h5",
        executor=None if placement is None else starting(placement, said),
        announce=announced.append,
        progress=progress,
    )
    assert sum(steps) == pytest.approx(announced[0])
    return said


def bits(folder: Path, amount: Amount = AMOUNT) -> dict[str, bytes]:
    """What was simulated, without the processor time that it took."""
    scan = read_scan(folder / "toy.h5")[0]
    found = {"mean": scan.mean.tobytes(), "stderr": scan.stderr.tobytes()}
    files = sorted((folder / "cache").glob("*/configuration_*.npz"))
    assert len(files) == sum(levels(tiny_bulk(), amount).values())
    for path in files:
        one = read_configuration(path)
        name = f"{path.parent.name}/{path.name}"
        found[name] = one.index.tobytes() + one.fractions.tobytes()
    return found


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    made(folder, None)
    return folder


def test_two_processes_simulate_the_bits_of_this_one(here: Path, tmp_path: Path) -> None:
    assert made(tmp_path, Placement(jobs=2)) == []
    assert bits(tmp_path) == bits(here)
    # what is finished is not made again, and nothing is started for it
    assert made(tmp_path, Placement(jobs=2, scheduler="")) == []
    other = bits(tmp_path, AMOUNT)
    fewer = simulate(tiny_bulk(), Amount(2), folder=here / "cache", output=tmp_path / "fewer.h5")
    assert read_scan(fewer)[0].mean.tobytes() != other["mean"]  # negative control


def _kill_a_worker() -> None:
    workers = [
        child
        for child in psutil.Process().children(recursive=True)
        if any("spawn_main" in part for part in child.cmdline())
    ]
    workers[0].kill()


@pytest.mark.slow
@pytest.mark.parametrize(
    "placement", [Placement(jobs=1), Placement(jobs=4), Placement(jobs=2, dask=True)]
)
def test_neither_their_number_nor_a_killed_worker_changes_a_bit(
    here: Path, tmp_path: Path, placement: Placement
) -> None:
    said = made(tmp_path, placement, then=_kill_a_worker)
    assert placement.dask or any("ended before its work was done" in each for each in said)
    assert bits(tmp_path) == bits(here)


#: A process that simulates the toy by two workers, as the command does.
_SCRIPT = """
import sys
sys.path[:0] = [{root!r}]
from bench.cli import app
import cases as room
from tests.toy_cases import tiny_bulk
case = tiny_bulk()
if __name__ == "__main__":
    room.get_case = lambda _: case
    sys.argv = ["stembench", "simulate", "toy", "--configurations", "{number}", "--coarse", "0",
                "--jobs", "2", "--quiet", "--folder", {folder!r}, "--output", {output!r}]
    app.main()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_an_end_leaves_no_worker_and_only_whole_configurations(
    tmp_path: Path, number: signal.Signals
) -> None:
    script = tmp_path / "simulate_toy.py"
    script.write_text(
        _SCRIPT.format(
            root=str(ROOT), number=4000, folder=str(tmp_path / "cache"),
            output=str(tmp_path / "toy.h5"),
        ),
        encoding="utf-8",
    )  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(script)], stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 300
    while len(done := list(tmp_path.glob("cache/*/*.npz"))) < 3 and time.monotonic() < end:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    assert len(done) >= 3
    below = psutil.Process(process.pid).children(recursive=True)
    assert len(below) >= 2
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    if number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130, said
        assert said.count("stembench: ") == 1
        assert "interrupted; what is finished is kept" in said
    _, alive = psutil.wait_procs(below, timeout=20)
    assert not alive
    assert not (tmp_path / "toy.h5").exists()
    kept = sorted(tmp_path.glob("cache/*/*.npz"))
    folder = kept[0].parent
    for path in kept:
        read_configuration(path)  # whole
    names = {path.name for path in folder.iterdir()}
    left = {name for name in names if name.startswith(".stembench-")}
    assert number == signal.SIGKILL or not left
    # The same command goes on, to the bits of one that was left alone.
    amount = Amount(len(kept) + 2)
    numbers = sorted({path.name for path in kept})
    assert made(tmp_path, Placement(jobs=2), amount=amount) == []
    made(tmp_path / "alone", None, amount=amount)
    found, alone = bits(tmp_path, amount), bits(tmp_path / "alone", amount)
    assert numbers
    assert found == alone
    assert not [path for path in folder.iterdir() if path.name.startswith(".stembench-")]


def _deviations(case: Case, start: StartExecutor | None) -> list[object]:
    points = np.array([[4, 0], [2, 2], [0, 0]])
    from dataclasses import replace

    wide = Variation("w", "", replace(case, simulation=replace(case.simulation, window=108)))
    still = Variation("s", "", wide.finer, still=True)
    varied = (wide, still)
    images = case.labels
    return list(
        measure(case, varied, images=images, points=points, configurations=2, executor=start)
    )


@pytest.mark.slow
def test_convergence_is_the_same_by_two_processes() -> None:
    case = tiny_particle()
    here = _deviations(case, None)
    assert [each.variation for each in here] == ["w", "s"]
    assert _deviations(case, starting(Placement(jobs=2), [])) == here
