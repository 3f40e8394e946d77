"""Loss in Fourier space, equation (9)."""

from typing import Any

import numpy as np


def fourier_loss(
    truth: Any, restored: Any, /, *, gamma: float, floor: float = 0.0, half: bool = False
) -> Any:
    """Return the mean of |F(y - y_g)|^gamma over all frequencies.

    Parameters
    ----------
    truth, restored : tensor
        (n, h, w, 1).
    gamma : float
        In (0, 1]; 0.125 in the paper. Below 1 it lifts weak, that is high, frequencies.
    floor : float
        Smallest modulus that is raised to the power. At 0, as printed, the derivative grows without
        limit where the modulus vanishes, and is set to 0 where it does so exactly. The authors'
        code has 1e-9.
    half : bool
        Whether frequencies of the real transform are averaged, as in the authors' code: those
        that the other half repeats then count as much as those that it does not.

    Notes
    -----
    F is the unnormalised discrete transform. The authors' code multiplies the difference by
    2 * 256^-0.125 first, which is 1.
    """
    from keras import ops

    difference = (truth - restored)[..., 0]
    width = difference.shape[2]
    rows = ops.rfft(difference)
    real, imaginary = ops.fft(tuple(ops.transpose(part, (0, 2, 1)) for part in rows))
    power = ops.square(real) + ops.square(imaginary)  # (n, frequencies in x, frequencies in y)
    if floor > 0:
        raised = ops.power(ops.maximum(power, floor**2), gamma / 2)
    else:
        there = power > 0
        raised = ops.power(ops.where(there, power, ops.ones_like(power)), gamma / 2)
        raised = ops.where(there, raised, ops.zeros_like(power))
    if half:
        return ops.mean(raised)
    # A real image's frequency and its negative have the same modulus; those two are one column for
    # the zeroth and, with an even width, for the last.
    counted = np.full(width // 2 + 1, 2.0)
    counted[0] = 1.0
    if width % 2 == 0:
        counted[-1] = 1.0
    weights = ops.convert_to_tensor(counted[None, :, None] / width, dtype=raised.dtype)
    return ops.mean(ops.sum(raised * weights, axis=1))
