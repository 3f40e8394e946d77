"""Checks of what a scan fit leaves over: sentences where its model does not hold."""

from dataclasses import replace
from typing import Final

import numpy as np

from fitting.scan.posterior.fisher_scoring import Peak
from fitting.scan.posterior.scene import Scene
from stembench.arrays import Floats

#: Chance that a check speaks of an image which the model made: shared by all lines where each is
#: looked at.
LEVEL: Final = 1e-3
#: Least effects that are worth a sentence, however sure. Excess of the mean misfit over 1:
LEAST_EXCESS: Final = 0.1
#: correlation of neighbouring lines:
LEAST_CORRELATION: Final = 0.1
#: rms of what one line leaves beyond noise, as a part of a column's height:
LEAST_LINE: Final = 0.1
#: rms change of displacement from the middle of a line to its ends, as a part of a column's width:
LEAST_BEND: Final = 0.05
#: Lines at either end that do not count: they see what lies beyond.
END_LINES: Final = 4
#: Lines with less information about their displacement than this part of the median do not count.
LEAST_INFORMATION: Final = 0.05
#: Displacement [px] by which derivatives along and across the lines are taken.
_STEP: Final = 0.05


def misfit(scene: Scene, peak: Peak, *, detector_sigma: float) -> float:
    """Mean squared residual over the variance of counting and detector; NaN without counts."""
    if scene.variance is not None:
        return float("nan")
    variance = np.maximum(peak.expected, 0.0) + detector_sigma**2 + 1e-9
    squares = scene.used * (scene.counts - peak.expected) ** 2
    return float(squares.sum() / (scene.used * variance).sum())


def unexplained(scene: Scene, peak: Peak) -> tuple[str, ...]:
    """Sentences on residuals that lines which move as a whole do not explain.

    Residuals are taken in units of counting noise, detector noise and the allowance for what the
    profile misses; where counts are not known, of their own scatter. Each check speaks where a
    statistic is beyond what the model gives in `LEVEL` of images and its effect is not small.
    """
    weight = scene.weight(peak.expected)
    residual = scene.used * (scene.counts - peak.expected) * np.sqrt(weight)
    if not residual.any():
        return ()
    out = []
    if scene.variance is None:
        out += _misfits(scene, peak, residual)
    out += _neighbours(residual)
    out += _within_lines(scene, peak, residual)
    return tuple(out)


def _misfits(scene: Scene, peak: Peak, residual: Floats) -> list[str]:
    """Misfit overall and of single lines: variance 2 + 1/λ of a squared residual of counts."""
    variance = np.maximum(peak.expected, 0.0) + scene.floor
    spread = scene.used * (2 + 1 / np.maximum(variance, 1.0))
    pixels = float(scene.used.sum())
    overall = float((residual**2).sum()) / pixels
    limit = float(_limit(LEVEL, np.array(pixels), np.array(spread.sum())))
    out = []
    if overall > max(limit, 1 + LEAST_EXCESS):
        out.append(
            f"the model leaves residuals of {overall:.2f} times the variance that noise and "
            f"profile allow (noise alone reaches {limit:.2f} in one image of {1 / LEVEL:.0f}): "
            "columns are missing, the dose is wrong, or lines do not move as a whole"
        )
    pixels_of = np.maximum(scene.used.sum(axis=2), 1.0)
    of_lines = (residual**2).sum(axis=2) / pixels_of
    # Lines that all are worse than noise are the business of the sentence above.
    level = max(float(np.median(of_lines)), 1.0)
    limits = level * _limit(LEVEL / of_lines.size, pixels_of, spread.sum(axis=2))
    excess = (scene.used * ((scene.counts - peak.expected) ** 2 - level * variance)).sum(axis=2)
    effect = np.sqrt(np.maximum(excess, 0.0) / pixels_of) / _height(peak)
    bad = (of_lines > limits) & (effect > LEAST_LINE)
    bad[:, :END_LINES] = bad[:, -END_LINES:] = False
    # Lines of columns differ from those between them; a few that stand out are torn or flagged.
    if 0 < bad.sum() <= 0.1 * bad.size:
        names = ", ".join(str(row) for row in np.unique(np.nonzero(bad)[1])[:5])
        out.append(
            f"{int(bad.sum())} of {bad.size} lines are not explained (line {names}): they leave up "
            f"to {effect[bad].max():.0%} of a column's height beyond noise, may be torn, or hold "
            "what the model has not"
        )
    return out


def _limit(level: float, pixels: Floats, spread: Floats) -> Floats:
    """Mean of squares of mean 1 that chance exceeds in `level` of cases, by a matched χ².

    Parameters
    ----------
    level : float
    pixels : ndarray
        Number of squares.
    spread : ndarray
        Sum of their variances.
    """
    from scipy.stats import chi2

    freedom = 2 * pixels**2 / np.maximum(spread, 1e-12)
    return np.asarray(chi2.isf(level, freedom) / freedom, dtype=np.float64)


def _height(peak: Peak) -> float:
    """Median height of the columns [electrons]."""
    return max(float(np.median(peak.at.columns[:, 2])), 1e-12)


def _neighbours(residual: Floats) -> list[str]:
    """Correlation of residuals of neighbouring lines: 0 where noise is each pixel's own."""
    from scipy.stats import norm

    products = residual[:, 1:] * residual[:, :-1]
    size = np.sqrt((residual[:, 1:] ** 2).sum() * (residual[:, :-1] ** 2).sum())
    correlation = float(products.sum() / max(size, 1e-300))
    # Where residuals are of unequal scatter fewer pixels count: the products say how many.
    error = float(np.sqrt((products**2).sum()) / max(size, 1e-300))
    if correlation <= max(float(norm.isf(LEVEL)) * error, LEAST_CORRELATION):
        return []
    return [
        f"residuals of neighbouring lines are correlated ({correlation:.2f} ± {error:.2g}): the "
        "image was interpolated, rotated or smoothed or its lines run the other way, so that they "
        "are not those of the scan, or the columns' profile is not that of the model"
    ]


def _within_lines(scene: Scene, peak: Peak, residual: Floats) -> list[str]:
    """Displacements that change along a line: slope of each, in standard errors, squared."""
    root = np.sqrt(scene.weight(peak.expected))
    ramp = np.linspace(-1.0, 1.0, scene.counts.shape[2])
    width = float(np.exp(peak.at.shared[0]))
    out = []
    for axis, name in enumerate(("along", "across")):
        lines = peak.at.lines.copy()
        lines[..., axis] += _STEP
        slope = root * (scene.expected(replace(peak.at, lines=lines)) - peak.expected) / _STEP
        information = (slope**2).sum(axis=2)
        enough = information > LEAST_INFORMATION * np.median(information)
        enough[:, :END_LINES] = enough[:, -END_LINES:] = False
        middle = ((slope**2) * ramp).sum(axis=2) / np.maximum(information, 1e-12)
        lever = (slope * (ramp - middle[..., None]))[enough]
        left = residual[enough]
        known = (lever**2).sum(axis=1)
        if not known.size or not known.min() > 0:
            continue
        # Scatter of the residuals where they tell of slopes: that of vacuum tells nothing.
        scale = ((left * lever) ** 2).sum() / known.sum()
        squares = (left * lever).sum(axis=1) ** 2 / (scale * known)
        number = len(squares)
        square = float(squares.mean())
        limit = float(_limit(LEVEL, np.array(float(number)), np.array(2.0 * number)))
        bend = np.sqrt(max(float((squares - 1).sum()) * scale / known.sum(), 0.0))
        if square > limit and bend > LEAST_BEND * width:
            out.append(
                f"displacements {name} the lines change within a line by {bend:.2f} px "
                f"({square:.2f} times what noise gives, which reaches {limit:.2f} in one image of "
                f"{1 / LEVEL:.0f}): jitter is faster than a line, or neighbouring columns differ "
                "from the profile"
            )
    return out
