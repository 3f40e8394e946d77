"""Electron counting: Poisson noise, which every image has, equations (30) and (45)."""

from typing import Final

import numpy as np

from noise.stages.stage import Context, Example, Stage
from stembench.arrays import Floats
from stembench.errors import InputError


def count_electrons(expected: Floats, rng: np.random.Generator) -> Floats:
    """Poisson counts of `expected` electrons per pixel, equations (30) and (45); exact.

    Raises
    ------
    InputError
        If more electrons are expected than a 64-bit integer can count.
    """
    try:
        return rng.poisson(expected).astype(np.float64)
    except ValueError as error:
        raise InputError(
            f"{expected.max():.3g} electrons per pixel cannot be counted; lower the dose or check"
            " that the image is a fraction of the incident beam"
        ) from error


def _apply(image: Floats, _: None, context: Context, /) -> Floats:
    return count_electrons(context.scale * image, context.streams["electrons"])


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
