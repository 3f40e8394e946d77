"""Scene, priors and start of a scan fit, from the fit of the columns without lines."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fitting import flags
from fitting.results.column_fit import ColumnFit
from fitting.scan.cross_sections import NO_WIDE_PART
from fitting.scan.posterior import drift
from fitting.scan.posterior.priors import LineStatistics, Priors
from fitting.scan.posterior.scene import (
    INFORMATION_REACH,
    LIGHT_REACH,
    SLACK,
    Order,
    Scene,
    Unknowns,
    Windows,
)
from fitting.scan.preparation.continuation import continuation_pull
from fitting.scan.preparation.lattice_pull import lattice_pull
from fitting.scan.preparation.surroundings import median_spacing
from fitting.scan.scan_model import LEAST_LINES, ScanModel
from stembench.arrays import Bools, Floats, Integers
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
RATIO_SPREAD: Final = 0.12
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
    asked : ndarray, shape (m, 2)
        Where the `modelled` columns were asked for (x, y) [px].
    """

    scene: Scene
    priors: Priors
    start: Unknowns
    modelled: Integers
    given: int
    electrons: float
    asked: Floats


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
    """State scene, priors and start; the lines' statistics are those given, or a first guess.

    Parameters are those of `fitting.scan.scan_fit.fit_scan`.

    Raises
    ------
    InputError
        If there are too few lines or no columns.
    """
    frames, rows, cols = images.shape
    if rows < LEAST_LINES:
        raise InputError(
            f"a scan fit needs at least {LEAST_LINES} lines, and the image has {rows}; fit it "
            "without a scan model"
        )
    modelled = still.modelled[still.modelled < given]
    found = np.count_nonzero(~still.failed[modelled])
    if found < 3:
        raise InputError(
            "a scan fit needs columns that tell where lines are, and the fit without lines found "
            f"{found}; fit the image without a scan model"
        )
    sampling = still.sampling
    electrons = 1.0 if dose is None else dose * sampling**2
    valid = np.isfinite(images) & ~masked
    places, heights = _first_columns(still, modelled)
    spacing = median_spacing(places[: len(modelled)])
    columns = np.zeros((len(places), 4))
    columns[:, :2] = places
    columns[:, 2] = heights * electrons
    typical = float(np.median(columns[: len(modelled), 2]))
    base = float(np.median(still.model.sigma)) * (NARROWER if scan.profile == "two" else 1.0)
    seen = places - drifts[:, None]
    edge = np.minimum(seen, np.array([cols - 1, rows - 1]) - seen).min(axis=2).max(axis=0)
    loose = (np.arange(len(places)) >= len(modelled)) | (edge < RIM * base)

    level = float(still.background[0]) * electrons if background and still.background else 0.0
    shared, shared_precision, held_shared = _first_profile(
        scan, base=base, level=level, background=background
    )
    design, least = np.zeros((0, 0)), 0.0
    if frames > 1:
        design, least = drift.drift_design(rows, slow=scan.slow_drift > 0), drift.HELD
        more = drift.drift_priors(drifts, design, spacing=spacing, slow=scan.slow_drift / sampling)
        shared = np.concatenate([shared, more[0]])
        shared_precision = np.concatenate([shared_precision, more[1]])
        held_shared = np.concatenate([held_shared, np.zeros(len(more[0]), dtype=bool)])

    wide = base * (RATIO if scan.profile == "two" else 1.0)
    light, information = (
        Windows.around(places, (rows, cols), shifts=drifts, reach=reach * wide)
        for reach in (LIGHT_REACH, INFORMATION_REACH)
    )
    # Two columns that share a line lie within twice the reach and the slack of each other.
    height = 2 * (INFORMATION_REACH * wide + SLACK)
    pull = None
    if scan.lattice_prior is not None:
        pull, reach = lattice_pull(places, width=scan.lattice_prior / sampling)
        height = max(height, reach + 1)
    continuation, continued, reach = continuation_pull(
        places, loose, width=LOOSE_PLACE * spacing, inside=edge
    )
    height = max(height, reach + 1)
    scene = Scene(
        counts=np.where(valid, images, 0.0) * electrons,
        used=valid.astype(np.float64),
        floor=0.0 if dose is None else detector_sigma**2 + FLOOR * typical,
        variance=_variance(still, images[0], valid[0]) if dose is None else None,
        light=light,
        information=information,
        order=Order.along(
            places[:, 1], (np.arange(rows) + drifts[:, 1:]).ravel(), height=height, rows=rows
        ),
    )
    x, y = (
        LineStatistics(
            FIRST_GUESS.sigma if sigma is None else max(sigma / sampling, least),
            FIRST_GUESS.phi if phi is None else phi,
        )
        for sigma, phi in ((scan.sigma_x, scan.phi_x), (scan.sigma_y, scan.phi_y))
    )
    held_columns = np.zeros(columns.shape, dtype=bool)
    held_columns[:, 3] = scan.width_spread == 0
    priors = Priors(
        x=x,
        y=y,
        columns=columns.copy(),
        columns_precision=_column_precision(
            columns,
            loose,
            continued,
            spacing=spacing,
            typical=typical,
            width_spread=scan.width_spread,
        ),
        shared=shared.copy(),
        shared_precision=shared_precision,
        pull=pull,
        continuation=continuation,
        drift=design,
        gauge=drift.GAUGE,
        held_columns=held_columns,
        held_shared=held_shared,
    )
    start = Unknowns(columns, np.tile(drifts[:, None], (1, rows, 1)), shared)
    asked = still.table[["x_init", "y_init"]].to_numpy()[modelled]
    return Setting(scene, priors, start, modelled, given, electrons, asked)


def _first_columns(still: ColumnFit, modelled: Integers) -> tuple[Floats, Floats]:
    """Places (n, 2) and heights (n,) of the columns, those that were asked for first."""
    # The fit without lines leaves columns out that lie farther beyond the frame than a few widths.
    # A displaced line shows them, and so do frames that lie elsewhere.
    usable = np.isfinite(still.table[["x_init", "y_init"]].to_numpy()).all(axis=1)
    usable &= (still.table["flags"].to_numpy() & flags.DUPLICATE) == 0
    others = np.setdiff1d(np.flatnonzero(usable), modelled)
    table = still.table.iloc[np.concatenate([modelled, others])]
    inside = len(modelled)
    starts = table[["x_init", "y_init"]].to_numpy()
    spacing = median_spacing(starts[:inside])
    typical = float(np.nanmedian(table["height"].to_numpy()[:inside]))
    # What the fit without lines lost, or carried off, starts where it was asked for.
    places = table[["x", "y"]].to_numpy()
    near = np.hypot(*(places - starts).T) < CARRIED_OFF * spacing
    places = np.where(near[:, None], places, starts)
    heights = np.where(near, table["height"].to_numpy(), typical)
    heights = np.clip(heights, 0.05 * typical, None)
    heights[inside:] = np.clip(heights[inside:], typical / 3, 2 * typical)
    return places, heights


def _first_profile(
    scan: ScanModel, *, base: float, level: float, background: bool
) -> tuple[Floats, Floats, Bools]:
    """Start and precision of what all columns share, and which of it is held, shape (4,)."""
    two = scan.profile == "two"
    logit = np.log(WIDE_PART / (1 - WIDE_PART))
    return (
        np.array(
            [np.log(base), np.log(RATIO) if two else 0.0, logit if two else NO_WIDE_PART, level]
        ),
        np.array([0.0, 1 / RATIO_SPREAD**2, 1 / WIDE_SPREAD**2, 0.0]),
        np.array([False, not two, not two, not background]),
    )


def _column_precision(
    columns: Floats,
    loose: Bools,
    continued: Bools,
    *,
    spacing: float,
    typical: float,
    width_spread: float,
) -> Floats:
    """Precision (n, 4) of what is known of the columns beforehand."""
    precision = np.zeros(columns.shape)
    # Far wider than any error: a column whose light is lost in noise stays in the image.
    precision[:, :2] = 1 / spacing**2
    precision[loose & ~continued, :2] = 1 / (LOOSE_PLACE * spacing) ** 2
    precision[loose, 2] = 1 / (LOOSE_HEIGHT * np.maximum(columns[loose, 2], typical / 3)) ** 2
    if width_spread > 0:
        precision[:, 3] = 1 / width_spread**2
    return precision


def _variance(still: ColumnFit, image: Floats, valid: Bools) -> float:
    """Variance of the noise of an image whose counts are not known, from its residual.

    What displaced lines and an imperfect profile leave counts too: the median of a frame that is
    mostly vacuum is far below the noise of columns, and lines would follow their misfit.
    """
    residual = (image - still.model.image())[valid]
    return max(float(np.mean(residual**2)), 1e-30)
