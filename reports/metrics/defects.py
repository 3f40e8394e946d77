"""Defect fidelity: how much of a defect's deviation from a perfect column survives restoration.

A site's deviation is its scattering cross-section (SCS) less the mean SCS of like columns without a
defect in the same image (`cases.column_roles`). Fidelity is the deviation found over the true
one, that of the noise-free image: 1 is faithful, 0 is erased, below 0 inverted.
"""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from cases import REFERENCE, SITE, site_labels
from reports.statistics.intervals import LEVEL, Estimate, Replicates, estimate
from stembench.arrays import Floats

_CELL = ["case", "image", "thickness", "dose", "restorer"]
_KEYS = [*_CELL, "realization"]


def site_deviations(records: pd.DataFrame) -> pd.DataFrame:
    """Deviations of every site in every image from like columns of that image.

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS`; cases without defects are ignored.

    Returns
    -------
    pandas.DataFrame
        One row per record of a site, its index kept: case, image, thickness, dose, restorer,
        realization, column, kind, deviation and true_deviation (Å²), reference and true_reference
        (mean SCS of the like columns, Å²). NaN where the fit failed.
    """
    held = records[records["role"] != ""]
    references = held[held["role"] == REFERENCE]
    means = references.groupby([*_KEYS, "site"], sort=False)[["scs", "scs_ref"]].mean()
    at_site = held[held["role"] == SITE]
    by_kind = references[references["site"] != ""]["case"].unique()
    serving = at_site["site"].where(at_site["case"].isin(by_kind), "")
    places = pd.MultiIndex.from_frame(at_site[_KEYS].assign(site=serving))
    like = means.reindex(places).to_numpy(dtype=np.float64)
    return at_site[[*_KEYS, "column"]].assign(
        kind=at_site["site"],
        deviation=at_site["scs"] - like[:, 0],
        true_deviation=at_site["scs_ref"] - like[:, 1],
        reference=like[:, 0],
        true_reference=like[:, 1],
    )


def summarise_defects(records: pd.DataFrame, *, level: float = LEVEL) -> pd.DataFrame:
    """Fidelity of each kind of defect with intervals over realizations.

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS`.
    level : float
        Two-sided confidence of the intervals.

    Returns
    -------
    pandas.DataFrame
        Tidy, one row per case, image, dose, restorer and kind of site: value, low, high (fidelity;
        for kind 'perfect' the deviation as a share of a column, whose truth is
        ``true_deviation_pct``), method, scatter (standard deviation over realizations of the value
        of one image), true_deviation_pct (in percent of a like column's SCS; NaN beside an empty
        one), reference_shift, reference_low, reference_high (mean error of the like columns' own
        SCS over the true deviation: what of the fidelity's error is theirs, with the sign
        reversed), difference,
        difference_low, difference_high (paired, against raw; NaN for raw), n_realizations (fitted
        ones), n_failed. Empty if the run has no defects.
    """
    sites = site_deviations(records)
    perfect = sites["kind"] == "perfect"
    sites = sites.assign(
        share=sites["deviation"]
        / np.where(perfect, sites["true_reference"], sites["true_deviation"]),
        true_share=100 * sites["true_deviation"] / _of_a_column(sites),
        shift=(sites["reference"] - sites["true_reference"])
        / np.where(perfect, sites["true_reference"], sites["true_deviation"]),
    )
    # Sites of one kind in one image count as one: the realization is the unit.
    per_image = sites.groupby([*_KEYS, "kind"], sort=False)[["share", "true_share", "shift"]].mean()
    per_image = per_image.reset_index()
    raw = per_image[per_image["restorer"] == "raw"].set_index(
        ["case", "image", "dose", "kind", "realization"]
    )["share"]
    rows = []
    for key, group in per_image.groupby([*_CELL, "kind"], sort=False):
        identity: dict[str, Any] = dict(zip([*_CELL, "kind"], key, strict=True))
        values = group["share"].to_numpy(dtype=np.float64)
        beside = raw.reindex(
            pd.MultiIndex.from_frame(group[["case", "image", "dose", "kind", "realization"]])
        ).to_numpy(dtype=np.float64)
        fitted = np.isfinite(values)
        mean = _mean_estimate(values[fitted], level=level)
        paired = fitted & np.isfinite(beside) & (identity["restorer"] != "raw")
        against = _mean_estimate(values[paired] - beside[paired], level=level)
        rows.append(
            {
                **identity,
                **asdict(mean),
                "scatter": float(values[fitted].std(ddof=1)) if fitted.sum() > 1 else np.nan,
                "true_deviation_pct": float(group["true_share"].iloc[0]),
                **_shift(group, level=level),
                "difference": against.value,
                "difference_low": against.low,
                "difference_high": against.high,
                "n_realizations": int(fitted.sum()),
                "n_failed": int((~fitted).sum()),
            }
        )
    made = pd.DataFrame(rows, columns=_SUMMARY)
    place = made["kind"].map({kind: number for number, kind in enumerate(site_labels())})
    return (
        made.assign(place=place)
        .sort_values(["case", "thickness", "dose", "place", "restorer"], kind="stable")
        .drop(columns="place")
        .reset_index(drop=True)
    )


_SUMMARY = [
    *_CELL, "kind", "value", "low", "high", "method", "scatter", "true_deviation_pct",
    "reference_shift", "reference_low", "reference_high", "difference", "difference_low",
    "difference_high", "n_realizations", "n_failed",
]  # fmt: skip


def _shift(group: pd.DataFrame, *, level: float) -> dict[str, float]:
    """Shift of the like columns with its interval, from one value per realization."""
    values = group["shift"].to_numpy(dtype=np.float64)
    found = _mean_estimate(values[np.isfinite(values)], level=level)
    return {
        "reference_shift": found.value, "reference_low": found.low, "reference_high": found.high,
    }  # fmt: skip


def _of_a_column(sites: pd.DataFrame) -> Floats:
    """True SCS of the columns that sites are held against, NaN where they are empty."""
    reference = sites["true_reference"].to_numpy(dtype=np.float64)
    deviation = np.abs(sites["true_deviation"].to_numpy(dtype=np.float64))
    return np.where(reference > 0.1 * deviation, reference, np.nan)


def _mean_estimate(values: Floats, *, level: float) -> Estimate:
    n = values.size
    value = float(values.mean()) if n else float("nan")
    left_out = (values.sum() - values) / (n - 1) if n > 1 else np.empty(0)
    return estimate(Replicates(value, left_out, "linear"), level=level)
