"""Black pixels and zingers: a sensitivity mask of points or clusters, (37), (38), (52), (53)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from noise.ranges import RANGES
from stembench.arrays import Floats
from stembench.limits import require

_STEPS = np.array([(0, 1), (0, -1), (1, 0), (-1, 0)])


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
    def sample(
        cls,
        rng: np.random.Generator,
        *,
        kind: Literal["black_pixels", "zingers"],
        clusters: bool = False,
    ) -> "PointDefects":
        """Draw parameters over the ranges of `noise.ranges`; `clusters` for TEM cameras."""
        response = RANGES[f"{kind}.response"]
        ends = sorted(response.draw(rng) for _ in range(2))
        return cls(
            density=RANGES[f"tem_{kind}.density" if clusters else f"{kind}.density"].draw(rng),
            low=ends[0],
            high=ends[1],
            steps=round(RANGES["clusters.steps"].draw(rng)) if clusters else 0,
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
    walk = _STEPS[rng.integers(4, size=(defects.steps, count))].cumsum(axis=0)
    pixels = np.concatenate([points[None], points + walk])
    # A walk that leaves the sensor ends at its edge.
    rows = np.clip(pixels[..., 0], 0, height - 1)
    columns = np.clip(pixels[..., 1], 0, width - 1)
    out[rows, columns] = image[rows, columns] * response
    return out
