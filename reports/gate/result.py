"""The result of the gate: one verdict per cell and metric, and the verdict on the whole."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

import pandas as pd

#: Metric of the rows about failed fits and lost columns, which need no statistics.
FAILURES: Final = "failed_fits"
#: Image of the rows that pool the cells of a case.
POOLED: Final = "all"


class Verdict(StrEnum):
    """A verdict of the gate on one cell and metric."""

    WORSE = "worse"
    NOT_COMPARABLE = "not comparable"
    INCONCLUSIVE = "inconclusive"
    BETTER = "better"
    EQUIVALENT = "equivalent"


@dataclass(frozen=True)
class GateRow:
    """One verdict.

    Attributes
    ----------
    case, image : str
        `image` is `POOLED` for the mean over the cells of a case.
    thickness : int or None
        In atoms; None if pooled.
    dose : float
        e/Å²; NaN if pooled.
    restorer_old, restorer_new : str
    metric : str
        A name in `reports.metrics.table.GATES`, or `FAILURES`.
    old, new : float
        The two values: RMSE in pm or %, rms bias in pm or %, shares, numbers of failed fits. NaN
        if pooled.
    change, low, high : float
        New against old with its 95 % interval: the ratio less one, the difference of shares, or
        the growth of the squared bias as a share of the old mean square error, or of the distance
        from what a share should be.
    p, p_holm : float
        Two-sided p of no change, and after Holm over all rows.
    margin : float
        As in the margins file.
    n : int
        Realizations that both sides have.
    needed : int or None
        Realizations that would decide an inconclusive row.
    verdict : Verdict
    why : str
        Reasons beside the numbers.
    """

    case: str
    image: str
    thickness: int | None
    dose: float
    restorer_old: str
    restorer_new: str
    metric: str
    old: float
    new: float
    change: float
    low: float
    high: float
    p: float
    p_holm: float
    margin: float
    n: int
    needed: int | None
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True)
class GateResult:
    """All verdicts of a comparison.

    Attributes
    ----------
    rows : tuple of GateRow
    old, new : str
        What was compared.
    notes : tuple of str
        What a reader must know beside the rows.
    """

    rows: tuple[GateRow, ...]
    old: str
    new: str
    notes: tuple[str, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """Rows with this verdict."""
        return sum(row.verdict is verdict for row in self.rows)

    @property
    def verdict(self) -> Verdict:
        """The verdict on the whole: the gravest of `rows`, 'better' and 'equivalent' as one."""
        for verdict in (Verdict.NOT_COMPARABLE, Verdict.WORSE, Verdict.INCONCLUSIVE):
            if self.count(verdict):
                return verdict
        return Verdict.BETTER if self.count(Verdict.BETTER) else Verdict.EQUIVALENT

    def table(self) -> pd.DataFrame:
        """Rows as a frame with the attributes of `GateRow` as columns, nothing rounded."""
        return pd.DataFrame([asdict(row) for row in self.rows])
