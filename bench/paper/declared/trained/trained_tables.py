"""Tables of the trainings that ship with a checkout, and what of them figures share."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from bench.paper.networks.network_drawing import grouped
from bench.paper.networks.trained.compared_losses import SMALL_NUMBERS
from bench.paper.networks.trained.kept_rows import read_rows
from bench.paper.networks.trained.trial import SCENES, SIDE, STEPS, TRAINED
from reports import LackingError, Number
from stembench.arrays import Floats

#: Where `nox -s experiments` writes them.
FOLDER: Final = Path(__file__).parents[4] / "results" / "training"


def trained_table(name: str, wanted: Collection[str], *, folder: Path = FOLDER) -> pd.DataFrame:
    """Read the rows of an experiment.

    Parameters
    ----------
    name : str
        'networks', 'losses' or 'noise'.
    wanted : collection of str
        Names of trainings that must be there, from one seed at least.
    folder : pathlib.Path

    Raises
    ------
    LackingError
        If this is no checkout, or a network was not trained.
    """
    path = folder / f"{name}.csv"
    if not path.is_file():
        raise LackingError(
            f"the trained networks' table {name}.csv ships with a checkout in results/training and "
            f"is not there; `nox -s experiments -- {name}` trains them"
        )
    rows = read_rows(path)
    absent = [each for each in wanted if not (rows["name"] == each).any()]
    if absent:
        raise LackingError(
            f"of the networks of {name}.csv in results/training, {', '.join(absent)} are not "
            f"trained yet; `nox -s experiments -- {name}` goes on"
        )
    return rows


def small_text() -> str:
    """The small network and what it learned from, in words."""
    return (
        f"CGRDN of {grouped(SMALL_NUMBERS)} trained numbers, taught {STEPS} steps of 4 pairs of "
        f"{SIDE} x {SIDE} px ({TRAINED} pairs, {SCENES:.0%} of them scenes of columns and the "
        "others hrstem)"
    )


def crossed_number(
    values: ArrayLike, *, unit: str = "", at: str = "", condition: str = ""
) -> Number:
    """Mean of values of several trainings on the same images, with its 95 % interval.

    Both trainings and images scatter: the variance is that of the trainings' means over their
    number plus that of the images' means over theirs, which is a little too large, since what
    scatters in a single value is in both; t with the degrees of freedom of F. E. Satterthwaite
    (Biometrics Bulletin 2 (1946) 110, doi:10.2307/3002019).

    Parameters
    ----------
    values : array_like, shape (trainings, images)
        Finite numbers; without an interval if there is one training or one image.
    unit, at, condition : str
        As of `reports.Number`.
    """
    own = np.asarray(values, dtype=np.float64)
    mean = float(own.mean())
    half = _half_width(own) if min(own.shape) > 1 else float("nan")
    return Number(
        value=mean, low=mean - half, high=mean + half, unit=unit, at=at, condition=condition
    )


def _half_width(values: Floats) -> float:
    from scipy.stats import t

    parts, freedom = [], []
    for axis in (1, 0):
        means = values.mean(axis=axis)
        parts.append(float(means.var(ddof=1)) / len(means))
        freedom.append(len(means) - 1)
    total = sum(parts)
    if total == 0:
        return float("nan")
    effective = total**2 / sum(part**2 / count for part, count in zip(parts, freedom, strict=True))
    return float(t.ppf(0.975, effective)) * float(np.sqrt(total))
