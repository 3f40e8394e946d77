"""Pixels of an image in the specimen's coordinates, and the weights of a scan's points there."""

import math
from dataclasses import dataclass

import numpy as np

from cases.case import Case
from cases.truth.columns import frame_shape, to_angstrom
from cases.truth.rendering import interpolation_matrix
from cases.truth.truth_file import Scan
from stembench.arrays import Floats
from stembench.errors import InputError

#: Standard deviations of the source that an image must stay away from the edge of a scan that does
#: not continue periodically.
BLUR_REACH = 4.0


@dataclass(frozen=True)
class Frame:
    """Pixels of an image and the source that blurs it.

    Attributes
    ----------
    y, x : ndarray, shape (h,) and (w,)
        Places of the pixel rows and columns in Å from the specimen's reference point.
    margin : int
        Pixels on each side beyond the case's own field of view; counted in `y` and `x`.
    sigma : float
        Standard deviation of the source image in Å.
    """

    y: Floats
    x: Floats
    margin: int
    sigma: float


def frame_of(
    case: Case, *, margin: int, sampling: float | None, source_sigma: float | None
) -> Frame:
    """Lay out the pixels of a case's images.

    Parameters
    ----------
    case : Case
    margin : int
        Extra pixels on each side.
    sampling : float or None
        Pixel size in Å/px; None is the case's.
    source_sigma : float or None
        Standard deviation of the source image in Å; None is the microscope's.

    Raises
    ------
    InputError
        If a number is out of range.
    """
    pixel = case.sampling if sampling is None else sampling
    sigma = case.microscope.source_sigma if source_sigma is None else source_sigma
    if not (math.isfinite(pixel) and pixel > 0):
        raise InputError(f"the sampling must be a positive number of Å/px, not {pixel}")
    if not (math.isfinite(sigma) and sigma >= 0):
        raise InputError(f"the source size must be a number of Å >= 0, not {sigma}")
    if margin < 0:
        raise InputError(f"the margin must not be negative, it is {margin}")
    height, width = frame_shape(case, sampling=pixel)
    pixels = np.arange(-margin, max(height, width) + margin, dtype=np.float64)
    places = to_angstrom(case, np.stack([pixels, pixels], axis=1), sampling=pixel)
    return Frame(
        y=places[: height + 2 * margin, 1],
        x=places[: width + 2 * margin, 0],
        margin=margin,
        sigma=sigma,
    )


def scan_weights(scan: Scan, frame: Frame) -> tuple[Floats, Floats]:
    """Weights of a scan's points for each row and each column of pixels.

    Returns
    -------
    rows, columns : ndarray, shape (h, ny) and (w, nx)
    """
    _, ny, nx = scan.mean.shape
    rows, columns = (
        interpolation_matrix(
            places - scan.first,
            points=points,
            step=step,
            sigma=frame.sigma,
            boundary=scan.boundary,
        )
        for places, points, step in ((frame.y, ny, scan.steps[1]), (frame.x, nx, scan.steps[0]))
    )
    return rows, columns


def check_reach(case: Case, scan: Scan, frame: Frame) -> None:
    """Refuse pixels where a scan's continuation, not the specimen, would be shown.

    Raises
    ------
    InputError
        If the scan ends before the pixels or the blur of the outermost ones.
    """
    if case.structure.endless:
        return
    last = (scan.mean.shape[1] - 1) * scan.step
    edge = BLUR_REACH * frame.sigma if scan.boundary == "mirror" else 0.0
    for places in (frame.y - scan.first, frame.x - scan.first):
        if places.min() < edge or places.max() > last - edge:
            raise InputError(
                f"the stored scan of case '{case.name}' ends before a margin of {frame.margin} px "
                f"with a source of {frame.sigma} Å; ask for less of either"
            )
