"""Table of a user's own image: the fit's, with goodness and what is left out around columns."""

from typing import Final

import numpy as np
import pandas as pd

from fitting import flags
from fitting.results.column_fit import ColumnFit
from fitting.search.own_image.outcome.goodness import Goodness
from stembench.arrays import Bools, Floats

#: A column is partly masked where this part of the pixels within two widths is left out.
_MASKED: Final = 0.3


def own_table(
    fit: ColumnFit,
    n: int,
    goodness: Goodness,
    *,
    left_out: Bools,
    saturated: Bools,
    dimmed: Bools,
    smooth: Floats | None,
    sign: float,
) -> pd.DataFrame:
    """Table of the first n columns of a fit.

    Parameters
    ----------
    fit : ColumnFit
    n : int
        Rows that are reported.
    goodness : Goodness
        Of all modelled columns.
    left_out, saturated : ndarray of bool, shape (rows, columns)
        Pixels that took no part, outlying ones aside, and those at the largest value.
    dimmed : ndarray of bool, shape (rows, columns)
        Pixels that take part although a window dimmed them: columns there fit poorly.
    smooth : ndarray, shape (rows, columns), or None
        Background that was subtracted before the fit.
    sign : float
        -1 where the image was inverted before the fit.
    """
    table = fit.table.iloc[:n].copy()
    own = fit.modelled < n
    rows = fit.modelled[own]
    chi2, misfit = np.full(n, np.nan), np.full(n, np.nan)
    chi2[rows], misfit[rows] = goodness.chi2[own], goodness.misfit[own]
    bits = table["flags"].to_numpy().copy()
    bits[rows[goodness.poor[own]]] |= flags.POOR_FIT
    places = np.column_stack([fit.model.x, fit.model.y])[own]
    for row, (x, y), width in zip(rows, places, fit.model.sigma[own], strict=True):
        if _share(left_out, x, y, reach=2.0 * width) > _MASKED:
            bits[row] |= flags.PARTLY_MASKED
        if _share(saturated, x, y, reach=1.5 * width) > 0:
            bits[row] |= flags.SATURATED
        if _share(dimmed, x, y, reach=2.0 * width) > 0:
            bits[row] |= flags.POOR_FIT
    failed = (bits & flags.FAILED) != 0
    chi2[failed] = misfit[failed] = np.nan
    table["background"] *= sign
    if smooth is not None:
        table["background"] += sign * _at(smooth, table)
    return table.assign(chi2=chi2, misfit=misfit, flags=bits)


def _share(pixels: Bools, x: float, y: float, *, reach: float) -> float:
    """Share of the frame's pixels within `reach` of a place that are set."""
    rows, cols = pixels.shape
    top, left = max(0, int(np.ceil(y - reach))), max(0, int(np.ceil(x - reach)))
    window = pixels[top : int(np.floor(y + reach)) + 1, left : int(np.floor(x + reach)) + 1]
    return float(window.mean()) if window.size and top < rows and left < cols else 0.0


def _at(image: Floats, table: pd.DataFrame) -> Floats:
    """Values of an image at the columns' nearest pixels; NaN where a column failed."""
    rows, cols = image.shape
    x, y = table["x"].to_numpy(), table["y"].to_numpy()
    good = np.isfinite(x) & np.isfinite(y)
    out = np.full(len(x), np.nan)
    j = np.clip(np.round(y[good]).astype(np.int64), 0, rows - 1)
    i = np.clip(np.round(x[good]).astype(np.int64), 0, cols - 1)
    out[good] = image[j, i]
    return out
