"""Refusal of parameters that lie outside their physical limits, in one sentence."""

import math

from stembench.errors import InputError


def require(
    value: float,
    name: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    open_high: bool = False,
    unit: str = "",
) -> None:
    """Raise `InputError` unless `value` is finite and lies between the limits.

    Parameters
    ----------
    value : float
    name : str
        What the message calls it.
    low, high : float
        Limits; they are allowed values themselves unless `open_low` or `open_high` is set.
    open_low, open_high : bool
    unit : str

    Raises
    ------
    InputError
    """
    above = value > low if open_low else value >= low
    below = value < high if open_high else value <= high
    if math.isfinite(value) and above and below:
        return
    ends = [
        f"{sign} {limit:g}"
        for sign, limit in ((">" if open_low else ">=", low), ("<" if open_high else "<=", high))
        if math.isfinite(limit)
    ]
    wanted = " and ".join(ends) or "finite"
    raise InputError(f"{name} must be {wanted}{f' {unit}' if unit else ''}, not {value}")
