"""One call at a time in a run folder: refused while held, free once its process has ended."""

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.run.run_lock import LOCK_FILE, OWNER_FILE, one_at_a_time
from stembench.errors import InputError

ROOT = Path(__file__).parents[3]
HOLDER = """
import sys, time
from pathlib import Path
from bench.run.run_lock import one_at_a_time
with one_at_a_time(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def leave_note(folder: Path, **changes: object) -> Path:
    """Write the note of an owner who no longer holds the file lock, or cannot."""
    folder.mkdir()
    note = {"host": platform.node(), "pid": 1, "process_started": 0.0, "since": "noon", **changes}
    (folder / OWNER_FILE).write_text(json.dumps(note))
    return folder / OWNER_FILE


def test_a_folder_is_held_once_and_left_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with one_at_a_time(folder):
        own = rf"in use by process {os.getpid()} on "
        with pytest.raises(InputError, match=own) as caught, one_at_a_time(folder):
            pass
        assert "\n" not in str(caught.value)
    assert not folder.exists()
    with one_at_a_time(folder):
        (folder / "run.json").touch()
    assert sorted(path.name for path in folder.iterdir()) == [LOCK_FILE, "run.json"]
    with one_at_a_time(folder):
        pass


def test_a_killed_process_gives_it_up(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(InputError, match=f"in use by process {holder.pid}"),
            one_at_a_time(folder),
        ):
            pass
    finally:
        holder.kill()
        holder.communicate()
    assert (folder / OWNER_FILE).exists()
    with one_at_a_time(folder):
        pass
    assert not (folder / OWNER_FILE).exists()


def test_the_note_counts_where_the_file_system_does_not_lock(tmp_path: Path) -> None:
    import psutil

    living = {"pid": os.getpid(), "process_started": psutil.Process().create_time()}
    leave_note(tmp_path / "living", **living)
    leave_note(tmp_path / "elsewhere", host="another host")
    for name in ("living", "elsewhere"):
        with pytest.raises(InputError, match="in use by process"), one_at_a_time(tmp_path / name):
            pass
    # The number was given to another process; the other host has fallen silent; nonsense.
    leave_note(tmp_path / "reused", pid=os.getpid())
    silent = leave_note(tmp_path / "silent", host="another host")
    os.utime(silent, (time.time() - 3600,) * 2)
    leave_note(tmp_path / "nonsense", pid="many", process_started=None)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / OWNER_FILE).write_text("[" * 100_000)
    for name in ("reused", "silent", "nonsense", "damaged"):
        with one_at_a_time(tmp_path / name):
            pass


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300])
def test_what_cannot_be_a_folder_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"), one_at_a_time(tmp_path / name):
        pass
