"""Several frames of one scene: their drift, their sum, and a fit of each."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd

from stembench.arrays import Floats
from stembench.errors import InputError

#: Steps of a pixel to which the drift is found.
_STEPS: Final = 20
#: Standard deviation [px] of the blur that takes out the noise of single pixels.
_BLUR: Final = 1.5
#: Largest drift as a share of the frame, so that most columns are in all frames.
_FARTHEST: Final = 0.5


def drift_of(frames: Floats) -> Floats:
    """Places (x, y) of the scene of each frame against the first, shape (k, 2) [px].

    Each frame is held against the mean of those before it by their cross-correlation (Guizar-
    Sicairos, Thurman and Fienup 2008, doi:10.1364/OL.33.000156, as scikit-image has it). The rim
    is faded out, so that of the equal places of a lattice the nearest is found.

    Parameters
    ----------
    frames : ndarray, shape (k, h, w)
        Pixels that are not finite do not count.

    Raises
    ------
    InputError
        If a frame has no finite pixel or lies more than half a frame from the first.
    """
    from scipy import ndimage
    from skimage import filters, registration

    # These carry no types.
    window: Any = filters.window
    correlation: Any = registration.phase_cross_correlation

    k = len(frames)
    shape = frames.shape[1:]
    fade = window("hann", shape)
    smooth = np.empty(frames.shape)
    for number, frame in enumerate(frames):
        finite = np.isfinite(frame)
        if not finite.any():
            raise InputError(f"frame {number + 1} of {k} has no finite pixel; leave it out")
        level = float(frame[finite].mean())
        smooth[number] = ndimage.gaussian_filter(np.where(finite, frame - level, 0.0), _BLUR)
    drift = np.zeros((k, 2))
    total = smooth[0].copy()
    for number in range(1, k):
        # Moved by the drift of the frame before, so that drifts beyond half a lattice distance
        # that build up slowly are followed.
        before = drift[number - 1, ::-1]
        moved = ndimage.shift(smooth[number], -before, order=1)
        step, _, _ = correlation(
            fade * total, fade * moved, upsample_factor=_STEPS, normalization=None
        )
        place = before - np.asarray(step, dtype=np.float64)
        if (np.abs(place) > _FARTHEST * np.array(shape)).any():
            raise InputError(
                f"frame {number + 1} of {k} lies more than half a frame from the first one "
                f"({place[1]:.0f}, {place[0]:.0f} px); give the frames before it alone"
            )
        drift[number] = place[::-1]
        total += ndimage.shift(smooth[number], -place, order=1)
    return drift


def sum_of(frames: Floats, drift: Floats) -> Floats:
    """Sum of the frames, aligned by whole pixels, shape (h, w).

    Whole pixels keep the noise of neighbouring pixels independent and counts whole, which the
    errors of a fit rest on; columns become wider by 0.3 px in quadrature.

    Parameters
    ----------
    frames : ndarray, shape (k, h, w)
    drift : ndarray, shape (k, 2)
        As `drift_of` finds it.

    Returns
    -------
    ndarray, shape (h, w)
        In the pixels of the first frame; NaN where not every frame shows the scene.
    """
    image = np.zeros(frames.shape[1:])
    for frame, (x, y) in zip(frames, np.rint(drift).astype(int), strict=True):
        image += _moved(frame, -y, -x)
    return image


def added_up(
    frames: Floats, *, dose: float | None, fractions: bool
) -> tuple[Floats, float | None, str]:
    """Sum of frames, its dose, and a sentence on it.

    Fractions of the beam are averaged, and their mean has the dose of all frames together.

    Parameters
    ----------
    frames : ndarray, shape (k, h, w)
    dose : float or None
        e/Å² of a frame.
    fractions : bool
        Whether the values are fractions of the beam.

    Raises
    ------
    InputError
        As `drift_of`.
    """
    drift = drift_of(frames)
    image = sum_of(frames, drift)
    far = float(np.abs(drift).max())
    what = "mean" if fractions else "sum"
    sentence = f"{what} of {len(frames)} frames with a drift of up to {far:.1f} px"
    if fractions:
        image = image / len(frames)
    return image, None if dose is None else dose * len(frames), sentence


def _moved(frame: Floats, down: int, right: int) -> Floats:
    """Frame moved by whole pixels; NaN where it has none."""
    height, width = frame.shape
    moved = np.full(frame.shape, np.nan)
    rows = slice(max(down, 0), height + min(down, 0))
    columns = slice(max(right, 0), width + min(right, 0))
    from_rows = slice(max(-down, 0), height + min(-down, 0))
    from_columns = slice(max(-right, 0), width + min(-right, 0))
    moved[rows, columns] = frame[from_rows, from_columns]
    return moved


def fit_each(
    frames: Floats,
    start: Floats,
    *,
    drift: Floats,
    fit: Callable[[Floats, Floats], pd.DataFrame],
) -> pd.DataFrame:
    """Fit every frame with columns that keep their numbers through the series.

    Parameters
    ----------
    frames : ndarray, shape (k, h, w)
    start : ndarray, shape (n, 2)
        Columns (x, y) in the first frame [px]; they follow the drift.
    drift : ndarray, shape (k, 2)
        As `drift_of` finds it.
    fit : callable
        Takes a frame and start positions in it, and returns a table with a row for each.

    Returns
    -------
    pandas.DataFrame
        Rows of all frames with their number, from 1, in the first column `frame`. A column that
        has drifted out of a frame has no row there.
    """
    height, width = frames.shape[1:]
    tables = []
    for number, (frame, moved) in enumerate(zip(frames, drift, strict=True), start=1):
        places = start + moved
        inside = ((places > -0.5) & (places < np.array([width, height]) - 0.5)).all(axis=1)
        if not inside.any():
            continue
        table = fit(frame, places[inside])
        table.index = pd.Index(np.flatnonzero(inside))
        table.insert(0, "frame", number)
        tables.append(table)
    return pd.concat(tables)
