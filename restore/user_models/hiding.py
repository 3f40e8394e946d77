"""Our packages made unfindable, and a user's folder found first.

Their names are everyday words: a trainer's own `noise.py` or `cases/` is what his modules mean.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Final

from stembench.surroundings.own_source import TOP_LEVEL

_MARK: Final = "stembench"  # no everyday word: where it is, the others are ours too


def _is_ours(entry: str, name: str) -> bool:
    """Return whether a folder on the path holds a package of this name that is ours."""
    folder = Path(entry or os.curdir)
    return (folder / _MARK / "errors.py").is_file() and (folder / name / "__init__.py").is_file()


class _OthersFinder(PathFinder):
    """Python's finder of modules on `sys.path`, for which ours are not there."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module as Python does."""
        if path is None and fullname in TOP_LEVEL:
            path = [entry for entry in sys.path if not _is_ours(entry, fullname)]
        return super().find_spec(fullname, path, target)


def _finds_ours(finder: object) -> bool:
    """Return whether a finder is that of an editable install of this program."""
    find = getattr(finder, "find_spec", None)
    return find is not None and find(_MARK, None, None) is not None


def hide_ours(folder: str, module: str, /) -> None:
    """Hide our packages from what is imported from now on; what is loaded goes on working.

    Parameters
    ----------
    folder : str
        The user's, which is searched before all others.
    module : str
        Name of the module that the user named. One of that name that is loaded already makes room
        where the folder has its own.
    """
    for index, finder in enumerate(sys.meta_path):
        if finder is PathFinder:
            sys.meta_path[index] = _OthersFinder
    others = [finder for finder in sys.meta_path if not _finds_ours(finder)]
    sys.meta_path[:] = others
    sys.path[:] = [folder, *(entry for entry in sys.path if entry not in ("", folder))]
    first = module.partition(".")[0]
    own = _OthersFinder.find_spec(first, [folder])
    hidden = {*TOP_LEVEL, first} if own is not None else set(TOP_LEVEL)
    for name in tuple(sys.modules):
        if name.partition(".")[0] in hidden:
            del sys.modules[name]
    importlib.invalidate_caches()
