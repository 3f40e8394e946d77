"""Position and SCS errors of each image of a dislocation, by distance from the core.

All columns of the frame enter, not only those that the case measures: far from the core the
lattice is nearly perfect, and there a restorer that knows lattices has it easy.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from cases import Case, to_pixels
from stembench.arrays import Floats

#: Edges of the rings in Å. 3.5 Å holds the columns that have lost a neighbour, 8 Å the measured
#: ones of the dislocation case.
EDGES: Final = (0.0, 3.5, 8.0, np.inf)
#: Rim of the frame in px whose columns are left out: part of what they are fitted to is cut off.
RIM: Final = 6.0
_PM_PER_ANGSTROM: Final = 100.0


def errors_by_distance(
    case: Case, reference: pd.DataFrame, tables: Sequence[pd.DataFrame]
) -> pd.DataFrame:
    """Mean errors in rings about the core, from all columns of the frame.

    Parameters
    ----------
    case : Case
        With a dislocation.
    reference : pandas.DataFrame
        `bench.reference.reference_table` of the image.
    tables : sequence of pandas.DataFrame
        Fitted columns of each image: x and y in px, scs in Å², NaN where a fit failed.

    Returns
    -------
    pandas.DataFrame
        One row per image and ring: image_number (place in `tables`), from_A, to_A (Å, to_A
        infinite for the outermost), n_columns, n_fitted, mae_pm (mean distance from the noise-free
        fit), mae_unshifted_pm (the same after the mean error of the measured columns was taken
        off) and mpe_pct (mean absolute percentage error of the SCS); NaN where nothing was fitted.
    """
    centre = to_pixels(case, np.zeros((1, 2)))[0]  # the core is the reference point
    places = reference[["x_ref", "y_ref"]].to_numpy(dtype=np.float64)
    distance = np.hypot(*(places - centre).T) * case.sampling
    last = np.array([case.shape[1], case.shape[0]]) - 1 - RIM
    counted = ((places >= RIM) & (places <= last)).all(axis=1)
    measured = reference["measured"].to_numpy(dtype=np.bool_)
    scs_ref = reference["scs_ref"].to_numpy(dtype=np.float64)
    pm = case.sampling * _PM_PER_ANGSTROM
    rows = []
    for number, table in enumerate(tables):
        errors = (table[["x", "y"]].to_numpy(dtype=np.float64) - places) * pm
        shift = _mean(errors[measured])
        relative = np.abs(table["scs"].to_numpy(dtype=np.float64) / scs_ref - 1) * 100
        for low, high in pairwise(EDGES):
            ring = counted & (distance >= low) & (distance < high)
            away = np.hypot(*errors[ring].T)
            rows.append(
                {
                    "image_number": number,
                    "from_A": low,
                    "to_A": high,
                    "n_columns": int(ring.sum()),
                    "n_fitted": int(np.isfinite(away).sum()),
                    "mae_pm": float(_mean(away)),
                    "mae_unshifted_pm": float(_mean(np.hypot(*(errors[ring] - shift).T))),
                    "mpe_pct": float(_mean(relative[ring])),
                }
            )
    return pd.DataFrame(rows)


def _mean(values: Floats) -> Floats:
    """Mean over the first axis of what is finite; NaN where nothing is."""
    good = np.isfinite(values)
    count = good.sum(axis=0)
    total = np.where(good, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
