"""Metrics of a dislocation's surroundings: strain error and conservation of the Burgers vector.

The fit of the noise-free image is the reference of the displacement gradients, so a perfect
restoration has gradient zero, whatever the strain around the core.

The metrics of this file take a `CoreCell` and return a `CoreSample`, or None where nothing was
measured.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from cases import Case, to_pixels
from fitting.lattice import displacement_gradients
from reports.metrics.cells import CELL_COLUMNS
from reports.metrics.metric import Metric
from reports.records.run_folder import Run
from reports.statistics.intervals import LEVEL, estimate
from reports.statistics.moments import mean_with_left_out
from stembench.arrays import Floats

#: Columns within this distance of the core (Å) enter the strain error.
RADIUS: Final = 5.0
#: A closure failure that differs from the reference's by less than this part of the Burgers vector
#: is that vector.
KEPT: Final = 0.25

#: Radius in Å of the circle round the core along which the Burgers vector is read.
BURGERS_CIRCLE: Final = 8.0

_CELL = list(CELL_COLUMNS)


@dataclass(frozen=True)
class CoreCell:
    """The surroundings of a dislocation in the images of one case, image, dose and restorer.

    Attributes
    ----------
    squared_gradients : ndarray, shape (n_realizations,)
        Mean square displacement gradient in percent squared; NaN where none could be taken.
    n_columns : int
        Columns within `RADIUS`.
    kept : ndarray, shape (n_circuits,)
        1 where an image shows the Burgers vector of the noise-free image, 0 where it shows
        another, NaN where the lattice cannot be read.
    """

    squared_gradients: Floats
    n_columns: int
    kept: Floats


@dataclass(frozen=True)
class CoreSample:
    """A metric of a `CoreCell`: the value and those with one left out, and what they are over."""

    with_left_out: Floats
    n_realizations: int
    n_columns: int


def _strain_rmse(core: CoreCell) -> CoreSample:
    squares = core.squared_gradients
    root = np.sqrt(mean_with_left_out(squares[np.isfinite(squares)]))
    return CoreSample(root, squares.size, core.n_columns)


def _burgers_read(core: CoreCell) -> CoreSample | None:
    read = np.isfinite(core.kept).astype(np.float64)
    return CoreSample(mean_with_left_out(read), read.size, 0) if read.size else None


def _burgers_kept(core: CoreCell) -> CoreSample | None:
    kept = core.kept[np.isfinite(core.kept)]
    return CoreSample(mean_with_left_out(kept), kept.size, 0) if kept.size else None


def _burgers_right(core: CoreCell) -> CoreSample | None:
    right = np.where(np.isfinite(core.kept), core.kept, 0.0)
    return CoreSample(mean_with_left_out(right), right.size, 0) if right.size else None


METRICS: Final = (
    Metric(
        "strain_rmse_pct",
        "strain error",
        unit="%",
        direction="lower",
        scale="log",
        subject="core",
        definition="root mean square of the displacement gradient from the noise-free fit, over "
        f"columns within {RADIUS:g} Å of the core and over its four components",
        of=_strain_rmse,
    ),
    Metric(
        "burgers_read",
        "Burgers vector readable",
        unit="fraction",
        direction="higher",
        scale="fraction",
        subject="core",
        definition="share of the images whose lattice can be read all around the core",
        of=_burgers_read,
    ),
    Metric(
        "burgers_kept",
        "Burgers vector kept",
        unit="fraction",
        direction="higher",
        scale="fraction",
        subject="core",
        definition="share of the readable images that show the Burgers vector of the noise-free "
        "image",
        of=_burgers_kept,
    ),
    Metric(
        "burgers_right",
        "Burgers vector read right",
        unit="fraction",
        direction="higher",
        scale="fraction",
        subject="core",
        definition="share of all images that can be read and show the Burgers vector of the "
        "noise-free image",
        of=_burgers_right,
    ),
)


def load_circuits(run: Run) -> pd.DataFrame:
    """Read the Burgers circuits of a run, one row per image; empty if it has none.

    Columns: case, image, thickness, dose, restorer, realization, closure_x, closure_y (Å; NaN if
    the lattice cannot be read around the core), closure_x_ref, closure_y_ref (of the noise-free
    image).
    """
    frames = run.tables("circuits")
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=_CELL)


def core_of(run: Run) -> pd.DataFrame:
    """Strain error and Burgers vector of a run, summarised; for `Run.once`."""
    cases = {name: run.case(name) for name in run.info.cases}
    return summarise_core(run.records, cases, circuits=run.once(load_circuits))


def summarise_core(
    records: pd.DataFrame,
    cases: Mapping[str, Case],
    *,
    circuits: pd.DataFrame,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Strain error and conservation of the Burgers vector, with intervals over realizations.

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS`.
    cases : mapping of str to Case
        Of the run; those without a dislocation are ignored.
    circuits : pandas.DataFrame
        `load_circuits`.
    level : float
        Two-sided confidence.

    Returns
    -------
    pandas.DataFrame
        Tidy: case, image, thickness, dose, restorer, metric (a name in `METRICS`), value, low,
        high, method, n_realizations, n_columns. burgers_kept is absent if no image can be read.
    """
    rows: list[dict[str, Any]] = []
    for name, case in cases.items():
        if case.structure.dislocation_core is None:
            continue
        for key, group in records[records["case"] == name].groupby(_CELL, sort=True):
            cell = dict(zip(_CELL, key, strict=True))
            core = _core_cell(group, case, circuits=_of_cell(circuits, cell))
            for metric in METRICS:
                sample = metric.of(core)
                if sample is None:
                    continue
                replicates = metric.replicates(sample.with_left_out)
                rows.append(
                    {
                        **cell,
                        "metric": metric.name,
                        **asdict(estimate(replicates, level=level)),
                        "n_realizations": sample.n_realizations,
                        "n_columns": sample.n_columns,
                    }
                )
    return pd.DataFrame(
        rows,
        columns=[*_CELL, "metric", "value", "low", "high", "method", "n_realizations", "n_columns"],
    )


def summarise_burgers(circuits: pd.DataFrame, described: Case, *, case: str) -> pd.DataFrame:
    """Count the images whose Burgers vector is that of the noise-free image.

    Parameters
    ----------
    circuits : pandas.DataFrame
        `load_circuits`.
    described : Case
    case : str
        Its name in the records.

    Returns
    -------
    pandas.DataFrame
        dose, restorer, n (images), n_read (those that can be read), n_right; empty without circuits
        or without a dislocation.
    """
    names = ["dose", "restorer", "n", "n_read", "n_right"]
    if described.structure.dislocation_core is None or not len(circuits):
        return pd.DataFrame(columns=names)
    rows = []
    own = circuits[circuits["case"] == case]
    for (dose, restorer), group in own.groupby(["dose", "restorer"], sort=True):
        kept = _kept(group)
        read = kept[np.isfinite(kept)]
        rows.append((dose, restorer, kept.size, read.size, int(read.sum())))
    return pd.DataFrame(rows, columns=names)


def _core_cell(group: pd.DataFrame, case: Case, *, circuits: pd.DataFrame) -> CoreCell:
    """Measure the records and the circuits of one cell."""
    squares, n_columns = _squared_gradients(group, case)
    kept = _kept(circuits.sort_values("realization")) if len(circuits) else np.empty(0)
    return CoreCell(squared_gradients=squares, n_columns=n_columns, kept=kept)


def _of_cell(rows: pd.DataFrame, cell: Mapping[str, Any]) -> pd.DataFrame:
    """Rows of one cell."""
    for name, value in cell.items():
        rows = rows[rows[name] == value]
    return rows


def _squared_gradients(group: pd.DataFrame, case: Case) -> tuple[Floats, int]:
    """Mean square gradient (percent squared) in each realization, and its number of columns."""
    centre = to_pixels(case, np.zeros((1, 2)))[0]  # the core is the reference point
    first = group[group["realization"] == group["realization"].min()].sort_values("column")
    reference = first[["x_ref", "y_ref"]].to_numpy(dtype=np.float64)
    inner = np.flatnonzero(np.hypot(*(reference - centre).T) * case.sampling <= RADIUS)
    squares = []
    for _, rows in group.groupby("realization", sort=True):
        fitted = rows.sort_values("column")[["x_fit", "y_fit"]].to_numpy(dtype=np.float64)
        gradient = displacement_gradients(fitted, reference, of=inner)
        good = np.isfinite(gradient)
        squares.append(1e4 * float((gradient[good] ** 2).mean()) if good.any() else np.nan)
    return np.array(squares), len(inner)


def _kept(circuits: pd.DataFrame) -> Floats:
    """1 where the Burgers vector is that of the noise-free image, else 0; NaN if not readable."""
    fitted = circuits[["closure_x", "closure_y"]].to_numpy(dtype=np.float64)
    true = circuits[["closure_x_ref", "closure_y_ref"]].to_numpy(dtype=np.float64)
    away = np.hypot(*(fitted - true).T)
    return np.where(np.isfinite(away), away <= KEPT * np.hypot(*true.T), np.nan)
