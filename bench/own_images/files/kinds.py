"""Whether a data set is an image or a stack of images, or what it is instead."""

import re
from typing import Final

from bench.own_images.files.axes import Axis
from bench.own_images.files.dataset import Dataset

#: Fewest pixels along a side of an image; a shorter axis at the end holds channels.
LEAST_SIDE: Final = 5
#: So many values along the last of three axes, and the others so many times as long, are frames or
#: channels put last: no image is so narrow.
_FEW_FRAMES: Final = 16
_FLATTER: Final = 4
COLOUR: Final = "is a colour picture; save the intensities as grey values"
_SPECTRAL_AXIS: Final = re.compile(
    # Not "color|em-wavelength|channel", which any stack in a TIFF file may have.
    r"[^|]*(energy|wavelength|wave ?number|raman|eloss)[^|]*",
    re.IGNORECASE,
)
_SPECTRAL_SIGNAL: Final = re.compile(
    r"EELS|EDS|EDX|XPS|CL|XAS|Luminescence|Raman|LSS", re.IGNORECASE
)
_DIFFRACTION: Final = re.compile(r"diffraction|4d-?stem", re.IGNORECASE)


def why_no_image(dataset: Dataset) -> str:
    """Predicate that says why a data set is no image, such as 'is a spectrum'; empty if it is one.

    Axes of length 1 do not count. Units, names and roles of the axes tell spectra, line profiles
    and diffraction patterns from images; where a file says nothing of its axes, only the shape
    speaks.
    """
    if dataset.problem:
        return dataset.problem
    shape = tuple(dataset.data.shape)
    return (
        _by_values(dataset)
        or _by_spectrum([axis for axis in dataset.axes if axis.size != 1])
        or _by_number_of_axes(shape)
        or _by_axes([axis for axis in dataset.axes if axis.size != 1], dataset.signal)
        or _by_shape(dataset, shape)
    )


def _by_values(dataset: Dataset) -> str:
    dtype = dataset.data.dtype
    if dtype.names and set(dtype.names) >= {"R", "G", "B"}:
        return COLOUR
    if dtype.kind == "c":
        return f"holds complex values ({dtype}), not real numbers; save their modulus or phase"
    if dtype.kind not in "buif":
        return f"holds values of type {dtype}, not real numbers"
    return ""


def _by_number_of_axes(shape: tuple[int, ...]) -> str:
    if 0 in shape or len([size for size in shape if size != 1]) < 2:
        return f"has the shape {shape}; an image (h, w) or a stack (n, h, w) is needed"
    return ""


def _by_spectrum(axes: list[Axis]) -> str:
    for axis in axes:
        if axis.kind.kind == "energy" or _SPECTRAL_AXIS.fullmatch(axis.name):
            what = f"'{axis.name}'" if axis.name else "an axis"
            unit = f" in {axis.unit.strip()}" if axis.kind.kind != "none" else ""
            several = "a spectrum" if len(axes) == 1 else "a map or a line of spectra"
            return f"is {several} ({what}{unit}), no image"
    return ""


def _by_axes(axes: list[Axis], signal: str) -> str:
    if any(axis.scale != axis.scale for axis in axes):
        return "has an axis whose values are not evenly spaced"
    pair = axes[-2:]
    kinds = {axis.kind.kind for axis in pair}
    if kinds & {"reciprocal", "angle"} or _DIFFRACTION.search(signal):
        unit = next((a.unit.strip() for a in pair if a.kind.kind in ("reciprocal", "angle")), "")
        return f"is a diffraction pattern{f' (axes in {unit})' if unit else ''}, no image"
    # One odd unit for both says nothing of what the axes are; --sampling may.
    odd = ("time",) if kinds == {"other"} else ("time", "other")
    for axis in pair:
        if axis.kind.kind in odd:
            return f"has an axis in {axis.unit.strip()} where an image has a length"
    if pair[0].navigate and pair[1].navigate is False:
        if len(axes) == 2:
            return "is a line profile (a spectrum at each position), no image"
        return "is a map of spectra, no image"
    if _SPECTRAL_SIGNAL.fullmatch(signal.partition("_")[0]) and kinds != {"length"}:
        return f"is a spectrum ({signal}), no image"
    return ""


def _by_shape(dataset: Dataset, shape: tuple[int, ...]) -> str:
    sides = [axis.size for axis in dataset.axes if axis.size != 1]
    if len(sides) > 3:
        return (
            f"has {len(sides)} axes, {' x '.join(map(str, sides))}; an image has two, a stack three"
        )
    lengths = [axis.kind.kind == "length" for axis in dataset.axes if axis.size != 1]
    few = sides[-1] < LEAST_SIDE or (
        sides[-1] <= _FEW_FRAMES and _FLATTER * sides[-1] <= min(sides[:2]) and not lengths[-1]
    )
    if len(sides) == 3 and few and min(sides[:2]) >= LEAST_SIDE:
        return (
            f"has the shape {shape}: {sides[-1]} channels or frames at the end (a colour "
            "picture?); save one of them as an image (h, w), or put the axis of a stack first"
        )
    names = [axis.name.lower() for axis in dataset.axes if axis.size != 1]
    if len(sides) == 3 and names[0] in ("rgb", "rgba", "colour", "color"):
        return COLOUR
    if min(sides[-2:]) < LEAST_SIDE:
        return f"has images of {sides[-1]} x {sides[-2]} px, too small for any use"
    return ""
