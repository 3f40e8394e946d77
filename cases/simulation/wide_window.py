"""Correction of a scan for its window, from some probes that were repeated in a wider one.

An aberration-free probe has tails that fall off slowly. What leaves a window of the specimen enters
it again on the opposite side, since the discrete Fourier transform is periodic, and meets other
atoms there than it should. If a share f of the beam lies so far out that it sees the mean m of the
surroundings, a window that gives this share to the probe's own place shows I where the specimen
shows (1 - f) I + f m: a straight line in I where m is the same everywhere, as in a specimen of even
thickness. The line is fitted to the repeated probes, which see the same displacements in both
windows, and applied to all points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cases.simulation.configuration_cache import ConfigurationScan
from stembench.arrays import Floats


@dataclass(frozen=True)
class WindowCorrection:
    """The straight line: wide = narrow + offset + slope * narrow.

    Attributes
    ----------
    offset, slope : float
        In fractions of the incident beam, and without unit.
    probes : int
        Repeated probes that the line was fitted to.
    rms_before, worst_before : float
        Relative deviation of the narrow window from the wide one at the probes.
    rms_after, worst_after : float
        The same after correction. Each probe is predicted by the line through the other
        configurations' probes.
    mean_after : tuple of four float
        Mean relative deviation after correction of the darkest quarter of the probes to the
        brightest, predicted likewise: what is left of it that is no line.
    """

    offset: float
    slope: float
    probes: int
    rms_before: float
    worst_before: float
    rms_after: float
    worst_after: float
    mean_after: tuple[float, ...]

    def applied(self, fractions: Floats) -> Floats:
        """Fractions as the wide window would show them."""
        corrected: Floats = fractions + self.offset + self.slope * fractions
        return corrected

    def applied_to_error(self, stderr: Floats) -> Floats:
        """Standard errors of corrected fractions; the line's own error is far below them."""
        scaled: Floats = stderr * (1 + self.slope)
        return scaled


def fit_correction(
    fine: Sequence[ConfigurationScan], wide: Sequence[ConfigurationScan], *, image: int
) -> WindowCorrection:
    """Fit the line by least squares of relative deviations: dark places weigh as bright ones.

    Parameters
    ----------
    fine : sequence of ConfigurationScan
        Configurations in the narrow window.
    wide : sequence of ConfigurationScan
        The same configurations at some of the points in the wide window; two at least.
    image : int
        Number of the image.

    Raises
    ------
    ValueError
        If a wide probe was not visited by the fine configuration of the same number.
    """
    narrow, broad, groups = [], [], []
    for number, (declared, repeated) in enumerate(zip(fine, wide, strict=True)):
        place = {int(point): at for at, point in enumerate(declared.index)}
        if not set(repeated.index.tolist()) <= set(place):
            raise ValueError("the wide level visited points that the fine one did not")
        at = [place[int(point)] for point in repeated.index]
        narrow.append(declared.fractions[image, at])
        broad.append(repeated.fractions[image])
        groups.append(np.full(len(at), number))
    x, y, group = (np.concatenate(parts) for parts in (narrow, broad, groups))
    offset, slope = _line(x, y - x)
    predicted = np.empty_like(x)
    for number in range(len(wide)):
        held_out = group == number
        a, b = _line(x[~held_out], (y - x)[~held_out])
        predicted[held_out] = x[held_out] + a + b * x[held_out]
    before, after = x / y - 1, predicted / y - 1
    quarters = np.array_split(after[np.argsort(y)], 4)
    return WindowCorrection(
        offset=offset,
        slope=slope,
        probes=len(x),
        rms_before=float(np.sqrt(np.mean(before**2))),
        worst_before=float(np.abs(before).max()),
        rms_after=float(np.sqrt(np.mean(after**2))),
        worst_after=float(np.abs(after).max()),
        mean_after=tuple(float(quarter.mean()) for quarter in quarters),
    )


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    slope, offset = np.polyfit(x, y, 1, w=1 / x)
    return float(offset), float(slope)
