"""Clusters of black pixels and zingers on a TEM camera, equations (37) and (38)."""

from functools import partial
from typing import Final

from noise.ranges import Chance, Range
from noise.stages.point_defects import (
    BLACK_RESPONSE,
    SYMBOLS,
    ZINGER_RESPONSE,
    PointDefects,
    multiply_by,
)
from noise.stages.stage import Example, Stage

_WALK: Final = Range(0, 12, "steps", "linear", "'small clusters' (37), up to 13 px")
BLACK_RANGES: Final = {
    "density": Range(1e-5, 3e-4, "per px", "log", "as S(T)EM, but clusters"),
    "response": BLACK_RESPONSE,
    "steps": _WALK,
}
ZINGER_RANGES: Final = {
    "density": Range(1e-5, 2e-4, "per px", "log", "as S(T)EM, but clusters"),
    "response": ZINGER_RESPONSE,
    "steps": _WALK,
}

STAGES: Final = (
    Stage(
        name="black_pixels",
        settings=PointDefects,
        apply=multiply_by("black_pixels"),
        summary="clusters of dark pixels, grown by random walks",
        equations="(37)",
        streams=("black_pixels",),
        chance=Chance(0.1, "rare in the published pairs"),
        ranges=BLACK_RANGES,
        sample=partial(PointDefects.sample, ranges=BLACK_RANGES),
        typical=PointDefects(density=5e-5, low=0.0, high=0.25, steps=6),
        symbols=SYMBOLS,
        examples=(
            Example(
                "black pixels (37)",
                "0.2 %, 12 steps",
                PointDefects(density=2e-3, low=0.0, high=0.25, steps=12),
            ),
        ),
    ),
    Stage(
        name="zingers",
        settings=PointDefects,
        apply=multiply_by("zingers"),
        summary="clusters of pixels far too bright, grown by random walks",
        equations="(38)",
        streams=("zingers",),
        chance=Chance(0.1, "rare in the published pairs"),
        ranges=ZINGER_RANGES,
        sample=partial(PointDefects.sample, ranges=ZINGER_RANGES),
        typical=PointDefects(density=3e-5, low=2.0, high=12.0, steps=3),
        symbols=SYMBOLS,
        examples=(
            Example(
                "zingers (38)",
                "0.2 %, 8 steps",
                PointDefects(density=2e-3, low=2.0, high=6.0, steps=8),
            ),
        ),
    ),
)
