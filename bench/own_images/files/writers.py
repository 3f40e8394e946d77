"""Where results go: images as .tif, .npy or .npz, and places that are checked beforehand."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bench.own_images.files.image_file import ImageFile
from bench.own_images.files.restored_mark import KEY, mark_tiff
from stembench.arrays import Floats
from stembench.atomic_files import require_writable
from stembench.errors import InputError
from stembench.sealed_files import write_whole

IMAGES: Final = (".tif", ".tiff", ".npy", ".npz")
TABLES: Final = (".csv", ".txt", "")
#: Å per unit. TIFF states pixels per unit as a ratio of 32-bit integers, so that the unit is chosen
#: to keep the number between 0.01 and 10.
_TIFF_UNITS: Final = (("pm", 0.01), ("Å", 1.0), ("nm", 10.0), ("µm", 1e4), ("mm", 1e7))
_LEAST: Final = 0.01


def require_place(out: Path, suffixes: Sequence[str], *, source: Path | None = None) -> None:
    """Check before any work that a result can be written.

    Parameters
    ----------
    out : Path
        File to write.
    suffixes : sequence of str
        Extensions that can be written.
    source : Path or None
        File that is read and must not be overwritten.

    Raises
    ------
    InputError
        If the extension is another one, the folder is absent or closed, or `out` is a folder or
        the source.
    """
    if out.suffix.lower() not in suffixes:
        raise InputError(f"{out} cannot be written; name a {_either(suffixes)} file")
    if out.is_dir():
        raise InputError(f"{out} is a folder; name a {_either(suffixes)} file")
    folder = out.parent
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder} to write {out.name} into; make it first")
    require_writable(out)
    if source is not None and source.exists() and out.exists() and out.samefile(source):
        raise InputError(f"{out} is the file that is read; name another file to write")


def _either(suffixes: Sequence[str]) -> str:
    names = [suffix for suffix in suffixes if suffix not in (".tiff", "")]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def write_image(path: Path, image: ImageFile) -> None:
    """Write an image or stack as .npy, .npz (with its sampling) or .tif (float32, calibrated).

    What says by what it was restored gets that mark, where the format has a place for it.

    Raises
    ------
    InputError
        If the extension is another one, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in IMAGES:
        raise InputError(f"{path} cannot be written; name a .tif, .npy or .npz file")
    data = image.images if image.stack else image.images[0]
    content = io.BytesIO()  # whole before the file is begun: no writer is left with half of it
    try:
        if suffix == ".npy":
            np.save(content, data, allow_pickle=False)
        elif suffix == ".npz":
            known = {} if image.sampling is None else {"sampling": np.array(image.sampling)}
            if image.restored_by:
                known[KEY] = np.array(image.restored_by)
            np.savez_compressed(content, allow_pickle=False, image=data, **known)
        else:
            _write_tiff(content, data, sampling=image.sampling)
            if image.restored_by:
                mark_tiff(content, image.restored_by)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # writers raise exceptions of any kind
        raise InputError(f"{path} cannot be written ({error}); name a .npz file") from error
    write_whole(path, content.getvalue())


def _write_tiff(content: io.BytesIO, data: Floats, *, sampling: float | None) -> None:
    from rsciio.tiff import file_writer

    unit, scale = tiff_scale(sampling) if sampling else (None, 1.0)
    names = ["z", "y", "x"][-data.ndim :]
    axes = [
        {
            "name": name,
            "size": size,
            "offset": 0.0,
            "scale": scale if name != "z" else 1.0,
            "units": unit if name != "z" else None,
            "navigate": name == "z",
        }
        for name, size in zip(names, data.shape, strict=True)
    ]
    signal = {
        "data": data.astype(np.float32),
        "axes": axes,
        "metadata": {"General": {"title": ""}, "Signal": {"signal_type": ""}},
        "original_metadata": {},
    }
    file_writer(content, signal)


def tiff_scale(sampling: float) -> tuple[str, float]:
    """Unit and number in which a TIFF can state a pixel size.

    Parameters
    ----------
    sampling : float
        Å/px, > 0.

    Raises
    ------
    InputError
        If no unit makes a number that TIFF can hold.
    """
    for unit, angstrom in reversed(_TIFF_UNITS):
        scale = sampling / angstrom
        if _LEAST <= scale < 40.0:
            # Å wherever it fits: other programs then show what was given.
            if unit != "Å" and _LEAST <= sampling < 10.0:
                continue
            return unit, scale
    raise InputError(f"a TIFF file cannot state {sampling:g} Å per pixel; write a .npz file")
