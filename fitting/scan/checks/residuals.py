"""Whether the residual of a scan fit is that of whole lines, displaced, with white noise."""

from typing import Final

import numpy as np

from fitting.scan.posterior.descent import Peak
from fitting.scan.posterior.scene import Scene
from stembench.arrays import Floats

#: Mean squared residual over the noise beyond which the model does not hold. A profile of two
#: Gaussians leaves up to 1.15 of the benchmark's images at 5·10⁴ e/Å².
MOST_MISFIT: Final = 1.5
#: Correlation of neighbouring residuals that is no noise's, if it is more than this many standard
#: errors and above the least.
STANDARD_ERRORS: Final = 5.0
LEAST_CORRELATION: Final = 0.1
#: A line is unexplained where its misfit is above the median's by this many standard errors.
LINE_ERRORS: Final = 8.0
#: Part of the lines that may be so.
LINE_SHARE: Final = 0.02


def unexplained(scene: Scene, peak: Peak, *, detector_sigma: float) -> tuple[str, ...]:
    """Return sentences on what whole, displaced lines with white noise do not explain.

    Parameters
    ----------
    scene, peak
        Of the fit.
    detector_sigma : float
        Standard deviation of detector noise [electrons].
    """
    residual = standard_residuals(scene, peak, detector_sigma=detector_sigma)
    told = []
    misfit = float((residual**2).sum() / scene.used.sum())
    if scene.variance is None and misfit > MOST_MISFIT:
        told.append(
            f"the residual of the scan fit is {misfit:.2g} times that of counting and detector: "
            "columns are missing, or their profile, the dose or the detector's noise is another"
        )
    for axis, where, why in (
        (1, "neighbouring lines", "the image was interpolated, rotated or filtered, or its lines "
         "are not its rows"),
        (2, "neighbouring pixels of a line", "a response of the detector trails along the lines, "
         "or the image was interpolated or filtered"),
    ):  # fmt: skip
        value, error = _correlation(residual, scene.used, axis=axis)
        if value > max(LEAST_CORRELATION, STANDARD_ERRORS * error):
            told.append(
                f"the residuals of {where} are correlated ({value:.2f} ± {error:.2f}): {why}, and "
                "the stated errors are too small"
            )
    share = _unexplained_lines(residual, scene.used)
    if share > LINE_SHARE:
        told.append(
            f"{100 * share:.0f} % of the lines have residuals far above those of the others: they "
            "moved within a line, or were disturbed"
        )
    return tuple(told)


def standard_residuals(scene: Scene, peak: Peak, *, detector_sigma: float) -> Floats:
    """Residuals (frames, rows, columns) over the standard deviation of the noise; 0 if unused."""
    residual = scene.used * (scene.counts - peak.expected)
    if scene.variance is not None:
        return np.asarray(residual / np.sqrt(scene.variance), dtype=np.float64)
    variance = np.maximum(peak.expected, 0.0) + detector_sigma**2
    # In the dark, where next to no electrons are expected, a single one is no misfit of the model.
    least = max(1e-3 * float(variance.max()), 1e-12)
    return np.asarray(residual / np.sqrt(np.maximum(variance, least)), dtype=np.float64)


def _correlation(residual: Floats, used: Floats, *, axis: int) -> tuple[float, float]:
    """Correlation of each residual with the next along an axis, and its standard error."""
    size = residual.shape[axis]
    here, there = (np.take(residual, range(start, size - 1 + start), axis=axis) for start in (0, 1))
    both = np.take(used, range(size - 1), axis=axis) * np.take(used, range(1, size), axis=axis)
    # Bright pixels are few and far from normal where electrons are few; their weight is bounded.
    here, there = (np.clip(values, -3.0, 3.0) * both for values in (here, there))
    power = np.sqrt((here**2).sum() * (there**2).sum())
    if power == 0 or both.sum() == 0:
        return 0.0, 1.0
    return float((here * there).sum() / power), float(1 / np.sqrt(both.sum()))


def _unexplained_lines(residual: Floats, used: Floats) -> float:
    pixels = used.sum(axis=2)
    full = pixels > 0
    if np.count_nonzero(full) < 8:
        return 0.0
    misfit = (residual**2).sum(axis=2)[full] / pixels[full]
    middle = float(np.median(misfit))
    # From the scatter of the lines themselves: few electrons have no normal distribution.
    spread = 1.4826 * float(np.median(np.abs(misfit - middle)))
    return float(np.mean(misfit > middle + LINE_ERRORS * spread))
