"""Reference values: noise-free fits, Cramér-Rao bound, SCS library; and the options of all fits."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from cases import Case, FitChoice, load_ground_truth
from fitting import Bounds, ColumnFit, Engine, FitOptions, cramer_rao, fit_columns
from stembench.arrays import Floats
from stembench.errors import InputError


def positions_and_mask(case: Case, image: str) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Where the fits of an image start, and which of its pixels they leave out.

    Returns
    -------
    positions : ndarray, shape (n, 2)
        True positions (x, y) in px of the columns of the frame.
    mask : ndarray of bool, shape (h, w)
        True where the nearest column lies outside the frame: there the intensity belongs to a
        column that no fit can place, and would be taken for background or push others aside.
    """
    truth = load_ground_truth(case)
    # Fits of an edited image must find the change: they start where the columns were before it.
    base = truth.base_label(image)
    inside = truth.columns(base)[["x", "y"]].to_numpy(dtype=np.float64)
    outside = truth.outside(base)[["x", "y"]].to_numpy(dtype=np.float64)
    if not len(outside):
        return inside, np.zeros(case.shape, dtype=bool)
    y, x = np.mgrid[: case.shape[0], : case.shape[1]]
    pixels = np.stack([x.ravel(), y.ravel()], axis=1)
    mask = np.less(cKDTree(outside).query(pixels)[0], cKDTree(inside).query(pixels)[0])
    return inside, mask.reshape(case.shape)


def fit_options(
    choice: FitChoice, *, width: float | None = None, engine: Engine = "joint"
) -> FitOptions:
    """Options of the fit of a case's images.

    Parameters
    ----------
    choice : FitChoice
        How the case is fitted.
    width : float, optional
        Width of the noise-free image's columns [px], at which fits of noisy images start and
        about which they are bounded; None for the fit of the noise-free image itself.
    engine : {'joint', 'lmfit'}
        What minimises.
    """
    factor = choice.width_factor
    return FitOptions(
        width=choice.width,
        background=choice.background,
        engine=engine,
        start_width=width,
        bounds=Bounds(
            drift=choice.drift, width=None if width is None else (width / factor, width * factor)
        ),
    )


@lru_cache(maxsize=256)
def clean_fit(case: Case, image: str, *, choice: FitChoice) -> ColumnFit:
    """Fit every column of a noise-free image, from the true positions."""
    positions, mask = positions_and_mask(case, image)
    return fit_columns(
        load_ground_truth(case).image(image),
        positions,
        sampling=case.sampling,
        options=fit_options(choice),
        mask=mask,
    )


def reference_table(case: Case, image: str, *, dose: float) -> pd.DataFrame:
    """True and reference values of the columns of one image, and their bound at one dose.

    Returns
    -------
    pandas.DataFrame
        Indexed by `column` with x_true, y_true (px), count_true, measured, site, role (see
        `cases.column_roles`), x_ref, y_ref (px), scs_ref (Å²) and x_crb, y_crb (px), scs_crb
        (Å²); the bound is NaN where the case states none, because its images carry more than
        Poisson noise.
    """
    truth = load_ground_truth(case)
    columns = truth.columns(image)
    fit = clean_fit(case, image, choice=case.fit)
    roles = truth.roles(image)
    table = pd.DataFrame(
        {
            "x_true": columns["x"],
            "y_true": columns["y"],
            "count_true": columns["count"],
            "measured": columns["measured"],
            "site": roles["site"],
            "role": roles["role"],
            "x_ref": fit.table["x"].to_numpy(),
            "y_ref": fit.table["y"].to_numpy(),
            "scs_ref": fit.table["scs"].to_numpy(),
        },
        index=columns.index,
    )
    bounds = ["x_crb", "y_crb", "scs_crb"]
    if case.bound:
        table[bounds] = cramer_rao(fit, dose=dose)[bounds].to_numpy()
    else:
        table[bounds] = np.nan
    return table


def scs_library(case: Case, *, choice: FitChoice) -> Floats:
    """SCS in Å² of columns of 1, 2, ... atoms: the noise-free fits of the bulk series.

    Each entry is the mean over the measured columns of one thickness.

    Parameters
    ----------
    case : Case
        The series of thicknesses.
    choice : FitChoice
        The fit of the case that is to be counted: both must use the same estimator.

    Raises
    ------
    InputError
        If a fit of the series failed, so that a count would be missing.
    """
    truth = load_ground_truth(case)
    values: dict[int, float] = {}
    for spec in case.images:
        columns = truth.columns(spec.label)
        measured = columns["measured"].to_numpy()
        scs = clean_fit(case, spec.label, choice=choice).table["scs"].to_numpy()[measured]
        counts = np.unique(columns["count"].to_numpy()[measured])
        if counts.size != 1 or not np.isfinite(scs).all():
            raise InputError(
                f"the library case {case.name} gives no single SCS for {spec.label}; run"
                " 'nox -s simulate' to renew its ground truth"
            )
        values[int(counts[0])] = float(scs.mean())
    if sorted(values) != list(range(1, len(values) + 1)):
        raise InputError(f"the library case {case.name} misses atom counts; it has {len(values)}")
    return np.array([values[count] for count in sorted(values)])
