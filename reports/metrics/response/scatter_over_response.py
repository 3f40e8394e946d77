"""Information of a restored image about a change: scatter over response, and over the bound.

Scatter alone can be had for nothing by drawing what is expected. Divided by the response it is what
a change must exceed to be seen. A restorer that draws the crystal wherever the image departs little
from it, and leaves what departs much, scatters less in the unedited image than where something was
changed: the scatter of the changed columns then counts. Trading scatter against the gradient of the
bias is the subject of the uniform Cramér-Rao bound (A. O. Hero, J. A. Fessler and M. Usman, IEEE
Trans. Signal Process. 44, 2026, 1996, doi:10.1109/78.533723).
"""

from dataclasses import dataclass

import numpy as np

from reports.metrics.cells import Cell
from reports.metrics.response.edited_pairs import EditedPairs
from reports.metrics.response.responses import Quantity, projected
from reports.statistics.intervals import Estimate, Replicates, estimate
from reports.statistics.moments import Moments, mean_with_left_out
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
        From all realizations, then with each left out: standard deviation in pm or percent, of the
        unedited image, or of the changed columns where it is shown to be larger there; and mean
        response, to which a changed column that the fit lost adds nothing.
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
        """Whether no information is shown: the response's interval holds 0, or is not known.

        Nor where nothing scatters: such an image is drawn, and 0 is the scatter of no measurement.
        """
        return not (self.response_estimate.low > 0 and bool((self.scatter > 0).all()))

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
        None if the two share fewer than three realizations.
    """
    kept = np.intersect1d(pairs.realizations, cell.realizations)
    if kept.size < 3:
        return None
    shared = cell.at(kept)
    found = pairs.found[np.isin(pairs.realizations, kept)]
    moves = pairs.edit.moves
    axes = slice(0, 2) if moves else slice(2, 3)
    at = pairs.declared(steps=(1.0, 1.0))[:, axes].any(axis=1)
    found, true = found[:, at, axes], pairs.true[at, axes]
    errors = shared.error_pm if moves else shared.scs_error_pct[np.newaxis]
    unedited = (shared.position if moves else shared.scs).variance().mean(axis=0)
    # Found is the change from the unedited image, whose errors are added again.
    edited = Moments(np.moveaxis(found, 2, 0) + errors[:, :, at]).variance().mean(axis=0)
    bounds = cell.bound_pm if moves else cell.scs_bound_pct
    return Information(
        quantity="position" if moves else "scs",
        edit=pairs.edit.name,
        realizations=tuple(int(number) for number in kept),
        scatter=np.sqrt(edited if _shown_larger(edited, unedited) else unedited),
        response=mean_with_left_out(projected(np.nan_to_num(found), true)),
        bound=float(np.sqrt(np.mean(bounds**2))),
    )


def _shown_larger(variance: Floats, other: Floats) -> bool:
    """Whether the interval of the ratio of two variances lies wholly above 1."""
    if not (variance > 0).all():
        return False
    if not (other > 0).all():
        return True
    ratio = variance / other
    return estimate(Replicates(float(ratio[0]), ratio[1:], "log")).low > 1
