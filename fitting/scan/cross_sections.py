"""Heights and width of single Gaussians where lines and places are those of a scan fit.

A scattering cross-section is that of the Gaussian which the other fits use, by the same unweighted
least squares: the height of a profile of two Gaussians is another quantity, and libraries of
cross-sections are made with one.
"""

from dataclasses import replace

import numpy as np

from fitting.model import WidthMode
from fitting.scan.posterior.fisher_scoring import descend
from fitting.scan.posterior.priors import LineStatistics, Priors
from fitting.scan.posterior.scene import Scene, Unknowns
from stembench.arrays import Floats

#: Logit of a wide part that is not there.
NO_WIDE_PART = -40.0
_STILL = LineStatistics(0.0, 0.0)


def single_gaussians(
    scene: Scene,
    at: Unknowns,
    *,
    loose: Floats,
    width: WidthMode,
    start_width: float,
    background: bool,
) -> Unknowns:
    """Fit heights, widths and background by least squares, all else held.

    Parameters
    ----------
    scene : Scene
    at : Unknowns
        Of the scan fit.
    loose : ndarray, shape (n,)
        Precision of each height about that of the scan fit: for columns beyond the frame, whose
        light alone counts.
    width : {'shared', 'column', 'fixed'}
    start_width : float
        Start of the width, or its value where it is fixed [px].
    background : bool
        Whether a constant is fitted.
    """
    n = len(at.columns)
    columns = at.columns.copy()
    columns[:, 3] = 0.0
    shared = at.shared.copy()
    shared[:4] = np.log(start_width), 0.0, NO_WIDE_PART, at.shared[3] if background else 0.0
    held_columns = np.ones((n, 4), dtype=bool)
    held_columns[:, 2] = False
    held_columns[:, 3] = width != "column"
    held_shared = np.ones(len(shared), dtype=bool)
    held_shared[0] = width != "shared"
    held_shared[3] = not background
    precision = np.zeros((n, 4))
    precision[:, 2] = loose
    start = Unknowns(columns, at.lines, shared)
    # In units of the noise, so that the tolerance of the descent is one of standard errors.
    variance = float(np.mean(scene.expected(at)[scene.used > 0])) + scene.floor
    flat = replace(scene, variance=max(variance, 1e-12))
    priors = Priors(
        x=_STILL,
        y=_STILL,
        columns=columns,
        columns_precision=precision,
        shared=shared,
        shared_precision=np.zeros(len(shared)),
        held_columns=held_columns,
        held_shared=held_shared,
    )
    return descend(flat, priors, start).at
