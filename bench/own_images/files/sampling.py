"""The pixel size that is used: what a file states, what the user says, and whether it can be."""

from math import isfinite
from pathlib import Path
from typing import Final

import numpy as np

from bench.own_images.files.axes import ANISOTROPY, PixelSize
from stembench.arrays import Floats
from stembench.errors import InputError

#: Å/px of any picture that a microscope records, from 0.1 pm to 1 mm.
POSSIBLE: Final = (1e-3, 1e7)
#: Å/px at which atomic columns are seen and fill no image alone.
FOR_COLUMNS: Final = (5e-3, 5.0)
#: Å between neighbouring columns of crystals, superstructures included.
_SPACINGS: Final = (0.5, 20.0)


def known_sampling(
    stated: PixelSize,
    given: float | None,
    *,
    path: Path | str,
    possible: tuple[float, float] = POSSIBLE,
) -> tuple[float, list[str]]:
    """Sampling in Å/px: the given one, otherwise that of the file.

    Parameters
    ----------
    stated : PixelSize
        What the file states.
    given : float or None
        Å/px from the user, who goes before the file.
    path : Path or str
        Name of the image, for messages.
    possible : tuple of float
        Least and largest Å/px that make sense.

    Returns
    -------
    sampling : float
    notes : list of str
        Sentences on what is not as it should be and does not stop the work.

    Raises
    ------
    InputError
        If neither is there, pixels are not square, or the size is none that an image has.
    """
    if stated.x is not None and stated.y is not None and not stated.square:
        raise InputError(
            f"{path} states pixels of {stated.x:.6g} x {stated.y:.6g} Å (x, y), which are not "
            "square, and one number of Å per pixel would be wrong in one direction; resample the "
            "image to square pixels, or save it without a pixel size if the file is wrong"
        )
    if given is not None:
        return _given(stated, given, possible=possible)
    if stated.unset:
        raise InputError(
            f"{path} states exactly {stated.text} per pixel, as programs write it where no scale "
            f"was set; give the Å per pixel with --sampling ({stated.x:g} if it is true)"
        )
    if stated.sampling is None:
        raise InputError(f"{path} {_why_none(stated)}; give it in Å per pixel with --sampling")
    low, high = possible
    if not low <= stated.sampling <= high:
        raise InputError(
            f"{path} states {stated.sampling:.6g} Å per pixel ({stated.text}), and {low:g} to "
            f"{high:g} Å make sense here; give the true Å per pixel with --sampling"
        )
    return stated.sampling, [stated.note] if stated.note else []


def _given(
    stated: PixelSize, given: float, *, possible: tuple[float, float]
) -> tuple[float, list[str]]:
    if not (isfinite(given) and given > 0):
        raise InputError(f"--sampling must be a positive number of Å per pixel, not {given}")
    low, high = possible
    if not low <= given <= high:
        raise InputError(
            f"--sampling {given:g} means {given:g} Å per pixel, and {low:g} to {high:g} Å make "
            "sense here; the unit is Å (0.1 nm is 1 Å, 10 pm are 0.1 Å)"
        )
    sampling = stated.sampling
    if sampling is None or stated.unset or abs(given - sampling) <= ANISOTROPY * sampling:
        return given, []
    return given, [
        f"the file states {sampling:.6g} Å per pixel ({stated.text}); --sampling {given:g} is taken"
    ]


def _why_none(stated: PixelSize) -> str:
    if not stated.text:
        return "states no pixel size"
    if (stated.x is None) != (stated.y is None):
        return f"states a pixel size in one direction alone ({stated.text}, x by y)"
    return f"states pixels of {stated.text}, and that is no length"


def spacing_note(start: Floats, sampling: float) -> str:
    """Sentence on columns whose distance no crystal has; empty if it is a usual one.

    Parameters
    ----------
    start : ndarray, shape (n, 2)
        Columns (x, y) [px].
    sampling : float
        Å/px.
    """
    from scipy.spatial import KDTree

    if len(start) < 2:
        return ""
    distance = float(np.median(KDTree(start).query(start, k=2)[0][:, 1])) * sampling
    low, high = _SPACINGS
    if low <= distance <= high:
        return ""
    return (
        f"neighbouring columns are {distance:.3g} Å apart at {sampling:g} Å per pixel; check the "
        "pixel size"
    )
