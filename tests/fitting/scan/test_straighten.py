"""The straight image against an image that is known analytically, from displaced lines."""

import numpy as np
import pytest

from fitting import straighten
from stembench.arrays import Floats
from stembench.errors import InputError

SHAPE = (60, 50)


def scene(x: Floats, y: Floats) -> Floats:
    """Columns of a width of 3 px on a square lattice, at any place."""
    nodes = np.arange(-1, 8) * 10.0 + 3.0
    row, col = (np.exp(-((at[..., None] - nodes) ** 2) / 18).sum(axis=-1) for at in (y, x))
    return 100.0 * row * col


def jittered(seed: int, *, frames: int = 1, sigma: float = 0.6) -> tuple[Floats, Floats]:
    """Displacements (frames, rows, 2) [px] and what is recorded on such lines."""
    rows, cols = SHAPE
    moved = np.random.default_rng(seed).normal(0, sigma, (frames, rows, 2))
    x = np.arange(cols) + moved[..., 0, None]
    y = np.arange(rows)[:, None] + moved[..., 1, None] + np.zeros(cols)
    return moved, scene(x, y)


def truth() -> Floats:
    rows, cols = SHAPE
    return scene(np.arange(cols) + np.zeros((rows, 1)), np.arange(rows)[:, None] + np.zeros(cols))


def error(image: Floats) -> float:
    """Rms error away from the edges, of the image's maximum 100."""
    return float(np.sqrt(np.mean((image - truth())[6:-6, 4:-4] ** 2)))


@pytest.mark.parametrize("seed", range(3))
def test_a_known_image_is_put_on_straight_lines(seed: int) -> None:
    """To less than half of the error, 1.7 % is smoothing; opposite displacements make it worse."""
    moved, recorded = jittered(seed)
    before = error(recorded[0])
    assert before > 6
    assert error(straighten(recorded, moved)) < 0.5 * before
    assert error(straighten(recorded, -moved)) > 1.15 * before


def test_frames_of_one_scene_become_one_image() -> None:
    moved, recorded = jittered(4, frames=8)
    one = [error(straighten(frame, own[None])) for frame, own in zip(recorded, moved, strict=True)]
    assert error(straighten(recorded, moved)) < min(one)


def test_straight_lines_are_left_but_for_their_own_smoothing() -> None:
    """Weights of 0.8 px: a line through equally spaced lines is kept, a bend is not quite."""
    rows, cols = SHAPE
    tilted = np.arange(rows)[:, None] * 2.0 + np.arange(cols)
    still = np.zeros((1, rows, 2))
    assert straighten(tilted, still) == pytest.approx(tilted, abs=0.7)
    assert straighten(tilted, still)[5:-5] == pytest.approx(tilted[5:-5], abs=1e-9)


def test_a_shift_of_all_lines_is_a_shift() -> None:
    """Along x by the spline, across by the regression; the same shift the other way fails."""
    rows, _ = SHAPE
    moved = np.broadcast_to([1.3, -2.0], (1, rows, 2))
    x, y = np.meshgrid(np.arange(50) + 1.3, np.arange(60) - 2.0)
    whole = straighten(truth(), np.zeros((1, rows, 2)))
    assert np.abs(straighten(scene(x, y), moved) - whole)[8:-8, 4:-4].max() < 0.3
    assert np.abs(straighten(scene(x, y), -moved) - whole)[8:-8, 4:-4].max() > 30


def test_a_constant_is_kept_and_noise_never_grows() -> None:
    """Lines in heaps, and gaps of up to eight lines between them and at the edges.

    The standard deviation of 20 000 values of one row is 1 to 0.5 %; 4 of these above are allowed.
    """
    random = np.random.default_rng(2)
    moved = random.normal(0, 2.5, (1, 40, 2)) * [0, 1]
    assert straighten(np.full((40, 9), 7.0), moved) == pytest.approx(7.0)
    noise = straighten(random.normal(size=(40, 20_000)), moved)
    assert noise.std(axis=1).max() < 1.02
    assert noise.std(axis=1).min() > 0.3


@pytest.mark.parametrize(
    ("images", "moved", "sentence"),
    [
        (np.zeros((5, 6)), np.zeros((1, 6, 2)), "belong together"),
        (np.zeros(6), np.zeros((1, 6, 2)), "belong together"),
        (np.full((5, 6), np.nan), np.zeros((1, 5, 2)), "finite"),
        (np.zeros((5, 6)), np.full((1, 5, 2), np.inf), "finite"),
    ],
)
def test_what_cannot_be_straightened_is_refused(
    images: Floats, moved: Floats, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        straighten(images, moved)
