"""Column search where no positions are given, and its score against the truth."""

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import maximum_filter
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from fitting import flags
from fitting.fit import fit_columns
from fitting.search.wide_filters import laplacian, smoothed, squared_laplacian
from fitting.setup.options import FitOptions
from stembench.arrays import Floats, Integers
from stembench.errors import InputError

#: A column's height must exceed this many standard errors; in
#: 256 x 256 pixels that lets no spot of noise through.
SIGNIFICANCE: Final = 5.0
#: And this part of a typical column's response: ripples of a restored image have no noise floor.
LEAST: Final = 0.03
#: Columns are not nearer than this part of the typical spacing.
NEAREST: Final = 0.55
#: In a residual, the least response over its root mean square in the surroundings: columns are
#: not quite Gaussian, and what the model leaves of them is no column.
MISFIT: Final = 4.0
#: Where the fit of all spots does not converge, those above this part of a typical column's
#: response are fitted alone.
SURE: Final = 0.5
_ROUNDS: Final = 6
_WIDTHS: Final = 16


def find_columns(
    image: ArrayLike,
    *,
    width: float | None = None,
    min_distance: float | None = None,
    significance: float = SIGNIFICANCE,
    least: float = LEAST,
) -> Floats:
    """Find atomic columns in a raw or restored image.

    Spots are maxima of the Laplacian of a Gaussian of the columns' width. They are fitted
    together, and the search is repeated on the residual, where a weak column is no longer
    hidden by its strong neighbours. Columns that the final fit does not confirm are dropped.

    Parameters
    ----------
    image : array_like, shape (rows, columns)
        Image in any unit; columns are bright. Pixels that are not finite are left out.
    width : float, optional
        Standard deviation of a column [px]; default: the scale at which spots respond most.
    min_distance : float, optional
        Least distance of two columns [px]; default: 0.55 of the median spacing first found.
    significance : float
        Least height over its standard error in the fit; spots are candidates from a response of
        `significance` - 1 times its noise.
    least : float
        Least response and height as a part of those of a typical column.

    Returns
    -------
    ndarray, shape (n, 2)
        Positions (x, y) [px], sorted by row, then column; empty if there is nothing.

    Raises
    ------
    InputError
        If the image is no finite two-dimensional array of at least 5 x 5 pixels, or a
        parameter is out of range.

    Notes
    -----
    Noise is measured from differences of neighbouring pixels, smoothed over the surroundings,
    so that shot noise is larger where it is brighter. It is not to be trusted where noise is
    correlated over several pixels.
    """
    pixels = np.asarray(image, dtype=np.float64)
    if pixels.ndim != 2 or min(pixels.shape) < 5:
        raise InputError(f"columns need an image of at least 5 x 5 pixels, not {pixels.shape}")
    for name, value in (("width", width), ("min_distance", min_distance)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} must be a positive number of pixels, not {value}")
    if not (significance >= 0 and 0 <= least < 1):
        raise InputError("significance must be 0 or more and least between 0 and 1")
    valid = np.isfinite(pixels)
    if not valid.any():
        raise InputError("the image has no finite pixel")
    if width is None:
        width = _typical_width(np.where(valid, pixels, np.median(pixels[valid])))
    accepted = np.zeros((0, 2))
    residual = pixels
    noise = response_noise(np.where(valid, pixels, np.median(pixels[valid])), width)
    typical = 0.0
    apart = 1.5 * width if min_distance is None else min_distance
    for _ in range(_ROUNDS):
        filled = np.where(valid, residual, np.median(residual[valid]))
        spots, response = spot_maxima(filled, width, apart)
        floor = max(0.0, significance - 1.0) * noise[spots[:, 1], spots[:, 0]]
        if len(accepted) == 0:
            strong = response[(response > floor) & (response > 0.1 * response.max(initial=0.0))]
            typical = float(np.median(strong)) if len(strong) else 0.0
            # rounding alone makes maxima of a flat image
            typical = max(typical, 1e-9 * float(np.max(np.abs(filled))))
        else:
            floor = np.maximum(
                floor, MISFIT * residual_level(filled, width, apart)[spots.T[1], spots.T[0]]
            )
        chosen = (response > floor) & (response > least * typical)
        new = spots[chosen]
        if len(accepted) and len(new):
            new = new[cKDTree(accepted).query(new)[0] >= apart]
        if len(new) == 0:
            break
        before = len(accepted)
        candidates = np.vstack([accepted, new.astype(np.float64)])
        if min_distance is None and len(candidates) > 2:
            gaps = np.asarray(cKDTree(candidates).query(candidates, k=2)[0])[:, 1]
            apart = max(apart, NEAREST * float(np.median(gaps)))
        confirm = partial(_confirmed, pixels, least=least, significance=significance)
        confirmed = confirm(candidates, width, apart)
        if confirmed is None and before == 0:
            # Half columns and ripples at the rim can keep all columns' shared width from settling.
            sure = spots[chosen & (response > SURE * typical)].astype(np.float64)
            confirmed = confirm(sure, width, apart)
        if confirmed is None:
            break
        accepted, residual, width = confirmed
        if len(accepted) <= before:
            break
    return accepted[np.lexsort((accepted[:, 0], accepted[:, 1]))]


def _typical_width(image: Floats) -> float:
    """Scale [px] at which bright spots respond most, the response being normalised by scale.

    Of several such scales the smallest that counts: a particle is a spot too.
    """
    scales: Floats = np.geomspace(1.0, max(1.5, min(image.shape) / 8), _WIDTHS)
    strength = np.zeros(_WIDTHS)
    for k, scale in enumerate(scales):
        spots, response = spot_maxima(image, float(scale), 1.5 * float(scale))
        noise = response_noise(image, float(scale))[spots[:, 1], spots[:, 0]]
        strong = response > 0.5 * response.max(initial=0.0)
        if strong.any():
            # the highest maxima of noise alone reach about four standard deviations
            excess = response[strong] - 4.0 * noise[strong]
            strength[k] = float(np.mean(np.clip(excess, 0.0, None)))
    inner = np.flatnonzero((strength[1:-1] >= strength[:-2]) & (strength[1:-1] > strength[2:])) + 1
    if len(inner):
        counts = inner[strength[inner] >= 0.6 * strength[inner].max()]
        return float(scales[counts[0]])
    return float(scales[int(np.argmax(strength))])


def response_to_spots(image: Floats, width: float) -> Floats:
    """Scale-normalised response to bright spots."""
    # the sampled kernel does not quite sum to zero
    raised = image - np.median(image)
    return np.asarray(-(width**2) * laplacian(raised, width))


def spot_maxima(image: Floats, width: float, apart: float) -> tuple[Integers, Floats]:
    """Pixels (x, y) where the scale-normalised response is largest within `apart`, and it there."""
    response = response_to_spots(image, width)
    size = 2 * max(1, round(0.7 * apart)) + 1
    # plateaus of rounding errors in a flat surrounding are no spots
    trivial = max(1e-9 * float(response.max()), 1e-12 * float(np.max(np.abs(image))))
    top = (maximum_filter(response, size=size, mode="nearest") == response) & (response > trivial)
    y, x = np.nonzero(top)
    order = np.argsort(-response[y, x], kind="stable")
    spots = np.column_stack([x, y])[order]
    keep = np.ones(len(spots), dtype=np.bool_)
    if len(spots):
        near = cKDTree(spots).query_pairs(apart, output_type="ndarray")
        for a, b in near[np.lexsort((near[:, 1], near[:, 0]))].tolist():
            if keep[a]:
                keep[b] = False  # the weaker one: spots are sorted by response
    spots = spots[keep]
    return spots.astype(np.int64), response[spots[:, 1], spots[:, 0]]


def strongest_apart(places: Floats, strength: Floats, *, apart: float) -> Integers:
    """Places taken one after another, strongest first, if none nearer than `apart` was taken.

    Parameters
    ----------
    places : ndarray, shape (n, 2)
        Finite (x, y) [px].
    strength : ndarray, shape (n,)
        Of two equal ones the earlier is the stronger.
    apart : float
        Least distance of two taken places [px].

    Returns
    -------
    ndarray of int
        Taken places in their given order.
    """
    n = len(places)
    order = np.argsort(-strength, kind="stable")
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n)
    keep = np.ones(n, dtype=np.bool_)
    if n > 1:
        near = cKDTree(places).query_pairs(apart, output_type="ndarray")
        near = near[np.hypot(*(places[near[:, 0]] - places[near[:, 1]]).T) < apart]
        near = np.sort(rank[near], axis=1)
        for a, b in near[np.lexsort((near[:, 1], near[:, 0]))].tolist():
            if keep[a]:
                keep[b] = False
    return np.sort(order[keep])


def residual_level(residual: Floats, width: float, apart: float) -> Floats:
    """Root mean square of the response within about two column distances of each pixel."""
    square = smoothed(response_to_spots(residual, width) ** 2, 2.0 * apart)
    return np.asarray(np.sqrt(square), dtype=np.float64)


def response_noise(image: Floats, width: float) -> Floats:
    """Standard deviation of the response to the noise around each pixel."""
    # second differences see white noise six times amplified in variance, columns hardly
    across = np.zeros_like(image)
    across[:, 1:-1] = image[:, 2:] - 2 * image[:, 1:-1] + image[:, :-2]
    across[:, 0], across[:, -1] = across[:, 1], across[:, -2]
    checker = np.zeros_like(image)
    checker[1:-1] = across[2:] - 2 * across[1:-1] + across[:-2]
    checker[0], checker[-1] = checker[1], checker[-2]
    variance = smoothed(checker**2, 3.0 * width) / 36.0
    return np.asarray(np.sqrt(variance * (width**4 * squared_laplacian(width))))


def _confirmed(
    image: Floats,
    candidates: Floats,
    width: float,
    apart: float,
    *,
    least: float,
    significance: float,
) -> tuple[Floats, Floats, float] | None:
    """Candidates that a joint fit confirms, its residual, and its width; None if it fails."""
    options = FitOptions(start_width=width)
    fit = fit_columns(image, candidates, sampling=1.0, options=options)
    table = fit.table
    if ((table["flags"] & flags.NOT_CONVERGED) != 0).all():
        return None
    height = table["height"].to_numpy()
    error = table["height_err"].to_numpy()
    good = ~fit.failed & ((table["flags"].to_numpy() & flags.AT_BOUND) == 0)
    if not good.any():
        return np.zeros((0, 2)), image, width
    tall = float(np.median(height[good]))
    good &= (height > least * tall) & ~(height < significance * error)
    accepted = table.loc[good, ["x", "y"]].to_numpy()
    # two candidates may have moved to one column: keep the taller
    accepted = accepted[strongest_apart(accepted, height[good], apart=0.8 * apart)]
    final = fit_columns(image, accepted, sampling=1.0, options=options)
    fitted = final.model.sigma
    return accepted, final.residual(image), float(fitted[0]) if len(fitted) else width


@dataclass(frozen=True)
class DetectionScore:
    """Found columns against true ones, matched one to one.

    Attributes
    ----------
    precision : float
        Fraction of the found columns that are true; NaN if none was found.
    recall : float
        Fraction of the true columns that were found; NaN if there are none.
    f1 : float
        Harmonic mean of both.
    matches : ndarray of int, shape (m, 2)
        Pairs (found, true).
    missed : ndarray of int
        True columns that were not found.
    false : ndarray of int
        Found columns where there is none.
    rms : float
        Root mean square distance of the matched pairs [px].
    """

    precision: float
    recall: float
    f1: float
    matches: Integers
    missed: Integers
    false: Integers
    rms: float


def score_detection(found: ArrayLike, truth: ArrayLike, *, radius: float) -> DetectionScore:
    """Match found to true columns and count hits, misses and inventions.

    Parameters
    ----------
    found, truth : array_like, shape (n, 2) and (m, 2)
        Positions (x, y) [px].
    radius : float
        Farthest distance of a match [px]; at most half the spacing is sensible.

    Returns
    -------
    DetectionScore
        Of the assignment with the most matches, among these the one of least squared distance.

    Raises
    ------
    InputError
        If shapes or the radius cannot be used.
    """
    a = np.asarray(found, dtype=np.float64).reshape(-1, 2)
    b = np.asarray(truth, dtype=np.float64).reshape(-1, 2)
    if not (np.isfinite(radius) and radius > 0):
        raise InputError(f"radius must be a positive number of pixels, not {radius}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise InputError("positions must be finite")
    distance = np.hypot(a[:, None, 0] - b[None, :, 0], a[:, None, 1] - b[None, :, 1])
    cost = np.where(distance <= radius, distance**2, 1e6 * radius**2 * (1 + len(a) + len(b)))
    rows, cols = linear_sum_assignment(cost)
    hit = distance[rows, cols] <= radius
    matches = np.column_stack([rows[hit], cols[hit]]).astype(np.int64)
    n = len(matches)
    precision = n / len(a) if len(a) else np.nan
    recall = n / len(b) if len(b) else np.nan
    f1 = 2.0 * n / (len(a) + len(b)) if len(a) + len(b) else np.nan
    return DetectionScore(
        precision=precision,
        recall=recall,
        f1=f1,
        matches=matches,
        missed=np.setdiff1d(np.arange(len(b)), matches[:, 1]),
        false=np.setdiff1d(np.arange(len(a)), matches[:, 0]),
        rms=float(np.sqrt(np.mean(distance[rows, cols][hit] ** 2))) if n else np.nan,
    )
