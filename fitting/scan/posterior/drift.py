"""Drift of the frames of one scene: rigid, and slowly changing along the lines."""

from typing import Final

import numpy as np

from stembench.arrays import Floats

#: Pieces of half a frame along which slow drift runs straight.
PIECES: Final = 2
#: Precision [1/px²] with which the sum of all frames' drifts keeps the value that it starts with:
#: it cannot be told from a shift of all columns.
GAUGE: Final = 1e4
#: Standard deviation of a frame's drift about that of the alignment [spacing].
RIGID: Final = 0.25
#: Lines that are held stay as near to their frame's drift as this [px].
HELD: Final = 0.01


def drift_design(rows: int, *, slow: bool) -> Floats:
    """Drift (rows, knots) of each line per coefficient.

    The first coefficient moves the whole frame. Where the drift is slow as well, each further one
    is the change over one piece, counted from the middle line outwards: with independent changes
    the drift is a random walk that runs straight between its knots.
    """
    constant = np.ones((rows, 1))
    if not slow:
        return constant
    # From -PIECES at the first line over 0 in the middle to PIECES at the last.
    place = PIECES * np.linspace(-1, 1, rows)
    ramps = [np.clip(side * place - piece, 0.0, 1.0) for side in (-1, 1) for piece in range(PIECES)]
    return np.concatenate([constant, np.stack(ramps, axis=1)], axis=1)


def drift_priors(drifts: Floats, design: Floats, *, spacing: float, slow: float) -> Floats:
    """Most probable coefficients and their precision, shape (2, frames * 2 * knots).

    Parameters
    ----------
    drifts : ndarray, shape (frames, 2)
        From the alignment [px].
    design : ndarray, shape (rows, knots)
        Of `drift_design`.
    spacing : float
        Distance of neighbouring columns [px].
    slow : float
        Standard deviation of the drift between the middle and either end of a frame [px].
    """
    knots = design.shape[1]
    start = np.zeros((len(drifts), 2, knots))
    start[:, :, 0] = drifts
    precision = np.full(start.shape, 1 / (RIGID * spacing) ** 2)
    if knots > 1:
        precision[:, :, 1:] = PIECES / slow**2
    return np.stack([start.ravel(), precision.ravel()])
