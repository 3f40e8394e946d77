"""Ways in which the images of a restorer are fitted, declared in one place.

The main fit knows where the columns are and nothing of their width. A further fit stands in the
records under the name of the restorer, a stroke and the name of the fit. Fits that know how scan
lines move are made of raw images alone: what a restorer leaves has no scan.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from bench.measures.scan_fits import (
    RUNG_REALIZATIONS,
    WEAK_PRIOR,
    FittedImage,
    fit_scan_image,
    has_jitter,
    scan_model,
)
from bench.plan.profiles import SCAN_FITS
from bench.reference import clean_fit, fit_options, positions_and_mask
from cases import Case
from fitting import NOT_RESOLVED, Engine, FitOptions, ScanModel, fit_batch
from noise import ScanNoise
from reports import LATTICE_FIT, SCAN_FIT, RestorerInfo, variant_name
from stembench.arrays import Bools, Floats
from stembench.errors import InputError

#: A width that is searched in the image lies between these parts of the columns' distance: from a
#: spot of a pixel or two to columns that have run into one another. None of the noise-free images'
#: widths, 0.22 to 0.37, is near an end.
WIDTH_RANGE: Final = (0.1, 0.5)
#: Realizations of each image and dose that are fitted with the true width as well.
TRUE_WIDTH_REALIZATIONS: Final = 8


@dataclass(frozen=True)
class Setting:
    """What a fit variant may depend on.

    Attributes
    ----------
    case : Case
    noise : ScanNoise
    family : str
        Of the restorer.
    """

    case: Case
    noise: ScanNoise
    family: str


@dataclass(frozen=True)
class FitVariant:
    """One way of fitting the images of a restorer.

    Attributes
    ----------
    name : str
        '' for the main fit.
    label : str
        Follows the restorer's label; of a scan fit, stands in its place.
    options : callable
        ``options(setting, width=..., spacing=...)`` with the width of the noise-free columns and
        the distance of neighbouring columns in px returns the `fitting.FitOptions`.
    applies : callable
        ``applies(setting)`` tells whether it is made.
    realizations : int or None
        How many of the first realizations are fitted so; None for all. Of a scan fit the block
        says it.
    rung_realizations : int
        The same on the rungs of ladders, where the main fit is made of all; 0 for none.
    scan : callable or None
        ``scan(setting)`` returns the `fitting.ScanModel` of a fit that knows how lines move.
    """

    name: str
    label: str
    options: Callable[..., FitOptions]
    applies: Callable[[Setting], bool]
    realizations: int | None = None
    rung_realizations: int = 0
    scan: Callable[[Setting], ScanModel] | None = None

    def number(self, *, start: int, stop: int, rung: bool, scans: int = SCAN_FITS) -> int:
        """How many of the realizations start, ..., stop - 1 are fitted so.

        `scans` is how many of the first are, by a fit that knows how lines move.
        """
        most = scans if self.scan else self.realizations
        if rung and self.name:
            most = self.rung_realizations
        return stop - start if most is None else max(0, min(stop, most) - start)


def _main(setting: Setting, *, width: float, spacing: float) -> FitOptions:
    options = fit_options(setting.case.fit)
    if setting.family == "reference":
        # Such an image has no columns whose width could be found: the search does not end.
        return replace(options, width=width)
    low, high = WIDTH_RANGE
    bounds = replace(options.bounds, width=(low * spacing, high * spacing))
    return replace(options, bounds=bounds)


def _true_width(setting: Setting, *, width: float, spacing: float) -> FitOptions:
    del spacing
    return fit_options(setting.case.fit, width=width)


def _poisson(setting: Setting, *, width: float, spacing: float) -> FitOptions:
    return replace(_main(setting, width=width, spacing=spacing), estimator="poisson")


def _scanned(setting: Setting) -> bool:
    # A restored image has no scan, and frames have several.
    chains = (setting.noise, setting.case.noise)
    return setting.family == "raw" and all(has_jitter(chain) for chain in chains)


def _scan_fit(name: str, label: str, *, lattice_prior: float | None) -> FitVariant:
    return FitVariant(
        name,
        label,
        _main,
        _scanned,
        rung_realizations=RUNG_REALIZATIONS,
        scan=lambda setting: scan_model(setting.noise, lattice_prior=lattice_prior),
    )


#: Every way of fitting; a new one adds its entry here.
VARIANTS: Final = (
    FitVariant("", "", _main, lambda setting: True),  # noqa: ARG005 (the signature's)
    FitVariant(
        "poisson",
        ", Poisson likelihood",
        _poisson,
        # Poisson likelihood is that of counts which nothing but counting has touched.
        lambda setting: setting.family == "raw" and counts_alone(setting.noise),
    ),
    FitVariant(
        "true-width",
        ", true width",
        _true_width,
        lambda setting: setting.family != "reference",
        realizations=TRUE_WIDTH_REALIZATIONS,
    ),
    _scan_fit(SCAN_FIT, "scan fit", lattice_prior=None),
    _scan_fit(LATTICE_FIT, "scan fit, lattice 10 pm", lattice_prior=WEAK_PRIOR),
)


def counts_alone(noise: ScanNoise) -> bool:
    """Whether a chain does nothing but count electrons."""
    return all(stage is None for stage in noise.as_dict().values())


#: How the names of further fits end.
_ENDINGS: Final = tuple(variant_name("", variant.name) for variant in VARIANTS if variant.name)


def rung_rows(records: pd.DataFrame) -> pd.DataFrame:
    """Rows of the fits that are made of the rungs of ladders."""
    kept = ~records["restorer"].str.endswith(_ENDINGS)
    for variant in VARIANTS:
        if variant.name and variant.rung_realizations:
            own = records["restorer"].str.endswith(variant_name("", variant.name))
            kept |= own & (records["realization"] < variant.rung_realizations)
    return records[kept]


def refuse_variant_name(restorer: str) -> None:
    """Refuse a restorer whose own name is like that of a further fit.

    Its rows would be mixed with those of the fit, or dropped where the main fits are asked for.

    Raises
    ------
    InputError
    """
    if restorer.endswith(_ENDINGS):
        raise InputError(
            f"restorer '{restorer}' is named like a further fit of another one's images (endings "
            f"{', '.join(_ENDINGS)}); give its metadata another name"
        )


def described_variants(info: RestorerInfo, settings: Iterable[Setting]) -> dict[str, RestorerInfo]:
    """Describe the further fits of a restorer's images in a run.

    Parameters
    ----------
    info : RestorerInfo
        Of the restorer.
    settings : iterable of Setting
        Cases and noise of the run.

    Returns
    -------
    dict of str to RestorerInfo
        By name in records.
    """
    made = {variant for setting in settings for variant in variants_of(setting)}
    return {
        variant_name(info.name, variant.name): replace(
            info,
            name=variant_name(info.name, variant.name),
            label=variant.label if variant.scan else f"{info.label or info.name}{variant.label}",
            fit=variant.name,
            of=info.name,
        )
        for variant in VARIANTS
        if variant in made and variant.name
    }


def variants_of(setting: Setting) -> tuple[FitVariant, ...]:
    """Ways in which the images of a restorer are fitted, the main one first."""
    return tuple(variant for variant in VARIANTS if variant.applies(setting))


def fit_tables(
    images: Floats,
    setting: Setting,
    *,
    restorer: str,
    image: str,
    dose: float,
    start: int,
    resolved: Bools,
    main_alone: bool = False,
    rung: bool = False,
    scans: int = SCAN_FITS,
    engine: Engine = "joint",
) -> Mapping[str, list[FittedImage]]:
    """Fit images in every way that applies.

    Parameters
    ----------
    images : ndarray, shape (n, h, w)
        As fractions of the beam.
    setting : Setting
    restorer, image : str
        Name of the restorer, label of the image.
    dose : float
        e/Å².
    start : int
        Number of the first realization.
    resolved : ndarray of bool, shape (n,)
        Images that are fitted; the rows of the others carry the flag NOT_RESOLVED.
    main_alone : bool
        Leave out all but the main fit.
    rung : bool
        Whether the images are of a rung of a ladder, of which few further fits are made.
    scans : int
        How many of the first realizations have their scan lines fitted.
    engine : {'joint', 'lmfit'}
        That finds the minimum; scan fits have their own descent.

    Returns
    -------
    mapping of str to list of FittedImage
        Name in records -> the fits of the first images.
    """
    case = setting.case
    positions, mask = positions_and_mask(case, image)
    width = true_width(case, image)
    detector, pulses = setting.noise.detector, setting.noise.pulse_height
    # Only untouched counts have the variances of Poisson and detector; what a restorer leaves
    # behind has not, so the fit then states errors from its residuals.
    raw = setting.family == "raw"
    tables = {}
    for variant in variants_of(setting)[: 1 if main_alone else None]:
        number = variant.number(start=start, stop=start + len(images), rung=rung, scans=scans)
        chosen = np.flatnonzero(resolved[:number])
        options = variant.options(setting, width=width, spacing=spacing(case, image))
        # The pulses' spread acts as a lower dose.
        counted = dose / (pulses.excess if pulses else 1.0) if raw else None
        sigma = detector.sigma_electrons if raw and detector else 0.0
        blank = unfitted(positions, flag=NOT_RESOLVED)
        if variant.scan is None:
            fits = fit_batch(
                images[chosen],
                positions,
                sampling=case.sampling,
                options=replace(options, engine=engine),
                mask=mask,
                dose=counted,
                detector_sigma=sigma,
                threads=1,
            )
            fitted = [FittedImage(fit.table) for fit in fits]
        else:
            # Columns beyond the frame are fitted along in place of the mask.
            fitted = [
                fit_scan_image(
                    image,
                    positions,
                    model=variant.scan(setting),
                    sampling=case.sampling,
                    options=options,
                    dose=counted,
                    detector_sigma=sigma,
                    blank=blank,
                )
                for image in images[chosen]
            ]
        by_place = {int(place): fit for place, fit in zip(chosen, fitted, strict=True)}
        found = [by_place.get(place, FittedImage(blank)) for place in range(number)]
        if found:
            tables[variant_name(restorer, variant.name)] = found
    return tables


def unfitted(positions: Floats, *, flag: int) -> pd.DataFrame:
    """Table of columns of an image that is not fitted.

    Parameters
    ----------
    positions : ndarray, shape (n, 2)
        Where the fits would start [px].
    flag : int
        Of `fitting.flags`: why.
    """
    names = ("x", "y", "x_err", "y_err", "height", "sigma", "background", "scs", "scs_err")
    table = pd.DataFrame(np.nan, index=range(len(positions)), columns=list(names))
    return table.assign(flags=flag, x_init=positions[:, 0], y_init=positions[:, 1])


@lru_cache(maxsize=256)
def true_width(case: Case, image: str) -> float:
    """Width [px] of the columns of a noise-free image."""
    return float(clean_fit(case, image, choice=case.fit).table["sigma"].median())


@lru_cache(maxsize=256)
def spacing(case: Case, image: str) -> float:
    """Median distance [px] of neighbouring columns of an image."""
    positions, _ = positions_and_mask(case, image)
    return float(np.median(np.asarray(cKDTree(positions).query(positions, k=2)[0])[:, 1]))
