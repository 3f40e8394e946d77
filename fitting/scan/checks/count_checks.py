"""Checks that an image which is said to be counted looks like counts."""

from typing import Final

import numpy as np

from fitting.scan.posterior.fisher_scoring import Peak
from fitting.scan.posterior.scene import Scene

#: Least part of the variance of counting and detector that noise leaves, fitted values allowed for.
LEAST_NOISE: Final = 0.7
#: Most of what the model expects that may be negative.
MOST_NEGATIVE: Final = 0.05


def not_counted(scene: Scene, peak: Peak, *, detector_sigma: float) -> tuple[str, ...]:
    """Sentences on an image with a dose whose values cannot be electrons of that dose.

    Errors and the statistics of the lines rest on counting noise: an image of less noise than that
    was rescaled, filtered, has an offset, or its dose is another.
    """
    if scene.variance is not None:
        return ()
    expected = scene.used * peak.expected
    size = float(np.abs(expected).sum())
    negative = float(-expected[expected < 0].sum()) / max(size, 1e-300)
    if negative > MOST_NEGATIVE:
        return (
            "the model of the image is negative in places, which electrons never are: an offset "
            "was taken off, or values were standardised; errors and statistics of the lines do not "
            "hold with this dose",
        )
    variance = scene.used * (np.maximum(peak.expected, 0.0) + detector_sigma**2)
    squares = scene.used * (scene.counts - peak.expected) ** 2
    ratio = float(squares.sum()) / max(float(variance.sum()), 1e-300)
    fitted = peak.at.columns.size + peak.at.lines.size + len(peak.at.shared)
    left = max(1.0 - fitted / max(float(scene.used.sum()), 1.0), 0.0)
    if ratio >= LEAST_NOISE * left:
        return ()
    return (
        f"the image has {ratio:.2g} times the noise that electrons of this dose have: its values "
        "are no electrons (rescaled, filtered, or with an offset) or the dose is another; errors "
        "and statistics of the lines do not hold",
    )
