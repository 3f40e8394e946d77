"""What noise does to a fit: widths and cross-sections that come out too small.

Every column may move, and follows the noise. Where counts are few, pixels are weighed by their
noise (`weighted_fit`), which mends most of it; what is left is looked for by drawing noise anew.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fitting.results.column_fit import ColumnFit
from fitting.search.own_image.few_counts.weighted_fit import CLEAR
from fitting.search.own_image.scene_fit import Scene, fit_scene
from stembench.arrays import Floats

#: Fewest columns of which a median says something.
_FEWEST: Final = 9
_DRAWS: Final = 4


@dataclass(frozen=True)
class NoiseBias:
    """Median cross-section of a fit of its own model under drawn noise, against the model's.

    Attributes
    ----------
    scs : float
        Relative change of the median. It is the least that the fit of the image is off by, as the
        model that is drawn from is already too narrow.
    error : float
        Its standard error.
    significance : float
        Median height over its standard error.
    """

    scs: float
    error: float
    significance: float

    @property
    def shown(self) -> bool:
        """Whether a change of a per cent or more stands out."""
        return abs(self.scs) > max(0.01, 3.0 * self.error)


def noise_bias(
    scene: Scene, fit: ColumnFit, expected: Floats, variance: Floats, *, n: int
) -> NoiseBias | None:
    """Draw noise anew about a fitted model and fit it again.

    Parameters
    ----------
    scene : Scene
    fit : ColumnFit
        Of the scene.
    expected, variance : ndarray, shape (rows, columns)
        Expected image in the scene's contrast, and variance of each pixel.
    n : int
        Rows of the table that are reported; columns beyond them are not looked at.

    Returns
    -------
    NoiseBias or None
        None where columns are few or stand out by `CLEAR` standard errors.
    """
    rows = fit.modelled < n
    height = fit.table["height"].to_numpy()[fit.modelled[rows]]
    error = fit.table["height_err"].to_numpy()[fit.modelled[rows]]
    known = np.isfinite(height) & (error > 0)
    if np.count_nonzero(known) < _FEWEST:
        return None
    significance = float(np.median(height[known] / error[known]))
    if significance >= CLEAR:
        return None
    places = np.column_stack([fit.model.x, fit.model.y])
    before = float(np.median(fit.table["scs"].to_numpy()[fit.modelled[rows]][known]))
    if not before > 0:
        return None
    changes = []
    for draw in range(_DRAWS):
        # Keyed by the size of the problem: the same image gives the same answer.
        rng = np.random.default_rng([draw, n, *scene.image.shape])
        drawn = expected + np.sqrt(variance) * rng.standard_normal(expected.shape)
        again = fit_scene(
            replace(scene, image=drawn), places[rows], places[~rows],
            width=float(np.median(fit.model.sigma)),
        )  # fmt: skip
        scs = again.table["scs"].to_numpy()[: len(known)][known]
        if np.isfinite(scs).any():
            changes.append(float(np.nanmedian(scs)) / before - 1.0)
    if len(changes) < 2:
        return None
    spread = float(np.std(changes, ddof=1)) / np.sqrt(len(changes))
    return NoiseBias(float(np.mean(changes)), spread, significance)
