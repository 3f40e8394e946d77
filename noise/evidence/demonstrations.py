"""Images of each distortion alone, at a strength that the eye can see, for figures."""

import zlib
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from noise.chain import Chain
from noise.dose import electrons_per_pixel
from noise.evidence.whitening import WINDOWS, whiten
from noise.scan import ScanNoise
from noise.stages.jitter import displace_lines, line_displacements, spline_coefficients
from noise.stages.stage import Context
from noise.tem import TemNoise
from stembench.arrays import Floats

_SEED: Final = 13
_DOSE: Final = 5e3


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
    return _demonstrations(ScanNoise, clean, sampling=sampling)


def tem_demonstrations(clean: Floats, *, sampling: float) -> list[Demonstration]:
    """Each distortion of the TEM chain alone, the counterpart of the paper's Fig. 11.

    Arguments and result are those of `scan_demonstrations`.
    """
    return _demonstrations(TemNoise, clean, sampling=sampling)


def _demonstrations(chain: type[Chain], clean: Floats, *, sampling: float) -> list[Demonstration]:
    """Examples that the stages of a chain declare, each alone on the noise-free image."""
    scale = electrons_per_pixel(_DOSE, sampling)
    counts = scale * clean
    panels = [Demonstration("undistorted", "", counts)]
    counted = False
    for stage in chain.stages:
        for example in stage.examples:
            context = Context(
                streams={stream: _rng(stream) for stream in stage.streams},
                scale=scale,
                sampling=sampling,
                peak=float(counts.max()),
            )
            image = stage.apply(counts if counted else clean, example.settings, context)
            # Until electrons are counted, a stage gives fractions of the beam.
            in_electrons = counted or stage.name == "counting"
            panels.append(
                Demonstration(
                    example.label, example.strength, image if in_electrons else scale * image
                )
            )
        counted = counted or stage.name == "counting"
    return panels


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
    moved = line_displacements(_rng("jitter"), lines, sigma=0.75, phi=0.6)
    still = np.zeros(lines)
    dx, dy = (moved, still) if axis == "x" else (still, moved)
    return displace_lines(spline_coefficients(image), dx, dy=dy)


def _rng(stream: str) -> np.random.Generator:
    return np.random.default_rng([_SEED, zlib.crc32(stream.encode())])
