"""Support of columns by the raw image: what a restorer drew or removed against the data."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from bench.assessment.evidence.noise_at_columns import shared_at_columns
from fitting import FAILED, OwnImageFit, score_detection
from stembench.arrays import Bools, Floats, Integers

#: Chance that one column of the whole image is judged wrongly.
LEVEL: Final = 0.05
#: How far from its place a column is looked for [px], and in which steps.
WINDOW: Final = 1.0
_STEP: Final = 0.5
#: Pixels within so many widths of a column tell of it; columns within so many are nuisances.
_REACH: Final = 3.0
_NEAR: Final = 6.0
#: A column of the other image is the same one within this part of the spacing.
_SAME: Final = 0.4
#: Part of a drawn height by which it may be too large before the data speak against it: jitter
#: widens columns of the raw image, and restorers err in the height.
_ALLOWED: Final = 0.15
#: Least pixels beyond the unknowns.
_FREE: Final = 6


@dataclass(frozen=True, kw_only=True)
class Support:
    """Columns of a restored image held against the raw one.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per column of either image: source ('both', 'restored' or 'raw'), restored and raw
        (rows of the two fits' tables, -1 for none), and the columns of `column_support`.
    drawn_without_support : ndarray of int
        Rows of the restored image's table: columns that the raw image excludes at the height at
        which they were drawn.
    undecided : ndarray of int
        Rows of the restored image's table: columns that the raw image neither supports nor
        excludes.
    removed_with_support : ndarray of int
        Rows of the raw image's table: columns that it supports, and the restored image has not.
    dispersion : float
        Mean squared residual of the raw fit over the noise; errors are made larger by its root.
    shared : float
        How much larger the variance of noise is at the size of columns than of independent
        pixels, see `shared_at_columns`; errors are made larger by its root too.
    threshold : float
        Likelihood ratio from which on a column that was drawn is supported; that of columns of
        the raw image alone is in the table.
    """

    table: pd.DataFrame
    drawn_without_support: Integers
    undecided: Integers
    removed_with_support: Integers
    dispersion: float
    shared: float
    threshold: float


def column_support(
    image: Floats,
    columns: Floats,
    *,
    beside: Floats,
    width: float,
    power: Floats,
    valid: Bools,
    drawn: Floats | None = None,
    threshold: float | Floats | None = None,
) -> pd.DataFrame:
    """Likelihood ratio of each column against none.

    Around a column its height, the heights of the columns near it and a constant are free, and
    its place within `WINDOW` px: the ratio is the largest over places.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Raw image.
    columns : ndarray, shape (n, 2)
        Places (x, y) [px] of the columns that are looked at.
    beside : ndarray, shape (m, 2)
        Places of all columns, those looked at among them.
    width : float
        Standard deviation of the columns [px].
    power : ndarray, shape (rows, columns)
        Variance of the noise [image unit squared], see `ImageNoise.power`.
    valid : ndarray of bool, shape (rows, columns)
    drawn : ndarray, shape (n,), optional
        Heights that a column of this width has where it is as drawn [image unit].
    threshold : float or ndarray, shape (n,), optional
        Default: `support_threshold` of the windows of all n columns, whose places are known
        beforehand.

    Returns
    -------
    pandas.DataFrame
        x, y [px], height, height_err [image unit], ratio (2 ln of the likelihood ratio, 0 where
        the height is negative), threshold, supported, drawn [image unit], short (how far the
        height stays below 85 % of the one drawn, in standard errors), excluded (`short` beyond
        what chance gives one of n columns with `LEVEL`). NaN where too few pixels are valid.

    Notes
    -----
    Gaussian noise of known variance: 2 ln Λ = h² / var(h), h being the generalised least-squares
    height with nuisances projected out.
    """
    from scipy.stats import norm

    if threshold is None:
        threshold = support_threshold(len(columns) * np.pi * WINDOW**2, width=width)
    tree = cKDTree(beside) if len(beside) else None
    rows = []
    for x, y in columns:
        near = np.zeros((0, 2))
        if tree is not None:
            near = beside[tree.query_ball_point((x, y), _NEAR * width)]
            # The column itself is no nuisance.
            near = near[np.hypot(*(near - (x, y)).T) > max(WINDOW, 0.75 * width)]
        rows.append(_best(image, (float(x), float(y)), near, width=width, power=power, valid=valid))
    found = np.array(rows, dtype=np.float64).reshape(-1, 5)
    heights = np.full(len(columns), np.nan) if drawn is None else np.asarray(drawn, dtype=float)
    limit = float(norm.isf(LEVEL / max(len(columns), 1)))
    with np.errstate(invalid="ignore"):
        short = ((1 - _ALLOWED) * heights - found[:, 2]) / found[:, 3]
        supported = found[:, 4] >= threshold
        excluded = (short > limit) & ~supported
    return pd.DataFrame(
        {
            "x": found[:, 0],
            "y": found[:, 1],
            "height": found[:, 2],
            "height_err": found[:, 3],
            "ratio": found[:, 4],
            "threshold": threshold,
            "supported": supported,
            "drawn": heights,
            "short": short,
            "excluded": excluded,
        }
    )


def _best(
    image: Floats,
    place: tuple[float, float],
    near: Floats,
    *,
    width: float,
    power: Floats,
    valid: Bools,
) -> tuple[float, float, float, float, float]:
    """Place, height, its error and ratio at the best place within the window."""
    nothing = (*place, np.nan, np.nan, np.nan)
    reach = _REACH * width + WINDOW
    rows, cols = image.shape
    top, bottom = max(0, int(place[1] - reach)), min(rows, int(place[1] + reach) + 2)
    left, right = max(0, int(place[0] - reach)), min(cols, int(place[0] + reach) + 2)
    if top >= bottom or left >= right:
        return nothing
    v, u = np.mgrid[top:bottom, left:right].astype(np.float64)
    used = valid[top:bottom, left:right] & (np.hypot(u - place[0], v - place[1]) <= reach)
    u, v = u[used], v[used]
    if len(u) < _FREE + 2 + len(near):
        return nothing
    root = 1.0 / np.sqrt(power[top:bottom, left:right][used])
    data = root * image[top:bottom, left:right][used]
    others = [_profile(u, v, at, width) for at in near]
    # Columns of which these pixels hold next to nothing are no unknowns.
    others = [light for light in others if light.max() > 1e-3]
    nuisances = root[:, None] * np.column_stack([np.ones(len(u)), *others])
    base, _ = np.linalg.qr(nuisances)
    rest = data - base @ (base.T @ data)
    best = nothing
    for dx, dy in _window():
        at = (place[0] + dx, place[1] + dy)
        light = root * _profile(u, v, np.array(at), width)
        light = light - base @ (base.T @ light)
        known = float(light @ light)
        if known <= 1e-12:
            continue
        height = float(light @ rest) / known
        ratio = height**2 * known if height > 0 else 0.0
        if not best[4] >= ratio or (ratio == 0.0 and height > best[2]):
            best = (*at, height, known**-0.5, ratio)
    return best


def _profile(u: Floats, v: Floats, place: Floats, width: float) -> Floats:
    squared = (u - place[0]) ** 2 + (v - place[1]) ** 2
    return np.asarray(np.exp(-squared / (2 * width**2)), dtype=np.float64)


def _window() -> list[tuple[float, float]]:
    """Displacements that are tried [px], the middle first."""
    steps = np.arange(-WINDOW, WINDOW + _STEP / 2, _STEP)
    places = [(float(dx), float(dy)) for dx in steps for dy in steps]
    inside = [place for place in places if np.hypot(*place) <= WINDOW + 1e-9]
    return sorted(inside, key=lambda place: float(np.hypot(*place)))


def support_threshold(area: float, *, width: float, level: float = LEVEL) -> float:
    """Likelihood ratio that noise alone exceeds anywhere in an area with a chance of `level`.

    The square of the height over its error of a matched filter is that of a Gaussian field whose
    correlation falls as exp(-r² / 4ρ²). The chance that its largest value exceeds √u is close to
    the expected Euler characteristic above it, of which the two-dimensional term is taken:
    area / (2ρ²) · (2π)^(-3/2) √u exp(-u/2), and that of one place (K. J. Worsley, Adv. Appl.
    Probab. 27, 943 (1995)).

    Parameters
    ----------
    area : float
        px².
    width : float
        ρ [px].
    level : float
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    def excess(u: float) -> float:
        field = area / (2 * width**2) * (2 * np.pi) ** -1.5 * np.sqrt(u) * np.exp(-u / 2)
        return float(np.log(field + norm.sf(np.sqrt(u))) - np.log(level))

    return float(brentq(excess, 1.0, 400.0))


@dataclass(frozen=True, kw_only=True)
class HeldColumns:
    """Columns of the restored image as the raw one has them at these places, all of one width.

    Attributes
    ----------
    width : float
        Standard deviation [px].
    model : ndarray, shape (rows, columns)
        Light of the raw image as so modelled.
    """

    width: float
    model: Floats


def held_columns(
    image: Floats, raw: OwnImageFit, restored: OwnImageFit, *, sampling: float
) -> HeldColumns:
    """Fit the raw image with the columns of the restored one, at their places.

    The raw image's own fit does for support where it finds the columns. In an image of few counts
    it finds a part of them and spikes of the noise, half as wide as columns, so that heights and
    noise by its model are wrong (seen at 500 e/Å² on columns of 2.9 px: width 1.5 px, 43 of 169
    true columns excluded). Where columns are the restored image tells, right or wrong: one that
    is not there gets no height.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Raw image.
    raw, restored : OwnImageFit
    sampling : float
        Å/px.
    """
    from fitting import Bounds, FitOptions, fit_columns

    drawn_at = _columns(restored)[1]
    if not len(drawn_at):
        return HeldColumns(width=_width(raw), model=raw.model_image)
    smooth = np.zeros(image.shape) if raw.background.image is None else raw.background.image
    fit = fit_columns(
        image - smooth,
        drawn_at,
        sampling=sampling,
        mask=~raw.valid,
        options=FitOptions(
            width="shared",
            background="plane" if raw.background.name == "plane" else "constant",
            start_width=_width(restored),
            bounds=Bounds(drift=0.0, height=(0.0, np.inf)),
        ),
    )
    return HeldColumns(width=float(np.median(fit.model.sigma)), model=fit.model.image() + smooth)


def compare_support(
    image: Floats,
    raw: OwnImageFit,
    restored: OwnImageFit,
    *,
    power: Floats,
    sampling: float,
    level: float | None = None,
    held: HeldColumns | None = None,
) -> Support:
    """Hold the columns of a restored image against the raw one.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Raw image.
    raw, restored : OwnImageFit
        Fits of both images, in the same unit.
    power : ndarray, shape (rows, columns)
        Variance of the noise of the raw image, see `ImageNoise.power`, of its model.
    sampling : float
        Å/px.
    level : float, optional
        Mean squared residual of the raw fit over the noise, where it is known; default: that of
        its pixels over `power`, at least 1.
    held : HeldColumns, optional
        Tells the width, and the model of which residuals are. Default: the raw image's own fit.
    """
    drawn_rows, drawn_at, scs = _columns(restored)
    raw_rows, raw_at, _ = _columns(raw)
    valid = raw.valid & np.isfinite(image)
    width = _width(raw if len(raw_at) else restored) if held is None else held.width
    model = raw.model_image if held is None else held.model
    of_pixels = float(np.mean((image - model)[valid] ** 2 / power[valid]))
    dispersion = max(1.0, of_pixels) if level is None else level
    # A clump of noise that neighbours share looks like a column to whom counts pixels alone.
    shared = shared_at_columns(image - model, of_pixels * power, width=width, valid=valid)
    pair = _pairs(drawn_at, raw_at)
    alone = np.setdiff1d(np.arange(len(raw_at)), pair[pair >= 0])
    # A column that both show is looked for where the raw image has it.
    places = drawn_at.copy()
    places[pair >= 0] = raw_at[pair[pair >= 0]]
    every = np.concatenate([places, raw_at[alone]])
    heights = np.concatenate(
        [scs / (2 * np.pi * (width * sampling) ** 2), np.full(len(alone), np.nan)]
    )
    n = len(places)
    # A restorer says where to look; columns of the raw image were searched for in all of it.
    threshold = np.full(len(every), support_threshold(float(np.count_nonzero(valid)), width=width))
    threshold[:n] = support_threshold(max(n, 1) * np.pi * WINDOW**2, width=width)
    table = column_support(
        image, every, beside=every, width=width, power=dispersion * shared * power, valid=valid,
        drawn=heights, threshold=threshold,
    )  # fmt: skip
    source = np.array(["both" if k >= 0 else "restored" for k in pair] + ["raw"] * len(alone))
    table.insert(0, "source", source)
    table.insert(1, "restored", np.concatenate([drawn_rows, np.full(len(alone), -1)]))
    raw_of = np.where(pair >= 0, raw_rows[pair] if len(raw_rows) else -1, -1)
    table.insert(2, "raw", np.concatenate([raw_of, raw_rows[alone]]))
    supported = table["supported"].to_numpy(dtype=np.bool_)
    excluded = table["excluded"].to_numpy(dtype=np.bool_)
    judged = np.isfinite(table["ratio"].to_numpy())
    return Support(
        table=table,
        drawn_without_support=drawn_rows[excluded[:n]],
        undecided=drawn_rows[(judged & ~supported & ~excluded)[:n]],
        removed_with_support=raw_rows[alone][supported[n:]],
        dispersion=float(dispersion),
        shared=shared,
        threshold=float(threshold[0]) if len(table) else float("nan"),
    )


def _columns(fit: OwnImageFit) -> tuple[Integers, Floats, Floats]:
    """Rows of the table that hold a column, their places (n, 2) [px] and SCS."""
    bits = fit.table["flags"].to_numpy()
    rows = np.flatnonzero((bits & FAILED) == 0).astype(np.int64)
    chosen = fit.table.iloc[rows]
    return (
        rows,
        chosen[["x", "y"]].to_numpy(dtype=np.float64),
        chosen["scs"].to_numpy(dtype=np.float64),
    )


def _width(fit: OwnImageFit) -> float:
    """Typical standard deviation of a column [px]."""
    return float(np.median(fit.table["sigma"].dropna())) if len(fit.table) else 2.0


def _pairs(drawn: Floats, raw: Floats) -> Integers:
    """Raw column of each drawn one, -1 for none."""
    out = np.full(len(drawn), -1, dtype=np.int64)
    if not len(drawn) or not len(raw):
        return out
    every = drawn if len(drawn) > 2 else np.concatenate([drawn, raw])
    gaps = cKDTree(every).query(every, k=2)[0][:, 1] if len(every) > 1 else np.array([np.inf])
    # Places that coincide have no spacing.
    reach = max(_SAME * float(np.median(gaps)), 1e-6)
    first, second = score_detection(drawn, raw, radius=reach).matches.T
    out[first] = second
    return out
