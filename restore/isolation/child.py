"""The process of a model: it loads it, restores the images that it is sent, and ends on any end.

It is started by `restore.isolation.process`. What is ours is imported first; then our packages make
room for modules of the same names in the user's folder.
"""

import os
import queue
import shutil
import threading
import warnings
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from restore.isolation.messages import (
    Frame,
    array_of,
    described,
    read_frame,
    sentence,
    write_frame,
)
from restore.restorer import (
    RestorationError,
    RestorerMetadata,
    SteppedRestorer,
    TiledRestorer,
    Tiling,
)
from restore.user_models.hiding import hide_ours
from restore.user_models.keras_file import load_keras_file, read_keras_metadata
from restore.user_models.network_settings import NetworkSettings
from restore.user_models.onnx_file import load_onnx_file, read_onnx_metadata
from restore.user_models.plugins import find_factory
from restore.user_models.python_callable import load_callable
from restore.user_models.saved_model import load_saved_model, read_saved_model_metadata
from stembench.errors import InputError

_Metadata = Callable[[Path, NetworkSettings], RestorerMetadata]
FILES: Final[dict[str, tuple[Callable[[Path, NetworkSettings], Any], _Metadata]]] = {
    "keras": (load_keras_file, read_keras_metadata),
    "onnx": (load_onnx_file, read_onnx_metadata),
    "saved_model": (load_saved_model, read_saved_model_metadata),
}
"""How each kind of model file is loaded, and how its metadata is read without its engine."""
_ANY: Final = 2**62


def _load(request: dict[str, Any]) -> Any:
    kind, spec = request["kind"], request["spec"]
    if kind == "plugin":
        factory = find_factory(spec, built_in=request["built_in"])
        if factory is None:
            raise InputError(f"restorer '{spec}' is not registered any more")
        return factory(**request["settings"])
    if kind == "callable":
        hide_ours(request["folder"], spec.partition(":")[0])
        return load_callable(spec)
    return FILES[kind][0](Path(spec), NetworkSettings(**request["settings"]))


def _values(value: Any) -> dict[str, Any]:
    return {part.name: getattr(value, part.name) for part in fields(value)}


def _told(request: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Load what a request names; return it, and what the other side is told of it."""
    if request["metadata_only"]:
        settings = NetworkSettings(**request["settings"])
        metadata = FILES[request["kind"]][1](Path(request["spec"]), settings)
        return None, {"metadata": _values(metadata), "tiling": None}
    model = _load(request)
    tiling = _values(model.tiling) if isinstance(model, TiledRestorer) else None
    return model, {"metadata": _values(model.metadata), "tiling": tiling}


def _complaint(error: BaseException) -> dict[str, str]:
    """Describe an exception in one sentence."""
    if isinstance(error, RestorationError):
        return {"error": "restoration", "text": sentence(error)}
    if isinstance(error, InputError):
        return {"error": "input", "text": sentence(error)}
    if isinstance(error, SystemExit):
        reason = f"it asked to end the process (sys.exit({sentence(repr(error.code))[:80]}))"
    else:
        try:
            reason = (str(error).strip().splitlines() or ["no message"])[0]
        except BaseException:
            reason = "an exception that cannot be shown"
    return {"error": "foreign", "text": sentence(f"{type(error).__name__}: {reason}")}


def _restored(model: Any, frame: Frame, answer: BinaryIO) -> Frame:
    header = frame[0]
    image = np.array(array_of(frame))
    sampling = header["sampling"]
    if header["with"] is not False:
        tiling = Tiling(**header["with"]) if header["with"] else None
        output = model.restore_with(image, sampling=sampling, tiling=tiling)
    elif header["progress"] and isinstance(model, SteppedRestorer):

        def progress(done: int, steps: int) -> None:
            write_frame(answer, {"id": header["id"], "progress": [int(done), int(steps)]})

        output = model.restore_in_steps(image, sampling=sampling, progress=progress)
    else:
        output = model.restore_image(image, sampling=sampling)
    return described(np.asarray(output), most=16 * image.size)


def _notes(caught: list[warnings.WarningMessage]) -> list[str]:
    """Return the fallbacks that a model warned of, told by name: a callable cannot import ours."""
    return [
        sentence(warning.message)
        for warning in caught
        if "RestorationWarning" in {kind.__name__ for kind in warning.category.__mro__}
    ][:20]


def serve(request: dict[str, Any], requests: BinaryIO, answer: BinaryIO, scratch: Path) -> None:
    """Load the model of a request, then restore images until the pipe ends."""
    waiting: queue.Queue[Frame] = queue.Queue()

    def listen() -> None:
        # Whoever started this process has gone when the pipe ends, whatever the model is doing.
        try:
            while (frame := read_frame(requests, most=lambda: _ANY)) is not None:
                waiting.put(frame)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    try:
        model, told = _told(request)
        write_frame(answer, {"id": 0, **told})
    except BaseException as error:
        write_frame(answer, {"id": 0, **_complaint(error)})
        return
    while True:
        frame = waiting.get()
        number = {"id": frame[0]["id"]}
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                header, payload = _restored(model, frame, answer)
            write_frame(answer, {**header, **number, "notes": _notes(caught)}, payload)
        except BaseException as error:
            write_frame(answer, {**number, **_complaint(error)})
