"""A restorer whose model is in another process: one image at a time, failures in one sentence."""

import threading
import warnings
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from restore.isolation.allowance import model_limits
from restore.isolation.messages import Frame, FrameError, array_of, described, sentence
from restore.isolation.process import ModelProcess, Source
from restore.restorer import (
    ForeignError,
    Progress,
    RestorationError,
    RestorationWarning,
    RestorerMetadata,
    Tiling,
)
from stembench.arrays import Floats
from stembench.errors import InputError

_DEATHS: Final = 3  # how often a model's process may end before it is not started again
_LOADING: Final = "while it was loaded"
_RESTORING: Final = "while it restored an image"


class IsolatedRestorer:
    """An `ImageRestorer` whose model is in another process."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._limits = model_limits()
        self._name = source.spec
        self._deaths = 0
        self._lock = threading.Lock()
        self._process: ModelProcess | None = None
        self.metadata, self.tiling = self._start()
        self._name = self.metadata.name

    def _start(self) -> tuple[RestorerMetadata, Tiling | None]:
        self._process = ModelProcess(self._source, self._limits)
        try:
            header, _ = self._answer(self._process, _LOADING)
            return _declared(header, self._name)
        except BaseException:
            self._stop()
            raise

    def _stop(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None

    def _answer(self, process: ModelProcess, when: str, progress: Progress | None = None) -> Frame:
        """Wait for the answer; any end of the process, and any limit, is an error."""
        while True:
            frame = process.answer()
            if isinstance(frame, str):
                self._deaths += 1
                self._stop()
                raise RestorationError(f"restorer '{self._name}' {frame} ({when})")
            steps = frame[0].get("progress")
            if steps is None:
                return _without_error(frame, self._name, loading=when == _LOADING)
            if progress is not None and isinstance(steps, list) and len(steps) == 2:
                progress(*(int(step) if isinstance(step, int) else 0 for step in steps))

    def _again(self) -> ModelProcess:
        """Return the process, started again if it has ended."""
        if self._process is not None and self._process.alive:
            return self._process
        if self._process is not None:  # between two images
            self._deaths += 1
            self._stop()
        if self._deaths >= _DEATHS:
            raise RestorationError(
                f"restorer '{self._name}' is not started again: its process ended "
                f"{self._deaths} times"
            )
        try:
            declared = self._start()
        except RestorationError:
            raise
        except InputError as error:
            raise RestorationError(str(error)) from error
        if declared != (self.metadata, self.tiling):
            self._stop()
            raise RestorationError(
                f"restorer '{self._name}' is another one since it was loaded: its metadata changed"
            )
        assert self._process is not None  # noqa: S101 (started above)
        return self._process

    def _asked(
        self,
        image: Floats,
        *,
        sampling: float,
        how: Any = False,
        progress: Progress | None = None,
    ) -> NDArray[Any]:
        header, payload = described(image, most=image.nbytes)
        header.update({"sampling": sampling, "with": how, "progress": progress is not None})
        with self._lock:
            process = self._again()
            try:
                process.ask(header, payload, most=16 * image.size + 2**20)
                frame = self._answer(process, _RESTORING, progress)
            except (InputError, ForeignError):
                raise
            except BaseException:
                # An answer that nobody waits for would be taken for that to the next image.
                self._stop()
                raise
        notes = frame[0].get("notes")
        for note in notes[:20] if isinstance(notes, list) else ():
            warnings.warn(sentence(note), RestorationWarning, stacklevel=4)
        try:
            return array_of(frame)
        except FrameError as error:
            raise RestorationError(f"restorer '{self._name}' returned {error}") from error

    def restore_image(self, image: Floats, /, *, sampling: float) -> NDArray[np.floating]:
        """Have one image (h, w) restored."""
        return self._asked(image, sampling=sampling)

    def restore_in_steps(
        self, image: Floats, /, *, sampling: float, progress: Progress
    ) -> NDArray[np.floating]:
        """Have one image restored; a model that takes no steps reports none."""
        return self._asked(image, sampling=sampling, progress=progress)


class IsolatedTiledRestorer(IsolatedRestorer):
    """One that divides large images."""

    def restore_with(
        self, image: Floats, /, *, sampling: float, tiling: Tiling | None
    ) -> NDArray[np.floating]:
        """Have one image restored with another tiling, whole for None."""
        how = asdict(tiling) if tiling is not None else None
        return self._asked(image, sampling=sampling, how=how)


def isolated(source: Source, /) -> IsolatedRestorer:
    """Start a process for a model, which ends with the returned object or with this process.

    Raises
    ------
    stembench.errors.InputError
        When it cannot be loaded within the limits of `restore.isolation.allowance`.
    """
    restorer = IsolatedRestorer(source)
    if restorer.tiling is not None:
        restorer.__class__ = IsolatedTiledRestorer
    return restorer


def isolated_metadata(source: Source, /) -> RestorerMetadata:
    """Read the metadata of a model file in a process of its own, without loading its engine.

    Raises
    ------
    stembench.errors.InputError
        When the file is refused, or cannot be read within the limits.
    """
    process = ModelProcess(source, model_limits(), metadata_only=True)
    try:
        frame = process.answer()
        if isinstance(frame, str):
            raise InputError(f"{source.spec} {frame} (while it was read)")
        header, _ = _without_error(frame, source.spec, loading=True)
        return _declared(header, source.spec)[0]
    finally:
        process.close()


def _without_error(frame: Frame, name: str, *, loading: bool) -> Frame:
    kind, text = frame[0].get("error"), sentence(frame[0].get("text", ""))
    if kind is None:
        return frame
    if kind == "input":
        raise InputError(text)
    if kind == "restoration":
        raise RestorationError(text)
    if loading:
        raise InputError(f"restorer '{name}' cannot be loaded ({text})")
    raise ForeignError(text)


def _declared(header: dict[str, Any], name: str) -> tuple[RestorerMetadata, Tiling | None]:
    """Return metadata and tiling of an answer, each of the type that it must have."""
    told, tiling = header.get("metadata"), header.get("tiling")
    try:
        if not isinstance(told, dict):
            raise TypeError("there are none")
        for key, value in told.items():
            wanted: tuple[type, ...] = (str,)
            if key in ("weights_sha256", "precision"):
                wanted = (str, type(None))
            elif key == "scales_with_counts":
                wanted = (bool, type(None))
            elif key in ("parameters", "layers"):
                wanted = (int, type(None))
            elif key in ("smallest_pixel", "largest_pixel"):
                wanted = (int, float, type(None))
            if not isinstance(value, wanted):
                raise TypeError(f"{sentence(key)}={sentence(repr(value))[:40]}")
            if isinstance(value, str) and value != sentence(value):
                raise TypeError(f"{sentence(key)} is more than one line of text")
        if isinstance(tiling, dict) and not all(type(n) is int for n in tiling.values()):
            raise TypeError("a tiling of other numbers than whole ones")
        return RestorerMetadata(**told), Tiling(**tiling) if tiling else None
    except TypeError as error:
        raise InputError(
            f"restorer '{name}' states metadata that cannot be read ({sentence(error)})"
        ) from error
