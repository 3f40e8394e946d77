"""What tunings of several seeds agree on: their mean, less what they scatter."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from restore.cgrdn.weight_difference import WeightDifference, combined_difference
from stembench.errors import InputError
from stembench.limits import require

_FEWEST: Final = 2
#: Of a mean squared, in units of the weights' own, below which a change counts as none.
_TINY: Final = 1e-20


def agreed_difference(
    differences: Sequence[WeightDifference], /, *, gain: float = 1.0, origin: Mapping[str, Any]
) -> WeightDifference:
    """Return the mean of differences, each number shrunk by how far the seeds scatter there.

    A tuning's steps move every weight at random too, which is most of its difference: such moves
    do not help, and cost what the published network does elsewhere. A mean m of n seeds whose
    scatter is s becomes m max(0, 1 - s² / (n m²)), the positive-part rule of shrinkage
    (L. Breiman, Technometrics 37, 373 (1995), names it the nonnegative garrote). As two or three
    seeds say little about the scatter of a single number, s² of a kernel is the product of its
    mean over the row and over the column of the kernel, divided by the mean of all; of a bias the
    mean of all.

    Parameters
    ----------
    differences : sequence of WeightDifference
        Of tunings that differ in their seed, at least two.
    gain : float
        Factor of all that is left, > 0: shrinking takes from what is wanted too.
    origin : mapping
        How they were made; plain types.

    Raises
    ------
    stembench.errors.InputError
        If there are fewer than two, they belong to other weights or differ in what they change,
        or the gain is not positive.
    """
    require(gain, "gain of an agreed difference", low=0, open_low=True)
    count = len(differences)
    if count < _FEWEST:
        raise InputError(
            f"{count} tunings cannot agree; name at least {_FEWEST} that differ in their seed"
        )
    mean = combined_difference([(each, 1 / count) for each in differences], origin=origin)
    changes: dict[int, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
    for number in mean.changes:
        if any(number not in each.changes for each in differences):
            raise InputError(
                f"not every tuning changes convolution {number}; name tunings of one recipe"
            )
        kernel, bias = (
            np.float32(gain)
            * _shrunk(np.stack([each.changes[number][part] for each in differences]))
            for part in (0, 1)
        )
        changes[number] = kernel, bias
    return WeightDifference(
        network=mean.network, published_sha256=mean.published_sha256, changes=changes,
        origin=origin,
    )  # fmt: skip


def _shrunk(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over the first axis, each number shrunk."""
    count = len(parts)
    mean = parts.mean(axis=0, dtype=np.float64)
    scatter = parts.var(axis=0, ddof=1, dtype=np.float64).reshape(-1, parts.shape[-1])
    whole = scatter.mean()
    if mean.ndim > 1 and whole > 0:
        scatter = scatter.mean(axis=1, keepdims=True) * scatter.mean(axis=0) / whole
    else:
        scatter = np.full_like(scatter, whole)
    kept = 1 - scatter.reshape(mean.shape) / (count * np.maximum(mean**2, _TINY))
    return np.asarray(mean * np.clip(kept, 0.0, 1.0), dtype=np.float32)
