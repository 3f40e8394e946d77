"""A step in the background: vacuum beside a support, or two supports."""

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.ndimage import (
    binary_dilation,
    binary_erosion,
    distance_transform_edt,
    label,
    median_filter,
)

from fitting.results.column_fit import ColumnFit
from fitting.search.own_image.background.smooth_background import (
    SmoothBackground,
    chosen_background,
    solved_background,
)
from fitting.search.own_image.own_options import OwnImageOptions
from fitting.search.own_image.scene_fit import Scene, fit_scene
from fitting.search.own_image.spot_search import Spots
from stembench.arrays import Bools, Floats

#: Sides of the median that leaves the background, in distances of columns, one for each round: the
#: columns of a background without the step leave more than those of one with it.
_SIDES: Final = (0.75, 0.75, 0.5, 0.5)
#: Pixels beside the seam that are left out in each round, on both sides of it.
_SEAMS: Final = (3, 3, 1, 1)
#: Fewest pixels of each side, as a part of all, and of a part of it, in distances of columns.
_LEAST: Final = 0.05
_LEAST_PART: Final = 2.0
#: A step is one where most of it lies between these distances from the seam, near and far [px or
#: distances of columns]; a slope goes on.
_NEAR: Final = (2.0, 5.0)
_FAR: Final = (0.7, 1.5)
_SHARP: Final = 0.5
#: Least step in standard deviations of a pixel's noise.
_STANDS_OUT: Final = 0.6
#: Least gain in chi-square.
_GAIN: Final = 60.0


def stepped_background(
    scene: Scene,
    spots: Spots,
    fit: ColumnFit,
    *,
    options: OwnImageOptions,
    variance: float,
    spacing: float,
) -> tuple[Scene, SmoothBackground, ColumnFit] | None:
    """Find two areas between which the background jumps, and fit both levels.

    The ground is what columns leave of the image, in a median over most of their distance, and
    Otsu's threshold parts it in two. Pixels at the seam are left out.

    Parameters
    ----------
    scene : Scene
        With the smooth background that was chosen.
    spots : Spots
        Columns that were found.
    fit : ColumnFit
        Of them under that background.
    options : OwnImageOptions
    variance : float
        Mean variance of a pixel from noise [image unit squared].
    spacing : float
        Distance of columns [px].

    Returns
    -------
    tuple or None
        Scene, background and columns with a step; None where there is none.
    """
    before, valid = scene, scene.valid
    start, model, pieces = fit, fit.model, 0
    background = SmoothBackground("constant")
    slope = np.zeros_like(scene.image)
    for side, half in zip(_SIDES, _SEAMS, strict=True):
        ground = scene.image - slope - replace(model, background=()).image()
        bright = _bright_side(ground, valid, side=side * spacing, least=_LEAST_PART * spacing)
        if bright is None or not _is_step(ground, bright, valid, spacing, variance=variance):
            return None
        seam = _seam(bright, half)
        kept = valid & ~seam
        _, step = solved_background(
            scene.image, kept, model, pieces=pieces, beside=bright.astype(np.float64)
        )
        name, pieces, _ = chosen_background(
            scene.image - step * bright, kept, model,
            variance=variance, spacing=spacing, most=options.most_pieces,
        )  # fmt: skip
        slope, step = solved_background(
            scene.image, kept, model, pieces=pieces, beside=bright.astype(np.float64)
        )
        background = SmoothBackground(
            f"{name} and a step", slope + step * bright, seam, bright, pieces
        )
        scene = replace(
            scene, smooth=background.image, valid=kept, options=options.with_background("constant")
        )
        fit = fit_scene(scene, spots.places, spots.hidden, width=float(np.median(model.sigma)))
        if not len(fit.modelled):
            return None
        model = fit.model
    without = np.where(scene.valid, before.above - start.model.image(), 0.0)
    with_step = np.where(scene.valid, scene.above - model.image(), 0.0)
    gain = float(np.sum(without**2) - np.sum(with_step**2))
    return (scene, background, fit) if gain > _GAIN * variance else None


def _bright_side(ground: Floats, valid: Bools, *, side: float, least: float) -> Bools | None:
    """Pixels on the brighter side of a threshold, in parts that are no single columns."""
    from skimage.filters import threshold_otsu

    filled = np.where(valid, ground, float(np.median(ground[valid])))
    level = median_filter(filled, int(side) | 1, mode="nearest")
    if not np.ptp(level[valid]) > 0:
        return None
    bright = np.asarray(level > threshold_otsu(level[valid]))  # type: ignore[no-untyped-call]
    for _ in range(2):  # bright parts, then dark ones
        parts, _ = label(bright)
        bright = ~(bright & (np.bincount(parts.ravel()) >= least**2)[parts])
    share = float(np.mean(bright[valid]))
    return bright if _LEAST < share < 1.0 - _LEAST else None


def _is_step(
    ground: Floats, bright: Bools, valid: Bools, spacing: float, *, variance: float
) -> bool:
    """Whether the ground jumps at the seam, rather than slopes across it."""
    away = np.where(bright, distance_transform_edt(bright), -distance_transform_edt(~bright))
    jumps = []
    for first, last in (_NEAR, (_FAR[0] * spacing, _FAR[1] * spacing)):
        sides = [valid & (sign * away > first) & (sign * away <= last) for sign in (1, -1)]
        if not all(own.any() for own in sides):
            return False
        jumps.append(float(np.median(ground[sides[0]]) - np.median(ground[sides[1]])))
    near, far = jumps
    return near > _STANDS_OUT * np.sqrt(variance) and near > _SHARP * far


def _seam(bright: Bools, half: int) -> Bools:
    """Pixels within so many of the seam."""
    around = np.ones((3, 3))
    grown = binary_dilation(bright, around, iterations=half)
    return np.asarray(grown & ~binary_erosion(bright, around, iterations=half, border_value=1))
