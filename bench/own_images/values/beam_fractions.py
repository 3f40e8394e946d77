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

    def fractions(self, images: Floats) -> Floats:
        """Fractions of the incident beam of grey values of any shape."""
        return (images - self.vacuum) / (self.detector - self.vacuum)


def detector_levels(scan: Floats, *, name: str) -> DetectorLevels:
    """Levels of vacuum and detector in a scan of the probe over the detector.

    Parameters
    ----------
    scan : ndarray, shape (h, w)
        Recorded with the brightness and contrast of the image.
    name : str
        Of the file, for messages.

    Returns
    -------
    DetectorLevels

    Raises
    ------
    InputError
        If two areas do not stand apart in it.

    Notes
    -----
    The areas are told apart by Otsu's threshold, and 2 px are cut off their common rim.
    Method: LeBeau and Stemmer, Ultramicroscopy 108, 1653 (2008),
    DOI 10.1016/j.ultramic.2008.07.001.
    """
    from scipy import ndimage
    from skimage import filters

    otsu: Any = filters.threshold_otsu  # which carries no types
    if not np.isfinite(scan).all():
        raise InputError(f"{name} holds NaN or infinite values, so that its levels are not known")
    if scan.min() == scan.max():
        raise InputError(f"{name} is constant; a scan of the probe over the detector is needed")
    active: npt.NDArray[np.bool_] = scan > otsu(scan)
    inside = ndimage.binary_erosion(active, iterations=_RIM, border_value=1)
    outside = ndimage.binary_erosion(~active, iterations=_RIM, border_value=1)
    if min(inside.sum(), outside.sum()) < _LEAST_AREA:
        raise InputError(
            f"{name} does not show an area of the detector beside one without; give a scan of the"
            " probe over the detector"
        )
    on, off = scan[inside], scan[outside]
    scatter = float(np.hypot(on.std(), off.std()))
    difference = float(on.mean() - off.mean())
    if difference < _LEAST_CONTRAST * scatter:
        raise InputError(
            f"{name}: detector ({on.mean():.4g}) and vacuum ({off.mean():.4g}) do not stand apart"
            f" from their scatter of {scatter:.3g}; give a scan of the probe over the detector"
        )
    return DetectorLevels(
        vacuum=float(off.mean()), detector=float(on.mean()), unevenness=float(on.std()) / difference
    )


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
