"""Whether the columns of an image that was fitted as bright ones are dark."""

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.stats import skew

from fitting.search.column_search import response_to_spots
from fitting.search.own_image.scene_fit import Scene
from fitting.search.own_image.spot_search import Spots, filled_in, search_spots
from stembench.arrays import Bools

#: A fit whose residual is this many times the noise's is looked at.
_MISFIT: Final = 1.5
#: Bright columns make the response to spots skew by more than this, at most of the scales.
_BRIGHT: Final = 0.05
#: A fit of dark columns must leave less than this part of the residual that the bright ones leave.
_BETTER: Final = 0.6
_FEWEST: Final = 4
#: Dark columns make the response skew below this at most of the scales (-0.5 and less of 23 made
#: images, +0.2 and more of 16 with bright columns, about 0 of noise); what of it is beyond these
#: percentiles is no column's. Their fit leaves at most `_MISFIT` times the noise.
_DARK: Final = -0.25
_TAILS: Final = (0.5, 99.5)
_SCALES: Final = (1.5, 2.0, 3.0)


def surely_inverted(scene: Scene, *, usable: Bools, variance: float) -> bool:
    """Whether the columns are dark beyond doubt, before bright ones are looked for.

    A search for bright columns among dark ones finds the gaps, and its fits take minutes to end.

    Parameters
    ----------
    scene : Scene
    usable : ndarray of bool, shape (rows, columns)
    variance : float
        Mean variance of a pixel from noise [image unit squared].
    """
    if not float(np.median(_skewness(scene))) < _DARK:
        return False
    dark = search_spots(replace(scene, image=-scene.image), usable=usable, rounds=2)
    if dark.fit is None or len(dark.places) < _FEWEST:
        return False
    return dark.fit.rss < _MISFIT * variance * int(np.count_nonzero(scene.valid))


def _skewness(scene: Scene) -> list[float]:
    """Skewness of the response to spots at each scale, without its tails."""
    filled = filled_in(scene.above, scene.valid, width=3.0)
    out = []
    for width in _SCALES:
        response = response_to_spots(filled, width)[scene.valid]
        inner = np.clip(response, *np.percentile(response, _TAILS))
        out.append(float(skew(inner)) if np.ptp(inner) > 0 else np.inf)
    return out


def looks_inverted(scene: Scene, spots: Spots, *, usable: Bools, variance: float) -> bool:
    """Whether dark columns describe the image far better than the bright ones that were found.

    Parameters
    ----------
    scene : Scene
    spots : Spots
        Bright columns that were found in it.
    usable : ndarray of bool, shape (rows, columns)
    variance : float
        Mean variance of a pixel from noise [image unit squared].
    """
    n = int(np.count_nonzero(scene.valid))
    if spots.fit is not None and spots.fit.rss < _MISFIT * variance * n:
        return False
    filled = filled_in(scene.above, scene.valid, width=3.0)
    responses = [response_to_spots(filled, width)[scene.valid] for width in _SCALES]
    skewness = [float(skew(values)) if np.ptp(values) > 0 else np.inf for values in responses]
    if float(np.median(skewness)) > _BRIGHT:
        return False
    smooth = None if scene.smooth is None else -scene.smooth
    dark = search_spots(replace(scene, image=-scene.image, smooth=smooth), usable=usable, rounds=2)
    if dark.fit is None or len(dark.places) < _FEWEST:
        return False
    if spots.fit is None:
        return True
    return dark.fit.rss < _BETTER * spots.fit.rss
