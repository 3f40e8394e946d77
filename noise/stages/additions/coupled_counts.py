"""Counts of a changed image that share the noise of the unchanged one: pairs, count by count."""

from collections.abc import Sequence

import numpy as np

from stembench.arrays import Floats
from stembench.errors import InputError


def coupled_counts(
    counts: Floats, generators: Sequence[np.random.Generator], *, before: Floats, after: Floats
) -> Floats:
    """Turn Poisson counts of one image into Poisson counts of another, changing as few as needed.

    Where the other image is darker, each count is kept with probability after / before; where it
    is brighter, Poisson counts of mean after - before are added. Both leave exact Poisson counts
    of mean `after` (thinning and superposition of Poisson processes: J. F. C. Kingman, Poisson
    Processes (1993), sections 2.2 and 5.1), and where nothing changes, not one count does. Two
    images of one seed would share no noise at all behind the first changed pixel.

    Parameters
    ----------
    counts : ndarray, shape (n, h, w)
        Poisson counts of mean `before`, in electrons.
    generators : sequence of n numpy.random.Generator
        One per realization; they must not have drawn `counts`.
    before, after : ndarray, shape (h, w)
        Expected electrons of each pixel.

    Returns
    -------
    ndarray, shape (n, h, w)

    Raises
    ------
    InputError
        If shapes differ, an expectation is negative, or the counts are not whole numbers >= 0.
    """
    if counts.shape != (len(generators), *before.shape) or before.shape != after.shape:
        raise InputError(
            f"counts of shape {counts.shape} do not belong to {len(generators)} generators and "
            f"images of shape {before.shape} and {after.shape}"
        )
    if (before < 0).any() or (after < 0).any():
        raise InputError("expected electrons cannot be negative")
    if (counts < 0).any() or (counts != np.rint(counts)).any():
        raise InputError(
            "only counts can be coupled: the noise must be that of counting alone, without a "
            "detector or later stages"
        )
    kept = np.minimum(after, before) / np.where(before > 0, before, 1.0)
    darker, brighter = kept < 1, after > before
    out = np.empty_like(counts)
    for own, generator, other in zip(counts, generators, out, strict=True):
        other[:] = own
        other[darker] = generator.binomial(own[darker].astype(np.int64), kept[darker])
        other[brighter] += generator.poisson((after - before)[brighter])
    return out
