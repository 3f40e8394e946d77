"""Image metrics over pairs: means with intervals, and paired gaps between restorers."""

from typing import Final

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from reports.metrics.table import metrics_of
from reports.names import NETWORK
from reports.statistics.intervals import LEVEL

#: Means of the paper in dB, over the 100 000 images of a validation set that is not published.
PUBLISHED_DB: Final = {"cgrdn": 36.96, "bm3d": 30.45}


#: What tells groups of pairs apart.
GROUP: Final = ("source", "kind", "image", "dose", "level", "restorer")


def mean_with_interval(values: pd.Series) -> tuple[float, float, float]:
    """Mean with its 95 % Student t interval; the ends are NaN for fewer than two values."""
    known = values.dropna().to_numpy(dtype=np.float64)
    if known.size == 0:
        return (float("nan"),) * 3
    mean = float(known.mean())
    if known.size == 1 or not np.isfinite(known).all():
        return mean, float("nan"), float("nan")
    half = float(stdtrit(known.size - 1, 0.5 + LEVEL / 2) * known.std(ddof=1) / np.sqrt(known.size))
    return mean, mean - half, mean + half


def summarise_images(rows: pd.DataFrame) -> pd.DataFrame:
    """Average each metric over the pairs of a group.

    Pairs that are not distorted at all (one of the published ones) are left out, and so are
    failed restorations; both are counted.

    Parameters
    ----------
    rows : pandas.DataFrame
        `reports.records.image_folder.ImageRun.rows`.

    Returns
    -------
    pandas.DataFrame
        Tidy: `GROUP`, metric, value, low, high (95 % Student t over pairs), n, n_failed,
        n_undistorted.
    """
    groups = rows.groupby(list(GROUP), dropna=False, sort=False)
    summary = [
        {**dict(zip(GROUP, key, strict=True)), **row}
        for key, group in groups
        for row in _summary_rows(group)
    ]
    columns = [*GROUP, "metric", "value", "low", "high", "n", "n_failed", "n_undistorted"]
    return pd.DataFrame(summary, columns=columns)


def _summary_rows(group: pd.DataFrame) -> list[dict[str, object]]:
    """One row per metric that some pair of a group has."""
    used = group[~group["undistorted"] & (group["failure"] == "")]
    rows: list[dict[str, object]] = []
    for metric in metrics_of("images"):
        if metric.name not in group or group[metric.name].isna().all():
            continue
        value, low, high = mean_with_interval(used[metric.name])
        least, greatest = metric.limits
        rows.append(
            {
                "metric": metric.name,
                "value": value,
                "low": float(np.maximum(low, least)),
                "high": float(np.minimum(high, greatest)),
                "n": int(used[metric.name].notna().sum()),
                "n_failed": int((group["failure"] != "").sum()),
                "n_undistorted": int(group["undistorted"].sum()),
            }
        )
    return rows


def psnr_gaps(rows: pd.DataFrame, *, best: str = NETWORK) -> pd.DataFrame:
    """Gap in PSNR between one restorer and each other, paired over the pairs both restored.

    Parameters
    ----------
    rows : pandas.DataFrame
        `reports.records.image_folder.ImageRun.rows`.
    best : str
        The restorer whose PSNR the others' are taken from.

    Returns
    -------
    pandas.DataFrame
        Tidy: source, image, dose, restorer, value (dB, positive where `best` is nearer to the
        truth), low, high, n. Empty if `best` is not in the rows.
    """
    used = rows[(rows["kind"] != "empty") & ~rows["undistorted"] & (rows["failure"] == "")]
    keys = ["source", "image", "dose"]
    gaps = []
    for key, group in used.groupby(keys, dropna=False, sort=False):
        table = group.pivot_table(index="number", columns="restorer", values="psnr_db")
        if best not in table:
            continue
        for restorer in table.columns.drop(best):
            differences = (table[best] - table[restorer]).dropna()
            value, low, high = mean_with_interval(differences)
            gaps.append(
                {
                    **dict(zip(keys, key, strict=True)),
                    "restorer": restorer,
                    "value": value,
                    "low": low,
                    "high": high,
                    "n": len(differences),
                }
            )
    return pd.DataFrame(gaps, columns=[*keys, "restorer", "value", "low", "high", "n"])
