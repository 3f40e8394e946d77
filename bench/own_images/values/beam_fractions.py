"""Grey values as fractions of the incident beam, by a scan of the detector."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stembench.arrays import Floats
from stembench.errors import InputError

#: Difference of the two levels over the scatter within them, below which no detector is seen.
_LEAST_CONTRAST: Final = 3.0
#: Pixels cut off the rim of either area, where the probe lies on the detector in part.
_RIM: Final = 2
#: Least pixels of either area.
_LEAST_AREA: Final = 50
#: Side of the median [px] that tells areas without hot and dead pixels, and the percentiles between
#: which their threshold lies: larger spots and annotations take less of the scan.
_MEDIAN: Final = 5
_INNER: Final = (2.0, 98.0)
#: Median absolute deviation of a normal distribution, and of how many standard deviations the
#: values of one area may be from its median, if the other area is not farther.
_MAD: Final = 0.6744897501960817
_FAR: Final = 8.0
#: Part of the detector's area at its largest value from which on it is cut off.
_CUT_OFF: Final = 0.5
#: Largest fraction that a dark-field or bright-field STEM image can hold, with room for noise.
_LARGEST_FRACTION: Final = 1.5


@dataclass(frozen=True, kw_only=True)
class DetectorLevels:
    """Grey levels of a detector scan."""

    vacuum: float
    """Level of no electrons: mean where the probe misses the detector."""
    detector: float
    """Level of the whole beam: mean over the active area."""
    unevenness: float
    """Standard deviation over the active area, as a share of the difference of the levels."""
    left_out: int = 0
    """Pixels that are not finite, in borders of one value, or outlying."""

    def fractions(self, images: Floats) -> Floats:
        """Fractions of the incident beam of grey values of any shape."""
        return (images - self.vacuum) / (self.detector - self.vacuum)


def detector_levels(scan: Floats, *, name: str) -> DetectorLevels:
    """Levels of vacuum and detector in a scan of the probe over the detector.

    Parameters
    ----------
    scan : ndarray, shape (h, w)
        Recorded with the brightness and contrast of the image. Pixels that are not finite, lines of
        one value at the edges, and pixels farther from their level than the two levels are apart
        (hot or dead ones, annotations) are left out.
    name : str
        Of the file, for messages.

    Returns
    -------
    DetectorLevels

    Raises
    ------
    InputError
        If two areas do not stand apart in it, or the detector's is cut off at one value.

    Notes
    -----
    The areas are told apart by Otsu's threshold of the scan's median over 5 x 5 px, between its
    percentiles 2 and 98, and 2 px are cut off their common rim.
    Method: LeBeau and Stemmer, Ultramicroscopy 108, 1653 (2008),
    DOI 10.1016/j.ultramic.2008.07.001.
    """
    from scipy import ndimage
    from skimage import filters

    otsu: Any = filters.threshold_otsu  # which carries no types
    used = np.isfinite(scan)
    if np.count_nonzero(used) < 2 * _LEAST_AREA:
        raise InputError(f"{name} holds hardly any finite values, so that its levels are not known")
    used &= ~_lines_of_one_value(scan)
    usual = float(np.median(scan[used])) if used.any() else np.nan
    if not used.any() or scan[used].min() == scan[used].max():
        raise InputError(f"{name} is constant; a scan of the probe over the detector is needed")
    smooth = ndimage.median_filter(np.where(used, scan, usual), _MEDIAN, mode="nearest")
    inner = np.clip(smooth[used], *np.percentile(smooth[used], _INNER))
    if inner.min() == inner.max():
        raise _no_detector(name)
    # The median rounds edges off: it stands in for single pixels that are far from it alone.
    spoilt = ~used | (np.abs(np.where(used, scan, usual) - smooth) > np.ptp(inner))
    active: npt.NDArray[np.bool_] = np.where(spoilt, smooth, scan) > otsu(inner)
    inside = ndimage.binary_erosion(active, iterations=_RIM, border_value=1) & used
    outside = ndimage.binary_erosion(~active, iterations=_RIM, border_value=1) & used
    if min(inside.sum(), outside.sum()) < _LEAST_AREA:
        raise _no_detector(name)
    apart = float(np.median(scan[inside]) - np.median(scan[outside]))
    on, off = (
        _without_outliers(scan[area], scan[area] - smooth[area], apart)
        for area in (inside, outside)
    )
    scatter = float(np.hypot(on.std(), off.std()))
    difference = float(on.mean() - off.mean())
    if difference < _LEAST_CONTRAST * scatter:
        raise InputError(
            f"{name}: detector ({on.mean():.4g}) and vacuum ({off.mean():.4g}) do not stand apart"
            f" from their scatter of {scatter:.3g}; give a scan of the probe over the detector"
        )
    cut_off = float(np.mean(on == on.max()))
    if cut_off > _CUT_OFF and _spread(off - np.median(off)) > 0:  # simulated maps have no noise
        raise InputError(
            f"{name}: {cut_off:.0%} of the detector's area hold one value ({on.max():.5g}): it is"
            " cut off there, and the level of the beam is not known; record it with less gain"
        )
    return DetectorLevels(
        vacuum=float(off.mean()),
        detector=float(on.mean()),
        unevenness=float(on.std()) / difference,
        left_out=int(np.count_nonzero(~used) + inside.sum() + outside.sum() - on.size - off.size),
    )


def _no_detector(name: str) -> InputError:
    return InputError(
        f"{name} does not show an area of the detector beside one without; give a scan of the"
        " probe over the detector"
    )


def _lines_of_one_value(scan: Floats) -> npt.NDArray[np.bool_]:
    """Borders: rows and columns of one value at the edges, unlike the level beside them."""
    top, left = 0, 0
    bottom, right = scan.shape
    while True:
        before = (top, bottom, left, right)
        rest = scan[top:bottom, left:right]
        top += _constant_lines(rest)
        bottom -= _constant_lines(rest[::-1])
        rest = scan[top:bottom, left:right]
        left += _constant_lines(rest.T)
        right -= _constant_lines(rest.T[::-1])
        if (top, bottom, left, right) == before:
            break
    out = np.ones(scan.shape, dtype=np.bool_)
    out[top:bottom, left:right] = False
    return out


def _constant_lines(lines: Floats) -> int:
    """Number of first lines of one value each that the line after them does not hold."""
    constant = np.array([np.ptp(line) == 0 for line in lines])
    number = int(np.argmin(np.append(constant, False)))
    # Rows of a vacuum without noise are no border.
    if number in (0, len(lines)) or np.any(lines[number] == lines[number - 1, 0]):
        return 0
    return number


def _without_outliers(values: Floats, from_median: Floats, apart: float) -> Floats:
    """Values of one area without outlying ones.

    Those are farther from its median than the other area is, or stand out of the pixels around by
    far more than others do.
    """
    middle = float(np.median(values))
    kept = np.abs(values - middle) <= max(_FAR * _spread(values - middle), apart)
    around = _spread(from_median)
    if around > 0:  # a vacuum of few counts has none
        kept &= np.abs(from_median) <= _FAR * around
    return values[kept]


def _spread(deviations: Floats) -> float:
    return float(np.median(np.abs(deviations))) / _MAD


def require_fractions(images: Floats, *, name: str, largest: float = 1.0) -> None:
    """Refuse values that cannot be fractions of the incident beam.

    Parameters
    ----------
    images : ndarray
        Pixels that are not finite are left out.
    name : str
        Of the file, for messages.
    largest : float
        Largest fraction possible: 1 for a clean STEM image; more for one with noise, or in TEM.

    Raises
    ------
    InputError
        If a value is above.
    """
    finite = images[np.isfinite(images)]
    if finite.size and finite.max() > largest:
        raise InputError(
            f"{name}: values go up to {finite.max():.4g}, and a fraction of the incident beam is at"
            f" most {largest:g}; divide by the level of the whole beam first, or give"
            " --detector-map"
        )


def require_measured_fractions(images: Floats, *, name: str) -> None:
    """Refuse values of a recorded image that cannot be fractions; see `require_fractions`."""
    require_fractions(images, name=name, largest=_LARGEST_FRACTION)
