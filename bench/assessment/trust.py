"""Which columns' restored numbers can be trusted: the definition, and the reasons against."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bench.assessment.edits import SCS_PART, SHIFT_PM
from bench.assessment.errors.column_errors import ColumnErrors
from bench.assessment.injected import Injected
from stembench.arrays import Bools, Floats

#: A column has to be found in this share of the draws.
_FOUND: Final = 0.9
#: Errors of a column that is changed by what is put in may be this part of the change.
_PART: Final = 0.5
#: Reasons in the order in which they are named.
REASONS: Final = ("no support", "lost in draws", "position", "SCS")


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Trust in each column.

    Attributes
    ----------
    position_error : ndarray, shape (n,)
        Error [pm] that the place of the column would have, were it displaced by 15 pm: root sum of
        squares of its error in the draws and of what is not passed on of the displacement.
    scs_error : ndarray, shape (n,)
        Error [%] that its SCS would have, were it changed by 25 %.
    trusted : ndarray of bool, shape (n,)
        Whether the raw image supports the column, its fit is found in 90 % of the draws, and both
        errors are at most half of the change.
    reasons : tuple of str, length n
        What speaks against, of `REASONS`; empty for a trusted column.
    """

    position_error: Floats = field(repr=False)
    scs_error: Floats = field(repr=False)
    trusted: Bools = field(repr=False)
    reasons: tuple[str, ...] = field(repr=False)

    @property
    def share(self) -> float:
        """Share of the columns that are trusted; 0 without columns."""
        return float(np.mean(self.trusted)) if len(self.trusted) else 0.0


def trust_in(errors: ColumnErrors, injected: Injected, *, supported: Bools) -> Trust:
    """Judge each column.

    Parameters
    ----------
    errors : ColumnErrors
        Of the columns in the draws.
    injected : Injected
        What is left of changes, of all columns alike; where it is not known no column is trusted.
    supported : ndarray of bool, shape (n,)
        Whether the raw image supports each column.
    """
    scs = 100.0 * SCS_PART
    position_error = np.hypot(errors.position_rms, SHIFT_PM * (1.0 - injected.position.value))
    scs_error = np.hypot(errors.scs.rms, scs * (1.0 - injected.scs.value))
    with np.errstate(invalid="ignore"):
        against = np.column_stack(
            [
                ~supported,
                errors.found < _FOUND,
                ~(position_error <= _PART * SHIFT_PM),
                ~(scs_error <= _PART * scs),
            ]
        )
    reasons = tuple(
        ", ".join(reason for reason, holds in zip(REASONS, row, strict=True) if holds)
        for row in against
    )
    return Trust(
        position_error=position_error,
        scs_error=scs_error,
        trusted=np.asarray(~against.any(axis=1), dtype=np.bool_),
        reasons=reasons,
    )
