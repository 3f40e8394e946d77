"""Residuals along scan lines: holes bridged, a response undone."""

import numpy as np

from stembench.arrays import Bools, Floats


def bridged(residual: Floats, usable: Bools) -> Floats:
    """Residual with pixels that are left out interpolated along their line.

    An edge in a line would spread what the model misses over all frequencies.
    """
    out = residual.copy()
    places = np.arange(residual.shape[1])
    for row, known in zip(out, usable, strict=True):
        if known.any() and not known.all():
            row[~known] = np.interp(places[~known], places[known], row[known])
    return out


def undone(residual: Floats, response: Floats) -> Floats:
    """Residual (rows, columns) with the response along its lines undone."""
    from scipy.signal import lfilter

    return np.asarray(lfilter([1.0], response, residual, axis=1), dtype=np.float64)


def unspoilt(usable: Bools, response: Floats) -> Bools:
    """Pixels whose predecessors, as far as undoing mixes them in, are usable."""
    from scipy.signal import lfilter

    impulse = np.zeros(16)
    impulse[0] = 1.0
    inverse = np.abs(np.asarray(lfilter([1.0], response, impulse)))
    reach = int(np.flatnonzero(inverse > 0.02 * inverse[0])[-1])
    out = np.ones_like(usable)
    for lag in range(1, reach + 1):
        out[:, lag:] &= usable[:, :-lag]
    return out
