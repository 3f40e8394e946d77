"""Noise of one image, as the image itself tells it: gain, offset, correlation, lines, response."""

from dataclasses import dataclass

import numpy as np

from fitting import OwnImageFit, ScanResult
from stembench.arrays import Bools, Floats


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class ImageNoise:
    """Noise of an image.

    Attributes
    ----------
    gain : Estimate
        Grey levels per electron: a pixel of expected value v has the variance gain * (v - offset).
        Where pulses of single electrons scatter, it is that of the electrons they are worth.
    offset : Estimate
        Grey level at which the variance ends. Noise that does not depend on the light (detector,
        rounding) lowers it: `gain` times the variance of that noise in electrons squared.
    correlation : tuple of float
        Correlation of the noise of neighbouring pixels along the scan lines at lags 1, 2 and 3 px,
        and across them at lags 1, 2 and 3 lines.
    scan : ScanResult or None
        Lines as fitted, None where they were not.
    trailing : tuple of float
        Response of the detector along the scan at lags 0, 1, ... px, sum 1; empty for none.
    known : bool
        Whether gain (and response, if there is one) are known well enough to draw such noise anew:
        half of the gain's interval within 20 % of it, and noise white once the response is undone.
    determined : bool
        `known`, and noise of neighbours uncorrelated in the image as it is: values are electrons.
    reason : str
        Sentence on why not `determined`; empty if it is.
    sentences : tuple of str
        What was estimated, with intervals.
    """

    gain: Estimate
    offset: Estimate
    correlation: tuple[float, ...]
    scan: ScanResult | None
    trailing: tuple[float, ...]
    known: bool
    determined: bool
    reason: str
    sentences: tuple[str, ...]

    def electrons(self, image: Floats) -> Floats:
        """Electrons per pixel of grey levels of any shape."""
        return (image - self.offset.value) / self.gain.value


def estimate_noise(
    image: Floats,
    fit: OwnImageFit,
    *,
    sampling: float,
    mask: Bools | None = None,
    given_gain: float | None = None,
    given_offset: float | None = None,
    fast_axis: str = "horizontal",
    rng: np.random.Generator | None = None,
) -> ImageNoise:
    """Estimate the noise of an image (contract; the implementation follows)."""
    raise NotImplementedError
