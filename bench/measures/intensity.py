"""What an image keeps of the noise-free one: contrast of columns, intensity, vacuum."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd
from scipy.ndimage import uniform_filter
from scipy.spatial import cKDTree

from cases import Case, load_ground_truth
from stembench.arrays import Bools, Floats

#: Radius in Å of the discs over which an image is averaged on a column and between two.
DISC: Final = 0.3
#: Columns up to this times the distance of the nearest one are neighbours: in [001] the four of
#: the square, in [112] the two along the close row.
NEIGHBOUR: Final = 1.15
#: A pixel farther than this from all atoms, as a part of the columns' distance, is vacuum.
VACUUM: Final = 1.2
#: Side in Å of the square over which the vacuum is averaged before its lowest value is taken, so
#: that single electrons do not decide.
SQUARE: Final = 1.0
#: Fewest pixels that make a vacuum.
_FEW: Final = 200


@dataclass(frozen=True)
class Places:
    """Where the intensity of an image is asked for.

    Attributes
    ----------
    contrast : ndarray, shape (h, w)
        Weights whose product with an image, summed, is the columns' contrast: the mean over pairs
        of neighbouring columns of the two columns less the place halfway between them.
    vacuum : ndarray of bool, shape (h, w)
    clean : ndarray, shape (h, w)
        The noise-free image.
    """

    contrast: Floats
    vacuum: Bools
    clean: Floats


def measure_intensity(images: Floats, case: Case, *, image: str) -> pd.DataFrame:
    """Measure what images keep of the noise-free one.

    Parameters
    ----------
    images : ndarray, shape (n, h, w)
        Raw or restored images of one case and label, as fractions of the beam.
    case : Case
    image : str
        Label of the image.

    Returns
    -------
    pandas.DataFrame
        One row per image: contrast_kept (contrast of columns over the noise-free image's),
        total_intensity (sum over that of the noise-free image), vacuum_mean and vacuum_low (mean
        and lowest value of the vacuum, the latter averaged over 1 Å x 1 Å, over the largest value
        of the noise-free image; NaN without vacuum), negative_share (of the pixels).

    Notes
    -----
    The contrast is taken between a pair of neighbours and the place halfway, so that neither a
    slope of the specimen's thickness nor a smooth ball in place of a particle counts as contrast.
    Blurred by a Gaussian of standard deviation b, a lattice plane of spacing d keeps
    exp(-2 (pi b / d)²) of its first harmonic.
    """
    places = intensity_places(case, image)
    peak = float(places.clean.max())
    side = max(1, round(SQUARE / case.sampling))
    true_contrast = float(np.sum(places.contrast * places.clean))
    rows = []
    for pixels in images:
        contrast = float(np.sum(places.contrast * pixels))
        vacuum = pixels[places.vacuum]
        # Rounded: the running sums of the filter leave 1e-14 where there is nothing.
        smooth = uniform_filter(pixels, size=side, mode="nearest")[places.vacuum].round(12)
        rows.append(
            {
                "contrast_kept": round(contrast / true_contrast, 12),
                "total_intensity": float(pixels.sum() / places.clean.sum()),
                "vacuum_mean": float(vacuum.mean() / peak) if vacuum.size else np.nan,
                "vacuum_low": float(smooth.min() / peak) if vacuum.size else np.nan,
                "negative_share": float((pixels < 0).mean()),
            }
        )
    return pd.DataFrame(rows)


@lru_cache(maxsize=64)
def intensity_places(case: Case, image: str) -> Places:
    """Places of an image at which its intensity is asked for.

    Raises
    ------
    ValueError
        If no two measured columns of the image are neighbours.
    """
    truth = load_ground_truth(case)
    columns = truth.columns(image)
    columns = columns[columns["count"] > 0]
    places = columns[["x", "y"]].to_numpy(dtype=np.float64)
    outside = truth.outside(image)
    around = outside[outside["count"] > 0][["x", "y"]].to_numpy(dtype=np.float64)
    nearest = np.asarray(cKDTree(places).query(places, k=2)[0])[:, 1]
    spacing = float(np.median(nearest))
    tree = cKDTree(places)
    measured = columns["measured"].to_numpy()
    weights = np.zeros(case.shape)
    pairs = [
        (a, b)
        for a, b in tree.query_pairs(NEIGHBOUR * spacing)
        if measured[a] and measured[b] and np.hypot(*(places[a] - places[b])) > 0.5 * spacing
    ]
    if not pairs:
        raise ValueError(f"no two measured columns of {case.name} {image} are neighbours")
    radius = DISC / case.sampling
    for a, b in pairs:
        for place, part in ((places[a], 0.5), (places[b], 0.5), ((places[a] + places[b]) / 2, -1)):
            _add_disc(weights, place, radius=radius, weight=part / len(pairs))
    y, x = np.mgrid[: case.shape[0], : case.shape[1]]
    atoms = np.vstack([places, around])
    far = np.asarray(cKDTree(atoms).query(np.stack([x.ravel(), y.ravel()], axis=1))[0])
    vacuum = (far > VACUUM * spacing).reshape(case.shape)
    if vacuum.sum() < _FEW:
        vacuum = np.zeros(case.shape, dtype=np.bool_)
    return Places(contrast=weights, vacuum=vacuum, clean=truth.image(image))


def _add_disc(weights: Floats, place: Floats, *, radius: float, weight: float) -> None:
    """Add a disc of unit sum times a weight round a place (x, y) in px."""
    left, top = np.maximum(0, np.floor(place - radius)).astype(int)
    right, bottom = np.ceil(place + radius).astype(int) + 1
    part = weights[top:bottom, left:right]
    y, x = np.mgrid[top : top + part.shape[0], left : left + part.shape[1]]
    inside = (x - place[0]) ** 2 + (y - place[1]) ** 2 <= radius**2
    part += weight * inside / inside.sum()
