"""Ranges and probabilities that random noise chains are drawn from, each with its reason.

``stembench noise-ranges`` prints the table of docs/noise.md.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np


@dataclass(frozen=True)
class Range:
    """An interval and how values lie in it.

    Attributes
    ----------
    low, high : float
    unit : str
    scale : {'linear', 'log', 'low'}
        Uniform in the value; uniform in its logarithm; or exponential in its logarithm with a
        scale of half the interval, so that low values are more frequent.
    reason : str
        "paper" with the place where it is stated, or why we chose it.
    """

    low: float
    high: float
    unit: str
    scale: Literal["linear", "log", "low"]
    reason: str

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one value."""
        place = rng.random()
        if self.scale == "linear":
            return self.low + (self.high - self.low) * place
        if self.scale == "low":
            # Inverse of the cumulative exponential of scale 0.5, cut at 1.
            place = -0.5 * math.log1p(-place * -math.expm1(-2.0))
        return self.low * math.exp(place * math.log(self.high / self.low))


@dataclass(frozen=True)
class Chance:
    """Probability that something happens to an image, and why."""

    value: float
    reason: str

    def draw(self, rng: np.random.Generator) -> bool:
        """Whether it happens."""
        return bool(rng.random() < self.value)


_PAIRS = "published pairs"

RANGES: Final[dict[str, Range]] = {
    "dose.electrons": Range(
        0.5, 750, "e/px", "low",
        "paper, text before (30): mean counts in [0.5, 750], exponential with scale 0.5; taken in"
        " the logarithm, because only so low doses prevail as the text says",
    ),
    "jitter.sigma": Range(0.0025, 0.8, "Å", "linear", "paper, after Fig. 12"),
    "jitter.phi": Range(0.0, 0.7, "", "linear", "paper, after Fig. 12"),
    "detector.photons": Range(
        2, 300, "photons/e", "log",
        "paper, before (44), names about 100; secondary electrons (SEM) give far fewer",
    ),
    "detector.photon_variance": Range(
        0.5, 2, "times the mean", "log", "around the Poisson value 1"
    ),
    "detector.efficiency": Range(
        0.02, 0.4, "", "log",
        "photocathodes reach 0.4; poor light guides lose most. With the rest, σ is 0.09 to 6.2 e"
        " per pixel: " + _PAIRS + " hold noise that does not depend on intensity",
    ),
    "detector.secondary_gain": Range(3, 8, "", "linear", "gain of a dynode at usual voltages"),
    "fast_scan.alpha": Range(
        0.1, 20, "px", "log",
        "20 px is our response (1 px at 1 µs) at 0.05 µs, the fastest dwell time of Fig. 6",
    ),
    "fast_scan.beta": Range(
        0.1, 2, "px", "log", "a few pixels of row autocorrelation in " + _PAIRS
    ),
    "fast_scan.gamma": Range(
        6, 40, "px", "log", "weak negative row autocorrelation at lags 3 to 6 in " + _PAIRS
    ),
    "fast_scan.theta": Range(
        math.pi / 4, 3 * math.pi / 4, "rad", "linear",
        "the response starts within 30 % of its crest, as a driven damped circuit does",
    ),
    "row_lines.rate": Range(
        1 / 256, 12 / 256, "per line", "log", "one to twelve lines in an image of 256 lines"
    ),
    "row_lines.length": Range(
        8, 192, "px", "log", "lines seen in " + _PAIRS + " are 20 to 120 px long"
    ),
    "row_lines.factor": Range(0.5, 1.5, "", "linear", "paper, before (51)"),
    "black_pixels.density": Range(
        1e-5, 1e-3, "per px", "log", "one to 66 points in an image of 256 x 256 px"
    ),
    "black_pixels.response": Range(
        0.0, 0.25, "", "linear", "'significantly lower' (52), from dead to a quarter"
    ),
    "zingers.density": Range(
        1e-5, 3e-4, "per px", "log", "one to 20 points in an image of 256 x 256 px"
    ),
    "zingers.response": Range(
        2, 12, "", "linear", "a burst outshines the pixel; outliers of " + _PAIRS
    ),
    "clip.level": Range(
        0.9, 3.0, "of clean maximum", "log",
        "saturation at x/max(y) = 1.03 with 1 % of pixels in the published pair lrtem 1; at low"
        " dose noise alone exceeds the clean maximum",
    ),
    "quantisation.levels": Range(
        64, 65536, "levels", "log",
        "6 to 16 bits; grey steps of " + _PAIRS + " give 110 to over 20 000 levels",
    ),
    "mtf.a": Range(0.0, 1.5, "", "linear", "redrawn until positive and monotone, paper, (29)"),
    "mtf.b": Range(0.1, 2.0, "Nyquist", "log", "half contrast from 0.1 to 2.4 Nyquist"),
    "mtf.c": Range(0.1, 2.0, "Nyquist", "log", "as b"),
    "fixed_pattern.sigma": Range(
        1e-3, 0.03, "", "log", "gain mismatch left by a flat-field correction"
    ),
    "dark_current.mean": Range(0.05, 5, "e/px", "log", "cooled to warm sensor, usual exposures"),
    "dark_current.spread": Range(0.1, 1.0, "of mean", "linear", "uniform to very uneven sensor"),
    "dark_current.hot_fraction": Range(1e-5, 1e-3, "of px", "log", "as black pixels"),
    "thermal.sigma": Range(0.1, 5, "e/px", "log", "read noise of direct to scintillator cameras"),
    "flicker.sigma": Range(
        0.1, 8, "e/px", "log", "long-range autocorrelation of the published pair lrtem 7"
    ),
    "reset.sigma": Range(0.05, 1, "e/px", "log", "stripes stay weaker than shot noise"),
    "clusters.steps": Range(0, 12, "steps", "linear", "'small clusters' (37), up to 13 px"),
    "tem_black_pixels.density": Range(1e-5, 3e-4, "per px", "log", "as S(T)EM, but clusters"),
    "tem_zingers.density": Range(1e-5, 2e-4, "per px", "log", "as S(T)EM, but clusters"),
    "transform.scale": Range(0.8, 1.25, "", "log", "small enough to keep the sampling's range"),
    "transform.rotation": Range(-math.pi / 6, math.pi / 6, "rad", "linear", _PAIRS),
    "transform.shear": Range(-0.1, 0.1, "", "linear", "drift and scan coil errors"),
    "blur.sigma": Range(0.0, 1.0, "px", "linear", "paper, Post-processing distortions"),
    "crop.area": Range(
        0.5, 0.95, "of image", "linear", "paper: outside a central part such as 50 % of the area"
    ),
    "annotations.size": Range(0.06, 0.3, "of image side", "linear", _PAIRS),
}  # fmt: skip

CHANCES: Final[dict[str, Chance]] = {
    "jitter": Chance(0.9, "paper, after Fig. 12"),
    "jitter.x_only": Chance(0.25, "paper, after Fig. 12; Y alone 0.25, both 0.5"),
    "detector": Chance(0.9, "'S(T)EM detector noise' is always there; 0.1 keeps pure counting"),
    "fast_scan": Chance(0.9, "row autocorrelation at lag 1 above 0.1 in 28 of 31 S(T)EM pairs"),
    "row_lines": Chance(0.15, "seen in 2 of 31 published S(T)EM pairs, doubled for training"),
    "black_pixels": Chance(0.1, "rare in the published pairs; never for SEM, paper, after (52)"),
    "zingers": Chance(0.1, "rare in the published pairs"),
    "clip": Chance(0.1, "seen in 1 of 39 published pairs"),
    "quantisation": Chance(0.9, "every digital image; 0.1 keeps the exact electron count"),
    "fixed_pattern": Chance(0.5, "half of the cameras are flat-fielded well"),
    "dark_current": Chance(0.5, "half of the cameras are cooled or dark-subtracted"),
    "thermal": Chance(0.7, "scintillator cameras; counting cameras have none"),
    "flicker": Chance(0.4, "long-range noise in 2 of 8 published TEM pairs"),
    "reset": Chance(0.3, "subtracted by most cameras"),
    "transform": Chance(0.25, "an image that was rotated or registered before restoration"),
    "blur": Chance(0.25, "column autocorrelation in a quarter of the published pairs"),
    "annotations": Chance(0.15, "seen in 6 of 40 published pairs"),
    "crop": Chance(0.15, "seen in 7 of 40 published pairs"),
}


def range_table() -> str:
    """Ranges and probabilities as two Markdown tables."""
    lines = ["| parameter | range | unit | drawn | source or reason |", "|---|---|---|---|---|"]
    drawn = {"linear": "uniform", "log": "log-uniform", "low": "log-exponential"}
    lines += [
        f"| `{name}` | {r.low:.4g} to {r.high:.5g} | {r.unit or '1'} | {drawn[r.scale]} |"
        f" {r.reason} |"
        for name, r in RANGES.items()
    ]
    lines += ["", "| happens to an image | probability | source or reason |", "|---|---|---|"]
    lines += [f"| `{name}` | {c.value:g} | {c.reason} |" for name, c in CHANCES.items()]
    return "\n".join(lines)
