"""Images in the files of microscopes, as RosettaSciIO reads them."""

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.own_images.files.axes import Axis
from bench.own_images.files.dataset import Contents, Dataset
from bench.own_images.files.formats.tiff_calibration import calibrated
from bench.own_images.files.kinds import COLOUR
from bench.own_images.files.restored_mark import mark_in
from stembench.errors import InputError

_TIFF: Final = ("tif", "tiff")
#: Types of objects in Digital Surf files that keep red, green and blue along the first axis.
_DIGITAL_SURF_COLOURS: Final = (12, 13, 16, 18)


def contents(path: Path) -> Contents:
    """Read all signals of a file.

    Raises
    ------
    InputError
        If no reader knows the extension or succeeds.
    """
    from rsciio import IO_PLUGINS

    suffix = path.suffix.lstrip(".").lower()
    readers = [
        plugin["api"]
        for plugin in IO_PLUGINS
        if suffix in [extension.lower() for extension in plugin["file_extensions"]]
    ]
    if not readers:
        raise InputError(
            f"{path} has no format that can be read; give .tif, .dm4, .emd, .mrc, .png, .npy, .npz,"
            " .mat, .zarr or another format that RosettaSciIO reads"
        )
    # Several formats share an extension such as .h5: the first that yields data is taken.
    problems = []
    for reader in readers:
        name = reader.removeprefix("rsciio.")
        try:
            signals = importlib.import_module(reader).file_reader(str(path))
            datasets = [dataset_of(signal) for signal in signals]
            if reader == "rsciio.emd":
                datasets = [_rows_first(dataset) for dataset in datasets]
        except MemoryError:
            raise
        except Exception as error:  # readers raise exceptions of any kind
            problems.append(f"{name}: {' '.join(str(error).split()) or type(error).__name__}")
            continue
        if datasets:
            return Contents(calibrated(path, datasets) if suffix in _TIFF else datasets)
        problems.append(f"{name}: no data in it")
    raise InputError(f"{path} cannot be read as an image ({'; '.join(problems)})")


def dataset_of(signal: dict[str, Any]) -> Dataset:
    """Data set of a signal as RosettaSciIO and HyperSpy describe one: data, axes, metadata."""
    data = signal["data"]
    if not hasattr(data, "dtype"):
        data = np.asarray(data)
    metadata = signal.get("metadata") or {}
    stated = metadata.get("Signal") or {}
    kind = str(stated.get("signal_type") or "")
    if not kind and stated.get("record_by") == "spectrum":
        kind = "EELS" if data.ndim > 1 else ""
    axes = tuple(_axis(axis) for axis in signal["axes"])
    if len(axes) != data.ndim:
        axes = tuple(Axis(size) for size in data.shape)
    return Dataset(
        data,
        axes,
        title=_text((metadata.get("General") or {}).get("title")),
        signal=kind,
        problem=COLOUR if _coloured(signal.get("original_metadata") or {}) else "",
        restored_by=mark_in(metadata),
    )


def _rows_first(dataset: Dataset) -> Dataset:
    """Data set of an EMD file with x after y.

    RosettaSciIO turns what NCEM's EMD files hold over, as its own have x first; those of other
    programs have y first and come out on their side.
    """
    names = [axis.name.lower() for axis in dataset.axes]
    if "x" not in names or "y" not in names or names.index("x") > names.index("y"):
        return dataset
    return replace(dataset, data=dataset.data.transpose(), axes=dataset.axes[::-1])


def _coloured(original: dict[str, Any]) -> bool:
    channel = original.get("Object_0_Channel_0") or {}
    return (channel.get("Header") or {}).get("H05_Object_Type") in _DIGITAL_SURF_COLOURS


def _axis(axis: dict[str, Any]) -> Axis:
    """Axis of a signal; one without equal steps has NaN for its scale."""
    values = axis.get("axis")
    size = axis["size"] if "size" in axis else np.size(values) if values is not None else 0
    if not size and isinstance(axis.get("x"), dict):  # a function of another axis
        size = axis["x"]["size"]
    navigate = axis.get("navigate")
    return Axis(
        size=int(size),
        scale=float(axis["scale"]) if axis.get("scale") is not None else float("nan"),
        unit=_text(axis.get("units")),
        name=_text(axis.get("name")),
        navigate=None if navigate is None else bool(navigate),
    )


def _text(value: Any) -> str:
    """Text of a field that may hold bytes, or a marker instead of a text."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""
