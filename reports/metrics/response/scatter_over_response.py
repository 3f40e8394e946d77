"""Information of a restored image about a change: scatter over response, and over the bound.

Scatter alone can be had for nothing by drawing what is expected. Divided by the response it is what
a change must exceed to be seen. Trading scatter against the gradient of the bias is the subject of
the uniform Cramér-Rao bound (A. O. Hero, J. A. Fessler and M. Usman, IEEE Trans. Signal Process.
44, 2026, 1996, doi:10.1109/78.533723).
"""

from dataclasses import dataclass

import numpy as np

from reports.metrics.cells import Cell
from reports.metrics.response.edited_pairs import EditedPairs
from reports.metrics.response.responses import Quantity, responses
from reports.statistics.intervals import Estimate, Replicates, estimate
from reports.statistics.moments import mean_with_left_out
from stembench.arrays import Floats


@dataclass(frozen=True)
class Information:
    """Scatter and response of one quantity in one image and dose, over the same realizations.

    Attributes
    ----------
    quantity : {'position', 'scs'}
    edit : str
        Name of the edit that the response is that of.
    realizations : tuple of int
    scatter, response : ndarray, shape (1 + n,)
        From all realizations, then with each left out: standard deviation in pm or percent, and
        mean response.
    bound : float
        Cramér-Rao bound of the standard deviation; NaN where none is stated.
    """

    quantity: Quantity
    edit: str
    realizations: tuple[int, ...]
    scatter: Floats
    response: Floats
    bound: float

    @property
    def response_estimate(self) -> Estimate:
        """The response with its interval."""
        return estimate(Replicates(float(self.response[0]), self.response[1:], "linear"))

    @property
    def none(self) -> bool:
        """Whether no information is shown: the response's interval holds 0, or is not known."""
        return not self.response_estimate.low > 0

    @property
    def with_left_out(self) -> Floats:
        """Scatter over response, shape (1 + n,); infinite where there is none."""
        if self.none:
            return np.full_like(self.scatter, np.inf)
        return self.scatter / self.response

    def over(self, unit: float) -> Estimate:
        """Scatter over response in some unit, with its interval; infinite if there is none."""
        values = self.with_left_out / unit
        if not np.isfinite(values[0]):
            nan = float("nan")
            return Estimate(float(values[0]), nan, nan, "none")
        return estimate(Replicates(float(values[0]), values[1:], "log"))


def information_of(cell: Cell, pairs: EditedPairs) -> Information | None:
    """Set a response beside the scatter of the unedited image.

    Parameters
    ----------
    cell : Cell
        Measured columns of the unedited image.
    pairs : EditedPairs
        Of an isolated edit of it.

    Returns
    -------
    Information or None
        None if the two share fewer than three realizations with fits.
    """
    (response,) = responses(pairs)
    fitted = np.isfinite(response.per_realization)
    kept = np.intersect1d(pairs.realizations[fitted], cell.realizations)
    if kept.size < 3:
        return None
    shared = cell.at(kept)
    values = response.per_realization[np.isin(pairs.realizations, kept)]
    if response.quantity == "position":
        scatter = np.sqrt(shared.position.variance().mean(axis=0))
        bound = float(np.sqrt(np.mean(cell.bound_pm**2)))
    else:
        scatter = np.sqrt(shared.scs.variance()[0])
        bound = float(np.sqrt(np.mean(cell.scs_bound_pct**2)))
    return Information(
        quantity=response.quantity,
        edit=pairs.edit.name,
        realizations=tuple(int(number) for number in kept),
        scatter=np.asarray(scatter),
        response=mean_with_left_out(values),
        bound=bound,
    )
