"""Mean and standard deviation of each image of a batch, with finite derivatives everywhere."""

from typing import Any


def image_mean(images: Any, /) -> Any:
    """Return the mean over the pixels of each image: (n, h, w, 1) to (n, 1, 1, 1)."""
    from keras import ops

    return ops.mean(images, axis=(1, 2, 3), keepdims=True)


def image_variance(images: Any, /) -> Any:
    """Return the variance (population) over the pixels of each image, (n, 1, 1, 1)."""
    from keras import ops

    return ops.mean(ops.square(images - image_mean(images)), axis=(1, 2, 3), keepdims=True)


def image_std(images: Any, /) -> Any:
    """Return the standard deviation of each image, (n, 1, 1, 1), of derivative 0 if constant."""
    from keras import ops

    variance = image_variance(images)
    varies = variance > 0
    # The root's derivative at zero is infinite, and times zero no number; so nothing takes a root
    # of zero, not even in the branch that is not chosen.
    root = ops.sqrt(ops.where(varies, variance, ops.ones_like(variance)))
    return ops.where(varies, root, ops.zeros_like(variance))


def root_above(variance: Any, floor: float, /) -> Any:
    """Return max(floor, sqrt(variance)), floor > 0, as the root of a maximum."""
    from keras import ops

    return ops.sqrt(ops.maximum(variance, floor**2))
