"""Electron counting: Poisson noise, which every image has, equations (30) and (45)."""

from typing import Final

import numpy as np

from noise.stages.stage import Context, Counting, Example, Stage
from stembench.arrays import Floats
from stembench.errors import InputError


def count_electrons(
    expected: Floats, rng: np.random.Generator, *, counting: Counting = "numpy"
) -> Floats:
    """Poisson counts of `expected` electrons per pixel, equations (30) and (45); exact.

    Both samplers are exact and draw different numbers: 'tables' is faster and waits for numba.

    Raises
    ------
    InputError
        If more electrons are expected than a 64-bit integer can count.
    """
    try:
        if counting == "tables":
            from noise.stages.compiled.count_tables import count_by_tables

            return count_by_tables(expected, rng)
        return rng.poisson(expected).astype(np.float64)
    except ValueError as error:
        raise InputError(
            f"{expected.max():.3g} electrons per pixel cannot be counted; lower the dose or check"
            " that the image is a fraction of the incident beam"
        ) from error


def _apply(image: Floats, _: None, context: Context, /) -> Floats:
    rng = context.streams["electrons"]
    return count_electrons(context.scale * image, rng, counting=context.counting)


STAGES: Final = (
    Stage(
        name="counting",
        settings=type(None),
        apply=_apply,
        summary="electron counting, shot noise (always)",
        equations="(30), (45)",
        streams=("electrons",),
        examples=(Example("counting (30), (45)", "5000 e/Å²", None),),
    ),
)
