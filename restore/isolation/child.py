"""The process of a model: it loads it, restores the images that it is sent, and ends on any end.

It is started by `restore.isolation.process`. What is ours is imported first; then our packages,
whose names are everyday words, make room for modules of the same names in the user's folder.
"""

import importlib
import os
import queue
import shutil
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import fields
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, Final

import numpy as np

from restore.isolation.messages import Frame, array_of, described, read_frame, write_frame
from restore.restorer import SteppedRestorer, TiledRestorer, Tiling
from restore.user_models.keras_file import load_keras_file
from restore.user_models.onnx_file import load_onnx_file
from restore.user_models.plugins import find_factory
from restore.user_models.python_callable import load_callable
from restore.user_models.saved_model import load_saved_model

_OURS: Final = ("bench", "cases", "fitting", "noise", "reports", "restore", "stembench")
_FILES: Final[dict[str, Callable[[Path], Any]]] = {
    "keras": load_keras_file,
    "onnx": load_onnx_file,
    "saved_model": load_saved_model,
}
_ANY: Final = 2**62


class _UsersFirst:
    """Finder of our packages' names, and of the module that was named, in the user's folder."""

    def __init__(self, folder: str, names: Sequence[str]) -> None:
        self._folder, self._names = folder, frozenset(names)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the user's module or folder of that name, None if it has none."""
        if path is not None or name not in self._names:
            return None
        return PathFinder.find_spec(name, [self._folder], target)


def make_room(folder: str, module: str, /) -> None:
    """Hide our packages, which are loaded, from what is imported from now on.

    The user's folder is searched first. Where it has no module of one of our names, ours is
    imported again, for the sake of modules that take `RestorerMetadata` from it.
    """
    root = str(Path(__file__).parents[2])
    for name in [name for name in sys.modules if name.partition(".")[0] in _OURS]:
        del sys.modules[name]
    others = [entry for entry in sys.path if entry not in ("", folder, root)]
    sys.path[:] = [folder, *others, *([root] if root != folder else [])]
    names = (*_OURS, module.partition(".")[0])
    sys.meta_path.insert(0, _UsersFirst(folder, names))
    importlib.invalidate_caches()


def _load(request: dict[str, Any]) -> Any:
    kind, spec = request["kind"], request["spec"]
    if kind == "plugin":
        factory = find_factory(spec, built_in=request["built_in"])
        if factory is None:
            raise ModuleNotFoundError(f"restorer '{spec}' is not registered any more")
        return factory(**request["settings"])
    if kind == "callable":
        make_room(request["folder"], spec.partition(":")[0])
        return load_callable(spec)
    return _FILES[kind](Path(spec))


def _plain(value: Any) -> Any:
    return {part.name: getattr(value, part.name) for part in fields(value)}


def _complaint(error: BaseException) -> dict[str, str]:
    """Describe an exception; by names, since a user's module may have our classes a second time."""
    names = {kind.__name__ for kind in type(error).__mro__}
    lines = str(error).strip().splitlines() or ["no message"]
    if names & {"InputError", "RestorationError"}:
        return {
            "error": "restoration" if "RestorationError" in names else "input",
            "text": str(error)[:20000],
        }
    if isinstance(error, SystemExit):
        lines = [f"it asked to end the process (sys.exit({str(error.code)[:80]}))"]
    return {"error": "foreign", "text": f"{type(error).__name__}: {lines[0]}"[:20000]}


def _restored(model: Any, frame: Frame, answer: BinaryIO) -> Frame:
    header = frame[0]
    image = np.array(array_of(frame))
    sampling = header["sampling"]
    if header["with"] is not False:
        tiling = Tiling(**header["with"]) if header["with"] else None
        output = model.restore_with(image, sampling=sampling, tiling=tiling)
    elif header["progress"] and isinstance(model, SteppedRestorer):
        output = model.restore_in_steps(
            image,
            sampling=sampling,
            progress=lambda done, all_: write_frame(answer, {"progress": [int(done), int(all_)]}),
        )
    else:
        output = model.restore_image(image, sampling=sampling)
    return described(np.asarray(output), most=16 * image.size)


def serve(request: dict[str, Any], requests: BinaryIO, answer: BinaryIO, scratch: Path) -> None:
    """Load the model of a request, then restore images until the pipe ends."""
    waiting: queue.Queue[Frame] = queue.Queue()

    def listen() -> None:
        # Whoever started this process has gone when the pipe ends, whatever the model is doing.
        try:
            while (frame := read_frame(requests, most=_ANY)) is not None:
                waiting.put(frame)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    try:
        model = _load(request)
        tiled = isinstance(model, TiledRestorer)
        metadata = _plain(model.metadata)
        told = {"metadata": metadata, "tiling": _plain(model.tiling) if tiled else None}
        write_frame(answer, told)
    except BaseException as error:
        write_frame(answer, _complaint(error))
        return
    while True:
        frame = waiting.get()
        notes: list[str] = []
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                header, payload = _restored(model, frame, answer)
            for warning in caught:
                names = {kind.__name__ for kind in warning.category.__mro__}
                if "RestorationWarning" in names:
                    notes.append(str(warning.message)[:2000])
            write_frame(answer, {**header, "notes": notes[:20]}, payload)
        except BaseException as error:
            write_frame(answer, _complaint(error))
