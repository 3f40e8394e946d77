"""Fast scan: the trailing response of detector and readout along a scan line, (47) to (50).

Two misprints are mended. Equation (48) integrates to 1/4 over its half line, and the factor of
(50) is not the reciprocal of the integral of (49); each sampled response is therefore normalised
to sum 1. e^{-x/β} would grow for x <= 0, so |x| stands in it. The tail trails along the scan:
a later pixel carries the charge of an earlier one.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from noise.ranges import Chance, Range
from noise.stages.stage import Axis, Context, Example, Stage
from stembench.arrays import Floats
from stembench.errors import InputError
from stembench.limits import require

RANGES: Final = {
    "alpha": Range(
        0.1,
        20,
        "px",
        "log",
        "20 px is our response (1 px at 1 µs) at 0.05 µs, the fastest dwell time of Fig. 6",
    ),
    "beta": Range(0.1, 2, "px", "log", "a few pixels of row autocorrelation in published pairs"),
    "gamma": Range(
        6, 40, "px", "log", "weak negative row autocorrelation at lags 3 to 6 in published pairs"
    ),
    "theta": Range(
        math.pi / 4,
        3 * math.pi / 4,
        "rad",
        "linear",
        "the response starts within 30 % of its crest, as a driven damped circuit does",
    ),
}


@dataclass(frozen=True)
class FastScan:
    """Response of detector and readout, all lengths in px (dwell times).

    Attributes
    ----------
    alpha : float
        Width of the detector's Lorentzian, equation (48), > 0; its half width at half maximum is
        α / 2π.
    beta : float
        Decay length of the readout's damped oscillation, equation (49), > 0.
    gamma : float
        Period of the oscillation, > 0.
    theta : float
        Phase of the oscillation in rad; its response at lag 0, sin θ, must be positive.
    length : int
        Lags kept, >= 1; what lies beyond is folded into the normalisation.
    """

    alpha: float
    beta: float
    gamma: float
    theta: float
    length: int = 64

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "gamma"):
            require(getattr(self, name), f"fast-scan {name}", low=0, open_low=True, unit="px")
        if not (math.isfinite(self.theta) and math.sin(self.theta) > 0):
            raise InputError(f"fast-scan theta must have a positive sine, not {self.theta} rad")
        require(self.length, "fast-scan length", low=1, unit="px")
        if self._readout().sum() <= 0:
            raise InputError("fast-scan beta, gamma and theta give a readout of no net charge")

    @classmethod
    def at_dwell(cls, dwell: float) -> "FastScan":
        """Our reference response, fixed in time, at another dwell time.

        The response is one of time, that of scintillator, photomultiplier and amplifier (the
        paper's text before (47)), and the beam crosses one pixel per dwell time: a length in px is
        a time constant over the dwell time. So α = 1 µs, β = 0.5 µs and γ = 8 µs, each divided by
        the dwell time, with θ = π/2: declared by us, since the paper states neither its fitted
        values nor this mapping. Its Fig. 6 shows dwell times of 0.2 and 0.05 µs.

        Parameters
        ----------
        dwell : float
            Dwell time in µs, > 0.
        """
        require(dwell, "dwell time", low=0, open_low=True, unit="µs")
        return cls(
            alpha=1 / dwell,
            beta=0.5 / dwell,
            gamma=8 / dwell,
            theta=math.pi / 2,
            length=max(64, math.ceil(16 / dwell)),
        )

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "FastScan":
        """Draw parameters over `RANGES`, again if they give no net charge."""
        while True:
            alpha, beta, gamma, theta = (
                RANGES[name].draw(rng) for name in ("alpha", "beta", "gamma", "theta")
            )
            try:
                return cls(alpha=alpha, beta=beta, gamma=gamma, theta=theta)
            except InputError:
                continue

    def _readout(self) -> Floats:
        lag = np.arange(self.length)
        wave = np.sin(2 * np.pi * lag / self.gamma + self.theta)
        return np.asarray(np.exp(-lag / self.beta) * wave, dtype=np.float64)

    def detector_response(self) -> Floats:
        """Sampled psf_detector (48) at lags 0, 1, ... px, shape (length,), sum 1."""
        lag = np.arange(self.length)
        response = self.alpha / (4 * np.pi**2 * lag**2 + self.alpha**2)
        return np.asarray(response / response.sum(), dtype=np.float64)

    def readout_response(self) -> Floats:
        """Sampled psf_readout (49) at lags 0, 1, ... px, shape (length,), sum 1."""
        response = self._readout()
        return np.asarray(response / response.sum(), dtype=np.float64)

    def response(self) -> Floats:
        """Both responses after each other, equation (47), shape (2 * length - 1,), sum 1."""
        return np.convolve(self.detector_response(), self.readout_response())


def trail(images: Floats, fast_scan: FastScan) -> Floats:
    """Convolve each scan line with the trailing response, equation (47).

    Parameters
    ----------
    images : ndarray, shape (..., h, w)
        Any unit. Before its first pixel a line is taken to rest at that pixel's value.
    fast_scan : FastScan

    Returns
    -------
    ndarray, shape (..., h, w)
    """
    return trail_with(images, fast_scan.response())


def trail_with(images: Floats, response: Floats) -> Floats:
    """Convolve each scan line with any trailing response.

    Parameters
    ----------
    images : ndarray, shape (..., h, w)
        Any unit. Before its first pixel a line is taken to rest at that pixel's value.
    response : ndarray, shape (n,)
        Response at lags 0, 1, ... px.

    Returns
    -------
    ndarray, shape (..., h, w)
    """
    from noise.stages.compiled.kernels import trail_lines

    stack = np.ascontiguousarray(images, dtype=np.float64)
    out = np.empty_like(stack)
    flat = stack.reshape(-1, *stack.shape[-2:])
    for source, target in zip(flat, out.reshape(flat.shape), strict=True):
        trail_lines(source, response, target)
    return out


def _apply(image: Floats, fast_scan: FastScan, _context: Context, /) -> Floats:
    return trail(image, fast_scan)


STAGES: Final = (
    Stage(
        name="fast_scan",
        settings=FastScan,
        apply=_apply,
        summary="trailing response of detector and readout",
        equations="(47) to (50)",
        chance=Chance(0.9, "row autocorrelation at lag 1 above 0.1 in 28 of 31 S(T)EM pairs"),
        ranges=RANGES,
        sample=FastScan.sample,
        typical=FastScan.at_dwell(1.0),
        axis=Axis(
            name="dwell",
            quantity="dwell time",
            unit="µs",
            settings={dwell: FastScan.at_dwell(dwell) for dwell in (1.0, 0.2, 0.05)},
        ),
        symbols={
            "alpha": ("α", " px"),
            "beta": ("β", " px"),
            "gamma": ("γ", " px"),
            "theta": ("θ", " rad"),
            "length": ("", " lags kept, 1 px is one dwell time"),
        },
        examples=(
            Example("fast scan (47)", "dwell 0.2 µs", FastScan.at_dwell(0.2)),
            Example("fast scan (47)", "dwell 0.05 µs", FastScan.at_dwell(0.05)),
        ),
    ),
)
