"""A folder for what is kept and executed later: the user's alone, or a temporary one that is."""

import atexit
import logging
import os
import shutil
import stat
from functools import lru_cache
from pathlib import Path
from typing import Final

import platformdirs

from stembench.surroundings.leftovers import scratch_folder, temporary_file

#: Set to the temporary cache of a process, for those that it starts.
VARIABLE: Final = "STEMBENCH_CACHE"
#: What others could write with.
_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH

_LOG: Final = logging.getLogger("stembench")


@lru_cache(maxsize=1)
def cache_root() -> Path | None:
    """Folder of this program's caches, which nobody else can have written to.

    It is the one in the user's cache folder if that can be used; otherwise a temporary one, which
    goes with this process and serves those that it starts, and which is spoken of once.

    Returns
    -------
    pathlib.Path or None
        None if there is no place for it at all.
    """
    given = os.environ.get(VARIABLE, "")
    if given and not _fault_of_root(Path(given)):
        return Path(given)
    wanted = Path(platformdirs.user_cache_dir("stembench"))
    fault = _fault_of_root(wanted)
    if not fault:
        return wanted
    try:
        made = scratch_folder()
    except OSError as error:
        _LOG.warning(
            "stembench: %s and no temporary place is there either (%s): compiled code is not kept,"
            " which costs a minute at each start", fault, error.strerror or error,
        )  # fmt: skip
        return None
    _LOG.warning(
        "stembench: %s: compiled code is kept until this command ends, which costs a minute at each"
        " start; set XDG_CACHE_HOME to a folder of your own", fault,
    )  # fmt: skip
    os.environ[VARIABLE] = str(made)
    atexit.register(_remove, made, os.getpid())
    return made


def private_room(root: Path, name: str, /) -> Path:
    """Make a folder within another for this user alone, and return it.

    Raises
    ------
    OSError
        If it cannot be made, or is another user's.
    """
    room = root / name
    room.mkdir(mode=0o700, exist_ok=True)
    fault = _fault(room)
    if fault:
        raise PermissionError(fault)
    return room


def read_private(path: Path, /) -> bytes | None:
    """Read a file that this user alone can have written.

    Returns
    -------
    bytes or None
        None for one that is another's, that others may write to, or that is a link.

    Raises
    ------
    OSError
        If there is none, or it cannot be read.
    """
    if path.is_symlink():
        return None
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(opened, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return None
        if hasattr(os, "getuid") and (
            status.st_uid != os.getuid() or status.st_mode & _OTHERS or status.st_nlink != 1
        ):
            return None
        return file.read()


def _fault_of_root(folder: Path) -> str:
    """Make a folder for caches if there is none; what speaks against it, or nothing."""
    if not folder.is_absolute():
        return f"the cache folder {folder} has no absolute path"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        fault = _fault(folder) or _fault_above(folder)
        if not fault:
            temporary_file(folder).unlink()
    except OSError as error:
        return f"the cache folder {folder} cannot be written ({error.strerror or error})"
    return fault


def _fault(folder: Path) -> str:
    """What speaks against a folder of this program; its mode is mended if it is this user's."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        return f"{folder} is no folder"
    if not hasattr(os, "getuid"):
        return ""
    if status.st_uid != os.getuid():
        return f"the cache folder {folder} belongs to another user"
    if status.st_mode & _OTHERS:
        folder.chmod(0o700)
    return ""


def _fault_above(folder: Path) -> str:
    """Whether anybody may exchange one of the folders that a folder lies in."""
    if not hasattr(os, "getuid"):
        return ""
    for above in folder.resolve().parents:
        mode = above.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return f"the cache folder {folder} lies in {above}, to which everybody may write"
    return ""


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
