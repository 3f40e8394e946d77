"""Compiled kernels on disk: files with a checksum that this user alone can have written.

Numba's own cache loads whatever lies in its files: damaged machine code crashes the process, and
that of another user would be executed. Here a file that is damaged or not the user's is removed,
and its kernel compiled again.
"""

import contextlib
import hashlib
import logging
import pickle
import platform
from pathlib import Path
from typing import Any, Final

import llvmlite
from numba.core import caching, compiler, serialize

from stembench.surroundings.leftovers import sweep_once, temporary_file
from stembench.surroundings.private_folder import cache_root, private_room, read_private

_SUFFIX: Final = ".kernel"
_DIGITS: Final = 64

# Numba states no types of these.
_NUMBA: Any = compiler
_DUMPS: Any = serialize.dumps

_FunctionCache: Any = caching.FunctionCache

_LOG: Final = logging.getLogger("stembench")


class KernelCache(_FunctionCache):  # type: ignore[misc]
    """Cache of one kernel, in numba's terms; its folder is looked for when it is first needed.

    Parameters
    ----------
    function : callable
        The kernel before it is compiled.
    folder : str
        Name of the folder of its group; see `stembench.compiled.cache_folder`.
    """

    def __init__(self, function: Any, folder: str) -> None:
        self._py_func = function
        self._name = repr(function)
        self._folder = folder
        self._enabled = True

    @property
    def cache_path(self) -> str:
        """Folder of the group; empty if nothing is kept."""
        room = self._room()
        return "" if room is None else str(room)

    def flush(self) -> None:
        """Forget what is kept of the kernel."""
        room = self._room()
        for path in () if room is None else room.glob(f"{self._stem}-*{_SUFFIX}"):
            path.unlink(missing_ok=True)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled kernel for a signature; None if it is to be compiled."""
        target_context.refresh()
        if not self._enabled:
            return None
        key = self._key(sig, target_context.codegen())
        reduced = self._read(key)
        return None if reduced is None else _NUMBA.CompileResult._rebuild(target_context, *reduced)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled kernel."""
        lifted = any(not each.can_cache for each in data.lifted)
        if self._enabled and not lifted and not data.library.has_dynamic_globals:
            key = self._key(sig, data.codegen)
            self._write(key, pickle.dumps((key, _DUMPS(data._reduce()))))

    @property
    def _stem(self) -> str:
        return f"{self._py_func.__name__}-{self._py_func.__code__.co_firstlineno}"

    def _key(self, sig: Any, codegen: Any) -> str:
        """What the machine code depends on: signature, processor, kernel, program versions."""
        where = (self._py_func.__module__, self._py_func.__qualname__, self._stem)
        versions = (platform.python_version(), llvmlite.__version__)
        index = super()._index_key(sig, codegen)
        return repr((where, versions, index))

    def _room(self) -> Path | None:
        root = cache_root()
        if root is None:
            return None
        with contextlib.suppress(OSError):
            room = private_room(root, self._folder)
            sweep_once(room)
            return room
        return None

    def _path(self, key: str) -> Path | None:
        room = self._room()
        digest = hashlib.sha256(key.encode()).hexdigest()[:16]
        return None if room is None else room / f"{self._stem}-{digest}{_SUFFIX}"

    def _read(self, key: str) -> Any:
        path = self._path(key)
        if path is None:
            return None
        try:
            content = read_private(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._refuse(path, f"cannot be read ({error.strerror or error})")
            return None
        if content is None:
            self._refuse(path, "is not yours alone")
            return None
        digest, body = content[:_DIGITS], content[_DIGITS:]
        if digest != hashlib.sha256(body).hexdigest().encode():
            self._refuse(path, "is damaged")
            return None
        stated, reduced = pickle.loads(body)  # noqa: S301  # the user's own, and as it was written
        return pickle.loads(reduced) if stated == key else None  # noqa: S301

    def _write(self, key: str, body: bytes) -> None:
        path = self._path(key)
        if path is None:
            return
        temporary: Path | None = None
        try:
            temporary = temporary_file(path.parent, mode=0o600)
            temporary.write_bytes(hashlib.sha256(body).hexdigest().encode() + body)
            temporary.replace(path)
        except OSError as error:
            _LOG.warning(
                "stembench: compiled code cannot be kept in %s (%s); it is made again at the next"
                " start", path.parent, error.strerror or error,
            )  # fmt: skip
            if temporary is not None:
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)

    def _refuse(self, path: Path, fault: str) -> None:
        _LOG.warning("stembench: %s %s; its kernel is compiled again", path, fault)
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
