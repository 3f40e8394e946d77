"""Temporary files and folders that say whose they are, so that what a killed process left goes.

A name holds the machine, the number of the process and when that started. What is found under such
a name is removed if its process has ended; of another machine, or of before the last start of this
one, if it is a day old.
"""

import contextlib
import hashlib
import os
import platform
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Final

PREFIX: Final = ".stembench-"
_NAME: Final = re.compile(
    re.escape(PREFIX) + r"(?P<machine>[0-9a-f]{8})-(?P<process>\d+)-(?P<started>\d+)-[0-9a-f]{8}"
)
#: Seconds after which what another machine left counts as left.
_OLD: Final = 86400.0
#: Seconds by which the start of a process may seem to move when the clock is set.
_DRIFT: Final = 2.0


def is_temporary(path: Path) -> bool:
    """Whether a path has the name of a temporary file or folder of ours."""
    return _NAME.match(path.name) is not None


def temporary_file(folder: Path, *, suffix: str = "", mode: int = 0o666) -> Path:
    """Make an empty temporary file with the rights that new files of the user have."""
    while True:
        path = folder / f"{_own_name()}{suffix}"
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
            return path


def scratch_folder(folder: Path | None = None) -> Path:
    """Make a temporary folder that is the user's alone, and sweep the place in which it is made.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where; by default the system's place for temporary files.
    """
    place = Path(tempfile.gettempdir()) if folder is None else folder
    sweep_once(place)
    while True:
        path = place / _own_name()
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
            return path


@contextmanager
def staging_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder that is removed when the context ends."""
    path = scratch_folder(folder)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@lru_cache(maxsize=256)
def sweep_once(folder: Path) -> None:
    """Remove what killed processes left in a folder, the first time that it is asked for."""
    sweep(folder)


def sweep(folder: Path, *, deep: bool = False) -> None:
    """Remove the temporary files and folders that killed processes left in a folder.

    Parameters
    ----------
    folder : pathlib.Path
    deep : bool
        Whether folders within it are searched too.
    """
    try:
        found = list((folder.rglob if deep else folder.glob)(f"{PREFIX}*"))
    except OSError:
        return
    for path in found:
        if _is_left(path):
            with contextlib.suppress(OSError):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


def _is_left(path: Path) -> bool:
    """Whether a path is a temporary one of this user whose process has ended."""
    named = _NAME.match(path.name)
    if named is None:
        return False
    try:
        status = path.lstat()
    except OSError:
        return False
    if hasattr(os, "getuid") and status.st_uid != os.getuid():
        return False
    if named["machine"] != _machine():
        return time.time() - status.st_mtime > _OLD
    return not process_lives(int(named["process"]), float(named["started"]) / 1000.0)


def process_lives(process: int, started: float) -> bool:
    """Whether the process of this number that started then has not ended.

    One that has ended but was not waited for by its parent, as in containers whose first process
    waits for nobody, does not live.

    Parameters
    ----------
    process : int
    started : float
        Seconds since the epoch.
    """
    import psutil

    try:
        found = psutil.Process(process)
        # A number is given to other processes later.
        same = abs(found.create_time() - started) < _DRIFT
        return bool(same and found.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, ValueError, OverflowError):
        return bool(psutil.pid_exists(process))


def _own_name() -> str:
    started = _started(os.getpid())
    return f"{PREFIX}{_machine()}-{os.getpid()}-{started}-{secrets.token_hex(4)}"


@lru_cache(maxsize=4)
def _started(process: int) -> int:
    """When a process started, in ms."""
    import psutil

    return int(psutil.Process(process).create_time() * 1000.0)


@lru_cache(maxsize=1)
def _machine() -> str:
    """Digits of this machine since it was started, and of the container that this process is in."""
    parts = [platform.node()]
    for name, read in (
        ("/proc/sys/kernel/random/boot_id", lambda path: Path(path).read_text(encoding="ascii")),
        ("/proc/self/ns/pid", os.readlink),
    ):
        with contextlib.suppress(OSError):
            parts.append(str(read(name)))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
