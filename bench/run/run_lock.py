"""One call at a time in a run folder: a lock that says whose it is, and ends with its process."""

import contextlib
import json
import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import filelock
import psutil

from stembench.atomic_files import replacing
from stembench.errors import InputError
from stembench.surroundings.leftovers import is_temporary, process_lives, sweep

LOCK_FILE: Final = ".run.lock"
#: Says who holds the lock; touched as long as it is held.
OWNER_FILE: Final = ".run.owner"
_CLOCK_FILE: Final = ".run.clock"
#: What a run folder may hold before there is a run in it.
LOCK_FILES: Final = (LOCK_FILE, OWNER_FILE, _CLOCK_FILE)
#: Seconds between touches, and those after which a process of another host counts as dead.
_PULSE: Final = 30.0
_SILENCE: Final = 300.0


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold a folder for this process while the context lasts.

    The folder is made if absent; if it is still empty at the end, one that was made is removed. The
    operating system gives the lock up when its process ends, however that ends. Where a file system
    does not lock, or not among hosts, the owner's note stands in: it counts while its process lives
    on this host, or while a process of another host keeps touching it.

    What killed processes left in the folder is removed first.

    Raises
    ------
    InputError
        If another process holds it, or the folder cannot be written.
    """
    try:
        made = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / LOCK_FILE)
        lock.acquire(blocking=False)
    except filelock.Timeout as error:
        raise InputError(_taken(folder, _owner(folder))) from error
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{folder} cannot be written ({reason}); name another folder") from error
    try:
        owner = _owner(folder)
        if _lives(folder, owner):
            raise InputError(_taken(folder, owner))
        sweep(folder, deep=True)
        with _noted(folder):
            yield
    finally:
        lock.release()
        # The empty file stays: another process may hold a lock on what was removed.
        with contextlib.suppress(OSError):
            if made and [path.name for path in folder.iterdir()] == [LOCK_FILE]:
                (folder / LOCK_FILE).unlink()
                folder.rmdir()


def check_held(folder: Path) -> None:
    """Refuse to go on in a folder that was moved or removed since this process holds it.

    Raises
    ------
    InputError
    """
    owner = _owner(folder)
    if (owner.get("host"), owner.get("pid")) != (platform.node(), os.getpid()):
        raise InputError(
            f"{folder} was moved, removed or exchanged while this call worked in it; what was"
            " finished is where the folder is now: put it back and run the same command again"
        )


def is_in_use(path: Path) -> bool:
    """Whether a path in a run folder is of its lock, or a temporary one."""
    return path.name in LOCK_FILES or is_temporary(path)


@contextmanager
def _noted(folder: Path) -> Iterator[None]:
    """Keep the owner's note in the folder."""
    path = folder / OWNER_FILE
    note = {
        "host": platform.node(),
        "pid": os.getpid(),
        "process_started": psutil.Process().create_time(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(note), encoding="utf-8")
    ended = threading.Event()

    def touch() -> None:
        while not ended.wait(_PULSE):
            with contextlib.suppress(OSError):
                os.utime(path)

    pulse = threading.Thread(target=touch, daemon=True, name="run lock")
    pulse.start()
    try:
        yield
    finally:
        ended.set()
        pulse.join()
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _owner(folder: Path) -> dict[str, Any]:
    """The owner's note; empty if there is none that can be read."""
    try:
        note = json.loads((folder / OWNER_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return note if isinstance(note, dict) else {}


def _lives(folder: Path, owner: dict[str, Any]) -> bool:
    """Whether the process of a note that was left in the folder still holds it."""
    if not owner:
        return False
    if owner.get("host") != platform.node():
        return _age(folder / OWNER_FILE) < _SILENCE
    number, started = owner.get("pid"), owner.get("process_started")
    if not isinstance(number, int) or not isinstance(started, int | float):
        return False
    try:
        return process_lives(number, started)
    except (ValueError, OverflowError):
        return False


def _age(path: Path) -> float:
    """Seconds since a file was touched, by the clock of the file system that holds it."""
    try:
        with replacing(path.with_name(_CLOCK_FILE)) as now:
            return now.stat().st_mtime - path.stat().st_mtime
    except OSError:
        return float("inf")
    finally:
        path.with_name(_CLOCK_FILE).unlink(missing_ok=True)


def _taken(folder: Path, owner: dict[str, Any]) -> str:
    who = "another process"
    if owner:
        who = (
            f"process {owner.get('pid')} on {owner.get('host')}, which started there at"
            f" {owner.get('since')}"
        )
    return (
        f"{folder} is in use by {who}: wait until that has ended, or name another folder with --out"
    )
