"""What killed processes left is swept by the next one; what living ones use stays."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from stembench.atomic_files import replacing
from stembench.surroundings import leftovers
from stembench.surroundings.leftovers import (
    is_temporary,
    scratch_folder,
    staging_folder,
    sweep,
    sweep_once,
    temporary_file,
)

_LEAVE = """
import os, signal, sys
from pathlib import Path
from stembench.surroundings.leftovers import scratch_folder, temporary_file
place = Path(sys.argv[1])
temporary_file(place, suffix=".npz").write_text("half")
temporary_file(place / "records", suffix=".parquet")
(scratch_folder(place) / "inner").write_text("half")
print("made", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def _unswept():
    sweep_once.cache_clear()


@pytest.fixture
def leaver(tmp_path):
    """A process that holds temporary files in a folder."""
    (tmp_path / "records").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", _LEAVE, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def _temporary(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if is_temporary(path)]


def test_what_a_killed_process_left_goes_and_what_lives_stays(tmp_path, leaver):
    own = temporary_file(tmp_path)
    foreign = tmp_path / ".stembench-notes"
    foreign.write_text("the user's")
    sweep(tmp_path, deep=True)
    assert len(_temporary(tmp_path)) == 4
    leaver.kill()
    leaver.communicate()
    with replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("the next run")
    assert [path.name for path in _temporary(tmp_path) if path != own] == [
        path.name for path in _temporary(tmp_path / "records")
    ]
    sweep(tmp_path, deep=True)
    assert _temporary(tmp_path) == [own]
    assert foreign.exists()


@pytest.mark.skipif(os.name != "posix", reason="only there do processes wait to be waited for")
def test_a_process_that_nobody_waited_for_has_ended(tmp_path, leaver):
    sweep(tmp_path, deep=True)
    assert len(_temporary(tmp_path)) == 3
    leaver.kill()
    os.waitid(os.P_PID, leaver.pid, os.WEXITED | os.WNOWAIT)  # it stays as it is
    assert psutil.Process(leaver.pid).status() == psutil.STATUS_ZOMBIE
    sweep(tmp_path, deep=True)
    assert not _temporary(tmp_path)


def test_a_number_that_another_process_has_now_counts_as_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers, "_started", lambda _: round(time.time() * 1e3) - 10**7)
    path = temporary_file(tmp_path)
    sweep(tmp_path)
    assert not path.exists()


def test_what_another_machine_left_goes_when_it_is_old(tmp_path, monkeypatch):
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(leftovers, "_machine", lambda: "0" * 8)
        path = temporary_file(tmp_path)
    sweep(tmp_path)
    assert path.exists()
    os.utime(path, (0, time.time() - 1e5))
    sweep(tmp_path)
    assert not path.exists()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="gives files away")
def test_what_another_user_left_is_not_ours_to_remove(tmp_path, leaver):
    leaver.kill()
    leaver.communicate()
    given = _temporary(tmp_path)
    for path in given:
        os.chown(path, 65534, 65534)
    sweep(tmp_path, deep=True)
    assert _temporary(tmp_path) == given


def test_a_link_is_removed_and_not_followed(tmp_path, monkeypatch):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("stays")
    with monkeypatch.context() as ended:
        ended.setattr(leftovers, "_started", lambda _: 0)
        link = temporary_file(tmp_path)
    link.unlink()
    link.symlink_to(kept)
    sweep(tmp_path)
    assert not link.is_symlink()
    assert (kept / "file").exists()


def test_a_staging_folder_is_the_users_alone_and_goes(tmp_path):
    with staging_folder(tmp_path) as folder:
        assert os.name == "nt" or folder.stat().st_mode & 0o077 == 0
        (folder / "a").write_text("half")
    assert not list(tmp_path.iterdir())


def test_scratch_folders_lie_in_the_place_for_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert scratch_folder().parent == tmp_path
