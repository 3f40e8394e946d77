"""Each distortion alone on one clean image, at a strength that the eye can see: for figures."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from noise.dose import electrons_per_pixel
from noise.evidence.whitening import WINDOWS, whiten
from noise.stages.camera import DarkCurrent, FixedPattern, add_dark_counts, add_fixed_pattern
from noise.stages.detector import Detector, add_pulse_noise, count_electrons
from noise.stages.digitiser import quantise, saturate
from noise.stages.fast_scan import FastScan, trail
from noise.stages.jitter import displace_lines, line_displacements, spline_coefficients
from noise.stages.mtf import Mtf, blur_by_mtf
from noise.stages.point_defects import PointDefects, multiply_defects
from noise.stages.readout import add_flicker, add_reset, add_thermal
from noise.stages.row_lines import RowLines, replace_row_lines
from stembench.arrays import Floats

_SEED: Final = 13
_DOSE: Final = 5e3
_DETECTOR: Final = Detector(photons=5.0, photon_variance=5.0, efficiency=0.05, secondary_gain=4.0)


@dataclass(frozen=True)
class Demonstration:
    """One distortion of one image.

    Attributes
    ----------
    label : str
        Name of the distortion and the paper's equation.
    strength : str
        Its parameters, empty for the undistorted image.
    image : ndarray, shape (h, w)
    """

    label: str
    strength: str
    image: Floats


def scan_demonstrations(clean: Floats, *, sampling: float) -> list[Demonstration]:
    """Each distortion of the S(T)EM chain alone, the counterpart of the paper's Fig. 13.

    Parameters
    ----------
    clean : ndarray, shape (h, w)
        Fractions of the incident beam; at least 32 px each side, or the rare defects are absent.
    sampling : float
        Å/px.

    Returns
    -------
    list of Demonstration
        In electrons per pixel at 5000 e/Å², the undistorted image first.
    """
    counts = electrons_per_pixel(_DOSE, sampling) * clean
    peak = float(counts.max())
    lines = RowLines(rate=0.12, shortest=20, longest=70)
    black = PointDefects(density=6e-3, low=0.0, high=0.25)
    zingers = PointDefects(density=6e-3, low=2.0, high=6.0)
    fast, faster = (trail(counts, FastScan.at_dwell(dwell)) for dwell in (0.2, 0.05))
    pulsed = add_pulse_noise(counts, _rng(2), detector=_DETECTOR)
    lined = replace_row_lines(counts, _rng(3), row_lines=lines)
    jitter = "σ 0.75 px, φ 0.6"
    shown = [
        ("undistorted", "", counts),
        ("X jitter (41)", jitter, jittered(counts, axis="x")),
        ("Y jitter (41)", jitter, jittered(counts, axis="y")),
        ("counting (45)", "5000 e/Å²", count_electrons(counts, _rng(1))),
        ("detector (46)", f"σ {_DETECTOR.sigma_electrons:.2g} e", pulsed),
        ("fast scan (47)", "dwell 0.2 µs", fast),
        ("fast scan (47)", "dwell 0.05 µs", faster),
        ("row lines (51)", "12 in 100 lines", lined),
        ("black pixels (52)", "0.6 %", multiply_defects(counts, _rng(4), defects=black)),
        ("zingers (53)", "0.6 %, ×2 to 6", multiply_defects(counts, _rng(5), defects=zingers)),
        ("upper clip (54)", "at 0.5 of maximum", saturate(counts, threshold=0.5 * peak)),
        ("quantisation (55)", "6 levels", quantise(counts, gain=6 / peak)),
    ]
    return [Demonstration(*one) for one in shown]


def tem_demonstrations(clean: Floats, *, sampling: float) -> list[Demonstration]:
    """Each distortion of the TEM chain alone, the counterpart of the paper's Fig. 11.

    Arguments and result are those of `scan_demonstrations`.
    """
    counts = electrons_per_pixel(_DOSE, sampling) * clean
    peak = float(counts.max())
    dark = DarkCurrent(mean=4.0, sigma=2.0, hot_fraction=6e-3)
    black = PointDefects(density=2e-3, low=0.0, high=0.25, steps=12)
    zingers = PointDefects(density=2e-3, low=2.0, high=6.0, steps=8)
    pattern = FixedPattern(sigma=0.2)
    patterned = add_fixed_pattern(counts, _rng(2), fixed_pattern=pattern)
    darkened = add_dark_counts(counts, _rng(3), dark_current=dark)
    blurred = blur_by_mtf(counts, Mtf(a=0.7, b=0.25, c=1.0))
    shown = [
        ("undistorted", "", counts),
        ("camera MTF (27)", "a 0.7, b 0.25, c 1", blurred),
        ("shot noise (30)", "5000 e/Å²", count_electrons(counts, _rng(1))),
        ("fixed pattern (31)", "σ 0.2", patterned),
        ("dark current (32), (33)", "4 ± 2 e, 0.6 % hot", darkened),
        ("thermal (34)", "σ 4 e", add_thermal(counts, _rng(4), sigma=4.0)),
        ("flicker (35)", "σ 4 e", add_flicker(counts, _rng(5), sigma=4.0)),
        ("reset (36)", "σ 3 e", add_reset(counts, _rng(6), sigma=3.0)),
        ("black pixels (37)", "0.2 %, 12 steps", multiply_defects(counts, _rng(7), defects=black)),
        ("zingers (38)", "0.2 %, 8 steps", multiply_defects(counts, _rng(8), defects=zingers)),
        ("upper clip (39)", "at 0.5 of maximum", saturate(counts, threshold=0.5 * peak)),
        ("quantisation (40)", "6 levels", quantise(counts, gain=6 / peak)),
    ]
    return [Demonstration(*one) for one in shown]


def jitter_demonstrations(clean: Floats) -> list[Demonstration]:
    """Jitter along either scan direction, the counterpart of the paper's Fig. 12."""
    jitter = "σ 0.75 px, φ 0.6"
    return [
        Demonstration("along the fast scan, X", jitter, jittered(clean, axis="x")),
        Demonstration("along the slow scan, Y", jitter, jittered(clean, axis="y")),
        Demonstration("undistorted", "", clean),
    ]


def whitening_demonstrations(clean: Floats) -> list[Demonstration]:
    """The image and its whitening transforms (7), the counterpart of the paper's Fig. 10.

    The smallest standard deviation divided by is 0.001 of the image's range.
    """
    floor = 1e-3 * float(np.ptp(clean))
    return [Demonstration("undistorted", "", clean)] + [
        Demonstration(f"window {window} px", "", whiten(clean, window, sigma_min=floor))
        for window in WINDOWS
    ]


def jittered(image: Floats, *, axis: Literal["x", "y"]) -> Floats:
    """Jitter of 0.75 px and φ 0.6 along one direction alone, as in the paper's Fig. 12."""
    lines = image.shape[0]
    moved = line_displacements(_rng(0), lines, sigma=0.75, phi=0.6)
    still = np.zeros(lines)
    dx, dy = (moved, still) if axis == "x" else (still, moved)
    return displace_lines(spline_coefficients(image), dx, dy=dy)


def _rng(stage: int) -> np.random.Generator:
    return np.random.default_rng([_SEED, stage])
