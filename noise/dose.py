"""Conversion between dose, sampling and expected electrons per pixel."""

import math

from noise.errors import InputError


def electrons_per_pixel(dose: float, sampling: float) -> float:
    """Expected electrons per pixel at unit beam fraction: the dose scale α of equation (45).

    Parameters
    ----------
    dose : float
        Mean electron dose in e/Å², > 0.
    sampling : float
        Pixel size in Å/px, > 0.

    Returns
    -------
    float
        dose · sampling² in electrons per pixel.

    Raises
    ------
    InputError
        If either is not a positive finite number.
    """
    if not (math.isfinite(dose) and dose > 0):
        raise InputError(f"dose must be a positive number of electrons per Å², not {dose}")
    if not (math.isfinite(sampling) and sampling > 0):
        raise InputError(f"sampling must be a positive number of Å per pixel, not {sampling}")
    return dose * sampling**2
