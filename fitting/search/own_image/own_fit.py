"""Fit of a user's own image: what no column owns is modelled, left out, or said."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from fitting import flags
from fitting.fit import masked_pixels, start_positions
from fitting.results.column_fit import ColumnFit
from fitting.search.own_image.background.own_background import own_background
from fitting.search.own_image.background.smooth_background import SmoothBackground
from fitting.search.own_image.beyond_frame import Visible, continued_places, typical_spacing
from fitting.search.own_image.contrast import looks_inverted, surely_inverted
from fitting.search.own_image.few_counts.doubtful_sites import doubtful_sites
from fitting.search.own_image.few_counts.noise_bias import noise_bias
from fitting.search.own_image.few_counts.weighted_fit import (
    CLEAR,
    significance,
    weighted_fit,
    with_variance,
)
from fitting.search.own_image.outcome.goodness import goodness_of_fit
from fitting.search.own_image.outcome.mean_scs import mean_scs
from fitting.search.own_image.own_options import DEFAULT, OwnImageOptions
from fitting.search.own_image.own_result import OwnImageFit
from fitting.search.own_image.own_table import own_table
from fitting.search.own_image.pixels.left_out import FEWEST, all_taken, left_out
from fitting.search.own_image.pixels.outliers import residual_outliers
from fitting.search.own_image.scene_fit import REACH, Scene, fit_scene
from fitting.search.own_image.spot_search import Spots, nothing_found, search_spots
from fitting.setup.options import require_scale
from stembench.arrays import Bools, Floats
from stembench.errors import InputError

#: Rounds of search, background and outliers.
_ROUNDS: Final = 3
#: A start is the column found within this part of the spacing.
_SAME: Final = 0.4
#: How often columns that end beyond the frame are taken out of the table.
_LEAVING: Final = 2


def fit_own_image(
    image: ArrayLike,
    positions: ArrayLike | None = None,
    *,
    sampling: float,
    options: OwnImageOptions = DEFAULT,
    dose: float | None = None,
    mask: ArrayLike | None = None,
) -> OwnImageFit:
    """Find and fit the columns of a user's own image.

    Beside the columns whose centre is shown, those beyond the frame and behind masked pixels are
    part of the model as far as their light is seen. Areas of one value and outlying pixels are left
    out; the background is what the data ask for.

    Parameters
    ----------
    image : array_like, shape (rows, columns)
        Image in any unit. Pixels that are not finite are left out.
    positions : array_like, shape (n, 2), optional
        Starts (x, y) [px], inside the frame or near it; default: columns are searched for. Other
        columns that are found are modelled and not reported.
    sampling : float
        Å/px.
    options : OwnImageOptions
    dose : float, optional
        Dose [e/Å²] of an image in beam fractions, for Poisson errors.
    mask : array_like of bool, shape (rows, columns), optional
        True where a pixel is to be left out.

    Returns
    -------
    OwnImageFit

    Raises
    ------
    InputError
        If the data cannot be used or do not suit the options.
    """
    pixels = np.asarray(image, dtype=np.float64)
    if pixels.ndim != 2 or min(pixels.shape) < 5:
        raise InputError(f"columns need an image of at least 5 x 5 pixels, not {pixels.shape}")
    require_scale(sampling, dose)
    _require_dose(options, dose)
    valid = np.isfinite(pixels) & ~masked_pixels(mask, (pixels.shape[0], pixels.shape[1]))
    _require_pixels(valid)
    work = _Work(pixels, valid, options=options, sampling=float(sampling), dose=dose)
    starts = None if positions is None else start_positions(positions)
    unknown = options.contrast == "unknown"
    given: dict[str, Any] = {"usable": work.usable, "variance": work.variance}
    if unknown and surely_inverted(work.scene, **given):
        return work.result(starts, nothing_found(work.scene), inverted=True)
    spots = work.search()
    given = {"usable": work.usable, "variance": work.variance}
    inverted = unknown and looks_inverted(work.scene, spots, **given)
    return work.result(starts, spots, inverted=inverted)


def _require_dose(options: OwnImageOptions, dose: float | None) -> None:
    if dose is not None:
        if options.contrast == "dark":
            raise InputError(
                "the dose makes Poisson errors of bright columns; leave it out for dark ones, "
                "whose errors come from the residual"
            )
    elif options.fit.estimator == "poisson":
        raise InputError("the Poisson estimator needs the dose in e/Å²: give dose=")
    if options.fit.width == "species":
        raise InputError("a width per species needs species, which a search does not know")


def _require_pixels(valid: Bools) -> None:
    number = int(np.count_nonzero(valid))
    if number == 0:
        raise InputError("the image has no finite pixel outside the mask")
    if number < FEWEST:
        raise InputError(f"only {number} pixels are finite and not masked")


class _Work:
    """Scene of an image, refined round by round."""

    def __init__(
        self,
        pixels: Floats,
        valid: Bools,
        *,
        options: OwnImageOptions,
        sampling: float,
        dose: float | None,
    ) -> None:
        self.options = options
        self.pixels = np.where(valid, pixels, 0.0)
        self.background = SmoothBackground("constant")
        self.left_out = (left_out if options.leave_out else all_taken)(self.pixels, valid)
        valid = self.left_out.valid
        if options.fit.estimator == "poisson" and np.any(self.pixels[valid] < 0):
            raise InputError(
                "the Poisson estimator needs counts, which cannot be negative: use least squares "
                "(estimator ls) for this image"
            )
        self.scene = Scene(
            image=options.sign * self.pixels,
            valid=valid,
            sampling=sampling,
            options=options.search,
            dose=dose,
        )

    @property
    def usable(self) -> Bools:
        """Pixels that show the scene, saturated ones among them."""
        return self.scene.valid | self.left_out.areas.saturated

    @property
    def variance(self) -> float:
        """Mean variance of a pixel from noise [image unit squared]."""
        return float(np.mean(self.left_out.noise.variance(self.pixels[self.scene.valid])))

    def search(self) -> Spots:
        """Search for columns, refining background and outliers by what is found."""
        spots = search_spots(self.scene, usable=self.usable)
        for _ in range(_ROUNDS):
            if spots.fit is None:
                break
            changed = self._take_background(spots)
            changed |= self._take_outliers(spots)
            if not changed:
                break
            spots = search_spots(self.scene, usable=self.usable, known=spots)
        return spots

    def _take_background(self, spots: Spots) -> bool:
        """Choose the background; whether another one than before."""
        before = self.background.name
        self.scene, self.background = own_background(
            replace(self.scene, valid=self.left_out.valid),
            spots,
            self.background,
            options=self.options,
            variance=self.variance,
        )
        return self.options.background == "auto" and self.background.name != before

    def _take_outliers(self, spots: Spots) -> bool:
        """Leave out pixels far from the model; whether there are new ones."""
        if not self.options.leave_out or self.left_out.too_many:
            return False
        fit = fit_scene(self.scene, spots.places, spots.hidden, width=spots.width)
        if len(fit.modelled) == 0:
            return False
        expected = self._expected(fit)
        found = residual_outliers(
            self.pixels - expected,
            expected,
            self.scene.valid,
            self.left_out.noise,
            height=float(np.median(np.abs(fit.model.height))),
        )
        if not found.any():
            return False
        self.left_out = self.left_out.without(found)
        seam = self.background.seam
        valid = self.left_out.valid if seam is None else self.left_out.valid & ~seam
        self.scene = replace(self.scene, valid=valid)
        return not self.left_out.too_many

    def _expected(self, fit: ColumnFit) -> Floats:
        """Expected image in the image's own contrast."""
        above = fit.model.image() if len(fit.modelled) else np.zeros_like(self.pixels)
        return self.options.sign * (
            above + (0.0 if self.scene.smooth is None else self.scene.smooth)
        )

    def _weighed(self, spots: Spots) -> tuple[Scene, Spots]:
        """Scene with weights where counts are few, and its columns looked for once more.

        The width that unweighted pixels give is too small, and columns are missed by it.
        """
        scene, fit, n = self.scene, spots.fit, len(spots.places)
        if fit is None or self.options.fit.estimator != "ls" or not significance(fit, n=n) < CLEAR:
            return scene, spots
        scene, fit = weighted_fit(
            scene,
            fit,
            self.left_out.noise,
            places=(spots.places, spots.hidden),
            sign=self.options.sign,
        )
        if scene.precision is None:
            return scene, spots
        known = replace(spots, fit=fit, width=float(np.median(fit.model.sigma)))
        return scene, search_spots(scene, usable=self.usable, known=known)

    def result(self, starts: Floats | None, spots: Spots, *, inverted: bool) -> OwnImageFit:
        """Fit with the options as they are, and hold it against the noise."""
        scene, spots = self._weighed(spots)
        hidden, unlisted = spots.hidden, 0
        if scene.precision is not None and starts is None:
            visible = Visible(self.usable, reach=REACH * spots.width)
            doubtful = doubtful_sites(np.concatenate([spots.places, hidden]), visible)
            hidden = np.concatenate([doubtful, hidden])
            unlisted = len(doubtful)
        found = np.concatenate([spots.places, hidden])
        if starts is not None:
            others, hidden = self._beside(starts, found, width=spots.width)
            unlisted = len(others)
            hidden = np.concatenate([others, hidden])
        if scene.precision is None and self.options.fit.estimator == "ls" and spots.fit is not None:
            scene = with_variance(scene, spots.fit, self.left_out.noise, sign=self.options.sign)
        given = spots.places if starts is None else starts
        width = spots.width if len(found) else None
        fit = fit_scene(scene, given, hidden, width=width)
        for _ in range(_LEAVING if starts is None else 0):
            # a column that was found at the rim may end just beyond it
            bits = fit.table["flags"].to_numpy()[: len(given)]
            off = (bits & flags.OUT_OF_FRAME) != 0
            if not off.any():
                break
            hidden = np.concatenate([hidden, given[off]])
            given = given[~off]
            fit = fit_scene(scene, given, hidden, width=width)
        n = len(given)
        if scene.precision is not None:
            scene, fit = weighted_fit(
                scene, fit, self.left_out.noise, places=(given, hidden), sign=self.options.sign
            )
        expected = self._expected(fit)
        variance = self.left_out.noise.variance(expected)
        if scene.dose is not None:
            variance = np.maximum(expected, 0.0) / (scene.dose * scene.sampling**2) + 1e-300
        goodness = goodness_of_fit(
            self.pixels - expected, variance, scene.valid, fit.model,
            n_parameters=fit.n_parameters,
        )  # fmt: skip
        return OwnImageFit(
            mean_scs=mean_scs(scene, fit, self.background, self.options.sign * expected, n=n),
            noise_bias=noise_bias(scene, fit, self.options.sign * expected, variance, n=n),
            table=own_table(
                fit,
                n,
                goodness,
                left_out=~(self.usable | self.left_out.outliers),
                dimmed=self.left_out.tapered.dimmed,
                saturated=self.left_out.areas.saturated | self.left_out.areas.cut,
                smooth=scene.smooth,
                sign=self.options.sign,
            ),
            fit=fit,
            hidden=int(np.count_nonzero(fit.modelled >= n + unlisted)),
            unlisted=0 if starts is None else unlisted,
            doubtful=unlisted if starts is None else 0,
            model_image=expected,
            valid=scene.valid,
            areas=self.left_out.areas,
            repeated=self.left_out.repeated,
            tapered=self.left_out.tapered,
            outliers=self.left_out.outliers,
            too_many_outliers=self.left_out.too_many,
            background=self.background,
            noise=self.left_out.noise,
            goodness=goodness,
            inverted=inverted,
        )

    def _beside(self, starts: Floats, found: Floats, *, width: float) -> tuple[Floats, Floats]:
        """Columns that were found and not given: shown ones, and hidden ones."""
        finite = starts[np.isfinite(starts).all(axis=1)]
        spacing = typical_spacing(np.concatenate([finite, found]))
        if not len(finite):
            return np.zeros((0, 2)), np.zeros((0, 2))
        visible = Visible(self.usable, reach=REACH * width)
        if not len(found):
            return found, continued_places(finite, visible, reach=REACH * width)
        spacing = max(typical_spacing(found), 0.0) if len(found) > 1 else spacing
        near = _SAME * spacing if np.isfinite(spacing) else 2.0 * width
        new = found[np.asarray(cKDTree(finite).query(found)[0]) > near]
        is_hidden = visible.distance(new) > 0
        return new[~is_hidden], new[is_hidden]
