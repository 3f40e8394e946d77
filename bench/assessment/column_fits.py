"""Fits of the same columns in many images: with free places, and with places held."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stembench.arrays import Bools, Floats, Integers

if TYPE_CHECKING:
    from fitting import FitOptions, OwnImageFit


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Columns as fitted in one image; NaN where the fit failed.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        Places [px].
    height, sigma : ndarray, shape (n,)
        Height [image unit] and width [px].
    scs : ndarray, shape (n,)
        SCS of the fit with free places [image unit x Å²].
    x_err, y_err, scs_err : ndarray, shape (n,)
        Standard errors that the fit states, from its residual.
    held_scs : ndarray, shape (n,)
        SCS of the fit with places held, which a vacancy has too.
    """

    x: Floats
    y: Floats
    height: Floats
    sigma: Floats
    scs: Floats
    x_err: Floats
    y_err: Floats
    scs_err: Floats
    held_scs: Floats


@dataclass(frozen=True, kw_only=True)
class ColumnFitting:
    """How the columns of an image are fitted in all its draws.

    Attributes
    ----------
    starts : ndarray, shape (n, 2)
        Starts (x, y) of the reported columns [px].
    rows : ndarray of int, shape (n,)
        Row of each reported column in the table of the fit that was taken over.
    width : float
        Start width [px].
    plane : bool
        Whether the background is a plane, else a constant.
    held : ndarray, shape (rows, columns)
        Light that is held and subtracted first: of a smooth background, and of columns
        that have no row, such as those beyond the frame.
    left_out : ndarray of bool, shape (rows, columns)
        Pixels that are not fitted.
    sampling : float
        Å/px.
    """

    starts: Floats
    rows: Integers
    width: float
    plane: bool
    held: Floats = field(repr=False)
    left_out: Bools = field(repr=False)
    sampling: float

    @classmethod
    def of(cls, fit: "OwnImageFit", *, sampling: float) -> "ColumnFitting":
        """Take over columns and background of the fit of an image."""
        model, n = fit.fit.model, len(fit.table)
        row = fit.fit.modelled
        shown = row < n
        failed = np.zeros(len(row), dtype=np.bool_)
        failed[shown] = fit.failed[row[shown]]
        kept = shown & ~failed
        held = replace(
            model,
            x=model.x[~kept],
            y=model.y[~kept],
            height=model.height[~kept],
            sigma=model.sigma[~kept],
            species=np.zeros(0, dtype=np.int64),
            width="column",
            background=(),
        ).image()
        if fit.background.image is not None:
            held = held + fit.background.image
        return cls(
            starts=np.column_stack([model.x, model.y])[kept],
            rows=row[kept],
            width=float(np.median(model.sigma)) if len(model.sigma) else 1.0,
            plane=fit.background.name == "plane",
            held=held,
            left_out=~fit.valid,
            sampling=sampling,
        )

    def fitted(self, image: Floats) -> Columns:
        """Fit the reported columns in an image, shape (rows, columns)."""
        from fitting import Bounds, fit_columns

        above = image - self.held
        given: dict[str, Any] = {"sampling": self.sampling, "mask": self.left_out}
        free = fit_columns(above, self.starts, options=self._options, **given)
        table = free.table.iloc[: self.reported]
        still = replace(self._options, bounds=Bounds(drift=0.0))
        held = fit_columns(above, self.starts, options=still, **given)
        columns = {
            name: table[name].to_numpy(dtype=np.float64)
            for name in ("x", "y", "height", "sigma", "scs", "x_err", "y_err", "scs_err")
        }
        scs = held.table["scs"].to_numpy(dtype=np.float64)[: self.reported]
        return Columns(held_scs=scs, **columns)

    def step_of_scs(self, image: Floats, other: Floats) -> Floats:
        """Change of the SCS by one step of the fit of an image towards another one, shape (n,).

        The derivative of the fit along the difference of the images: linear in the other image.

        Parameters
        ----------
        image, other : ndarray, shape (rows, columns)
        """
        from fitting import fit_columns

        there, back = (
            fit_columns(
                image + sign * _STEP * (other - image) - self.held,
                self.starts,
                options=self._options,
                sampling=self.sampling,
                mask=self.left_out,
            )
            .table["scs"]
            .to_numpy(dtype=np.float64)[: self.reported]
            for sign in (1.0, -1.0)
        )
        return np.asarray((there - back) / (2.0 * _STEP), dtype=np.float64)

    @property
    def _options(self) -> "FitOptions":
        from fitting import FitOptions

        return FitOptions(background="plane" if self.plane else "constant", start_width=self.width)

    @property
    def reported(self) -> int:
        """Number of reported columns."""
        return len(self.rows)

    @property
    def spacing(self) -> float:
        """Median distance of a column to its nearest neighbour [px]; infinite for fewer than 2."""
        from fitting import median_spacing

        if self.reported < _PAIR:
            return float("inf")
        return float(median_spacing(self.starts[: self.reported]))


_PAIR: Final = 2
#: Part of the way from an image to another one by which a derivative is taken.
_STEP: Final = 0.1
