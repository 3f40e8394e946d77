"""Scan jitter: correlated displacement of scan lines, equations (41) and (42)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from noise.ranges import Chance, Range
from noise.stages.stage import Axis, Context, Example, Stage
from stembench.arrays import Floats
from stembench.limits import require

RANGES: Final = {
    "sigma": Range(0.0025, 0.8, "Å", "linear", "paper, after Fig. 12"),
    "phi": Range(0.0, 0.7, "", "linear", "paper, after Fig. 12"),
}
X_ONLY: Final = Chance(0.25, "paper, after Fig. 12; Y alone 0.25, both 0.5")


@dataclass(frozen=True)
class Jitter:
    """AR(1) jitter, x (fast scan) and y (slow scan) independent, one displacement per scan line.

    Attributes
    ----------
    sigma_x, sigma_y : float
        Standard deviation of the innovations a_t in Å, >= 0. The displacements themselves scatter
        by sigma / sqrt(1 - phi²).
    phi_x, phi_y : float
        Correlation of consecutive lines, 0 <= phi < 1.
    """

    sigma_x: float
    sigma_y: float
    phi_x: float
    phi_y: float

    def __post_init__(self) -> None:
        for axis in ("x", "y"):
            require(getattr(self, f"sigma_{axis}"), f"jitter sigma_{axis}", low=0, unit="Å")
            require(
                getattr(self, f"phi_{axis}"), f"jitter phi_{axis}", low=0, high=1, open_high=True
            )

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Jitter":
        """Draw parameters over `RANGES`: in x, in y or in both."""
        place, chance = rng.random(), X_ONLY.value
        sigma_x, sigma_y = (RANGES["sigma"].draw(rng) for _ in range(2))
        phi_x, phi_y = (RANGES["phi"].draw(rng) for _ in range(2))
        if place < chance:
            sigma_y = phi_y = 0.0
        elif place < 2 * chance:
            sigma_x = phi_x = 0.0
        return cls(sigma_x=sigma_x, sigma_y=sigma_y, phi_x=phi_x, phi_y=phi_y)


def line_displacements(rng: np.random.Generator, lines: int, *, sigma: float, phi: float) -> Floats:
    """Displacement of each scan line, equation (41).

    The first term is a / sqrt(1 - phi²), which makes the series stationary from its start:
    covariance of lines k and l is sigma² phi^|k-l| / (1 - phi²).

    Parameters
    ----------
    rng : numpy.random.Generator
    lines : int
        Number of scan lines.
    sigma : float
        Standard deviation of the innovations, any length unit.
    phi : float
        Correlation coefficient in [0, 1).

    Returns
    -------
    ndarray, shape (lines,)
        Displacements in the unit of `sigma`.
    """
    from scipy import signal

    innovations = sigma * rng.standard_normal(lines)
    innovations[0] /= math.sqrt(1 - phi**2)
    return np.asarray(signal.lfilter([1.0], [1.0, -phi], innovations), dtype=np.float64)


def jitter_displacements(
    jitter: Jitter, streams: Mapping[str, np.random.Generator], *, lines: int
) -> Floats:
    """Displacements of the scan lines of one realization.

    Parameters
    ----------
    jitter : Jitter
    streams : mapping of str to numpy.random.Generator
        With jitter_x and jitter_y, such as `noise.ScanNoise.streams`; they are drawn from.
    lines : int
        Of the distorted image, its margin included.

    Returns
    -------
    ndarray, shape (lines, 2)
        (dx, dy) [Å]: a line shows the specimen that far from its place.
    """
    return np.stack(
        [
            line_displacements(streams["jitter_x"], lines, sigma=jitter.sigma_x, phi=jitter.phi_x),
            line_displacements(streams["jitter_y"], lines, sigma=jitter.sigma_y, phi=jitter.phi_y),
        ],
        axis=1,
    )


def spline_coefficients(image: Floats) -> Floats:
    """Coefficients of the bicubic spline through `image` (h, w), mirror boundary.

    They depend on the clean image alone, so a batch of realizations computes them once.
    """
    from scipy import ndimage

    return np.asarray(ndimage.spline_filter(image, order=3, mode="mirror"), dtype=np.float64)


def displace_lines(coefficients: Floats, dx: Floats, *, dy: Floats) -> Floats:
    """Evaluate the bicubic spline on the jittered grid, equation (42).

    Line k is read at (column + dx[k], k + dy[k]). All pixels of a line share one fractional shift,
    so the spline is separable per line: four lines are blended, then four columns.

    Parameters
    ----------
    coefficients : ndarray, shape (h, w)
        From `spline_coefficients`.
    dx, dy : ndarray, shape (h,)
        Displacements in px along the fast and the slow scan.

    Returns
    -------
    ndarray, shape (h, w)
    """
    from noise.stages.compiled.kernels import displace

    row = np.arange(coefficients.shape[0]) + dy
    out = np.empty(coefficients.shape)
    displace(
        np.ascontiguousarray(coefficients),
        np.floor(row).astype(np.intp) - 1,
        np.stack(_cubic_weights(row - np.floor(row))),
        np.floor(dx).astype(np.intp) - 1,
        np.stack(_cubic_weights(dx - np.floor(dx))),
        out,
    )
    return out


def _cubic_weights(fraction: Floats) -> tuple[Floats, ...]:
    """Cubic B-spline at the four knots around a point `fraction` beyond the second one."""
    t = fraction
    return (
        (1 - t) ** 3 / 6,
        (4 - 6 * t**2 + 3 * t**3) / 6,
        (1 + 3 * t + 3 * t**2 - 3 * t**3) / 6,
        t**3 / 6,
    )


def displaced_image(image: Floats, displacements: Floats, *, sampling: float) -> Floats:
    """Image whose lines show the specimen displaced, equation (42), without counting.

    Parameters
    ----------
    image : ndarray, shape (h, w)
        Expected image in any unit, >= 0.
    displacements : ndarray, shape (h, 2)
        (dx, dy) of each line [Å], such as `jitter_displacements`.
    sampling : float
        Å/px.

    Returns
    -------
    ndarray, shape (h, w)
    """
    return _displaced(spline_coefficients(image), displacements, sampling=sampling)


def _displaced(coefficients: Floats, displacements: Floats, *, sampling: float) -> Floats:
    dx, dy = displacements.T
    moved = displace_lines(coefficients, dx / sampling, dy=dy / sampling)
    # The spline undershoots beside steep peaks; a beam fraction below zero has no meaning.
    return np.maximum(moved, 0.0)


def _apply(image: Floats, jitter: Jitter, context: Context, /) -> Floats:
    coefficients = context.once(spline_coefficients, image)
    displacements = jitter_displacements(jitter, context.streams, lines=image.shape[0])
    return _displaced(coefficients, displacements, sampling=context.sampling)


STAGES: Final = (
    Stage(
        name="jitter",
        settings=Jitter,
        apply=_apply,
        summary="scan jitter, AR(1), one (dx, dy) per line, bicubic",
        equations="(41), (42)",
        streams=("jitter_x", "jitter_y"),
        of_scan=True,
        chance=Chance(0.9, "paper, after Fig. 12"),
        ranges=RANGES,
        choices={"x_only": X_ONLY},
        sample=Jitter.sample,
        axis=Axis(
            name="jitter",
            quantity="σ of the jitter's innovations",
            unit="Å",
            settings={
                0.0: None,
                0.03: Jitter(sigma_x=0.03, sigma_y=0.03, phi_x=0.6, phi_y=0.6),
                0.08: Jitter(sigma_x=0.08, sigma_y=0.08, phi_x=0.6, phi_y=0.6),
                0.15: Jitter(sigma_x=0.15, sigma_y=0.15, phi_x=0.6, phi_y=0.6),
            },
        ),
        typical=Jitter(sigma_x=0.15, sigma_y=0.15, phi_x=0.6, phi_y=0.6),
        symbols={
            "sigma_x": ("σx", " Å"),
            "sigma_y": ("σy", " Å"),
            "phi_x": ("φx", ""),
            "phi_y": ("φy", ""),
        },
        examples=(
            Example(
                "X jitter (41)",
                "σ 0.15 Å, φ 0.6",
                Jitter(sigma_x=0.15, sigma_y=0.0, phi_x=0.6, phi_y=0.0),
            ),
            Example(
                "Y jitter (41)",
                "σ 0.15 Å, φ 0.6",
                Jitter(sigma_x=0.0, sigma_y=0.15, phi_x=0.0, phi_y=0.6),
            ),
        ),
    ),
)
