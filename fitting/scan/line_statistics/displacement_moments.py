"""Standard deviation and correlation of the lines' displacements, from the image itself."""

from dataclasses import dataclass

import numpy as np

from fitting.scan.posterior.priors import LineStatistics
from fitting.scan.posterior.scene import Order
from fitting.scan.posterior.strips import Strips
from stembench.arrays import Floats, Integers


@dataclass(frozen=True)
class Moments:
    """Posterior second moments of one axis' displacements, summed over lines.

    Attributes
    ----------
    squares, inner : float
        Sums of E[d²] over all lines, and over all but the first and the last of a frame.
    products : float
        Sum of E[d_l d_(l-1)].
    lines : int
        Number of lines of a frame.
    frames : int
    """

    squares: float
    inner: float
    products: float
    lines: int
    frames: int

    def score(self, statistics: LineStatistics) -> Floats:
        """Derivatives of the expected log likelihood by log σ and φ, shape (2,)."""
        sigma, phi = statistics.sigma, statistics.phi
        total = self.squares + phi**2 * self.inner - 2 * phi * self.products
        lines = self.lines * self.frames
        by_sigma = total / sigma**2 - lines
        by_phi = (self.products - phi * self.inner) / sigma**2 - self.frames * phi / (1 - phi**2)
        return np.array([by_sigma, by_phi])


def moments(
    jitter: Floats, inverse: Strips, order: Order, *, drift: Floats
) -> tuple[Moments, Moments]:
    """Posterior moments along x and y.

    Parameters
    ----------
    jitter : ndarray, shape (frames, rows, 2)
        Most probable displacements less the frames' drift [px].
    inverse : Strips
        Posterior covariance.
    order : Order
    drift : ndarray, shape (rows, knots)
        Drift of a line per coefficient, whose errors are those of the displacements as well.
    """
    frames, rows, _ = jitter.shape
    knots = drift.shape[1] if drift.size else 0
    strip, place = (part.reshape(frames, rows) for part in order.lines.T)
    found = []
    for axis in range(2):
        own = inverse.diagonal[strip, place + axis, place + axis]
        here, there = strip[:, 1:], strip[:, :-1]
        to, back = place[:, 1:] + axis, place[:, :-1] + axis
        between = np.where(
            here == there,
            inverse.diagonal[here, to, back],
            inverse.below[
                np.minimum(np.minimum(here, there), max(len(inverse.below) - 1, 0)),
                np.where(here >= there, to, back),
                np.where(here >= there, back, to),
            ]
            if len(inverse.below)
            else 0.0,
        )
        if knots:
            more, beside = _of_drift(inverse, strip, place + axis, drift=drift, axis=axis)
            own, between = own + more, between + beside
        values = jitter[..., axis]
        squares = values**2 + own
        products = values[:, 1:] * values[:, :-1] + between
        found.append(
            Moments(
                squares=float(squares.sum()),
                inner=float(squares[:, 1:-1].sum()),
                products=float(products.sum()),
                lines=rows,
                frames=frames,
            )
        )
    return found[0], found[1]


def _of_drift(
    inverse: Strips, strip: Integers, place: Integers, *, drift: Floats, axis: int
) -> tuple[Floats, Floats]:
    """What an unknown drift adds to the variance of d_l and to the covariance of d_l, d_(l-1)."""
    frames, knots = len(strip), drift.shape[1]
    start = len(inverse.corner) - frames * 2 * knots
    own = start + (2 * np.arange(frames)[:, None] + axis) * knots + np.arange(knots)
    # Of each line's displacement with its frame's coefficients, shape (frames, rows, knots).
    joint = inverse.border[strip[..., None], place[..., None], own[:, None, :]]
    spread = drift @ inverse.corner[own[:, :, None], own[:, None, :]]
    square = (spread * drift - 2 * joint * drift).sum(axis=2)
    beside = spread[:, 1:] * drift[:-1] - joint[:, 1:] * drift[:-1] - joint[:, :-1] * drift[1:]
    return square, beside.sum(axis=2)
