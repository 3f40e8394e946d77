"""Messages between a model's process and ours: a JSON header and raw bytes, never a pickle.

Nothing that a model answers is trusted: sizes are bounded before they are read, types are plain
numbers, and a header that does not fit is an error.
"""

import json
import math
import re
import struct
from collections.abc import Callable
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

_MAGIC: Final = b"SBM1"
_PREFIX: Final = struct.Struct("<4sIQ")
_HEADER: Final = 2**18  # bytes of a header at most
_TYPE: Final = re.compile(r"[<>|=]?[fiubc]\d{1,2}|[<>|=]?b1")
_LONGEST: Final = 1000  # characters of a sentence at most

Frame = tuple[dict[str, Any], bytes]
"""Header and payload."""


class FrameError(ValueError):
    """A message that is none."""


def sentence(text: object, /) -> str:
    """Return a foreign text on one line, of bounded length, without characters of control."""
    shown = "".join(c if c.isprintable() else " " for c in str(text)[: 4 * _LONGEST])
    words = " ".join(shown.split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]} ..."


def _plain(value: Any) -> Any:
    """Return a number of numpy's as one of Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} {value!r:.40} is neither a number nor a text")


def write_frame(pipe: BinaryIO, header: dict[str, Any], payload: bytes = b"") -> None:
    """Write one message.

    Raises
    ------
    FrameError
        When the header is too large, before anything is written.
    TypeError, ValueError
        When it holds something else than numbers and texts, likewise.
    """
    text = json.dumps(header, default=_plain).encode()
    if len(text) > _HEADER:
        raise FrameError(f"a text of {len(text)} bytes")
    pipe.write(_PREFIX.pack(_MAGIC, len(text), len(payload)) + text)
    if payload:
        pipe.write(payload)
    pipe.flush()


def read_frame(pipe: BinaryIO, /, *, most: Callable[[], int]) -> Frame | None:
    """Read one message; None at the end of the pipe.

    Parameters
    ----------
    pipe : binary file
    most : callable
        Returns how many bytes of payload are taken at most, once a message has begun.

    Raises
    ------
    FrameError
        When the bytes are no message, or too large a one.
    """
    prefix = pipe.read(_PREFIX.size)
    if not prefix:
        return None
    if len(prefix) < _PREFIX.size:
        raise FrameError("cut short")
    magic, length, size = _PREFIX.unpack(prefix)
    if magic != _MAGIC or length > _HEADER or size > most():
        raise FrameError("no message")
    text, payload = pipe.read(length), pipe.read(size) if size else b""
    if len(text) < length or len(payload) < size:
        raise FrameError("cut short")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FrameError("no header") from error
    if not isinstance(header, dict):
        raise FrameError("no header")
    return header, payload


def described(array: NDArray[Any], /, *, most: int) -> Frame:
    """Return the message of an array; its values are left out where they exceed `most` bytes."""
    header = {"dtype": array.dtype.str, "shape": list(array.shape)}
    plain = _TYPE.fullmatch(array.dtype.str) and array.nbytes <= most
    return header, np.ascontiguousarray(array).tobytes() if plain else b""


def array_of(frame: Frame, /) -> NDArray[Any]:
    """Return the array of a message; one that came without values holds NaN where it can.

    Raises
    ------
    FrameError
        When the header does not describe an array of plain numbers with that payload.
    """
    header, payload = frame
    shape, kind = header.get("shape"), header.get("dtype")
    if not isinstance(shape, list) or not all(type(n) is int and 0 <= n < 2**63 for n in shape):
        raise FrameError("no shape")
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        raise FrameError(f"values of type '{sentence(kind)[:20]}', which are no numbers")
    try:
        dtype = np.dtype(kind)
        if not payload and math.prod(shape):
            # Values that were too many: the shape, which is wrong, or the type is told to the user.
            missing = np.full((), np.nan if dtype.kind in "fc" else 0, dtype)
            return np.broadcast_to(missing, shape)
        if math.prod(shape) * dtype.itemsize != len(payload):
            raise FrameError("values that do not fit the shape")
        return np.frombuffer(payload, dtype).reshape(shape)
    except FrameError:
        raise
    except (TypeError, ValueError, MemoryError) as error:
        raise FrameError(f"an array that is none ({sentence(error)})") from error
