"""Weights in PyTorch's first file format, read without PyTorch and without running what they hold.

The format, of PyTorch before 1.6: five pickles (magic number, version, byte order and sizes, the
named tensors, the names of their storages), then each storage as its length and its numbers. A
pickle is a program, so that nothing is let pass in it but what rebuilds tensors.
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stembench.errors import InputError

_MAGIC: Final = 0x1950A86A20F9469CFC6C
_VERSION: Final = 1001
#: Storages by the name of their class.
_TYPES: Final = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
_LENGTH: Final = 8  # bytes before the numbers of a storage


@dataclass
class _Storage:
    """Numbers that tensors are views of; there once the whole file is read."""

    kind: np.dtype[Any]
    numbers: NDArray[Any] = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def values(self) -> NDArray[np.float32]:
        size = self.storage.kind.itemsize
        view = np.lib.stride_tricks.as_strided(
            self.storage.numbers[self.offset :], self.shape, [size * step for step in self.strides]
        )
        reach = self.offset + sum(
            step * (count - 1) for step, count in zip(self.strides, self.shape, strict=True)
        )
        if self.offset < 0 or min(self.strides, default=0) < 0:
            raise InputError("a tensor of the weights begins before its numbers")
        if reach >= len(self.storage.numbers):
            raise InputError("a tensor of the weights reaches beyond its numbers")
        return np.array(view, dtype=np.float32)


def _rebuilt(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


#: All that a pickle may name.
_KNOWN: Final[dict[tuple[str, str], Any]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor"): _rebuilt,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuilt,
    **{("torch", name): kind for name, kind in _TYPES.items()},
}


class _Reader(pickle.Unpickler):
    """Rebuilds tensors, and refuses everything else."""

    def __init__(self, file: io.BytesIO, storages: dict[str, _Storage]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] | None = _KNOWN.get((module, name))
        if found is None:
            raise InputError(f"the weights name {module}.{name}, which is no part of a tensor")
        return found

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key = pid[:3]
        if kind != "storage" or not isinstance(dtype, np.dtype):
            raise InputError(f"the weights hold a {kind!r}, which is no storage of numbers")
        return self._storages.setdefault(str(key), _Storage(dtype))


def read_torch_weights(content: bytes, /) -> dict[str, NDArray[np.float32]]:
    """Read named weights from a file of `torch.save` of before PyTorch 1.6.

    Parameters
    ----------
    content : bytes
        The whole file.

    Returns
    -------
    dict of str to ndarray
        Weights by name, float32, C-contiguous.

    Raises
    ------
    InputError
        If it is no such file, is cut short, or holds anything but named tensors.
    """
    file = io.BytesIO(content)
    storages: dict[str, _Storage] = {}
    try:
        told = [_Reader(file, storages).load() for _ in range(5)]
    except (pickle.UnpicklingError, EOFError, IndexError, ValueError, TypeError) as error:
        raise InputError(f"these are no weights of PyTorch's first format ({error})") from error
    magic, version, system, named, keys = told
    if magic != _MAGIC or version != _VERSION or not system.get("little_endian"):
        raise InputError("these are no weights of PyTorch's first format")
    if not isinstance(named, dict) or not all(isinstance(one, _Tensor) for one in named.values()):
        raise InputError("the file holds something else than named tensors")
    for key in keys:
        storage = storages[str(key)]
        length = int.from_bytes(file.read(_LENGTH), "little")
        numbers = file.read(length * storage.kind.itemsize)
        if len(numbers) < length * storage.kind.itemsize:
            raise InputError("the file of weights is cut short")
        storage.numbers = np.frombuffer(numbers, storage.kind)
    return {str(name): tensor.values for name, tensor in named.items()}
