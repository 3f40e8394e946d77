"""What the system refuses a program: one sentence that names what helps."""

import errno
from pathlib import Path
from typing import Final

from stembench.surroundings.extras import extra_of, how_to_get

_FULL: Final = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_PLACE: Final = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.EINVAL,
    errno.ELOOP,
)
_SENTENCES: Final = {
    errno.ENOSPC: "the disk is full{where}; free some space and run again",
    getattr(errno, "EDQUOT", errno.ENOSPC): "the disk is full{where}; free some space and run "
    "again",
    errno.EFBIG: "a file would be larger than files may be here{where}; raise the limit (ulimit -f)"
    " or name another place",
    errno.EMFILE: "too many files are open{where}; raise the limit (ulimit -n) and run again",
    errno.ENFILE: "too many files are open on this machine{where}; close some and run again",
    errno.ENOMEM: "memory ran out{where}; close other programs, or work with less",
    errno.EAGAIN: "no further process or thread may be started; raise the limit (ulimit -u), or use"
    " fewer --jobs",
}


def not_written(path: Path, error: OSError) -> str:
    """Say in a sentence why a file or folder could not be written, and what to do."""
    reason = error.strerror or str(error) or type(error).__name__
    if error.errno in _FULL:
        return f"the disk is full: {path} was not written; free some space and run again"
    if error.errno == errno.EFBIG:
        return (
            f"{path} was not written: it is larger than files may be here; raise the limit"
            " (ulimit -f) or name another place"
        )
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return (
            f"{path} was not written: too many files are open; raise the limit (ulimit -n) and run"
            " again"
        )
    if error.errno == errno.ENOENT:
        return f"{path} was not written: its folder cannot be made, or vanished; name another place"
    if error.errno is None:  # numpy tells of what it could not write without a number
        return f"{path} was not written whole ({reason}); is the disk full?"
    remedy = "name another place" if error.errno in _PLACE else "see to it and run again"
    return f"{path} cannot be written ({reason}); {remedy}"


def what_failed(error: OSError | MemoryError | ImportError) -> str:
    """Say in a sentence what the system refused; empty for a closed pipe, which needs no word."""
    if isinstance(error, MemoryError):
        detail = f" ({_line(str(error))})" if str(error) else ""
        return (
            f"memory ran out{detail}; close other programs, use fewer --jobs or work with"
            " smaller images"
        )
    if isinstance(error, ImportError):
        if isinstance(error, ModuleNotFoundError) and error.name and extra_of(error.name):
            return f"{error.name} is not installed; {how_to_get(error.name)}"
        return (
            f"{error.name or 'a package'} cannot be loaded ({_line(str(error))}); see whether"
            " stembench is installed whole and may read its files, and how many it may open"
        )
    if error.errno == errno.EPIPE and error.filename is None:
        return ""
    where = f" ({error.filename})" if error.filename is not None else ""
    known = _SENTENCES.get(error.errno or 0)
    if known is not None:
        return known.format(where=where)
    if isinstance(error, FileNotFoundError) and error.filename is None and not _has_folder():
        return "the folder that this command was started in is gone; go to another and run again"
    reason = error.strerror or _line(str(error)) or type(error).__name__
    return f"{error.filename or 'the system'}: {reason}; see to it and run again"


def _has_folder() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
