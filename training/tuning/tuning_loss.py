"""Loss of faithful fine-tuning: weighted absolute error, and what outlasts a blur of the error."""

from typing import Any, Final

import numpy as np

from training.losses.pixel_losses import contrast_weight

#: px: standard deviation of the blur. Errors of a whole column outlast it, those of pixels do not.
BLUR: Final = 2.0
#: Of the blurred error's root mean square beside the absolute error.
BLURRED_SHARE: Final = 0.5
_FLOOR: Final = 0.1
#: Under the root, whose derivative at 0 is infinite; in units of the truth's contrast squared.
_LEAST: Final = 1e-10


def tuning_loss(truth: Any, restored: Any, /, *, weights: Any) -> Any:
    """Return the weighted mean of |error| plus half the weighted RMS of the blurred error.

    Parameters
    ----------
    truth, restored : tensor, shape (n, h, w, 1)
        In units of the distorted image's standard deviation.
    weights : tensor, shape (n, h, w, 1)
        Of the pixels, as `ScenePair` has them.

    Returns
    -------
    scalar tensor
        Mean over the batch. As in equation (5) errors are divided by the truth's standard
        deviation, at least 0.1: an image with few electrons counts as much as one with many.
    """
    from keras import ops

    error = (truth - restored) * contrast_weight(truth, floor=_FLOOR)
    total = ops.sum(weights, axis=(1, 2, 3))
    absolute = ops.sum(weights * ops.abs(error), axis=(1, 2, 3)) / total
    square = ops.sum(weights * ops.square(blurred(error)), axis=(1, 2, 3)) / total
    return ops.mean(absolute + BLURRED_SHARE * ops.sqrt(square + _LEAST))


def blurred(images: Any, /) -> Any:
    """Return images (n, h, w, 1) after a Gaussian blur; beyond the edges there is nothing."""
    from keras import ops

    reach = int(np.ceil(3 * BLUR))
    values = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * BLUR**2))
    values = (values / values.sum()).astype(np.float32)
    for shape in ((-1, 1, 1, 1), (1, -1, 1, 1)):
        images = ops.conv(images, ops.convert_to_tensor(values.reshape(shape)), padding="same")
    return images
