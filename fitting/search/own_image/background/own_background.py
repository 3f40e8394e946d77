"""The background that an own image asks for, brought to a common minimum with its columns."""

from dataclasses import replace
from typing import Final

import numpy as np

from fitting.results.column_fit import ColumnFit
from fitting.search.own_image.background.smooth_background import (
    SmoothBackground,
    chosen_background,
    smooth_background,
)
from fitting.search.own_image.background.stepped_background import stepped_background
from fitting.search.own_image.beyond_frame import typical_spacing
from fitting.search.own_image.own_options import OwnImageOptions
from fitting.search.own_image.scene_fit import Scene, fit_scene
from fitting.search.own_image.spot_search import Spots

#: Steps between heights with a smooth background and places with widths.
_ALTERNATIONS: Final = 6
_SETTLED: Final = 1e-4
#: Most choices of a background that follow each other.
_CHOICES: Final = 4


def own_background(
    scene: Scene,
    spots: Spots,
    before: SmoothBackground,
    *,
    options: OwnImageOptions,
    variance: float,
) -> tuple[Scene, SmoothBackground]:
    """Choose the background of a scene.

    Columns that a stiffer background has widened ask for less than there is, so that the choice is
    made again with those that the chosen one leaves.

    Parameters
    ----------
    scene : Scene
    spots : Spots
        Columns that were found in it.
    before : SmoothBackground
        Its background so far.
    options : OwnImageOptions
    variance : float
        Mean variance of a pixel from noise [image unit squared].

    Returns
    -------
    scene : Scene
        With the background as its options and its smooth part.
    background : SmoothBackground
    """
    fit = spots.fit
    if fit is None:
        return scene, before
    if options.background != "auto":
        return scene, SmoothBackground(
            options.background, pieces=0 if options.background == "plane" else -1
        )
    spacing = typical_spacing(np.column_stack([fit.model.x, fit.model.y]))
    background = before
    for _ in range(_CHOICES):
        last = background.name
        name, pieces, model = chosen_background(
            scene.image,
            scene.valid,
            fit.model,
            variance=variance,
            spacing=spacing if np.isfinite(spacing) else 6.0 * spots.width,
            most=options.most_pieces,
        )
        fit = replace(fit, model=model)
        if pieces > 0:
            scene, background, fit = _alternated(scene, spots, fit, pieces, options=options)
        else:
            background = SmoothBackground(name, pieces=pieces)
            chosen = options.with_background("plane" if pieces == 0 else "constant")
            scene = replace(scene, smooth=None, options=chosen)
        if name == last:
            break
        if pieces <= 0:
            fit = fit_scene(scene, spots.places, spots.hidden, width=_width(fit))
    # Counts below a step that was subtracted could be negative.
    if options.fit.estimator == "ls" and np.isfinite(spacing):
        stepped = stepped_background(
            scene, spots, fit, options=options, variance=variance, spacing=spacing
        )
        if stepped is not None:
            scene, background, _ = stepped
    return scene, background


def _alternated(
    scene: Scene, spots: Spots, fit: ColumnFit, pieces: int, *, options: OwnImageOptions
) -> tuple[Scene, SmoothBackground, ColumnFit]:
    """Bring smooth background and columns to their common minimum."""
    scene = replace(scene, options=options.with_background("constant"))
    last = np.nan
    for _ in range(_ALTERNATIONS):
        background = smooth_background(scene.image, scene.valid, fit.model, pieces=pieces)
        scene = replace(scene, smooth=background.image)
        fit = fit_scene(scene, spots.places, spots.hidden, width=_width(fit))
        volume = float(np.median(fit.model.height * fit.model.sigma**2))
        if abs(volume - last) <= _SETTLED * abs(volume):
            break
        last = volume
    return scene, background, fit


def _width(fit: ColumnFit) -> float:
    """Typical width of fitted columns [px]."""
    return float(np.median(fit.model.sigma))
