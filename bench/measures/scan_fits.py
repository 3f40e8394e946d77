"""Fits of raw images that know how scan lines move, and what each tells of its image's lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from bench.measures.acquisition import true_displacements
from bench.plan.blocks import Block
from cases import Case, get_case
from fitting import NOT_CONVERGED, ColumnFit, FitOptions, ScanModel, ScanResult, fit_columns
from noise import ScanNoise
from stembench.arrays import Floats
from stembench.errors import InputError

#: Realizations of each rung of a ladder that are fitted so; of the others `bench.plan` says it.
RUNG_REALIZATIONS: Final = 4
#: Standard deviation [Å] of a column's distance from its neighbours' mean in the second fit.
WEAK_PRIOR: Final = 0.1
_PM: Final = 100.0


@dataclass(frozen=True)
class FittedImage:
    """What one fit of an image found.

    Attributes
    ----------
    table : pandas.DataFrame
        `fitting.ColumnFit.table`.
    scan : ScanResult or None
        Lines of a fit that knows the scan; None for any other, and for one that failed.
    failure : str
        Why such a fit failed.
    """

    table: pd.DataFrame
    scan: ScanResult | None = None
    failure: str = ""


def has_jitter(noise: ScanNoise) -> bool:
    """Whether a chain displaces scan lines."""
    jitter = noise.jitter
    return jitter is not None and (jitter.sigma_x > 0 or jitter.sigma_y > 0)


def scan_model(noise: ScanNoise, *, lattice_prior: float | None = None) -> ScanModel:
    """Model of a chain's scan: its jitter and its trailing response are taken as known.

    Parameters
    ----------
    noise : ScanNoise
        With jitter.
    lattice_prior : float, optional
        Standard deviation [Å] of a column's distance from the mean of its opposite neighbours.
    """
    jitter, trailing = noise.jitter, noise.fast_scan
    if jitter is None:
        raise InputError("a scan fit needs a chain with jitter: give ScanNoise(jitter=...)")
    return ScanModel(
        sigma_x=jitter.sigma_x,
        sigma_y=jitter.sigma_y,
        phi_x=jitter.phi_x,
        phi_y=jitter.phi_y,
        trailing=() if trailing is None else tuple(map(float, trailing.response())),
        lattice_prior=lattice_prior,
    )


def fit_scan_image(
    image: Floats,
    positions: Floats,
    *,
    model: ScanModel,
    sampling: float,
    options: FitOptions,
    dose: float | None,
    detector_sigma: float,
    blank: pd.DataFrame,
) -> FittedImage:
    """Fit an image with its lines; a fit that fails is flagged rows.

    Parameters
    ----------
    image : ndarray, shape (h, w)
        As fractions of the beam.
    positions : ndarray, shape (n, 2)
        Starts (x, y) [px].
    model : ScanModel
    sampling, options, dose, detector_sigma
        As in `fitting.fit_columns`.
    blank : pandas.DataFrame
        Table of columns that are not fitted; a failed fit flags it as not converged.
    """
    try:
        fit: ColumnFit = fit_columns(
            image,
            positions,
            sampling=sampling,
            options=options,
            dose=dose,
            detector_sigma=detector_sigma,
            scan=model,
        )
    # A matrix that cannot be factorised, or columns too few to tell where lines are.
    except (InputError, np.linalg.LinAlgError, ArithmeticError) as error:
        return FittedImage(blank.assign(flags=NOT_CONVERGED), failure=str(error))
    return FittedImage(fit.table, scan=fit.scan)


def tell_scans(
    block: Block,
    noise: ScanNoise,
    *,
    fitted: Mapping[str, Sequence[FittedImage]],
    reference: pd.DataFrame,
) -> pd.DataFrame:
    """Tell what scan fits found of the lines of the images of a block, beside the true lines.

    Parameters
    ----------
    block : Block
    noise : ScanNoise
        With jitter.
    fitted : mapping of str to sequence of FittedImage
        Name in records -> the first images of the block. Only scan fits have rows.
    reference : pandas.DataFrame
        `bench.reference.reference_table`.

    Returns
    -------
    pandas.DataFrame
        A row per image and scan fit: restorer (name in records), realization, found (whether the
        fit came to a result), jitter_x_pm, jitter_y_pm (rms of the true displacements), lines_x_pm,
        lines_y_pm (rms of found less true ones), each over the lines between the first and the last
        measured column and less its mean, which no image tells; sigma_x, sigma_y [Å], phi_x, phi_y
        as used, misfit, response, response_error (NaN where not measured), converged, steps and
        warnings (sentences, or why there is no result).
    """
    rows: list[dict[str, Any]] = []
    if not any(image.scan or image.failure for images in fitted.values() for image in images):
        return pd.DataFrame()
    true = true_displacements(block, noise)
    y = reference.loc[reference["measured"], "y_ref"]
    case = get_case(block.case)
    crossed = slice(max(0, int(y.min())), min(case.shape[0], int(np.ceil(y.max())) + 1))
    for name, images in fitted.items():
        for k, image in enumerate(images):
            if image.scan is None and not image.failure:
                continue
            own = {
                "restorer": name,
                "realization": block.start + k,
                "found": image.scan is not None,
                **_rms("jitter", true[k, crossed], case),
            }
            rows.append(own | _told(image, true[k], crossed, case=case))
    return pd.DataFrame(rows)


def _told(image: FittedImage, true: Floats, crossed: slice, *, case: Case) -> dict[str, Any]:
    scan = image.scan
    if scan is None:
        numbers = ("lines_x_pm", "lines_y_pm", "sigma_x", "sigma_y", "phi_x", "phi_y", "misfit")
        return {
            **dict.fromkeys((*numbers, "response", "response_error"), np.nan),
            "converged": False,
            "steps": 0,
            "warnings": image.failure,
        }
    response = (*scan.response, np.nan, np.nan)[:2]
    return {
        **_rms("lines", (scan.displacements[0] - true)[crossed], case),
        "sigma_x": scan.x.sigma,
        "sigma_y": scan.y.sigma,
        "phi_x": scan.x.phi,
        "phi_y": scan.y.phi,
        "misfit": scan.misfit,
        "response": response[0],
        "response_error": response[1],
        "converged": scan.converged,
        "steps": scan.steps,
        "warnings": " ".join(scan.warnings),
    }


def _rms(name: str, lines: Floats, case: Case) -> dict[str, float]:
    """Root mean square of (dx, dy) about their mean [pm]."""
    x, y = np.std(lines, axis=0) * case.sampling * _PM
    return {f"{name}_x_pm": float(x), f"{name}_y_pm": float(y)}
