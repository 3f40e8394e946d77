"""Sentences on columns that are not resolved, on dark vacuum and on intensity that was lost."""

from collections.abc import Iterable
from typing import Final

import pandas as pd

from reports.metrics.kept.image_intensity import intensity_of
from reports.metrics.kept.resolution import (
    CONTRAST_FLOOR,
    MOST_BELOW,
    NOT_RESOLVED,
    contrast_of,
    unresolved_cells,
)
from reports.records.run_folder import Run
from reports.words.numbers import dose_text, metric_quantity
from reports.words.sentences import Sentence

#: Vacuum whose darkest place is below this share of the peak is called a hole.
HOLE: Final = -0.05
#: Part of the intensity whose loss or gain is warned of.
LOSS: Final = 0.02


def resolution_sentences(run: Run) -> list[Sentence]:
    """Say first of which restorers the columns are not resolved, and where.

    Parameters
    ----------
    run : Run

    Returns
    -------
    list of Sentence
        One warning per restorer below the floor of contrast in any case, image and dose.
    """
    kept = run.once(contrast_of)
    unresolved = unresolved_cells(kept, run.restorers)
    sentences = []
    for restorer in run.restorers.ranked({name for *_, name in unresolved}):
        cells = [cell for cell in unresolved if cell[3] == restorer]
        own = kept[kept["restorer"] == (run.restorers.by_name[restorer].of or restorer)]
        shares = own.set_index(["case", "image", "dose"])["least"]
        least = min(float(shares[cell[:3]]) for cell in cells)
        total = len(shares)
        sentences.append(
            Sentence(
                f"{run.restorers.label(restorer)}: {NOT_RESOLVED}. Images keep as little as "
                f"{100 * max(least, 0.0):.1f} % of the columns' contrast, below the floor of "
                f"{100 * CONTRAST_FLOOR:g} % in the mean or in more than {100 * MOST_BELOW:g} % of "
                f"the images, in {len(cells)} of {total} images and doses "
                f"({_places(run, cells)}): no position, no count and no SCS is reported there, and "
                "it ranks behind all others.",
                "warning",
            )
        )
    return sentences


def _places(run: Run, cells: Iterable[tuple[str, str, float, str]]) -> str:
    named = sorted({(case, image, dose) for case, image, dose, _ in cells})
    texts = [f"{run.title(case)} {image}, {dose_text(dose)} e/Å²" for case, image, dose in named]
    return "; ".join(texts[:3]) + (f" and {len(texts) - 3} more" if len(texts) > 3 else "")


def loss_sentences(run: Run) -> list[Sentence]:
    """Warn of vacuum below zero and of intensity lost or gained.

    Parameters
    ----------
    run : Run

    Returns
    -------
    list of Sentence
        Per case and restorer the worst place, where the whole interval lies beyond the limit and
        raw images lie within it.
    """
    kept = run.once(intensity_of)
    sentences = []
    for (case, restorer), rows in kept.groupby(["case", "restorer"], sort=True):
        name = str(restorer)
        if run.restorers.is_raw(name) or run.restorers.is_reference(name):
            continue
        sentences += _hole(run, rows, case=str(case), restorer=name)
        sentences += _loss(run, rows, kept, case=str(case), restorer=name)
    return sentences


def holes(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of vacuum that is darker than `HOLE` with its whole interval, the darkest first.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of `reports.metrics.kept.image_intensity.intensity_of`; the index stays.
    """
    low = rows[(rows["metric"] == "vacuum_low") & ~(rows["high"] >= HOLE)]
    return low[low["value"] < HOLE].sort_values("value")


def losses(run: Run, rows: pd.DataFrame, kept: pd.DataFrame, *, case: str) -> pd.DataFrame:
    """Rows of intensity off by more than `LOSS` where that of raw images is not, the worst last.

    Parameters
    ----------
    run : Run
    rows : pandas.DataFrame
        Of one case and restorer, of `reports.metrics.kept.image_intensity.intensity_of`; the index
        stays.
    kept : pandas.DataFrame
        The same of the whole run, in which raw images are found.
    case : str
    """
    total = rows[rows["metric"] == "total_intensity"].copy()
    raw = kept[(kept["case"] == case) & (kept["metric"] == "total_intensity")]
    raw = raw[raw["restorer"] == run.restorers.raw(raw["restorer"].unique())]
    at = ["image", "dose"]
    by_place = raw.set_index(at)["value"]
    total["value_raw"] = by_place.reindex(pd.MultiIndex.from_frame(total[at])).to_numpy()
    total["off"] = (total["value"] - 1).abs()
    # What the noise itself adds or takes, such as a detector's offset, is not the restorer's.
    beyond = (total["off"] > LOSS) & ~((total["low"] <= 1 + LOSS) & (total["high"] >= 1 - LOSS))
    return total[beyond & ~((total["value_raw"] - 1).abs() > LOSS)].sort_values("off")


def _hole(run: Run, rows: pd.DataFrame, *, case: str, restorer: str) -> list[Sentence]:
    low = holes(rows)
    if low.empty:
        return []
    worst = low.iloc[0]
    value = metric_quantity("vacuum_low", worst["value"], worst["low"], worst["high"])
    doses = ", ".join(dose_text(dose) for dose in sorted(low["dose"].unique()))
    return [
        Sentence(
            f"{run.restorers.label(restorer)} draws a dark hole into the vacuum: at "
            f"{dose_text(worst['dose'])} e/Å² its lowest value is {value} of the peak, where "
            f"nothing can be below zero (beyond {100 * HOLE:g} % at {doses} e/Å²).",
            "warning",
            run.title(case),
        )
    ]


def _loss(
    run: Run, rows: pd.DataFrame, kept: pd.DataFrame, *, case: str, restorer: str
) -> list[Sentence]:
    found = losses(run, rows, kept, case=case)
    if found.empty:
        return []
    worst = found.iloc[-1]
    value = metric_quantity("total_intensity", worst["value"], worst["low"], worst["high"])
    verb = "loses" if worst["value"] < 1 else "adds"
    return [
        Sentence(
            f"{run.restorers.label(restorer)} {verb} intensity: at {dose_text(worst['dose'])} e/Å² "
            f"({worst['image']}) its images hold {value} of the noise-free image's.",
            "warning",
            run.title(case),
        )
    ]
