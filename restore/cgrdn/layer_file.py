"""Numbers of convolutions as a small file: float16 with a scale each, and what they are."""

import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from restore.cgrdn.graph import Weights
from stembench.atomic_files import replacing
from stembench.errors import InputError

_PARTS: Final = ("kernel", "bias")
#: What numpy, zipfile and JSON raise at a damaged file, and the parts of a foreign one.
_DAMAGE: Final = (
    EOFError, OSError, ValueError, KeyError, TypeError, NotImplementedError, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip


def write_layers(path: Path, layers: Weights, *, about: Mapping[str, Any]) -> None:
    """Write numbers of convolutions as .npz, rounded to float16, whole or not at all.

    Each kernel and bias is divided by its largest number first, so that small ones keep their
    digits: what is read again differs by at most 2^-11 of that.

    Parameters
    ----------
    path : Path
    layers : mapping of int to (kernel, bias)
    about : mapping
        What they are; plain types.

    Raises
    ------
    stembench.errors.InputError
        If the file cannot be written.
    """
    arrays: dict[str, Any] = {}
    for number, layer in layers.items():
        for part, values in zip(_PARTS, layer, strict=True):
            scale = np.float32(np.abs(values).max() or 1.0)
            arrays[f"{part}_{number:03d}"] = (values / scale).astype(np.float16)
            arrays[f"{part}_{number:03d}_scale"] = scale
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(
            stream, allow_pickle=False, about=json.dumps(about, sort_keys=True), **arrays
        )


def read_layers(
    path: Path, numbers: Callable[[Any], Iterable[int]], *, otherwise: str
) -> tuple[Any, Weights]:
    """Read what `write_layers` wrote.

    Parameters
    ----------
    path : Path
    numbers : callable
        ``numbers(about)`` names the convolutions that must be there: one that lost its name is
        missed. What it raises at a foreign `about` counts as damage.
    otherwise : str
        What is said of a file that is none.

    Returns
    -------
    about : object
        As it was written.
    layers : mapping of int to (kernel, bias)
        float32.

    Raises
    ------
    stembench.errors.InputError
        If the file is absent, damaged or another.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            return about, {
                number: (_read(file, "kernel", number), _read(file, "bias", number))
                for number in numbers(about)
            }
    except _DAMAGE as error:
        raise InputError(otherwise) from error


def _read(file: Any, part: str, number: int) -> NDArray[np.float32]:
    name = f"{part}_{number:03d}"
    values: NDArray[np.float32] = file[name].astype(np.float32) * np.float32(file[f"{name}_scale"])
    if not np.isfinite(values).all():
        raise ValueError(f"{name} has values that are no numbers")
    return values
