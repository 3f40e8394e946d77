"""Multi-local whitening transform loss, equations (7) and (8)."""

from collections.abc import Sequence
from typing import Any, Literal

from training.losses.image_moments import image_mean, root_above

WhitenedBy = Literal["own", "truth"]
"""Whose local mean and standard deviation the restored image is whitened by."""


def whitening_loss(
    truth: Any,
    restored: Any,
    /,
    *,
    windows: Sequence[int],
    weights: Sequence[float],
    floor: float,
    whitened_by: WhitenedBy = "own",
) -> Any:
    """Return the mean of |y^S - y_g^S| over windows S of several sizes.

    Parameters
    ----------
    truth, restored : tensor
        (n, h, w, 1); sides at least half the largest window.
    windows : sequence of int
        Sides of the windows, px.
    weights : sequence of float
        Of each window; divided by their sum.
    floor : float
        Smallest divisor sigma_min, > 0, in the unit of the images.
    whitened_by : {'own', 'truth'}
        'own' as in (7): each image by its own statistics. 'truth', as the authors' code does:
        both by the truth's, which makes the loss a weighted absolute error.

    Notes
    -----
    A window of even side S reaches S/2 - 1 px up and left of its pixel and S/2 px down and right;
    images are mirrored at their edges. The paper states neither.
    """
    from keras import ops

    total = 0.0
    for window, weight in zip(windows, weights, strict=True):
        mean, std = _local_statistics(truth, window, floor)
        if whitened_by == "truth":
            difference = (truth - restored) / std
        else:
            own_mean, own_std = _local_statistics(restored, window, floor)
            difference = (truth - mean) / std - (restored - own_mean) / own_std
        total = total + weight / sum(weights) * ops.mean(ops.abs(difference))
    return total


def whitened(images: Any, window: int, /, *, floor: float) -> Any:
    """Return the whitening transform (7) of images (n, h, w, 1), dimensionless."""
    mean, std = _local_statistics(images, window, floor)
    return (images - mean) / std


def _local_statistics(images: Any, window: int, floor: float) -> tuple[Any, Any]:
    """Mean and max(floor, std) over the window around each pixel."""
    from keras import ops

    # The difference of two means of squares loses digits where the mean is large.
    centre = image_mean(images)
    deviations = images - centre
    mean = _local_mean(deviations, window)
    variance = _local_mean(ops.square(deviations), window) - ops.square(mean)
    return mean + centre, root_above(variance, floor)


def _local_mean(images: Any, window: int) -> Any:
    from keras import ops

    before, after = (window - 1) // 2, window // 2
    # Rows, then columns: a window of S x S costs 2 S sums instead of S^2. The mirrored lines are
    # slices, because the derivative of an indexed copy is summed in no fixed order on a GPU.
    rows = [ops.flip(images[:, :before], axis=1), images, ops.flip(images[:, -after:], axis=1)]
    images = ops.average_pool(
        ops.concatenate(rows[0 if before else 1 :], axis=1),
        (window, 1),
        1,
        padding="valid",
        data_format="channels_last",
    )
    columns = [
        ops.flip(images[:, :, :before], axis=2),
        images,
        ops.flip(images[:, :, -after:], axis=2),
    ]
    return ops.average_pool(
        ops.concatenate(columns[0 if before else 1 :], axis=2),
        (1, window),
        1,
        padding="valid",
        data_format="channels_last",
    )
