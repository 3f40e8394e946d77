"""Fit columns and the displacements of scan lines together: the most probable of both."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from fitting import flags
from fitting.model import ColumnModel, WidthMode, scattering_cross_section
from fitting.results.column_fit import ColumnFit
from fitting.results.scan_result import LineEstimate, ScanResult
from fitting.scan.cross_sections import NO_WIDE_PART, single_gaussians
from fitting.scan.lattice_pull import lattice_pull
from fitting.scan.posterior import drift
from fitting.scan.posterior.descent import Peak, descend
from fitting.scan.posterior.priors import LineStatistics, Priors
from fitting.scan.posterior.scene import (
    INFORMATION_REACH,
    LIGHT_REACH,
    Order,
    Scene,
    Unknowns,
    Windows,
)
from fitting.scan.posterior.strips import Factor, Strips
from fitting.scan.scan_model import LEAST_LINES, ScanModel
from fitting.scan.statistics_search import search_statistics
from fitting.scan.surroundings import median_spacing
from stembench.arrays import Bools, Floats
from stembench.errors import InputError

#: The narrow part is this much of the width of a single Gaussian.
NARROWER: Final = 0.92
#: A column that the fit of the first frame moved farther than this part of the spacing was lost.
CARRIED_OFF: Final = 0.25
#: Columns within this many widths of the edge are as loosely known as those beyond it.
RIM: Final = 1.5
#: Standard deviation of the places [spacing] and of the heights [height] of such columns.
LOOSE_PLACE: Final = 0.1
LOOSE_HEIGHT: Final = 0.3
#: Start of the wide part: its width over the narrow one's, its share of the height, and the
#: standard deviations of the logarithm of the first and of the logit of the second.
RATIO: Final = 1.8
WIDE_PART: Final = 0.1
RATIO_SPREAD: Final = 0.35
WIDE_SPREAD: Final = 0.7
#: Variance of what the profile misses, as a part of a column's height in electrons.
FLOOR: Final = 0.03
#: Statistics of the lines with which an estimate starts [px].
FIRST_GUESS: Final = LineStatistics(0.4, 0.5)


@dataclass(frozen=True)
class Setting:
    """Scene, priors and start of a scan fit, and which unknowns are columns of the table.

    Attributes
    ----------
    scene : Scene
    priors : Priors
    start : Unknowns
    modelled : ndarray of int
        Row of the table of each of the first unknown columns.
    given : int
        Rows of the table.
    electrons : float
        Electrons of a pixel at image value 1.
    """

    scene: Scene
    priors: Priors
    start: Unknowns
    modelled: Any
    given: int
    electrons: float


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
    inverse = posterior(setting, peak)
    return tabulate_scan(
        still, setting, peak, inverse, estimates=estimates, width=width, background=background,
        detector_sigma=detector_sigma,
    )  # fmt: skip


def prepare(
    still: ColumnFit,
    images: Floats,
    *,
    given: int,
    drifts: Floats,
    scan: ScanModel,
    background: bool,
    dose: float | None,
    detector_sigma: float,
    masked: Bools,
) -> Setting:
    """State scene, priors and start; the lines' statistics are those given, or a first guess."""
    frames, rows, cols = images.shape
    if rows < LEAST_LINES:
        raise InputError(
            f"a scan fit needs at least {LEAST_LINES} lines, and the image has {rows}; fit it "
            "without a scan model"
        )
    modelled = still.modelled[still.modelled < given]
    found = ~still.failed[modelled]
    if np.count_nonzero(found) < 3:
        raise InputError(
            f"a scan fit needs columns that tell where lines are, and the fit found "
            f"{np.count_nonzero(found)}; fit the image without a scan model"
        )
    sampling = still.sampling
    valid = np.isfinite(images) & ~masked
    filled = np.where(valid, images, 0.0)
    others = still.modelled[still.modelled >= given]
    if frames > 1:
        # Frames that lie elsewhere show columns that the first does not.
        usable = np.isfinite(still.table[["x_init", "y_init"]].to_numpy()).all(axis=1)
        usable &= (still.table["flags"].to_numpy() & flags.DUPLICATE) == 0
        others = np.setdiff1d(np.flatnonzero(usable), modelled)
    table = still.table.iloc[np.concatenate([modelled, others])]
    inside = len(modelled)
    starts = table[["x_init", "y_init"]].to_numpy()
    base = float(np.median(still.model.sigma)) * (NARROWER if scan.profile == "two" else 1.0)
    spacing = median_spacing(starts[:inside])
    typical = float(np.nanmedian(table["height"].to_numpy()[:inside]))
    # What the fit without lines lost, or carried off, starts where it was asked for.
    places = table[["x", "y"]].to_numpy()
    near = np.hypot(*(places - starts).T) < CARRIED_OFF * spacing
    places = np.where(near[:, None], places, starts)
    heights = np.where(near, table["height"].to_numpy(), typical)
    heights = np.clip(heights, 0.05 * typical, None)
    heights[inside:] = np.clip(heights[inside:], typical / 3, 2 * typical)
    electrons, variance = 1.0, None
    if dose is not None:
        electrons = dose * sampling**2
    else:
        residual = (images[0] - still.model.image())[valid[0]]
        variance = max(float(np.median(np.abs(residual)) / 0.6745) ** 2, 1e-30)
    n = len(places)

    columns = np.zeros((n, 4))
    columns[:, :2] = places
    columns[:, 2] = heights * electrons
    loose = np.arange(n) >= inside
    seen = places - drifts[:, None]
    edge = np.minimum(seen, np.array([cols - 1, rows - 1]) - seen).min(axis=2).max(axis=0)
    loose |= edge < RIM * base
    precision = np.zeros((n, 4))
    # Far wider than any error: a column whose light is lost in noise stays in the image.
    precision[:, :2] = 1 / spacing**2
    precision[loose, :2] = 1 / (LOOSE_PLACE * spacing) ** 2
    precision[loose, 2] = (
        1 / (LOOSE_HEIGHT * np.maximum(columns[loose, 2], typical * electrons / 3)) ** 2
    )
    held_columns = np.zeros((n, 4), dtype=bool)
    if scan.width_spread > 0:
        precision[:, 3] = 1 / scan.width_spread**2
    else:
        held_columns[:, 3] = True
    two = scan.profile == "two"
    logit = np.log(WIDE_PART / (1 - WIDE_PART))
    level = float(still.background[0]) * electrons if background and still.background else 0.0
    shared = np.array(
        [np.log(base), np.log(RATIO) if two else 0.0, logit if two else NO_WIDE_PART, level]
    )
    shared_precision = np.array([0.0, 1 / RATIO_SPREAD**2, 1 / WIDE_SPREAD**2, 0.0])
    held_shared = np.array([False, not two, not two, not background])

    wide = base * (RATIO if two else 1.0)
    light, information = (
        Windows.around(places, (rows, cols), shifts=drifts, reach=reach * wide)
        for reach in (LIGHT_REACH, INFORMATION_REACH)
    )
    height = 2 * (INFORMATION_REACH * wide + 3.0)
    pull = None
    if scan.lattice_prior is not None:
        pull, reach = lattice_pull(places, width=scan.lattice_prior / sampling)
        height = max(height, reach + 1)
    order = Order.along(
        columns[:, 1], (np.arange(rows) + drifts[:, 1:]).ravel(), height=height, rows=rows
    )
    floor = detector_sigma**2 + FLOOR * typical * electrons
    scene = Scene(
        counts=filled * electrons,
        used=valid.astype(np.float64),
        floor=floor if dose is not None else 0.0,
        variance=variance,
        light=light,
        information=information,
        order=order,
    )
    design, least = np.zeros((0, 0)), 0.0
    if frames > 1:
        design, least = drift.drift_design(rows, slow=scan.slow_drift > 0), drift.HELD
        more = drift.drift_priors(drifts, design, spacing=spacing, slow=scan.slow_drift / sampling)
        shared, shared_precision = np.hstack([(shared, shared_precision), more])
        held_shared = np.append(held_shared, np.zeros(more.shape[1], dtype=bool))
    statistics = [
        LineStatistics(
            FIRST_GUESS.sigma if sigma is None else max(sigma / sampling, least),
            FIRST_GUESS.phi if phi is None else phi,
        )
        for sigma, phi in ((scan.sigma_x, scan.phi_x), (scan.sigma_y, scan.phi_y))
    ]
    priors = Priors(
        x=statistics[0],
        y=statistics[1],
        columns=columns.copy(),
        columns_precision=precision,
        shared=shared.copy(),
        shared_precision=shared_precision,
        pull=pull,
        drift=design,
        gauge=drift.GAUGE,
        held_columns=held_columns,
        held_shared=held_shared,
    )
    start = Unknowns(columns, np.tile(drifts[:, None], (1, rows, 1)), shared)
    return Setting(scene, priors, start, modelled, given, electrons)


def solve(setting: Setting, *, start: Unknowns | None = None) -> Peak:
    """Most probable columns and lines."""
    return descend(setting.scene, setting.priors, setting.start if start is None else start)


def posterior(setting: Setting, peak: Peak) -> Strips:
    """Covariance of all unknowns about the peak, to first order."""
    matrix = setting.scene.fisher(peak.at, setting.scene.weight(peak.expected))
    setting.priors.add_to(matrix, peak.at, order=setting.scene.order)
    return Factor.of(matrix).inverse()


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
            widths=(float(np.exp(narrow)), float(np.exp(narrow + ratio))),
            wide_part=float(1 / (1 + np.exp(-logit))),
            covariance=positions,
            misfit=_misfit(scene, peak, detector_sigma=detector_sigma),
            converged=peak.converged,
            steps=peak.steps,
            warnings=estimates[2],
        ),
    )  # fmt: skip


def _flags(setting: Setting, peak: Peak, *, columns: Floats, height: Floats) -> Any:
    rows, cols = setting.scene.counts.shape[1:]
    bits = np.zeros(len(columns), dtype=np.int64)
    seen = columns[:, :2] - setting.priors.drifts(peak.at).mean(axis=1)[:, None]
    inside = ((seen >= -0.5) & (seen <= np.array([cols - 0.5, rows - 0.5]))).all(axis=2).any(axis=0)
    bits[~inside] |= flags.OUT_OF_FRAME
    bits[height <= 0] |= flags.NEGATIVE_HEIGHT
    if not peak.converged:
        bits |= flags.NOT_CONVERGED
    return bits


def _misfit(scene: Scene, peak: Peak, *, detector_sigma: float) -> float:
    if scene.variance is not None:
        return float("nan")
    variance = np.maximum(peak.expected, 0.0) + detector_sigma**2 + 1e-9
    squares = scene.used * (scene.counts - peak.expected) ** 2
    return float(squares.sum() / (scene.used * variance).sum())
