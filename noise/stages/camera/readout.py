"""Readout noise of a TEM camera: thermal, (34), flicker, (35), and reset noise, (36)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from noise.ranges import Chance, Range
from noise.stages.stage import Context, Example, Stage
from stembench.arrays import Floats
from stembench.limits import require


@dataclass(frozen=True)
class ReadoutNoise:
    """Width of one readout term.

    Attributes
    ----------
    sigma : float
        Standard deviation in electrons per pixel, >= 0.
    """

    sigma: float

    def __post_init__(self) -> None:
        require(self.sigma, "readout sigma", low=0, unit="e/px")

    @classmethod
    def sample(cls, rng: np.random.Generator, *, sigma: Range) -> "ReadoutNoise":
        """Draw the width over the range `sigma`."""
        return cls(sigma=sigma.draw(rng))


def add_thermal(image: Floats, rng: np.random.Generator, *, sigma: float) -> Floats:
    """Add N(0, σ) to each pixel, equation (34)."""
    return np.asarray(image + sigma * rng.standard_normal(image.shape), dtype=np.float64)


def flicker_gain(shape: tuple[int, int]) -> Floats:
    """Gain 1/f of equation (35) on the grid of a real 2D Fourier transform, without f = 0.

    It is scaled so that white noise of unit variance keeps unit variance; the paper leaves the
    scale open. An image has no frequency 0 of noise: that would be an offset.

    Parameters
    ----------
    shape : tuple of two int
        Height and width.

    Returns
    -------
    ndarray, shape (h, w // 2 + 1)
    """
    height, width = shape
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    gain = np.divide(1.0, frequency, out=np.zeros_like(frequency), where=frequency > 0)
    # Columns strictly between 0 and Nyquist stand for their mirror image too.
    weight = np.full(gain.shape, 2.0)
    weight[:, 0] = 1.0
    if width % 2 == 0:
        weight[:, -1] = 1.0
    power = float((weight * gain**2).sum()) / (height * width)
    return np.asarray(gain / np.sqrt(power) if power > 0 else gain, dtype=np.float64)


def add_flicker(image: Floats, rng: np.random.Generator, *, sigma: float) -> Floats:
    """Add 1/f noise, equation (35), of standard deviation `sigma` in each pixel.

    The white noise is drawn in real space and divided by f in Fourier space, which makes the sum
    real. It is periodic over the image.
    """
    from scipy import fft  # a tenth of a second to import

    white = fft.rfft2(rng.standard_normal(image.shape))
    gain = flicker_gain((image.shape[0], image.shape[1]))
    pink = fft.irfft2(white * gain, s=image.shape)
    return np.asarray(image + sigma * pink, dtype=np.float64)


def add_reset(image: Floats, rng: np.random.Generator, *, sigma: float) -> Floats:
    """Add one N(0, σ) value to all pixels of each row, equation (36)."""
    return np.asarray(image + sigma * rng.standard_normal((image.shape[0], 1)), dtype=np.float64)


def _stage(
    add: Callable[..., Floats],
    name: str,
    *,
    equations: str,
    summary: str,
    chance: Chance,
    sigma: Range,
    typical: float,
    visible: float,
) -> Stage[ReadoutNoise]:
    """Declare one term of the readout noise, which `add` adds; they differ in these alone."""

    def apply(image: Floats, noise: ReadoutNoise, context: Context, /) -> Floats:
        return add(image, context.streams[name], sigma=noise.sigma)

    return Stage(
        name=name,
        settings=ReadoutNoise,
        apply=apply,
        summary=summary,
        equations=equations,
        streams=(name,),
        chance=chance,
        ranges={"sigma": sigma},
        sample=partial(ReadoutNoise.sample, sigma=sigma),
        typical=ReadoutNoise(sigma=typical),
        symbols={"sigma": ("σ", " e/px")},
        examples=(Example(f"{name} {equations}", f"σ {visible:g} e", ReadoutNoise(sigma=visible)),),
    )


STAGES: Final = (
    _stage(
        add_thermal,
        "thermal",
        equations="(34)",
        summary="thermal noise, white",
        chance=Chance(0.7, "scintillator cameras; counting cameras have none"),
        sigma=Range(0.1, 5, "e/px", "log", "read noise of direct to scintillator cameras"),
        typical=1.0,
        visible=4.0,
    ),
    _stage(
        add_flicker,
        "flicker",
        equations="(35)",
        summary="flicker noise, 1/f",
        chance=Chance(0.4, "long-range noise in 2 of 8 published TEM pairs"),
        sigma=Range(
            0.1, 8, "e/px", "log", "long-range autocorrelation of the published pair lrtem 7"
        ),
        typical=0.5,
        visible=4.0,
    ),
    _stage(
        add_reset,
        "reset",
        equations="(36)",
        summary="reset noise, one value per row",
        chance=Chance(0.3, "subtracted by most cameras"),
        sigma=Range(0.05, 1, "e/px", "log", "stripes stay weaker than shot noise"),
        typical=0.2,
        visible=3.0,
    ),
)
