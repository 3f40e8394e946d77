"""Metrics of contrast, intensity and vacuum of whole images.

The metrics of this file take the values of one cell's images (n,) and return their mean, followed
by those with one image left out.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from reports.metrics.cells import CELL, CELL_COLUMNS
from reports.metrics.metric import Direction, Gate, Metric
from reports.records.run_folder import Run
from reports.statistics.intervals import LEVEL, estimate
from reports.statistics.moments import mean_with_left_out
from stembench.arrays import Floats

_CELL = list(CELL_COLUMNS)
_COLUMNS: Final = [*_CELL, "metric", "value", "low", "high", "method", "n_realizations"]


@dataclass(frozen=True)
class CellImages:
    """What the images of one cell kept.

    Attributes
    ----------
    rows : pandas.DataFrame
        Of `reports.records.run_folder.Run.intensity`, indexed by realization.
    realizations : tuple of int
        Realizations that are asked for.
    """

    rows: pd.DataFrame
    realizations: tuple[int, ...] = field(default=())

    def values(self, name: str) -> Floats | None:
        """Values of a metric by realization, NaN for a lost image; None where it has no meaning."""
        if name not in self.rows or self.rows[name].isna().all():
            return None
        found = self.rows[name].reindex(list(self.realizations))
        return found.to_numpy(dtype=np.float64)


def _of_images(name: str) -> Callable[[CellImages], Floats | None]:
    return lambda images: images.values(name)


def _metric(
    name: str,
    label: str,
    definition: str,
    *,
    unit: str = "fraction",
    direction: Direction | None,
    target: float | None = None,
    margin: float = 0.02,
) -> Metric[Floats, Floats]:
    """Declare a mean over images; one with a target enters the gate."""
    gate: Gate[CellImages] | None = None
    if target is not None:
        gate = Gate(
            name=name,
            kind="target",
            target=target,
            margin=margin,
            meaning=f"growth of |{label} - {target:g}| of an image: {100 * margin:g} in a hundred",
            per_realization=_of_images(name),
        )
    return Metric(
        name,
        label,
        unit=unit,
        direction=direction,
        scale="linear",
        subject="intensity",
        definition=definition,
        of=mean_with_left_out,
        gate=gate,
    )


METRICS: Final[tuple[Metric[Floats, Floats], ...]] = (
    _metric(
        "contrast_kept",
        "contrast kept",
        "mean over pairs of neighbouring columns of the intensity on the two less that halfway "
        "between them (discs of 0.3 Å), over the same of the noise-free image",
        direction=None,
        target=1.0,
    ),
    _metric(
        "width_ratio",
        "width of columns / true",
        "median fitted width of an image's columns over that of the noise-free image",
        unit="",
        direction=None,
    ),
    _metric(
        "total_intensity",
        "total intensity",
        "sum of an image over that of the noise-free image",
        direction=None,
        target=1.0,
        margin=0.01,
    ),
    _metric(
        "vacuum_mean",
        "vacuum, mean / peak",
        "mean of the pixels farther than 1.2 column distances from all atoms, over the largest "
        "value of the noise-free image",
        direction=None,
    ),
    _metric(
        "vacuum_low",
        "vacuum, lowest / peak",
        "lowest value of the vacuum, averaged over 1 Å x 1 Å, over the largest value of the "
        "noise-free image",
        direction=None,
        target=0.0,
    ),
    _metric(
        "negative_share",
        "negative pixels",
        "share of the pixels of an image below zero",
        direction="lower",
        target=0.0,
        margin=0.02,
    ),
)


def cell_images(intensity: pd.DataFrame) -> dict[tuple[str, str, float, str], CellImages]:
    """Cut a run's intensities into cells, by (case, image, dose, restorer)."""
    if intensity.empty:
        return {}
    return {
        (str(case), str(image), float(rows["dose"].iloc[0]), str(restorer)): CellImages(
            rows.set_index("realization").sort_index()
        )
        for (case, image, _, restorer), rows in intensity.groupby(list(CELL), sort=False)
    }


def intensity_of(run: Run) -> pd.DataFrame:
    """Intensity that the images of a run kept, summarised; for `Run.once`."""
    return summarise_intensity(run.intensity)


def summarise_intensity(intensity: pd.DataFrame, *, level: float = LEVEL) -> pd.DataFrame:
    """Reduce intensities to means with confidence intervals over realizations.

    Parameters
    ----------
    intensity : pandas.DataFrame
        `reports.records.run_folder.Run.intensity`.
    level : float
        Two-sided confidence.

    Returns
    -------
    pandas.DataFrame
        Tidy: case, image, thickness, dose, restorer, metric (a name in `METRICS`), value, low,
        high, method, n_realizations. A metric without a meaning, vacuum in a crystal that fills
        the frame, has no row.
    """
    rows = []
    if intensity.empty:
        return pd.DataFrame(columns=_COLUMNS)
    for key, group in intensity.groupby(_CELL, sort=True):
        ordered = group.sort_values("realization")
        for metric in METRICS:
            values = ordered[metric.name].dropna().to_numpy(dtype=np.float64)
            if not values.size:
                continue
            interval = estimate(metric.replicates(metric.of(values)), level=level)
            rows.append(
                {
                    **dict(zip(_CELL, key, strict=True)),
                    "metric": metric.name,
                    **asdict(interval),
                    "n_realizations": values.size,
                }
            )
    return pd.DataFrame(rows, columns=_COLUMNS)
