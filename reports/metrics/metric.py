"""The declaration of a metric: name, unit, direction, definition and arithmetic in one object."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from reports.statistics.intervals import Replicates, Scale
from stembench.arrays import Floats

#: What a metric is computed from: fitted columns, counted columns, sites with defects, the
#: surroundings of a dislocation, rings about its core, a search for columns, the intensity a run's
#: image kept, a whole image, or the response to a change.
Subject = Literal[
    "columns",
    "counts",
    "defects",
    "core",
    "distance",
    "search",
    "intensity",
    "images",
    "response",
]
#: What is better; 'zero' is nearer to zero.
Direction = Literal["lower", "higher", "zero"]
#: How two versions are compared: 'ratio' of root mean squares, 'difference' of shares (higher is
#: better), 'bias': growth of the squared bias as a share of the mean square error, 'target': growth
#: of the distance from what the value should be.
Kind = Literal["ratio", "difference", "bias", "target"]

Evidence = TypeVar("Evidence")
Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Gate(Generic[Evidence]):
    """The part of a metric in the regression gate and on the leaderboard (docs/gate.md).

    Attributes
    ----------
    name : str
        Name in margins, baselines and verdicts.
    kind : {'ratio', 'difference', 'bias', 'target'}
        See `Kind`.
    per_realization : callable
        Evidence of one cell to an array of shape (n_realizations,): the mean square over fitted
        columns ('ratio'), the share of columns ('difference'), the value ('target'), or the
        mean product of each error
        with the mean of the same column's errors in all other realizations ('bias'), whose mean
        over realizations estimates the squared bias without bias, or the value itself ('target').
        NaN where nothing was fitted;
        None where the metric has no meaning.
    margin : float
        Largest change that does not matter unless a user's file says otherwise: relative for
        'ratio', a share of columns for 'difference', a share of the mean square error for 'bias',
        in the value's own unit for 'target'.
    meaning : str
        What the margin is a change of, for the margins file.
    error : str
        For 'bias' the gate name of the error whose mean square the bias is a part of.
    quantity : str
        What is measured, as the leaderboard's headings of bias and of ratios to the bound say it.
    target : float
        For 'target' what the value should be.
    bound : callable, optional
        For 'ratio' the Cramér-Rao bound of the root mean square error in its unit, NaN where none
        is stated.
    """

    name: str
    kind: Kind
    per_realization: Callable[[Evidence], Floats | None]
    margin: float
    meaning: str
    error: str = ""
    quantity: str = ""
    target: float = 0.0
    bound: Callable[[Evidence], float] | None = None


@dataclass(frozen=True)
class Metric(Generic[Evidence, Value]):
    """Everything that a table, a figure or the gate needs to know of a number.

    Attributes
    ----------
    name : str
        Name in tidy tables; ends with the unit where there is one.
    label : str
        Name for readers.
    unit : str
        '' for ratios, 'fraction' for shares, which readers see in percent.
    direction : {'lower', 'higher', 'zero'} or None
        What is better; None for neither.
    scale : {'log', 'linear', 'square', 'fraction', 'exact'}
        How its interval is made (`reports.statistics.intervals`).
    definition : str
        In words, over measured columns j and realizations r.
    of : callable
        The arithmetic. For columns it takes a `reports.metrics.cells.Cell` and returns the
        statistic from all realizations followed by those with one left out, or None where it has
        no meaning in this cell; files of other subjects say what theirs takes and returns.
    subject : str
        See `Subject`.
    limits : tuple of float
        Least and greatest possible value, at which intervals end.
    decimals : int or None
        Decimals in tables that follow the paper's; None rounds to what the interval supports.
    shown : bool
        Whether the table of its subject has a column for it; the CSV files have all.
    gate : Gate or None
        None if neither the gate nor the leaderboard uses it.
    """

    name: str
    label: str
    unit: str = field(kw_only=True)
    direction: Direction | None = field(kw_only=True)
    scale: Scale = field(kw_only=True)
    definition: str = field(kw_only=True)
    of: Callable[[Evidence], Value] = field(kw_only=True)
    subject: Subject = field(kw_only=True, default="columns")
    limits: tuple[float, float] = field(kw_only=True, default=(-math.inf, math.inf))
    decimals: int | None = field(kw_only=True, default=None)
    shown: bool = field(kw_only=True, default=True)
    gate: Gate[Any] | None = field(kw_only=True, default=None)

    @property
    def factor(self) -> float:
        """What readers see 1 as: 100 for a share, which they see in percent."""
        return 100.0 if self.unit == "fraction" else 1.0

    @property
    def readers_unit(self) -> str:
        """Unit that readers see."""
        return "%" if self.unit == "fraction" else self.unit

    @property
    def heading(self) -> str:
        """Label with the unit that readers see."""
        return f"{self.label} ({self.readers_unit})" if self.unit else self.label

    def replicates(self, with_left_out: Floats) -> Replicates:
        """Return a statistic and its leave-one-out values as an interval needs them.

        Parameters
        ----------
        with_left_out : ndarray, shape (1 + n,)
            The statistic from all realizations, then without each; alone on the scale 'exact'.
        """
        return Replicates(float(with_left_out[0]), with_left_out[1:], self.scale)
