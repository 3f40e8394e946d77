"""Pixel sizes that TIFF files of ImageJ and OME state and RosettaSciIO leaves out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.own_images.files.dataset import Dataset


def calibrated(path: Path, datasets: Sequence[Dataset]) -> list[Dataset]:
    """Data sets with the size of a pixel that the file's own metadata state.

    Those that have units already are left as they are.
    """
    import tifffile

    with tifffile.TiffFile(path) as file:
        stated = [_stated(file, number) for number in range(len(file.series))]
    if len(datasets) == 1:
        stated = stated[:1]
    result = []
    for number, dataset in enumerate(datasets):
        sides = stated[number] if number < len(stated) else None
        own = any(axis.kind.kind != "none" for axis in dataset.axes[-2:])
        if sides is None or own or dataset.data.ndim < 2:
            result.append(dataset)
            continue
        (y, y_unit), (x, x_unit) = sides
        *others, rows, columns = dataset.axes
        pair = (replace(rows, scale=y, unit=y_unit), replace(columns, scale=x, unit=x_unit))
        result.append(replace(dataset, axes=(*others, *pair)))
    return result


def _stated(file: Any, number: int) -> tuple[tuple[float, str], tuple[float, str]] | None:
    """Step and unit along y and x of an image series; None if the file states none."""
    if file.is_ome and file.ome_metadata:
        return _ome(file.ome_metadata, number)
    imagej = file.imagej_metadata
    if number or not imagej or not imagej.get("unit"):
        return None
    tags = file.pages[0].tags
    steps = []
    for name in ("YResolution", "XResolution"):
        if name not in tags:
            return None
        pixels, units = tags[name].value
        steps.append(units / pixels if pixels else float("nan"))
    unit = str(imagej["unit"])
    return (steps[0], str(imagej.get("yunit", unit))), (steps[1], unit)


def _ome(text: str, number: int) -> tuple[tuple[float, str], tuple[float, str]] | None:
    import tifffile

    images = tifffile.xml2dict(text).get("OME", {}).get("Image", [])
    images = images if isinstance(images, list) else [images]
    if number >= len(images):
        return None
    pixels = images[number].get("Pixels", {})
    sides = [
        (float(pixels[f"PhysicalSize{axis}"]), str(pixels.get(f"PhysicalSize{axis}Unit", "µm")))
        for axis in "YX"
        if f"PhysicalSize{axis}" in pixels
    ]
    return (sides[0], sides[1]) if len(sides) == 2 else None
