"""Relativistic average GAN: equations (2), (3), (12) and (15).

A. Jolicoeur-Martineau (2018), arXiv:1807.00734. All functions take the untransformed scores C of
the discriminator, (n, h, w, 1): a patch each. (15) writes D(x, y, y_g) where (2), (3) and (12) have
D(y, y_g). The additional argument is the distorted image x, the condition that the discriminator
gets beside each image (`PatchDiscriminator`), so that C(y) is C(x, y) in all of them.
"""

from typing import Any


def relativistic_probability(scores: Any, of_others: Any, /) -> Any:
    """Return sigma(C(a) - E{C(b)}): how much more real than the average of b each patch of a is.

    With a = y and b = y_g this is (2), exchanged it is (3). The mean is over batch and patches.
    """
    from keras import ops

    return ops.sigmoid(_relative(scores, of_others))


def adversarial_loss(of_truth: Any, of_restored: Any, /) -> Any:
    """Return the generator's loss (12): -E{log(1 - D(y, y_g))} - E{log D(y_g, y)}."""
    from keras import ops

    # log(1 - sigma(a)) = -softplus(a), without the logarithm of a rounded zero.
    real, restored = _relative(of_truth, of_restored), _relative(of_restored, of_truth)
    return ops.mean(ops.softplus(real)) + ops.mean(ops.softplus(-restored))


def discriminator_loss(of_truth: Any, of_restored: Any, /, *, smoothing: float = 0.0) -> Any:
    """Return the discriminator's loss (15): -E{log D(y, y_g)} - E{log(1 - D(y_g, y))}.

    Parameters
    ----------
    of_truth, of_restored : tensor
        Scores of real and of restored images.
    smoothing : float
        Share by which the wanted probability of real images falls short of 1; 0 in the paper, 0.05
        in the authors' code.
    """
    from keras import ops

    real, restored = _relative(of_truth, of_restored), _relative(of_restored, of_truth)
    of_real = (1.0 - smoothing) * ops.softplus(-real) + smoothing * ops.softplus(real)
    return ops.mean(of_real) + ops.mean(ops.softplus(restored))


def _relative(scores: Any, of_others: Any) -> Any:
    from keras import ops

    return scores - ops.mean(of_others)
