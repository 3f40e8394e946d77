"""The modulation-transfer function of a TEM camera, equations (27) to (29)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from noise.ranges import Range
from noise.stages.stage import Context, Example, Stage
from stembench.arrays import Floats
from stembench.limits import require

RANGES: Final = {
    "a": Range(0.0, 1.5, "", "linear", "redrawn until positive and monotone, paper, (29)"),
    "b": Range(0.1, 2.0, "Nyquist", "log", "half contrast from 0.1 to 2.4 Nyquist"),
    "c": Range(0.1, 2.0, "Nyquist", "log", "as b"),
}
#: The grid on which (29) must be positive and fall: 1000 points over ten Nyquist frequencies.
_GRID = np.linspace(0.0, 10.0, 1000)


@dataclass(frozen=True)
class Mtf:
    """Two Gaussians in frequency, equation (29), times the square pixel, equation (28).

    Attributes
    ----------
    a : float
        Share of the first Gaussian, > 0; above 1 the second is subtracted.
    b, c : float
        Widths of the Gaussians in units of the Nyquist frequency, > 0.
    """

    a: float
    b: float
    c: float

    def __post_init__(self) -> None:
        for name in ("a", "b", "c"):
            require(getattr(self, name), f"MTF parameter {name}", low=0, open_low=True)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Mtf":
        """Draw parameters over `RANGES` until (29) is positive and falls."""
        while True:
            a, b, c = (RANGES[name].draw(rng) for name in ("a", "b", "c"))
            if a > 0 and (drawn := cls(a=a, b=b, c=c)).is_physical():
                return drawn

    def radial(self, frequency: Floats) -> Floats:
        """MTF_r of equation (29) at frequencies in units of the Nyquist frequency."""
        square = -0.5 * np.square(frequency)
        # Written with the difference of the Gaussians: exactly 1 at frequency 0.
        first, second = np.exp(square / self.b**2), np.exp(square / self.c**2)
        return np.asarray(second + self.a * (first - second), dtype=np.float64)

    def is_physical(self) -> bool:
        """Whether (29) is positive and monotonically decreasing on the paper's grid.

        Below the smallest normal number a Gaussian's tail is lost to round-off, not to physics.
        """
        values = self.radial(_GRID)
        seen = values[np.abs(values) > np.finfo(np.float64).tiny]
        return bool((seen > 0).all() and (np.diff(seen) < 0).all())

    def at(self, u: Floats, v: Floats) -> Floats:
        """MTF of equation (28); (u, v) in units of the Nyquist frequency."""
        pixel = np.sinc(u / 2) * np.sinc(v / 2)  # numpy's sinc holds the π
        return np.asarray(self.radial(np.hypot(u, v)) * pixel, dtype=np.float64)


def blur_by_mtf(images: npt.ArrayLike, mtf: Mtf) -> Floats:
    """Convolve with the point-spread function of the camera, equation (27).

    The paper applies it to the undistorted image, since the result is a possible TEM image too:
    it belongs into the ground truth of a training pair. The image is mirrored at its edges (by a
    cosine transform), so that no charge is lost: each image keeps its sum.

    Parameters
    ----------
    images : array_like, shape (..., h, w)
    mtf : Mtf

    Returns
    -------
    ndarray, shape (..., h, w)
    """
    from scipy import fft  # a tenth of a second to import

    stack = np.asarray(images, dtype=np.float64)
    height, width = stack.shape[-2:]
    # The k-th cosine of N pixels has k / N times the Nyquist frequency.
    transfer = mtf.at(np.arange(width)[None, :] / width, np.arange(height)[:, None] / height)
    spectrum = fft.dctn(stack, axes=(-2, -1)) * transfer
    return np.asarray(fft.idctn(spectrum, axes=(-2, -1)), dtype=np.float64)


def _apply(image: Floats, mtf: Mtf, _context: Context, /) -> Floats:
    # A PSF with a negative lobe would undershoot; less than no beam has no meaning.
    return np.maximum(blur_by_mtf(image, mtf), 0.0)


STAGES: Final = (
    Stage(
        name="mtf",
        settings=Mtf,
        apply=_apply,
        of_truth=True,
        summary="camera MTF; it belongs to the ground truth too (`TemNoise.ground_truth`)",
        equations="(27) to (29)",
        ranges=RANGES,
        sample=Mtf.sample,
        typical=Mtf(a=0.7, b=0.35, c=1.2),
        symbols={
            "a": ("share a", ""),
            "b": ("width b", " of Nyquist"),
            "c": ("width c", " of Nyquist"),
        },
        examples=(Example("camera MTF (27)", "a 0.7, b 0.25, c 1", Mtf(a=0.7, b=0.25, c=1.0)),),
    ),
)
