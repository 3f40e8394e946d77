"""Two halves of one scanned image by alternate lines, and what their ring correlations tell.

The halves share the specimen and not the noise, as far as noise is independent from line to line.
Two *restored* halves share what the restorer expects of any image too, and so correlate where no
signal is: what a restorer has learned of the signal shows in one restored half beside the *raw*
other half.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reports import RingCorrelation, ring_correlation
from stembench.arrays import Floats


@dataclass(frozen=True, kw_only=True)
class HalfCorrelations:
    """Ring correlations of two halves of one image, in cycles per px of the halves.

    Attributes
    ----------
    raw : RingCorrelation
        Of the two raw halves.
    crossed : RingCorrelation
        Of one restored half with the raw other one, the mean of both ways.
    restored : RingCorrelation
        Of the two restored halves: the trap.
    """

    raw: RingCorrelation
    crossed: RingCorrelation
    restored: RingCorrelation

    @property
    def attainable(self) -> Floats:
        """What a restored half that is the truth itself would correlate with the raw other one.

        If two halves correlate by t, the truth correlates with either by √t.
        """
        return np.sqrt(np.clip(self.raw.correlation, 0.0, 1.0))

    @property
    def gain(self) -> float:
        """Mean over rings by which restoration raises the correlation with the raw other half.

        A filter that weighs rings alone leaves each ring's correlation as it is.
        """
        return float(np.nanmean(self.crossed.correlation - self.raw.correlation))


def alternate_lines(image: Floats) -> tuple[Floats, Floats]:
    """Even and odd lines of an image, pairs of pixels along them added so that pixels stay square.

    Parameters
    ----------
    image : ndarray, shape (h, w)

    Returns
    -------
    tuple of ndarray, shape (h // 4 * 2, w // 4 * 2)
        Of even sides. The second one lies half a px further down.
    """
    height, width = (size // 4 * 4 for size in image.shape)
    binned = image[:height, :width].reshape(height, width // 2, 2).sum(axis=2)
    return binned[0::2], binned[1::2]


def half_correlations(image: Floats, restore: Callable[[Floats], Floats]) -> HalfCorrelations:
    """Correlate the halves of an image, raw and restored.

    Parameters
    ----------
    image : ndarray, shape (h, w)
    restore : callable
        Restores a half.
    """
    first, second = alternate_lines(image)
    restored = restore(first), restore(second)
    moved = moved_down(second), moved_down(restored[1])
    return HalfCorrelations(
        raw=ring_correlation(first, moved[0]),
        crossed=_mean(ring_correlation(restored[0], moved[0]), ring_correlation(first, moved[1])),
        restored=ring_correlation(restored[0], moved[1]),
    )


def moved_down(image: Floats) -> Floats:
    """Move an image's content down by half a px, mirrored at its edges; exact for what it samples.

    A half of odd lines begins half a px below that of even lines.
    """
    mirrored = np.concatenate([image, image[::-1]], axis=0)
    frequency = np.fft.rfftfreq(len(mirrored))[:, np.newaxis]
    spectrum = np.fft.rfft(mirrored, axis=0) * np.exp(-1j * np.pi * frequency)
    moved: Floats = np.fft.irfft(spectrum, n=len(mirrored), axis=0)[: len(image)]
    return moved


def _mean(one: RingCorrelation, two: RingCorrelation) -> RingCorrelation:
    return RingCorrelation(
        frequency=one.frequency,
        correlation=(one.correlation + two.correlation) / 2,
        independent=one.independent,
    )
