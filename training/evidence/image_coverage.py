"""Statistics of undistorted images, and whether random ones cover the published ones."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import numpy as np

from stembench.arrays import Floats
from training.pairs.modalities import modality_named
from training.pairs.pair import make_pair

#: Ends of the frequency bands in cycles per pixel.
_BANDS: Final = (0.0, 1 / 64, 1 / 16, 1 / 6, 0.75)

#: Shares of power below this are not seen under any noise, and are those of round-off.
_LEAST: Final = 1e-4

#: What each statistic is called.
IMAGE_STATISTICS: Final[Mapping[str, str]] = {
    "spread": "std / (maximum - minimum)",
    "skewness": "skewness of the histogram",
    "flatness": "ln(kurtosis) of the histogram",
    "median": "median between minimum and maximum",
    "band_1": "log10(power share below 1/64 per px)",
    "band_2": "log10(power share from 1/64 to 1/16 per px)",
    "band_3": "log10(power share from 1/16 to 1/6 per px)",
    "band_4": "log10(power share above 1/6 per px)",
}


def image_statistics(image: Floats) -> dict[str, float]:
    """Statistics of an image (h, w) that do not depend on its zero and its unit.

    Returns
    -------
    dict of str to float
        The keys of `IMAGE_STATISTICS`.
    """
    spread = float(image.std())
    tiny = np.finfo(np.float64).tiny
    standard = (image - float(image.mean())) / max(spread, tiny)
    low, high = float(image.min()), float(image.max())
    values = {
        "spread": spread / max(high - low, tiny),
        "skewness": float((standard**3).mean()),
        "flatness": float(np.log(max(float((standard**4).mean()), tiny))),
        "median": (float(np.median(image)) - low) / max(high - low, tiny),
    }
    # A window, so that opposite edges that differ do not look like high frequencies.
    window = np.hanning(image.shape[0])[:, None] * np.hanning(image.shape[1])[None, :]
    power = np.abs(np.fft.fft2(standard * window)) ** 2
    rows, columns = (np.fft.fftfreq(side) for side in image.shape)
    frequency = np.hypot(rows[:, None], columns[None, :])
    power[0, 0] = 0.0
    total = max(float(power.sum()), tiny)
    for k, (start, end) in enumerate(pairwise(_BANDS), start=1):
        inside = (frequency >= start) & (frequency < end)
        values[f"band_{k}"] = float(np.log10(max(float(power[inside].sum()) / total, _LEAST)))
    return values


def drawn_images(modality: str, *, seed: int, first: int, count: int) -> dict[str, Floats]:
    """Statistics of undistorted images of pairs of ours.

    Returns
    -------
    dict of str to ndarray, shape (count,)
    """
    data_set = modality_named(modality)
    rows = [
        image_statistics(
            np.asarray(make_pair(seed, first + k, modality=data_set).clean, dtype=np.float64)
        )
        for k in range(count)
    ]
    return {name: np.array([row[name] for row in rows]) for name in IMAGE_STATISTICS}
