"""Result of the fit of a user's own image."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from fitting import flags
from fitting.results.column_fit import ColumnFit
from fitting.search.own_image.background.smooth_background import SmoothBackground
from fitting.search.own_image.few_counts.noise_bias import NoiseBias
from fitting.search.own_image.outcome.goodness import Goodness
from fitting.search.own_image.outcome.mean_scs import MeanScs
from fitting.search.own_image.pixels.constant_areas import ConstantAreas
from fitting.search.own_image.pixels.pixel_noise import PixelNoise
from fitting.search.own_image.pixels.repeated_lines import RepeatedLines
from fitting.search.own_image.pixels.tapered_edges import TaperedEdges
from stembench.arrays import Bools, Floats

#: Median standard error of an SCS, over it, from which a search misses columns: of simulated images
#: 99 to 100 % were found where it is 0.04 to 0.10 (32 images), 32 to 99 % where 0.14 to 0.24 (24).
_FAINT: Final = 0.12


@dataclass(frozen=True, kw_only=True)
class OwnImageFit:
    """Fit of a user's own image.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per column, as `ColumnFit.table`, with ``chi2`` (reduced chi-square around the
        column) and ``misfit`` (residual beyond noise over the height). Of dark columns heights and
        SCS are those of the missing light.
    fit : ColumnFit
        The fit; after the rows of `table` come columns that are modelled and not reported.
    hidden : int
        Number of columns modelled beyond the frame or behind masked pixels.
    unlisted : int
        Number of columns modelled because they were found and not among the given starts.
    model_image : ndarray, shape (rows, columns)
        Expected image, in the image's own contrast.
    valid : ndarray of bool, shape (rows, columns)
        Pixels that took part.
    areas : ConstantAreas
        Areas of one value that were left out, saturated pixels, and others cut off at their value.
    repeated : RepeatedLines
        Copies of other lines, which were left out.
    tapered : TaperedEdges
        Edges that a window dimmed, which were left out.
    outliers : ndarray of bool, shape (rows, columns)
        Outlying pixels that were left out.
    too_many_outliers : bool
        Whether there were so many that they were kept.
    background : SmoothBackground
    noise : PixelNoise
        Noise as measured from the image.
    goodness : Goodness
    inverted : bool
        Whether the columns look dark although they were fitted as bright ones.
    mean_scs : MeanScs or None
        Mean and median over the columns with their errors; None of fewer than three.
    noise_bias : NoiseBias or None
        What noise of this strength does to the fit; None where columns stand out far enough.
    doubtful : int
        Number of columns modelled at sites of the arrangement where none was found, of few counts.
    """

    table: pd.DataFrame
    fit: ColumnFit
    hidden: int
    unlisted: int
    model_image: Floats = field(repr=False)
    valid: Bools = field(repr=False)
    areas: ConstantAreas = field(repr=False)
    repeated: RepeatedLines = field(repr=False)
    tapered: TaperedEdges = field(repr=False)
    outliers: Bools = field(repr=False)
    too_many_outliers: bool
    background: SmoothBackground
    noise: PixelNoise
    goodness: Goodness = field(repr=False)
    inverted: bool
    mean_scs: MeanScs | None = None
    noise_bias: NoiseBias | None = None
    doubtful: int = 0

    @property
    def faint(self) -> bool:
        """Whether columns stand out so little that some are missed, or taken for background."""
        table = self.table[~self.failed]
        relative = (table["scs_err"] / table["scs"]).to_numpy(dtype=np.float64)
        known = relative[np.isfinite(relative)]
        return bool(known.size) and float(np.median(known)) > _FAINT

    @property
    def failed(self) -> Bools:
        """Whether each row of the table failed."""
        return np.asarray((self.table["flags"].to_numpy() & flags.FAILED) != 0, dtype=np.bool_)
