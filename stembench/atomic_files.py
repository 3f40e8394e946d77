"""Whole files or none, by a temporary name; in the lowest layer so that all may write with it."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stembench.errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place once it is fully written.

    Parameters
    ----------
    path : pathlib.Path
        File to write; its folder is made if absent.

    Yields
    ------
    pathlib.Path
        Temporary path with the same suffix.

    Raises
    ------
    InputError
        If the disk is full or the folder may not be written; `path` is then as it was.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o644)  # mkstemp makes files that others cannot read
        temporary.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InputError(
                f"the disk is full: {path} was not written; free some space and run again"
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise InputError(
                f"{path} cannot be written ({error.strerror}); name another place"
            ) from error
        raise
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
