"""Values that are kept between calls, one checksummed file each, in this program's cache folder."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from stembench.describe import from_dict
from stembench.errors import InputError
from stembench.sealed_json import check_content, read_json, write_json
from stembench.surroundings.private_folder import cache_root, private_room

_Value = TypeVar("_Value")


class KeptValues:
    """Frozen dataclasses, each in a file that is named by the hash of what it belongs to.

    What is damaged counts as not there; where nothing can be kept that is said once.

    Parameters
    ----------
    room : str
        Folder within the cache.
    what : str
        What is kept, for sentences: 'rates are'.
    remedy : str
        What follows where a file is damaged: 'it is measured again'.
    note : callable
        Called with a sentence on what is damaged or cannot be kept.
    """

    def __init__(self, room: str, *, what: str, remedy: str, note: Callable[[str], None]) -> None:
        self._what, self._remedy, self._note = what, remedy, note
        self._room: Path | None = None
        root = cache_root()
        if root is not None:
            try:
                self._room = private_room(root, room)
            except OSError as error:
                note(f"{what} not kept ({error})")

    def read(self, kind: type[_Value], key: str) -> _Value | None:
        """Return the value of a key; None if there is none."""
        path = self._path(key)
        if path is None or not path.exists():
            return None
        try:
            content = check_content(read_json(path), path, remedy=self._remedy)
            return from_dict(kind, content, source=str(path))
        except InputError as error:
            self._note(str(error))
            return None

    def write(self, value: Any, key: str) -> None:
        """Keep a value; where that is not possible it is made by the next call too."""
        path = self._path(key)
        if path is not None:
            try:
                write_json(path, asdict(value))
            except InputError as error:
                self._note(f"{self._what} not kept ({error})")
                self._room = None

    def _path(self, key: str) -> Path | None:
        if self._room is None:
            return None
        return self._room / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
