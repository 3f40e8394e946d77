"""Columns of several frames of one scene, searched for in their aligned mean."""

import numpy as np

from bench.own_images.scanned_image import columns_of_frames
from fitting import find_columns
from stembench.arrays import Floats

SPACING = 12
PLACES = np.array([(x, y) for y in range(10, 80, SPACING) for x in range(10, 80, SPACING)], float)


def frames(number: int, *, drift: float, electrons: float) -> Floats:
    """Frames with Poisson counts, each moved by `drift` px along x against the one before."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:84, :84].astype(float)
    out = []
    for k in range(number):
        light = sum(
            np.exp(-((x + k * drift - cx) ** 2 + (y - cy) ** 2) / (2 * 2.2**2)) for cx, cy in PLACES
        )
        out.append(rng.poisson(electrons * np.asarray(light) + 0.05))
    return np.array(out, dtype=np.float64)


def missing(found: Floats) -> int:
    """How many columns have nothing within a sixth of the spacing."""
    if not len(found):
        return len(PLACES)
    gaps = np.hypot(*(PLACES[:, None] - found).transpose(2, 0, 1)).min(axis=1)
    return int((gaps > SPACING / 6).sum())


def test_columns_that_one_frame_hides_are_found_in_the_aligned_mean() -> None:
    images = frames(8, drift=1.4, electrons=0.7)
    assert missing(find_columns(images[0])) > 3
    # Controls: the frames as they lie are blurred by 10 px along x.
    assert missing(find_columns(images.mean(axis=0))) > 3
    found = columns_of_frames(images)
    assert missing(found) == 0
    assert len(found) == len(PLACES)


def test_one_frame_is_searched_as_an_image() -> None:
    image = frames(1, drift=0, electrons=60)
    assert (columns_of_frames(image) == find_columns(image[0])).all()
