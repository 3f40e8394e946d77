"""Losses pixel by pixel and of whole images: equations (4) to (6), (10) and (11).

All functions take truths y and restored images of shape (n, h, w, 1) in the unit of the network,
where the distorted image has a standard deviation of 1, and return the mean over the batch.
"""

from typing import Any

from training.losses.image_moments import image_mean, image_std, image_variance, root_above


def contrast_weight(truth: Any, /, *, floor: float) -> Any:
    """Return w = 1 / max(floor, std of y) of each image, (n, 1, 1, 1); equation (5).

    Parameters
    ----------
    truth : tensor
    floor : float
        The paper's sigma_min, > 0.
    """
    return 1.0 / root_above(image_variance(truth), floor)


def absolute_loss(truth: Any, restored: Any, /, *, weight: Any = 1.0) -> Any:
    """Return the mean of w |y - y_g|, equation (4)."""
    from keras import ops

    return ops.mean(weight * ops.abs(truth - restored))


def square_loss(truth: Any, restored: Any, /, *, weight: Any = 1.0) -> Any:
    """Return the mean of w |y - y_g|^2, equation (6): the weight is not squared."""
    from keras import ops

    return ops.mean(weight * ops.square(truth - restored))


def mean_loss(truth: Any, restored: Any, /) -> Any:
    """Return the difference of the images' means, equation (10)."""
    from keras import ops

    return ops.mean(ops.abs(image_mean(truth) - image_mean(restored)))


def std_loss(truth: Any, restored: Any, /) -> Any:
    """Return the difference of the images' standard deviations, equation (11)."""
    from keras import ops

    return ops.mean(ops.abs(image_std(truth) - image_std(restored)))
