"""Image metrics over pairs: means with intervals, and paired gaps between restorers."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from reports.statistics.intervals import LEVEL

RAW: Final = "raw"
#: The published network: on each modality of the published pairs the one trained for it.
NETWORK: Final = "cgrdn"
#: Means of the paper in dB, over the 100 000 images of a validation set that is not published.
PUBLISHED_DB: Final = {"cgrdn": 36.96, "bm3d": 30.45}


@dataclass(frozen=True)
class ImageMetric:
    """What an image metric is called and what it means."""

    name: str
    label: str
    unit: str
    definition: str


_ALL: Final = (
    ImageMetric("psnr_db", "PSNR", "dB",
                "10 log10(MAX² / MSE) against the truth, MAX as stated"),
    ImageMetric("psnr_peak_db", "PSNR of the peak", "dB",
                "the same with MAX = largest value of the true image"),
    ImageMetric("ssim", "SSIM", "",
                "mean structural similarity (Wang et al. 2004), dynamic range = MAX"),
    ImageMetric("cutoff_seventh", "agreement to (1/7)", "cycles/px",
                "highest frequency at which the Fourier ring correlation with the truth is 1/2, "
                "which is 1/7 between two halves"),
    ImageMetric("cutoff_half_bit", "agreement to (half bit)", "cycles/px",
                "the same for the half-bit threshold"),
    ImageMetric("mean_shift", "shift of the mean", "std of truth",
                "mean restored less mean true, over the truth's standard deviation; 0 is "
                "conserved"),
    ImageMetric("variance_ratio", "variance / true", "",
                "variance restored over variance true; 1 is conserved"),
    ImageMetric("colour", "colour of the residual", "",
                "root mean square autocorrelation of distorted less restored at lags of up to "
                "8 px; about 1 / √pixels if only independent noise was taken away"),
    ImageMetric("colour_of_truth", "colour of the noise itself", "",
                "the same of distorted less true: what a perfect restorer has"),
    ImageMetric("leak_spread", "noise left", "std of noise",
                "standard deviation of the restored empty field over that of its noise"),
    ImageMetric("leak_peak", "highest rise", "std of noise",
                "largest rise of the restored empty field above its mean"),
    ImageMetric("leak_mean_shift", "shift of the mean", "std of noise",
                "mean of the restored empty field less that of the field"),
)  # fmt: skip

#: name -> ImageMetric, in the order in which tables show them.
IMAGE_METRICS: Final = {metric.name: metric for metric in _ALL}
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
    made = []
    for key, own in rows.groupby(list(GROUP), dropna=False, sort=False):
        used = own[~own["undistorted"] & (own["failure"] == "")]
        for name in IMAGE_METRICS:
            if name not in own or own[name].isna().all():
                continue
            value, low, high = mean_with_interval(used[name])
            if name == "ssim":
                high = min(high, 1.0)  # NaN stays NaN
            made.append(
                {
                    **dict(zip(GROUP, key, strict=True)),
                    "metric": name,
                    "value": value,
                    "low": low,
                    "high": high,
                    "n": int(used[name].notna().sum()),
                    "n_failed": int((own["failure"] != "").sum()),
                    "n_undistorted": int(own["undistorted"].sum()),
                }
            )
    columns = [*GROUP, "metric", "value", "low", "high", "n", "n_failed", "n_undistorted"]
    return pd.DataFrame(made, columns=columns)


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
    made = []
    for (source, image, dose), own in used.groupby(["source", "image", "dose"], dropna=False,
                                                   sort=False):  # fmt: skip
        table = own.pivot_table(index="number", columns="restorer", values="psnr_db")
        if best not in table:
            continue
        for restorer in table.columns.drop(best):
            differences = (table[best] - table[restorer]).dropna()
            value, low, high = mean_with_interval(differences)
            made.append(
                {
                    "source": source, "image": image, "dose": dose, "restorer": restorer,
                    "value": value, "low": low, "high": high, "n": len(differences),
                }
            )  # fmt: skip
    columns = ["source", "image", "dose", "restorer", "value", "low", "high", "n"]
    return pd.DataFrame(made, columns=columns)
