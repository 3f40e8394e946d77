"""What happens round a dislocation: strain errors and whether the Burgers vector is kept.

The fit of the noise-free image is the reference of the displacement gradients, so a perfect
restoration has gradient zero, whatever the strain round the core.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import numpy as np
import pandas as pd

from cases import Case, to_pixels
from fitting.lattice import displacement_gradients
from reports.figures.panels import dose_text
from reports.metrics.table import Scale
from reports.names import order, styles
from reports.records.run_folder import Run, read_frames
from reports.statistics.intervals import LEVEL, Replicates, estimate
from reports.words.numbers import quantity
from reports.words.tables import Table
from stembench.arrays import Floats

#: Columns within this distance of the core (Å) enter the strain error.
RADIUS: Final = 5.0
#: A closure failure within this part of the Burgers vector from the reference's is that vector.
KEPT: Final = 0.25

_CELL = ["case", "image", "thickness", "dose", "restorer"]
_SCALES: dict[str, Scale] = {
    "strain_rmse_pct": "log",
    "burgers_read": "fraction",
    "burgers_kept": "fraction",
}


def load_circuits(run: Run) -> pd.DataFrame:
    """Read the Burgers circuits of a run, one row per image; empty if it has none.

    Columns: case, image, thickness, dose, restorer, realization, closure_x, closure_y (Å; NaN if
    the lattice cannot be read round the core), closure_x_ref, closure_y_ref (of the noise-free
    image).
    """
    frames = read_frames(run.folder / "circuits")
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=_CELL)


def summarise_core(
    records: pd.DataFrame,
    cases: Mapping[str, Case],
    *,
    circuits: pd.DataFrame,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Strain error and fate of the Burgers vector with intervals over realizations.

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
        Tidy: case, image, thickness, dose, restorer, metric, value, low, high, method,
        n_realizations, n_columns. Metrics: strain_rmse_pct (root mean square over columns within
        `RADIUS` and over the four components of the gradient, in percent), burgers_read (share of
        realizations whose lattice can be read all round the core) and burgers_kept (share of these
        that show the Burgers vector of the noise-free image; absent if none can be read).
    """
    rows = []
    for name, case in cases.items():
        if case.structure.dislocation_core is None:
            continue
        for key, group in records[records["case"] == name].groupby(_CELL, sort=True):
            squares, columns = _squared_gradients(group, case)
            cell = dict(zip(_CELL, key, strict=True))
            rows.append(_row(cell, "strain_rmse_pct", squares, columns=columns, level=level))
            walked = circuits
            for label, value in cell.items():
                walked = walked[walked[label] == value]
            if len(walked):
                kept = _kept(walked.sort_values("realization"))
                read = np.isfinite(kept)
                for metric, values in (
                    ("burgers_read", read.astype(np.float64)), ("burgers_kept", kept[read]),
                ):  # fmt: skip
                    if len(values):
                        rows.append(_row(cell, metric, values, columns=0, level=level))
    return pd.DataFrame(
        rows,
        columns=[*_CELL, "metric", "value", "low", "high", "method", "n_realizations", "n_columns"],
    )


def _row(
    cell: Mapping[str, Any], metric: str, values: Floats, *, columns: int, level: float
) -> dict[str, Any]:
    return {
        **cell,
        "metric": metric,
        **asdict(estimate(_replicates(metric, values), level=level)),
        "n_realizations": len(values),
        "n_columns": columns,
    }


def core_table(summary: pd.DataFrame, *, title: str) -> Table:
    """Table of strain errors and Burgers vectors of one case.

    Parameters
    ----------
    summary : pandas.DataFrame
        `summarise_core`, of one case.
    title : str
        Of the case.
    """
    looks = styles(summary["restorer"].unique())
    rows = []
    for _, cell in summary.groupby("dose"):
        dose = dose_text(float(cell["dose"].iloc[0]))
        for restorer in order(cell["restorer"].unique()):
            own = cell[cell["restorer"] == restorer].set_index("metric")
            n = f"{own['n_realizations'].max()} × {own['n_columns'].max()}"
            numbers = (_cell(own, metric) for metric in _SCALES)
            rows.append((dose, looks[restorer].label, *numbers, n))
    return Table(
        title=f"Strain and Burgers vector: {title}",
        note=f"Displacement gradient against the noise-free fit within {RADIUS:g} Å of the core, "
        "root mean square over columns and components. The Burgers vector is read from the phases "
        "of the lattice round the core, where noise lets them be read; shares of the images, and "
        "of those that can be read. Fits start at the true positions, so a core that was drawn as "
        "perfect lattice is not told by this. Value (95 % interval).",
        header=(
            "dose (e/Å²)", "restorer", "strain error (%)", "Burgers vector readable (%)",
            "of these kept (%)",
            "n: realizations × columns",
        ),
        rows=tuple(rows),
        n_labels=2,
    )  # fmt: skip


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
    found = circuits[["closure_x", "closure_y"]].to_numpy(dtype=np.float64)
    true = circuits[["closure_x_ref", "closure_y_ref"]].to_numpy(dtype=np.float64)
    away = np.hypot(*(found - true).T)
    return np.where(np.isfinite(away), away <= KEPT * np.hypot(*true.T), np.nan)


def _replicates(metric: str, values: Floats) -> Replicates:
    values = values[np.isfinite(values)]
    n = values.size
    value = float(values.mean()) if n else float("nan")
    left_out = (values.sum() - values) / (n - 1) if n > 1 else np.empty(0)
    if metric == "strain_rmse_pct":  # the mean was that of squares
        value, left_out = float(np.sqrt(value)), np.sqrt(left_out)
    return Replicates(value, left_out, _SCALES[metric])


def _cell(own: pd.DataFrame, metric: str) -> str:
    if metric not in own.index:
        return ""
    factor = 100.0 if metric.startswith("burgers_") else 1.0
    value, low, high = (
        factor * float(x) for x in own.loc[[metric], ["value", "low", "high"]].to_numpy()[0]
    )
    return quantity(value, low, high).replace(" to ", "–")
