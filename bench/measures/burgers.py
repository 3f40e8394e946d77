"""Burgers vector measured from the fitted columns of each image of a dislocation."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from bench.reference import clean_fit
from cases import Case, to_pixels
from fitting.lattice import burgers_by_phase
from reports import BURGERS_CIRCLE
from stembench.arrays import Floats


def has_circuit(case: Case) -> bool:
    """Whether a case holds a dislocation that a Burgers circuit can enclose."""
    return case.structure.dislocation_core is not None


def closures(case: Case, image: str, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Closure failures round the core, from all columns of the frame, measured or not.

    Parameters
    ----------
    case : Case
    image : str
        Label of the image.
    tables : sequence of pandas.DataFrame
        Fitted columns of each image: x and y in px, NaN where a fit failed.

    Returns
    -------
    pandas.DataFrame
        One row per image: closure_x, closure_y in Å (NaN if the lattice cannot be read) and those
        of the noise-free image, closure_x_ref, closure_y_ref.
    """
    reference = _reference(case, image)
    failures = [_closure(case, table[["x", "y"]].to_numpy(dtype=np.float64)) for table in tables]
    return pd.DataFrame(
        {
            "closure_x": [x for x, _ in failures],
            "closure_y": [y for _, y in failures],
            "closure_x_ref": reference[0],
            "closure_y_ref": reference[1],
        }
    )


@lru_cache(maxsize=64)
def _reference(case: Case, image: str) -> tuple[float, float]:
    fit = clean_fit(case, image, choice=case.fit)
    closure = _closure(case, fit.table[["x", "y"]].to_numpy(dtype=np.float64))
    if not np.isfinite(closure).all():
        raise ValueError(f"no Burgers vector in the noise-free image of '{case.name}'")
    return closure


def _closure(case: Case, positions: Floats) -> tuple[float, float]:
    core = case.structure.dislocation_core
    if core is None:
        raise ValueError(f"case '{case.name}' has no dislocation")
    centre = to_pixels(case, np.array([core]))[0]
    closure = burgers_by_phase(positions, centre=centre, radius=BURGERS_CIRCLE / case.sampling)
    if closure is None:
        return float("nan"), float("nan")
    x, y = closure * case.sampling
    return float(x), float(y)
