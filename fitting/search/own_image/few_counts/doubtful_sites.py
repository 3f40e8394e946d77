"""Sites of the columns' arrangement at which counts tell neither a column nor its absence."""

from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from fitting.search.own_image.beyond_frame import SAME, Visible, typical_spacing
from stembench.arrays import Floats

#: Steps from a column to a neighbour are no longer than this many spacings.
_BESIDE: Final = 1.5
#: No column lies within this part of the spacing. Of a step between noisy columns the end is off by
#: more than either of them, so that the end at a known column must not count as another one's.
_FREE: Final = 0.65
#: So many of them must lead to a site: a corner of a crystal has three.
_FEWEST: Final = 3


def doubtful_sites(places: Floats, visible: Visible) -> Floats:
    """Sites in the frame to which the arrangement leads and where no column was found.

    A column that was missed there would lift the background, and that narrows all columns; one that
    is modelled where there is none takes a height of nothing.

    Parameters
    ----------
    places : ndarray, shape (n, 2)
        Known columns (x, y) [px], those beyond the frame among them.
    visible : Visible

    Returns
    -------
    ndarray, shape (m, 2)
    """
    none = np.zeros((0, 2))
    if len(places) < 4:
        return none
    spacing = typical_spacing(places)
    tree = cKDTree(places)
    first, second = tree.query_pairs(_BESIDE * spacing, output_type="ndarray").T
    led = np.concatenate([2 * places[first] - places[second], 2 * places[second] - places[first]])
    led = led[visible.distance(led) == 0] if len(led) else led
    led = led[np.asarray(tree.query(led)[0]) > _FREE * spacing] if len(led) else led
    found: list[Floats] = []
    while len(led):
        own = np.hypot(*(led - led[0]).T) < SAME * spacing
        if np.count_nonzero(own) >= _FEWEST:
            found.append(led[own].mean(axis=0))
        led = led[~own]
    sites = np.array(found).reshape(-1, 2)
    # Heaps that lie astride a boundary of two would count a site twice.
    kept: list[int] = []
    for k, site in enumerate(sites):
        if all(np.hypot(*(sites[j] - site)) > SAME * spacing for j in kept):
            kept.append(k)
    return sites[kept]
