"""A short torture by fixed seeds, and the marks by which a trial is known to have failed."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.torture.trial import Trial

if not hasattr(os, "fork"):
    pytest.skip("torture forks", allow_module_level=True)

from tests.torture import flips
from tests.torture.__main__ import SHORT
from tests.torture.kills import content
from tests.torture.table import BEGIN, END, table, write_table
from tests.torture.trial import fault_of_ending, fork, orphans

ROOT = Path(__file__).parents[2]
TRACEBACK = 'Traceback (most recent call last):\n  File "x"\nValueError: y\n'


def test_nothing_of_a_short_torture_fails(tmp_path: Path) -> None:
    journal = tmp_path / "torture.jsonl"
    words = [sys.executable, "-m", "tests.torture", "--short", "--journal", str(journal)]
    # In a process of its own, which forks with one thread.
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    trials = [Trial(**json.loads(line)) for line in journal.read_text().splitlines()]
    assert Counter(trial.group for trial in trials) == SHORT
    assert not [trial for trial in trials if trial.fault]


@pytest.mark.parametrize(
    ("code", "said", "fault"),
    [
        (0, "", ""),
        (2, "stembench: no.\n", ""),
        (2, "stembench: note: that is so\nstembench: no.\n", ""),
        (2, "Usage: stembench [OPTIONS]\nno such option\n", ""),
        (None, "", "did not end"),
        (-11, "", "ended by signal 11"),
        (1, "stembench: failed: x\n", "exit code 1"),
        (0, TRACEBACK, "traceback: ValueError: y"),
        (2, f"{TRACEBACK}stembench: no.\n", "traceback"),
        (2, "", "0 sentences"),
        (2, "stembench: no.\nstembench: nor this.\n", "2 sentences"),
        (2, "stembench: no\nand more of it\n", "more than one line"),
    ],
)
def test_how_a_command_may_end(code: int | None, said: str, fault: str) -> None:
    found = fault_of_ending(code, said)
    assert found.startswith(fault)
    assert bool(found) == bool(fault)


def test_a_process_that_is_left_is_seen_and_ended() -> None:
    # Of the tests' own process others may be there, such as the tracker of resources.
    others = {process.pid for process in psutil.Process().children(recursive=True)}
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    known = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert orphans({known.pid, *others}, seconds=0.3) == [left.pid]
        assert left.wait(5) == -9
        assert known.poll() is None
    finally:
        known.kill()
        known.wait()


def test_a_child_that_hangs_or_raises_is_told_from_one_that_ends(tmp_path: Path) -> None:
    def hang() -> int:
        import time

        time.sleep(60)
        return 0

    assert fork(hang, tmp_path).wait(0.3) is None
    raised = fork(lambda: 1 // 0, tmp_path)
    assert raised.wait() == 99
    assert "ZeroDivisionError" in raised.said()
    assert fork(lambda: sys.exit(7), tmp_path).wait() == 7


def test_a_reader_that_checks_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "numbers"
    path.write_bytes(bytes(100))
    monkeypatch.setattr(flips, "kinds", lambda _: {"numbers": [path]})
    monkeypatch.setattr(flips, "read", lambda *_: path.read_bytes())
    trial = flips.flip(3, tmp_path, {("numbers", "numbers"): bytes(100)})
    assert trial.fault == "read with other values"
    assert path.read_bytes() == bytes(100)

    def stumble(*_: object) -> bytes:
        raise KeyError("a")

    monkeypatch.setattr(flips, "read", stumble)
    assert "KeyError" in flips.flip(3, tmp_path, {}).fault


def test_bytes_and_names_of_a_run_are_compared(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name / "intensity").mkdir(parents=True)
        (tmp_path / name / "intensity" / "a.parquet").write_bytes(b"1")
        (tmp_path / name / ".run.lock").write_bytes(name.encode())
    assert content(tmp_path / "one") == content(tmp_path / "other")
    (tmp_path / "one" / "intensity" / "a.parquet").write_bytes(b"2")
    assert content(tmp_path / "one") != content(tmp_path / "other")


def test_the_table_counts_kinds_and_names_what_failed(tmp_path: Path) -> None:
    trials = [
        *(Trial("kills", "main", number, "goes on") for number in range(3)),
        Trial("kills", "worker", 3, "goes on", "bytes differ: | a `b`"),
        *(Trial("bit flips", f"kind {number:02}", number, "found") for number in range(20)),
    ]
    lines = table(trials).splitlines()
    assert "| kills | main | 3 | 3 goes on | 0 |" in lines
    assert "| kills | worker | 1 |  | 1 |" in lines
    assert any(line.startswith("| bit flips | 20 kinds: kind 00, kind 01") for line in lines)
    assert "24 trials, 1 failed." in lines
    assert lines[-1] == "- kills, worker 3: bytes differ: / a 'b'"
    document = tmp_path / "page.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_table(document, trials)
    text = document.read_text()
    assert text.startswith(f"before\n{BEGIN}\n\n| what")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
