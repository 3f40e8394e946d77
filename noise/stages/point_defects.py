"""Black pixels and zingers: a sensitivity mask of points or clusters, (37), (38), (52), (53).

The stages of S(T)EM, whose defects are single pixels, are declared here; those of a TEM camera in
`noise.stages.camera.defect_clusters`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from noise.ranges import Chance, Range
from noise.stages.stage import Apply, Context, Example, Stage
from stembench.arrays import Floats
from stembench.limits import require

BLACK_RESPONSE: Final = Range(
    0.0, 0.25, "", "linear", "'significantly lower' (52), from dead to a quarter"
)
ZINGER_RESPONSE: Final = Range(
    2, 12, "", "linear", "a burst outshines the pixel; outliers of published pairs"
)
BLACK_RANGES: Final = {
    "density": Range(1e-5, 1e-3, "per px", "log", "one to 66 points in an image of 256 x 256 px"),
    "response": BLACK_RESPONSE,
}
ZINGER_RANGES: Final = {
    "density": Range(1e-5, 3e-4, "per px", "log", "one to 20 points in an image of 256 x 256 px"),
    "response": ZINGER_RESPONSE,
}
SYMBOLS: Final = {
    "density": ("density", " per px"),
    "low": ("lowest response", ""),
    "high": ("highest response", ""),
    "steps": ("random-walk steps", ""),
}
_NEIGHBOURS = np.array([(0, 1), (0, -1), (1, 0), (-1, 0)])


@dataclass(frozen=True)
class PointDefects:
    """Points, spread uniformly, at which the response is not 1.

    Attributes
    ----------
    density : float
        Mean number of points per pixel in [0, 1]; their number in an image is Poisson distributed.
    low, high : float
        Limits of the uniform response of a point: below 1 for black pixels, above for zingers.
    steps : int
        Steps of the random walk (to one of four neighbours each) by which a point grows into a
        cluster; 0 leaves single pixels, as in S(T)EM.
    """

    density: float
    low: float
    high: float
    steps: int = 0

    def __post_init__(self) -> None:
        require(self.density, "density of defects", low=0, high=1, unit="per px")
        require(self.low, "lowest response of defects", low=0)
        require(self.high, "highest response of defects", low=self.low)
        require(self.steps, "random-walk steps of defects", low=0)

    @classmethod
    def sample(cls, rng: np.random.Generator, *, ranges: Mapping[str, Range]) -> "PointDefects":
        """Draw ``density`` and ``response`` over `ranges`, and ``steps`` if there are any."""
        ends = sorted(ranges["response"].draw(rng) for _ in range(2))
        return cls(
            density=ranges["density"].draw(rng),
            low=ends[0],
            high=ends[1],
            steps=round(ranges["steps"].draw(rng)) if "steps" in ranges else 0,
        )


def multiply_defects(image: Floats, rng: np.random.Generator, *, defects: PointDefects) -> Floats:
    """Multiply by the sensitivity mask, equations (37), (38), (52) and (53).

    Parameters
    ----------
    image : ndarray, shape (h, w)
    rng : numpy.random.Generator
    defects : PointDefects

    Returns
    -------
    ndarray, shape (h, w)
        A new array. Where clusters overlap, the response drawn last holds.
    """
    out = image.copy()
    height, width = image.shape
    count = int(rng.poisson(defects.density * image.size))
    points = np.stack([rng.integers(height, size=count), rng.integers(width, size=count)], axis=-1)
    response = rng.uniform(defects.low, defects.high, size=count)
    walk = _NEIGHBOURS[rng.integers(4, size=(defects.steps, count))].cumsum(axis=0)
    pixels = np.concatenate([points[None], points + walk])
    # A walk that leaves the sensor ends at its edge.
    rows = np.clip(pixels[..., 0], 0, height - 1)
    columns = np.clip(pixels[..., 1], 0, width - 1)
    out[rows, columns] = image[rows, columns] * response
    return out


def multiply_by(stream: str) -> Apply[PointDefects]:
    """Return the function that applies defects with the random stream of that name."""

    def apply(image: Floats, defects: PointDefects, context: Context, /) -> Floats:
        return multiply_defects(image, context.streams[stream], defects=defects)

    return apply


STAGES: Final = (
    Stage(
        name="black_pixels",
        settings=PointDefects,
        apply=multiply_by("black_pixels"),
        summary="single dark pixels (not for SEM: dark spots there are pores of the specimen)",
        equations="(52)",
        streams=("black_pixels",),
        chance=Chance(0.1, "rare in the published pairs; never for SEM, paper, after (52)"),
        ranges=BLACK_RANGES,
        sample=partial(PointDefects.sample, ranges=BLACK_RANGES),
        excluded=("sem",),
        typical=PointDefects(density=2e-4, low=0.0, high=0.25),
        symbols=SYMBOLS,
        examples=(
            Example("black pixels (52)", "0.6 %", PointDefects(density=6e-3, low=0.0, high=0.25)),
        ),
    ),
    Stage(
        name="zingers",
        settings=PointDefects,
        apply=multiply_by("zingers"),
        summary="single pixels far too bright",
        equations="(53)",
        streams=("zingers",),
        chance=Chance(0.1, "rare in the published pairs"),
        ranges=ZINGER_RANGES,
        sample=partial(PointDefects.sample, ranges=ZINGER_RANGES),
        typical=PointDefects(density=1e-4, low=2.0, high=12.0),
        symbols=SYMBOLS,
        examples=(
            Example(
                "zingers (53)", "0.6 %, ×2 to 6", PointDefects(density=6e-3, low=2.0, high=6.0)
            ),
        ),
    ),
)
