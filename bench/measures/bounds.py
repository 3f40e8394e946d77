"""Bounds beside the records' own: other assumptions, and scan lines displaced at random."""

from functools import lru_cache
from typing import Final

import pandas as pd

from bench.reference import clean_fit
from cases import Case, get_case, load_ground_truth
from fitting import ColumnFit, LineJitter, cramer_rao, hybrid_bound
from reports import conform_bounds
from stembench.arrays import Bools

#: Kinds of `reports.records.bounds` for images under counting noise alone, and under jitter.
_STILL: Final = ("constant-background", "column-widths")
_MOVED: Final = ("hybrid", "hybrid-unshifted", "hybrid-strict", "hybrid-strict-unshifted")


def kinds_of(case: Case) -> tuple[str, ...]:
    """Names of the kinds of bounds that are stated for a case.

    None for a case that is fitted by another model than one width and no background, which is what
    the kinds say is known, or whose positions are held.
    """
    if case.fit.width != "shared" or case.fit.background != "none" or case.fit.drift == 0:
        return ()
    if case.noise.jitter is not None:
        return _MOVED
    return _STILL if case.bound else ()


def takes_long(case: Case) -> bool:
    """Whether a cell of the case takes seconds rather than hundredths of one."""
    return kinds_of(case) == _MOVED


@lru_cache(maxsize=16)
def bounds_of(name: str, image: str, dose: float) -> pd.DataFrame:
    """Bounds of the measured columns of one image at one dose.

    Parameters
    ----------
    name : str
        Of a case that states bounds (`kinds_of`).
    image : str
        Label of the image.
    dose : float
        e/Å².

    Returns
    -------
    pandas.DataFrame
        Columns of `reports.records.bounds.BOUND_COLUMNS`, a row for each kind and measured column.
        The mean length of an error is stated for hybrid bounds alone.
    """
    from threadpoolctl import threadpool_limits

    case = get_case(name)
    columns = load_ground_truth(case).columns(image)
    measured = columns["measured"].to_numpy(dtype=bool)
    fit = clean_fit(case, image, choice=case.fit)
    with threadpool_limits(1):  # sums are the same on any number of cores
        if takes_long(case):
            frames = _moved(case, fit, dose=dose, measured=measured)
        else:
            frames = _still(fit, dose=dose)
    rows = pd.concat([frame.assign(column=columns.index)[measured] for frame in frames])
    return conform_bounds(rows.assign(case=name, image=image, dose=dose))


def _still(fit: ColumnFit, *, dose: float) -> list[pd.DataFrame]:
    bounds = (
        cramer_rao(fit, dose=dose, background="constant"),
        cramer_rao(fit, dose=dose, width="column"),
    )
    names = {"x_crb": "x", "y_crb": "y", "scs_crb": "scs"}
    return [
        bound[list(names)].rename(columns=names).assign(kind=kind, distance=float("nan"))
        for kind, bound in zip(_STILL, bounds, strict=True)
    ]


def _moved(case: Case, fit: ColumnFit, *, dose: float, measured: Bools) -> list[pd.DataFrame]:
    jitter, detector = case.noise.jitter, case.noise.detector
    if jitter is None:
        raise ValueError(f"case '{case.name}' has no jitter")
    lines = LineJitter(
        sigma_x=jitter.sigma_x, sigma_y=jitter.sigma_y, phi_x=jitter.phi_x, phi_y=jitter.phi_y
    )
    sigma = detector.sigma_electrons if detector else 0.0
    mean, strict = (
        hybrid_bound(
            fit,
            dose=dose,
            jitter=lines,
            detector_sigma=sigma,
            measured=measured,
            average=average,
        )
        for average in ("bound", "information")
    )
    places = (["x_crb", "y_crb", "distance_crb"], ["x_relative", "y_relative", "distance_relative"])
    names = ["x", "y", "distance", "scs"]
    return [
        bound[[*place, "scs_crb"]].set_axis(names, axis=1).assign(kind=kind)
        for kind, (bound, place) in zip(
            _MOVED, [(b, p) for b in (mean, strict) for p in places], strict=True
        )
    ]
