"""Checks of what a scan fit leaves over: sentences where its model does not hold."""

from dataclasses import replace
from typing import Final

import numpy as np

from fitting.scan.posterior.fisher_scoring import Peak
from fitting.scan.posterior.scene import Scene
from stembench.arrays import Floats

#: Standard errors of a statistic beyond which it speaks, and of the largest of all lines.
K: Final = 5.0
K_LINE: Final = 7.0
#: Least excess that is worth a sentence: of the misfit over 1, and of a correlation over 0.
LEAST_EXCESS: Final = 0.1
LEAST_CORRELATION: Final = 0.1
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
    profile misses; where counts are not known, of their own scatter. Thresholds are `K` standard
    errors of each statistic under the model.
    """
    weight = scene.weight(peak.expected)
    residual = scene.used * (scene.counts - peak.expected) * np.sqrt(weight)
    scale = float((residual**2).sum() / scene.used.sum())
    if scale <= 0:
        return ()
    out = []
    if scene.variance is None:
        out += _misfits(scene, peak, residual)
    residual = residual / np.sqrt(scale)
    out += _neighbours(scene, residual)
    out += _within_lines(scene, peak, residual)
    return tuple(out)


def _misfits(scene: Scene, peak: Peak, residual: Floats) -> list[str]:
    """Misfit overall and of single lines: variance 2 + 1/λ of a squared residual of counts."""
    variance = np.maximum(peak.expected, 0.0) + scene.floor
    spread = scene.used * (2 + 1 / np.maximum(variance, 1.0))
    pixels = float(scene.used.sum())
    overall = float((residual**2).sum()) / pixels
    error = float(np.sqrt(spread.sum())) / pixels
    out = []
    if overall > 1 + max(K * error, LEAST_EXCESS):
        out.append(
            f"the model leaves residuals of {overall:.2f} times the variance that noise and "
            f"profile allow (1 within {error:.2g}): columns are missing, the dose is wrong, or "
            "lines do not move as a whole"
        )
    of_lines = (residual**2).sum(axis=2) / np.maximum(scene.used.sum(axis=2), 1)
    errors = np.sqrt(spread.sum(axis=2)) / np.maximum(scene.used.sum(axis=2), 1)
    level = max(float(np.median(of_lines)), 1.0)
    bad = (of_lines - level) > K_LINE * level * errors
    # Lines of columns differ from those between them; a few that stand out are torn or flagged.
    if 0 < bad.sum() <= 0.1 * bad.size:
        names = ", ".join(str(row) for row in np.unique(np.nonzero(bad)[1])[:5])
        out.append(
            f"{int(bad.sum())} of {bad.size} lines are not explained (line {names}): they may be "
            "torn, or hold what the model has not"
        )
    return out


def _neighbours(scene: Scene, residual: Floats) -> list[str]:
    """Correlation of residuals of neighbouring lines: 0 within 1/√N where noise is each pixel's."""
    both = scene.used[:, 1:] * scene.used[:, :-1]
    pairs = float(both.sum())
    correlation = float((residual[:, 1:] * residual[:, :-1]).sum()) / max(pairs, 1.0)
    if correlation <= max(K / np.sqrt(max(pairs, 1.0)), LEAST_CORRELATION):
        return []
    return [
        f"residuals of neighbouring lines are correlated ({correlation:.2f}): the image was "
        "interpolated, rotated or smoothed, so that its lines are not those of the scan, or the "
        "columns' profile is not that of the model"
    ]


def _within_lines(scene: Scene, peak: Peak, residual: Floats) -> list[str]:
    """Displacements that change along a line: slope of each, in standard errors, squared."""
    root = np.sqrt(scene.weight(peak.expected))
    ramp = np.linspace(-1.0, 1.0, scene.counts.shape[2])
    out = []
    for axis, name in enumerate(("along", "across")):
        lines = peak.at.lines.copy()
        lines[..., axis] += _STEP
        slope = root * (scene.expected(replace(peak.at, lines=lines)) - peak.expected) / _STEP
        information = (slope**2).sum(axis=2)
        middle = ((slope**2) * ramp).sum(axis=2) / np.maximum(information, 1e-12)
        lever = slope * (ramp - middle[..., None])
        norm = np.sqrt((lever**2).sum(axis=2))
        enough = information > 0.05 * np.median(information)
        z = (residual * lever).sum(axis=2)[enough] / np.maximum(norm[enough], 1e-12)
        number = len(z)
        square = float((z**2).mean()) if number else 0.0
        if square > 1 + K * np.sqrt(2 / max(number, 1)):
            out.append(
                f"displacements {name} the lines change within a line ({square:.2f} times what "
                f"noise allows, 1 within {np.sqrt(2 / number):.2f}): jitter is faster than a line, "
                "or neighbouring columns differ from the profile"
            )
    return out
