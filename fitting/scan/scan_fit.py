"""Fit columns and the displacements of scan lines together: the most probable of both."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from fitting import flags
from fitting.model import ColumnModel, WidthMode, scattering_cross_section
from fitting.results.column_fit import ColumnFit
from fitting.results.scan_result import LineEstimate, ScanResult
from fitting.scan.checks.count_checks import not_counted
from fitting.scan.checks.lost_columns import beyond_reach, lost
from fitting.scan.checks.residual_checks import misfit, unexplained
from fitting.scan.checks.response import measure_response, pulled_columns
from fitting.scan.cross_sections import single_gaussians
from fitting.scan.line_statistics.search import search_statistics
from fitting.scan.posterior.fisher_scoring import Peak
from fitting.scan.posterior.held_curvature import held_factor
from fitting.scan.posterior.strips import Strips
from fitting.scan.preparation.setting import Setting, prepare
from fitting.scan.scan_model import ScanModel
from stembench.arrays import Bools, Floats


def fit_scan(
    still: ColumnFit,
    images: Floats,
    *,
    given: int,
    drifts: Floats,
    scan: ScanModel,
    width: WidthMode,
    background: bool,
    dose: float | None,
    detector_sigma: float,
    masked: Bools,
) -> ColumnFit:
    """Fit lines and columns, starting from the fit of the still columns.

    Parameters
    ----------
    still : ColumnFit
        Fit of the frames' aligned mean as if no line had moved, columns beyond it included.
    given : int
        How many of its rows are columns that were asked for; they stand first.
    drifts : ndarray, shape (frames, 2)
        Place (x, y) of each frame in the first, from their alignment [px].
    images : ndarray, shape (frames, rows, columns)
        Frames of one scene [beam fraction], or any unit without a dose; nothing trails.
    scan : ScanModel
    width : {'shared', 'column', 'fixed'}
        Of the single Gaussians whose cross-sections are stated.
    background : bool
        Whether a constant is fitted.
    dose : float or None
        Of one frame [e/Å²].
    detector_sigma : float
        Standard deviation of detector noise [electrons].
    masked : ndarray of bool, shape (rows, columns)

    Returns
    -------
    ColumnFit
        With `scan`.

    Raises
    ------
    InputError
        If there are too few lines or no columns.
    """
    setting = prepare(
        still, images, given=given, drifts=drifts, scan=scan, background=background, dose=dose,
        detector_sigma=detector_sigma, masked=masked,
    )  # fmt: skip
    setting, peak, estimates = search_statistics(setting, scan=scan, sampling=still.sampling)
    warnings = (
        estimates[2]
        + not_counted(setting.scene, peak, detector_sigma=detector_sigma)
        + unexplained(setting.scene, peak)
        + lost(setting, peak)
    )
    estimates = (*estimates[:2], warnings)
    found = tabulate_scan(
        still, setting, peak, posterior(setting, peak), estimates=estimates, width=width,
        background=background, detector_sigma=detector_sigma,
    )  # fmt: skip
    if found.scan is None or not (scan.response or scan.lattice_prior):
        return found
    response = measure_response(setting, peak, sampling=still.sampling)
    undrawn = int(np.count_nonzero(~pulled_columns(setting)[: len(setting.modelled)]))
    return replace(found, scan=replace(found.scan, response=response, undrawn=undrawn))


def posterior(setting: Setting, peak: Peak) -> Strips:
    """Covariance of all unknowns about the peak, to first order."""
    return held_factor(setting.scene, setting.priors, peak).inverse()


def tabulate_scan(
    still: ColumnFit,
    setting: Setting,
    peak: Peak,
    inverse: Strips,
    *,
    estimates: tuple[LineEstimate, LineEstimate, tuple[str, ...]],
    width: WidthMode,
    background: bool,
    detector_sigma: float,
) -> ColumnFit:
    """Write the result as a table of columns with the lines beside it."""
    scene, at, rows = setting.scene, peak.at, setting.modelled
    n, sampling = len(rows), still.sampling
    single = single_gaussians(
        scene,
        at,
        loose=setting.priors.columns_precision[:, 2],
        width=width,
        start_width=float(np.median(still.model.sigma)),
        background=background,
    )
    of_columns, of_lines = scene.order.diagonal_blocks(inverse)
    columns, covariance = at.columns[:n], of_columns[:n]
    sigma = np.exp(single.shared[0] + single.columns[:n, 3])
    height = single.columns[:n, 2] / setting.electrons
    # The relative error of a column's light, lines and profile unknown.
    relative = (
        covariance[:, 2, 2] / columns[:, 2] ** 2
        + 4 * covariance[:, 2, 3] / columns[:, 2]
        + 4 * covariance[:, 3, 3]
    )
    scs = scattering_cross_section(height, sigma, sampling=sampling)
    table = still.table.iloc[: setting.given].copy()
    values = {
        "x": columns[:, 0],
        "y": columns[:, 1],
        "x_err": np.sqrt(covariance[:, 0, 0]),
        "y_err": np.sqrt(covariance[:, 1, 1]),
        "height": height,
        "height_err": np.sqrt(covariance[:, 2, 2]) / setting.electrons,
        "sigma": sigma,
        "sigma_err": sigma * np.sqrt(covariance[:, 3, 3]),
        "background": np.full(n, single.shared[3] / setting.electrons),
        "scs": scs,
        "scs_err": np.abs(scs) * np.sqrt(np.maximum(relative, 0.0)),
    }
    bits = table["flags"].to_numpy().copy()
    bits[rows] = 0
    bits[rows] |= _flags(setting, peak, columns=columns, height=height)
    failed = (bits & flags.FAILED) != 0
    for name, column in values.items():
        whole = np.full(len(table), np.nan)
        whole[rows] = column
        whole[failed] = np.nan
        table[name] = whole
    for name in ("x", "y", "x_err", "y_err", "sigma"):
        table[f"{name}_A"] = table[name] * sampling
    table["flags"] = bits
    positions = np.full((len(table), 2, 2), np.nan)
    positions[rows] = covariance[:, :2, :2]
    narrow, ratio, logit = at.shared[:3]
    return replace(
        still,
        table=pd.DataFrame(table),
        model=ColumnModel(
            x=columns[:, 0], y=columns[:, 1], height=height, sigma=np.asarray(sigma),
            shape=still.model.shape,
            background=(float(single.shared[3] / setting.electrons),) if background else (),
            width="fixed" if width == "fixed" else width,
        ),
        modelled=rows,
        status="converged" if peak.converged else "the scan fit did not converge",
        background=(float(single.shared[3] / setting.electrons),) if background else (),
        steps=peak.steps,
        scan=ScanResult(
            displacements=at.lines,
            errors=np.sqrt(
                np.maximum(np.einsum("lii->li", of_lines), 0.0)
            ).reshape(at.lines.shape),
            drifts=setting.priors.drifts(at),
            x=estimates[0],
            y=estimates[1],
            warnings=estimates[2],
            widths=(float(np.exp(narrow)), float(np.exp(narrow + ratio))),
            wide_part=float(1 / (1 + np.exp(-logit))),
            covariance=positions,
            misfit=misfit(scene, peak, detector_sigma=detector_sigma),
            converged=peak.converged,
            steps=peak.steps,
        ),
    )  # fmt: skip


def _flags(setting: Setting, peak: Peak, *, columns: Floats, height: Floats) -> Any:
    rows, cols = setting.scene.counts.shape[1:]
    bits = np.zeros(len(columns), dtype=np.int64)
    seen = columns[:, :2] - setting.priors.drifts(peak.at).mean(axis=1)[:, None]
    inside = ((seen >= -0.5) & (seen <= np.array([cols - 0.5, rows - 0.5]))).all(axis=2).any(axis=0)
    bits[~inside] |= flags.OUT_OF_FRAME
    bits[height <= 0] |= flags.NEGATIVE_HEIGHT
    bits[beyond_reach(setting, peak)] |= flags.AT_BOUND
    if not peak.converged:
        bits |= flags.NOT_CONVERGED
    return bits
