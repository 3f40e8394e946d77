"""Doubts about the restorers of a run, from its probes and from the errors in its records.

Every limit has a part that is an effect, so that what is not exactly the same is no doubt, and a
part that is a number of standard errors. They were set on honest restorers; docs/honesty.md has how
often these are doubted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd

from bench.measures.honesty.probes import MEASURED
from bench.reference import clean_fit
from cases import Case, load_ground_truth
from fitting import cramer_rao
from reports import Doubt
from stembench.arrays import Floats

#: Largest difference of an image that is restored twice, in standard deviations of the result:
#: that of `stembench check`.
SAME: Final = 1e-5
#: Standard errors by which a measured effect must pass its limit.
ERRORS: Final = 6.0
#: Share of a move of the whole specimen that may be lost or exaggerated.
LOST: Final = 0.25
#: Factor by which a median squared error may change when the image is moved and mirrored.
CHANGED: Final = 4.0
#: Chance below which a scatter of whole images is too small, if any estimate has at least ...
CHANCE: Final = 1e-6
#: ... this part of the variance of the best one under counting noise.
BEST: Final = 0.5
#: A squared error below this part of that of the noise-free image's fit is too small, ...
BELOW: Final = 0.5
#: ... if it is so by this many standard errors, over so many realizations at least.
BELOW_ERRORS: Final = 5.0
FEWEST: Final = 4


@dataclass(frozen=True)
class Cell:
    """One restorer on one image at one dose."""

    restorer: str
    case: str
    image: str
    dose: float

    def doubt(self, check: str, sentence: str) -> Doubt:
        """Make a doubt about this cell."""
        return Doubt(
            restorer=self.restorer,
            case=self.case,
            image=self.image,
            dose=self.dose,
            check=check,
            sentence=sentence,
        )


def image_errors(records: pd.DataFrame, restorer: str) -> pd.DataFrame:
    """Errors of the images of a block as wholes.

    Parameters
    ----------
    records : pandas.DataFrame
        Of one block.
    restorer : str
        Whose main fits are taken.

    Returns
    -------
    pandas.DataFrame
        One row per realization with columns that were fitted: shift_x, shift_y, the mean
        difference from the noise-free image's fit [px]; error, the mean squared distance from the
        true positions, and clean_error, that of the noise-free image's fit [px²]; crb, the
        harmonic mean of the bounds' variances [px²].
    """
    rows = records[(records["restorer"] == restorer) & records["x_fit"].notna()]
    fit, ref, true, bound = (
        rows[[f"x_{kind}", f"y_{kind}"]].to_numpy(dtype=np.float64)
        for kind in ("fit", "ref", "true", "crb")
    )
    values = pd.DataFrame(
        {
            "realization": rows["realization"].to_numpy(),
            "shift_x": (fit - ref)[:, 0],
            "shift_y": (fit - ref)[:, 1],
            "error": np.square(fit - true).sum(axis=1),
            "clean_error": np.square(ref - true).sum(axis=1),
            "information": np.mean(1 / np.square(bound), axis=1),
        }
    )
    means = values.groupby("realization", observed=True).mean().reset_index()
    return means.assign(crb=1 / means.pop("information"))


@dataclass
class Witness:
    """What is known of the restorers of a run, gathered block by block."""

    errors: dict[Cell, list[pd.DataFrame]] = field(default_factory=dict)
    probes: dict[Cell, list[pd.DataFrame]] = field(default_factory=dict)

    def see(self, cell: Cell, records: pd.DataFrame, probes: pd.DataFrame | None) -> None:
        """Take in a block: its records, and its probes if it has any."""
        errors = image_errors(records, cell.restorer)
        if len(errors):
            self.errors.setdefault(cell, []).append(errors)
        if probes is not None:
            self.probes.setdefault(cell, []).append(probes)

    def doubts(self, cases: dict[str, Case]) -> tuple[Doubt, ...]:
        """Judge all that was gathered.

        Parameters
        ----------
        cases : dict of str to Case
            Of the run, by name.
        """
        found: list[Doubt] = []
        for cell, tables in self.probes.items():
            found += _of_probes(cell, pd.concat(tables, ignore_index=True))
        for cell, tables in self.errors.items():
            # Where positions are held their errors say nothing.
            if cases[cell.case].fit.drift != 0:
                found += _of_errors(cell, pd.concat(tables, ignore_index=True), cases[cell.case])
        return tuple(found)


def _of_probes(cell: Cell, rows: pd.DataFrame) -> Iterator[Doubt]:
    repeated = float(rows["repeated"].max())
    if repeated > SAME:
        yield cell.doubt(
            "repeat",
            f"an image that was restored again, alone and after others, differs by {repeated:.1g} "
            "of the result's standard deviation: the result hangs on more than the image",
        )
    for failure in rows["failure"][rows["failure"] != ""].iloc[:1]:
        yield cell.doubt("transform", f"it fails on an image that was moved: {failure}")
    how = f"{len(rows)} image{'' if len(rows) == 1 else 's'} {rows['transform'].iloc[0]}"
    if len(rows) > 1:
        how += " and likewise"
    followed, error = _pooled(rows, "followed")
    if abs(followed - 1) - ERRORS * error > LOST:
        yield cell.doubt(
            "follow",
            f"of a move of the whole specimen its columns follow {followed:.2f} ± {error:.2g} "
            f"({how}): it draws columns where it expects them",
        )
    for name, what in (("position_change", "positions"), ("scs_change", "SCS")):
        change, error = _pooled(rows, name)
        if abs(change) - ERRORS * error > np.log(CHANGED):
            yield cell.doubt(
                "transform",
                f"the median squared error of {what} changes by a factor of {np.exp(change):.2g} "
                f"(a factor of {np.exp(error):.2g} is one standard error) when the image is "
                f"another view of the same ({how}): it knows the image",
            )


def _pooled(rows: pd.DataFrame, name: str) -> tuple[float, float]:
    """Mean over probes and its standard error; that of columns, or of images if larger."""
    assert name in MEASURED  # noqa: S101 (this module's own)
    own = rows[rows[name].notna()]
    n = len(own)
    if n == 0:
        return float("nan"), float("nan")
    error = float(np.sqrt(np.square(own[f"{name}_err"]).sum())) / n
    if n > 1:
        error = max(error, float(own[name].std(ddof=1)) / np.sqrt(n))
    return float(own[name].mean()), error


def _of_errors(cell: Cell, rows: pd.DataFrame, case: Case) -> Iterator[Doubt]:
    from scipy.stats import chi2

    n = len(rows)
    variance = shift_variance(case, cell.image, dose=cell.dose, crb=float(rows["crb"].mean()))
    squares = np.square(rows[["shift_x", "shift_y"]].to_numpy(dtype=np.float64)).sum()
    if chi2.cdf(squares / (BEST * variance), 2 * n) < CHANCE:
        ratio = float(np.sqrt(squares / (2 * n * variance)))
        yield cell.doubt(
            "shift",
            f"its images as wholes are off by {ratio:.2g} of what the electrons let be known even "
            f"to one who knows the whole lattice (n = {n}): it knows where the specimen lies",
        )
    errors: Floats = rows["error"].to_numpy(dtype=np.float64)
    clean = float(rows["clean_error"].mean())
    if n < FEWEST:
        return
    high = errors.mean() + BELOW_ERRORS * errors.std(ddof=1) / np.sqrt(n)
    if high < BELOW * clean:
        yield cell.doubt(
            "truth",
            f"the error of its positions is {np.sqrt(errors.mean() / clean):.2g} of that of the "
            f"noise-free image's own fit (n = {n}): it knows the true positions",
        )


def shift_variance(case: Case, image: str, *, dose: float, crb: float) -> float:
    """Least variance [px²], per axis, of the place of a specimen whose lattice is known.

    Counting is the only noise; all columns in the frame tell the place alike.

    Parameters
    ----------
    case : Case
    image : str
        Label of the image.
    dose : float
        e/Å².
    crb : float
        Harmonic mean of the bounds' variances over columns and axes [px²]; NaN where the records
        hold no bound, which is then computed.
    """
    number = _number_of_columns(case, image)
    if np.isnan(crb):
        bounds = cramer_rao(clean_fit(case, image, choice=case.fit), dose=dose)
        variances = np.square(bounds[["x_crb", "y_crb"]].to_numpy(dtype=np.float64))
        crb = 1 / float(np.nanmean(1 / variances))
    return crb / number


@lru_cache(maxsize=256)
def _number_of_columns(case: Case, image: str) -> int:
    # The file of a ground truth is read and checked at every call.
    return len(load_ground_truth(case).columns(image))
