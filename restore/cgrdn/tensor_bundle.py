"""Reader of TensorFlow's checkpoint files ("tensor bundles") that needs NumPy alone.

A bundle is a sorted string table in LevelDB's format (``<prefix>.index``: name -> type, shape,
place) beside one file of raw little-endian tensors (``<prefix>.data-00000-of-00001``). Reading it
directly lets a published network run on any Keras backend, with no TensorFlow installed. Only
what such a checkpoint uses is read: uncompressed blocks, one shard, float32.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stembench.errors import InputError

_FOOTER_BYTES = 48
_TABLE_MAGIC = 0xDB4775248B80FB57
_FLOAT32 = 1  # DataType.DT_FLOAT of tensorflow/core/framework/types.proto


@dataclass(frozen=True)
class _Entry:
    """Place of one tensor in the data file."""

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the base-128 integer that starts at `at`, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _message(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (field number, value) of one protocol-buffer message; sub-messages stay bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        field, wire = key >> 3, key & 7
        if wire == 0:
            number, at = _varint(data, at)
            yield field, number
            continue
        if wire == 2:
            size, at = _varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at + size > len(data):
            raise ValueError("a field runs past its message")
        yield field, data[at : at + size]
        at += size


def _submessage(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number stands where a message should")
    return value


def _number(value: int | bytes) -> int:
    return value if isinstance(value, int) else int.from_bytes(value, "little")


def _shape(data: bytes) -> tuple[int, ...]:
    """Return the sizes of a TensorShapeProto (field 2: dimensions, whose field 1 is the size)."""
    sizes = []
    for field, value in _message(data):
        if field == 2:
            dimension = dict(_message(_submessage(value)))
            sizes.append(_number(dimension.get(1, 0)))
    return tuple(sizes)


def _entry(data: bytes) -> _Entry:
    """Decode a BundleEntryProto; absent fields are zero, as the format has it."""
    fields = dict(_message(data))
    return _Entry(
        dtype=_number(fields.get(1, 0)),
        shape=_shape(_submessage(fields.get(2, b""))),
        shard=_number(fields.get(3, 0)),
        offset=_number(fields.get(4, 0)),
        size=_number(fields.get(5, 0)),
    )


def _block(table: bytes, handle: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the (key, value) pairs of the block that `handle` (offset, size) points to."""
    offset, at = _varint(handle, 0)
    size, _ = _varint(handle, at)
    if table[offset + size] != 0:
        raise ValueError("a compressed block")
    block = table[offset : offset + size]
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts + 1)
    key, at = b"", 0
    while at < end:
        # Keys are stored without the prefix that they share with the key before.
        shared, at = _varint(block, at)
        fresh, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + fresh]
        at += fresh
        yield key, block[at : at + length]
        at += length


def _entries(table: bytes) -> dict[str, _Entry]:
    """Return name -> place for every tensor of the index file."""
    footer = table[-_FOOTER_BYTES:]
    if len(footer) < _FOOTER_BYTES or int.from_bytes(footer[-8:], "little") != _TABLE_MAGIC:
        raise ValueError("no table footer")
    _, at = _varint(footer, 0)  # the handle of the meta-index, which holds nothing for us
    _, at = _varint(footer, at)
    entries: dict[str, _Entry] = {}
    for _, handle in _block(table, footer[at:]):
        for key, value in _block(table, handle):
            if key:  # the empty key is the bundle's header
                entries[key.decode()] = _entry(value)
    return entries


def bundle_files(prefix: Path, /) -> tuple[Path, Path]:
    """Return the index file and the data file of a checkpoint."""
    index, data = (prefix.with_name(prefix.name + e) for e in (".index", ".data-00000-of-00001"))
    return index, data


def _float32_entries(prefix: Path) -> dict[str, _Entry]:
    """Return the places of all float32 tensors, each checked to lie within the data file."""
    index, data = bundle_files(prefix)
    try:
        entries = _entries(index.read_bytes())
        available = data.stat().st_size
    except OSError as error:
        raise InputError(
            f"the weights {prefix} cannot be read ({error.strerror}); reinstall their package"
        ) from error
    except (ValueError, IndexError) as error:
        raise InputError(
            f"{index} is not an index of TensorFlow weights that can be read ({error}); "
            "reinstall its package"
        ) from error
    # All others are the object graph and the save counter.
    tensors = {name: entry for name, entry in entries.items() if entry.dtype == _FLOAT32}
    for name, entry in tensors.items():
        expected = 4 * math.prod(entry.shape)
        if entry.shard or expected != entry.size or entry.offset + entry.size > available:
            raise InputError(
                f"{data} does not hold tensor '{name}' as {index.name} describes it; "
                "reinstall its package"
            )
    return tensors


def list_tensor_bundle(prefix: Path, /) -> dict[str, tuple[int, ...]]:
    """Return the shape of every float32 tensor of a TensorFlow checkpoint, without reading it.

    Parameters
    ----------
    prefix : pathlib.Path
        Path without its ending, for instance ``.../variables/variables``.

    Raises
    ------
    stembench.errors.InputError
        When a file is missing, damaged, or of a kind that this reader does not know.
    """
    return {name: entry.shape for name, entry in _float32_entries(prefix).items()}


def read_tensor_bundle(prefix: Path, /) -> dict[str, NDArray[np.float32]]:
    """Read every float32 tensor of a TensorFlow checkpoint.

    Parameters
    ----------
    prefix : pathlib.Path
        Path without its ending, for instance ``.../variables/variables``.

    Returns
    -------
    dict of str to ndarray
        Tensors by name, in their stored shapes and axis order.

    Raises
    ------
    stembench.errors.InputError
        When a file is missing, damaged, or of a kind that this reader does not know.
    """
    entries = _float32_entries(prefix)
    raw = bundle_files(prefix)[1].read_bytes()
    return {
        name: np.frombuffer(raw, dtype="<f4", count=entry.size // 4, offset=entry.offset)
        .reshape(entry.shape)
        .astype(np.float32)
        for name, entry in entries.items()
    }
