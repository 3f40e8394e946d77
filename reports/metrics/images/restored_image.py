"""A restored image beside its truth: what the metrics of images are computed from."""

from dataclasses import dataclass
from functools import cached_property

from reports.metrics.images.ring_correlation import RingCorrelation, ring_correlation
from stembench.arrays import Floats


@dataclass(frozen=True)
class RestoredImage:
    """One restored image; arrays have shape (h, w), row = y (slow scan), column = x (fast scan).

    Attributes
    ----------
    restored, distorted, truth : ndarray, shape (h, w)
        In one unit.
    maximum : float
        MAX of the PSNR and dynamic range of SSIM, in the images' unit.
    empty : bool
        Whether the truth is an empty field: constant, so that all structure is invented.
    """

    restored: Floats
    distorted: Floats
    truth: Floats
    maximum: float
    empty: bool

    @cached_property
    def rings(self) -> RingCorrelation:
        """Fourier ring correlation of restored image and truth."""
        return ring_correlation(self.restored, self.truth)
