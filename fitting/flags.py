"""Flags of a fitted column: what can go wrong with it, and which flags are failures."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Flag:
    """Flag of a fitted column.

    Attributes
    ----------
    bit : int
        Value of the flag, a power of two.
    name : str
        Name as in this module.
    failed : bool
        Whether a row with this flag has no result (x, y, SCS and errors are NaN).
    meaning : str
        One sentence.
    """

    bit: int
    name: str
    failed: bool
    meaning: str


NOT_CONVERGED: Final = 1
AT_BOUND: Final = 2
OUT_OF_FRAME: Final = 4
NEGATIVE_HEIGHT: Final = 8
NO_COVARIANCE: Final = 16
NO_DATA: Final = 32
DUPLICATE: Final = 64
SHAPE_AT_BOUND: Final = 128
NOT_RESTORED: Final = 256
NOT_RESOLVED: Final = 512
PARTLY_MASKED: Final = 1024
SATURATED: Final = 2048
POOR_FIT: Final = 4096
GIVEN_UP: Final = 8192

#: Every flag of a fit, in the order of their bits.
FLAGS: Final[tuple[Flag, ...]] = (
    Flag(NOT_CONVERGED, "NOT_CONVERGED", True, "the last step still moved the column"),
    Flag(
        AT_BOUND,
        "AT_BOUND",
        False,
        "the position ended at its drift bound; the value is the bounded minimum. In a scan fit, "
        "which has no bound: farther from its start than that, against the other columns",
    ),
    Flag(
        OUT_OF_FRAME,
        "OUT_OF_FRAME",
        True,
        "the centre lies outside the image; near the edge it is modelled, or its tail would bias "
        "its neighbours",
    ),
    Flag(
        NEGATIVE_HEIGHT,
        "NEGATIVE_HEIGHT",
        True,
        "a free position ended on a dip (height not above zero), which is no column",
    ),
    Flag(
        NO_COVARIANCE,
        "NO_COVARIANCE",
        False,
        "the information matrix is singular for this column: no standard errors",
    ),
    Flag(NO_DATA, "NO_DATA", True, "too few valid pixels within two widths of the start"),
    Flag(DUPLICATE, "DUPLICATE", True, "an earlier start lies within half a pixel"),
    Flag(
        SHAPE_AT_BOUND,
        "SHAPE_AT_BOUND",
        False,
        "the width or the height ended at its bound; the value is the bounded minimum",
    ),
    Flag(
        NOT_RESTORED,
        "NOT_RESTORED",
        True,
        "there was no image to fit: the restorer failed (set by the benchmark)",
    ),
    Flag(
        NOT_RESOLVED,
        "NOT_RESOLVED",
        True,
        "the image keeps too little of the columns' contrast to be fitted (set by the benchmark)",
    ),
    Flag(
        PARTLY_MASKED,
        "PARTLY_MASKED",
        False,
        "pixels around the centre are left out; the value rests on the others (own images)",
    ),
    Flag(
        SATURATED,
        "SATURATED",
        False,
        "the top is cut off at the largest value; the value is extrapolated from the flanks "
        "(own images)",
    ),
    Flag(
        POOR_FIT,
        "POOR_FIT",
        False,
        "the residual around the column is larger than noise makes it: light that the model does "
        "not hold (own images)",
    ),
    Flag(
        GIVEN_UP,
        "GIVEN_UP",
        True,
        "the fit of the whole image was ended: with its widths held or on their bounds, step after "
        "step gained next to nothing, as where there are no columns",
    ),
)

#: Bits that mean that the row holds no result.
FAILED: Final[int] = sum(flag.bit for flag in FLAGS if flag.failed)


def names(bits: int) -> tuple[str, ...]:
    """Names of the flags that are set in `bits`, in declared order."""
    return tuple(flag.name for flag in FLAGS if bits & flag.bit)
