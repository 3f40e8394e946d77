"""Whole files or none, by a temporary name; in the lowest layer so that all may write with it."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from stembench.errors import InputError
from stembench.surroundings.leftovers import sweep_once, temporary_file
from stembench.surroundings.refusals import not_written

_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a link"),
    (stat.S_ISREG, ""),
)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place once it is fully written.

    What killed processes left under such names in the folder is removed first.

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
        If the file cannot be written, or there is something that is no regular file; `path` is
        then as it was.
    """
    temporary: Path | None = None
    try:
        _refuse_others(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep_once(path.parent.absolute())
        temporary = temporary_file(path.parent, suffix=path.suffix)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        if error.filename is not None and not _concerns(error, path, temporary):
            raise  # of a file that was read meanwhile
        raise InputError(not_written(path, error)) from error
    finally:
        if temporary is not None:
            _remove(temporary)


def require_writable(path: Path) -> None:
    """Refuse a file that could not be written, before work is done for it.

    Raises
    ------
    InputError
    """
    try:
        _refuse_others(path)
        folder = next(above for above in path.absolute().parents if above.exists())
        temporary_file(folder, suffix=path.suffix).unlink()
    except OSError as error:
        raise InputError(not_written(path, error)) from error


def _refuse_others(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "a device or the like")
    if kind:
        raise InputError(f"{path} is {kind}, no regular file; name another file to write")


def _concerns(error: OSError, path: Path, temporary: Path | None) -> bool:
    """Whether an error is of what was to be written, or of a folder above it."""
    named = Path(str(error.filename)).absolute()
    written = [each.absolute() for each in (path, temporary) if each is not None]
    return any(named == each or named in each.parents for each in written) or (
        temporary is None and named.parent == path.parent.absolute()
    )


def _remove(temporary: Path) -> None:
    try:
        temporary.unlink(missing_ok=True)
    except OSError:
        return  # the next process that writes here removes it
