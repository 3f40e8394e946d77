"""Restored images that figures show, kept between calls in this program's cache folder."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from reports import LackingError
from restore import Restorer, is_built_in, load_restorer, metadata_of
from stembench.arrays import Floats
from stembench.errors import InputError
from stembench.sealed_files import BLANK_SEAL, DamagedFileError, read_sealed, write_sealed
from stembench.surroundings.private_folder import cache_root, private_room

_ROOM: Final = "restored-images"


class RestoredImages:
    """Restores images, each once: a `reports.Restoring`.

    What a restorer gives follows from its metadata and the image, so that both are the key. A
    user's own model without a hash of its weights is not remembered.

    Parameters
    ----------
    note : callable
        Called with a sentence where nothing can be kept, and with what is being restored.
    room : pathlib.Path, optional
        Folder of kept images; by default one in the cache folder.
    """

    def __init__(self, note: Callable[[str], None], *, room: Path | None = None) -> None:
        self._note = note
        self._loaded: dict[str, Restorer] = {}
        self._room = room
        root = None if room is not None else cache_root()
        if root is not None:
            try:
                self._room = private_room(root, _ROOM)
            except OSError as error:
                note(f"restored images are not kept ({error})")

    def __call__(self, image: Floats, spec: str, /, *, sampling: float) -> Floats:
        """Restore counts (h, w) by the restorer that a spec names; Å per pixel; counts out.

        Raises
        ------
        LackingError
            If there is no such restorer, or what it needs is not installed.
        """
        pixels = np.ascontiguousarray(image, dtype=np.float64)
        path = self._path(pixels, spec, sampling=sampling)
        if path is not None and path.exists():
            try:
                return _read(path)
            except DamagedFileError as error:
                self._note(f"{error}; it is restored again")
        restored = self._restore(pixels, spec, sampling=sampling)
        # As it will be read.
        restored = restored.astype(np.float32).astype(np.float64)
        if path is not None:
            try:
                write_sealed(path, _written(restored))
            except (InputError, OSError) as error:
                self._note(f"restored images are not kept ({error})")
                self._room = None
        return restored

    def _restore(self, image: Floats, spec: str, *, sampling: float) -> Floats:
        self._note(f"restoring {image.shape[0]} x {image.shape[1]} px by {spec}")
        if spec not in self._loaded:
            try:
                self._loaded[spec] = load_restorer(spec)
            except InputError as error:
                raise LackingError(str(error)) from error
        restored: Floats = self._loaded[spec].restore(image[None], sampling=sampling)[0]
        return restored

    def _path(self, image: Floats, spec: str, *, sampling: float) -> Path | None:
        if self._room is None:
            return None
        try:
            metadata = metadata_of(spec)
        except InputError as error:
            raise LackingError(str(error)) from error
        if not is_built_in(spec) and metadata.weights_sha256 is None:
            return None
        said = json.dumps(
            {"restorer": asdict(metadata), "shape": image.shape, "sampling": sampling},
            sort_keys=True,
        )
        digest = hashlib.sha256(said.encode() + image.tobytes()).hexdigest()
        return self._room / f"{digest[:40]}.npz"


def _written(image: Floats) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, image=image.astype(np.float32))
    with zipfile.ZipFile(content, "a") as archive:
        archive.comment = BLANK_SEAL.encode()
    return content.getvalue()


def _read(path: Path) -> Floats:
    content, _ = read_sealed(path, remedy="it is restored again")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return np.asarray(arrays["image"], dtype=np.float64)
