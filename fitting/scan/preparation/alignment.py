"""Rigid alignment of the frames of one scene, from which a fit of frames starts."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from stembench.arrays import Bools, Floats
from stembench.errors import InputError

#: Largest drift from one frame to the next, as a part of the distance of neighbouring columns:
#: from half of it on the next column fits as well.
LARGEST_DRIFT: Final = 0.45
#: Standard deviation of the blur before frames are correlated, as a part of the reach: noise of
#: single pixels hides the correlation of columns.
_BLUR: Final = 1 / 3
#: After the first pass each frame is aligned with the mean of the others as often as this.
_ROUNDS: Final = 3
#: Least correlation of a frame with the others, in standard deviations of that of two frames of
#: blurred white noise; that of blurred white noise with a lattice is some 0.65 of it.
_LEAST: Final = 3.5


@dataclass(frozen=True)
class AlignedFrames:
    """Frames of one scene on the pixels of the first one.

    Attributes
    ----------
    drifts : ndarray, shape (k, 2)
        Place (x, y) [px] of each frame's first pixel in the first frame; the first is 0.
    mean : ndarray, shape (rows, columns)
        Mean of the frames that show a pixel; NaN where none does.
    """

    drifts: Floats
    mean: Floats


def align_frames(frames: Floats, *, reach: float, mask: Bools | None = None) -> AlignedFrames:
    """Align frames by their cross-correlation with those before them, then with all others.

    Parameters
    ----------
    frames : ndarray, shape (k, rows, columns)
        Pixels that are not finite do not count.
    reach : float
        Largest drift from one frame to the next [px], under half the distance of neighbouring
        columns. The drift of all frames together may be larger.
    mask : ndarray of bool, shape (rows, columns), optional
        True where a pixel of every frame is to be left out.

    Raises
    ------
    InputError
        If a frame has no pixel that counts, shows nothing of the others within the reach, or lies
        more than half a frame from the first.
    """
    valid = np.isfinite(frames)
    if mask is not None:
        valid &= ~mask
    k = len(frames)
    for number in range(k):
        if not valid[number].any():
            raise InputError(f"frame {number + 1} of {k} has no pixel that counts; leave it out")
    # What is left out becomes the frame's mean, so that no edge is blurred into the rest.
    level = [float(frame[own].mean()) for frame, own in zip(frames, valid, strict=True)]
    filled = np.where(valid, frames, np.array(level)[:, None, None])
    if k == 1:
        return AlignedFrames(np.zeros((1, 2)), np.where(valid[0], frames[0], np.nan))
    smooth = _smooth(filled, valid, blur=_BLUR * reach)
    shifts = np.zeros((k, 2))
    for number in range(1, k):
        before = slice(number)
        shifts[number] = _found(
            smooth[number], valid[number], _mean(smooth[before], valid[before], shifts[before]),
            near=shifts[number - 1], reach=reach, name=f"frame {number + 1} of {k}",
        )  # fmt: skip
    for _ in range(_ROUNDS):
        for number in range(k):
            others = np.arange(k) != number
            shifts[number] = _found(
                smooth[number], valid[number], _mean(smooth[others], valid[others], shifts[others]),
                near=shifts[number], reach=reach, name=f"frame {number + 1} of {k}",
            )  # fmt: skip
        shifts -= shifts[0]
    far = np.flatnonzero((np.abs(shifts) > np.array(frames.shape[1:]) / 2).any(axis=1))
    if len(far):
        raise InputError(
            f"frame {far[0] + 1} of {k} lies more than half a frame from the first one "
            f"({shifts[far[0], 1]:.0f}, {shifts[far[0], 0]:.0f} px); fit the frames before it alone"
        )
    return AlignedFrames(shifts[:, ::-1].copy(), _mean(filled, valid, shifts))


def _smooth(filled: Floats, valid: Bools, *, blur: float) -> Floats:
    from scipy import ndimage

    smooth = np.asarray(ndimage.gaussian_filter(filled, (0.0, blur, blur)))
    for frame, own in zip(smooth, valid, strict=True):
        frame -= frame[own].mean()
    return smooth


def _mean(frames: Floats, valid: Bools, shifts: Floats) -> Floats:
    """Mean of the frames moved by their shifts (y, x), NaN where none shows a pixel."""
    from scipy import ndimage

    total, seen = np.zeros(frames.shape[1:]), np.zeros(frames.shape[1:])
    for frame, own, shift in zip(frames, valid, shifts, strict=True):
        there = ndimage.shift(own.astype(np.float64), shift, order=1) > 0.999
        total += there * ndimage.shift(frame, shift, order=3, mode="nearest")
        seen += there
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(seen > 0, total / seen, np.nan))


def _found(
    frame: Floats, own: Bools, others: Floats, *, near: Floats, reach: float, name: str
) -> Floats:
    """Shift (y, x) within the reach of `near` at which a frame fits the mean of others best."""
    from scipy.signal import correlate

    theirs = np.isfinite(others)
    one = np.where(theirs, others, 0.0)
    other = np.where(own, frame, 0.0)

    def together(first: Floats, second: Floats) -> Floats:
        return np.asarray(correlate(first, second, mode="full", method="fft"))

    pixels = np.maximum(np.rint(together(theirs.astype(float), own.astype(float))), 1.0)
    match = together(one, other) / pixels
    centre = np.array(frame.shape) - 1
    lag = [
        np.arange(size)[:, None] - middle for size, middle in zip(match.shape, centre, strict=True)
    ]
    apart = np.hypot(lag[0] - near[0], lag[1].T - near[1])
    inside = (apart <= reach) & (pixels > 0.05 * frame.size)
    if not inside.any():
        raise _unlike(name, reach)
    best = np.unravel_index(np.argmax(np.where(inside, match, -np.inf)), match.shape)
    area = tuple(slice(max(at - 1, 0), at + 2) for at in best)
    patch = match[area]
    spread = np.sqrt((one**2).sum() / theirs.sum() * (other**2).sum() / own.sum())
    independent = pixels[best] / (4 * np.pi * (_BLUR * reach) ** 2)
    if (
        patch.shape != (3, 3)
        or patch.max() > match[best]
        or not match[best] * np.sqrt(independent) > _LEAST * spread
    ):
        raise _unlike(name, reach)
    # The vertex of a parabola through the maximum and its neighbours, along each axis.
    found = []
    for axis, line in enumerate((patch[:, 1], patch[1])):
        bend = line[0] - 2 * line[1] + line[2]
        found.append(best[axis] - centre[axis] - (0.5 * (line[2] - line[0]) / bend if bend else 0))
    return np.array(found, dtype=np.float64)


def _unlike(name: str, reach: float) -> InputError:
    return InputError(
        f"{name} shows nothing of the other frames within {reach:.1f} px of the frame before it "
        f"({LARGEST_DRIFT:g} of the distance of neighbouring columns; farther off the next fits as "
        "well): leave it out, or cut the frames to one field of view first"
    )
