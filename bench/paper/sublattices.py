"""Contrast of the weakest sublattice of a crystal beside its neighbours, at fixed places."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fitting import median_spacing
from reports import LackingError, Searching
from stembench.arrays import Bools, Floats

#: Of the spacing: radius over which a column's brightness is the mean.
_RADIUS: Final = 0.18
#: Nearest columns that a column's background lies between.
_AROUND: Final = 4
_FEWEST: Final = 12
#: Distance of two classes over their own spread; halves of one normal distribution have 2.65.
_APART: Final = 3.5


@dataclass(frozen=True, kw_only=True)
class Sublattices:
    """Columns of an image in two classes, the same for every restoration of it.

    Attributes
    ----------
    places : ndarray, shape (n, 2)
        Columns as (x, y) in px.
    weak : ndarray of bool, shape (n,)
        Those of the weaker class.
    between : ndarray, shape (n, m, 2)
        Places half way to the nearest columns of the other class, for the background.
    radius : float
        Over which brightness is averaged, px.
    """

    places: Floats
    weak: Bools
    between: Floats
    radius: float

    def contrast(self, image: Floats) -> Floats:
        """Height of each weak column over that of the strong ones about it, their background off.

        Parameters
        ----------
        image : ndarray, shape (h, w)
            In any unit.

        Returns
        -------
        ndarray, shape (n_weak,)
        """
        from scipy.spatial import KDTree

        bright = _brightness(image, self.places, radius=self.radius)
        # The mean: the least of several noisy places is the lower the noisier the image.
        ground = np.mean(
            [_brightness(image, self.between[:, k], radius=self.radius)
             for k in range(self.between.shape[1])],
            axis=0,
        )  # fmt: skip
        height = bright - ground
        strong = self.places[~self.weak]
        _, near = KDTree(strong).query(self.places[self.weak], k=_AROUND)
        return np.asarray(height[self.weak] / height[~self.weak][near].mean(axis=1))


def sublattices(image: Floats, found: Searching, *, smooth: float) -> Sublattices:
    """Find columns in a smoothed raw image and part them by brightness.

    Parameters
    ----------
    image : ndarray, shape (h, w)
        Raw image, so that no restorer chooses the places.
    found : Searching
    smooth : float
        Standard deviation of the Gaussian that it is smoothed by, px.

    Raises
    ------
    LackingError
        If there are not two classes of columns.
    """
    from scipy.ndimage import gaussian_filter
    from scipy.spatial import KDTree
    from skimage.filters import threshold_otsu

    places = found(gaussian_filter(image, smooth))
    if len(places) < 2 * _FEWEST:
        raise LackingError(f"{len(places)} columns are found: too few to part sublattices")
    radius = _RADIUS * median_spacing(places)
    bright = _brightness(image, places, radius=radius)
    weak = bright < threshold_otsu(bright)  # type: ignore[no-untyped-call]
    parted = min(weak.sum(), (~weak).sum()) >= _FEWEST
    if parted:
        apart = bright[~weak].mean() - bright[weak].mean()
        parted = apart > _APART * np.hypot(bright[weak].std(), bright[~weak].std()) / np.sqrt(2)
    if not parted:
        raise LackingError("the columns are all alike: there is no weaker sublattice")
    _, near = KDTree(places).query(places, k=_AROUND + 1)
    between = (places[:, np.newaxis] + places[near[:, 1:]]) / 2
    reach = 2 * radius + 1
    size = np.array(image.shape)[::-1] - 1
    inside = ((places > reach) & (places < size - reach)).all(axis=1)
    inside &= ((between > reach) & (between < size - reach)).all(axis=(1, 2))
    return Sublattices(
        places=places[inside], weak=np.asarray(weak)[inside], between=between[inside],
        radius=radius,
    )  # fmt: skip


def _brightness(image: Floats, places: Floats, *, radius: float) -> Floats:
    """Mean of an image over discs about places."""
    reach = int(np.ceil(radius))
    steps = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1).T
    columns, rows = np.rint(places).astype(np.intp).T
    y = np.clip(rows[:, np.newaxis] + steps[:, 0], 0, image.shape[0] - 1)
    x = np.clip(columns[:, np.newaxis] + steps[:, 1], 0, image.shape[1] - 1)
    away = np.hypot(x - places[:, :1], y - places[:, 1:])
    weight = away <= radius
    return np.asarray((image[y, x] * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1))
