"""How the images of a block are acquired: one shot, or frames of a part of the dose.

A control that microscopists use beside restoration: the dose is spread over frames that scan the
specimen anew, and the frames are rigidly aligned and summed. It is no restorer, which sees one
image alone; records name it like one, so that it stands in the same tables.
"""

import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.plan.acquisitions import FRAMES, is_acquisition
from bench.plan.blocks import Block
from cases import get_case, load_ground_truth
from noise import (
    ScanNoise,
    coupled_counts,
    distort,
    electrons_per_pixel,
    jitter_displacements,
    realization_generator,
    scan_generator,
)
from restore import Restorer, RestorerMetadata
from stembench.arrays import Floats

#: Frames of one acquisition.
NUMBER: Final = 10
#: Standard deviation of the blur before frames are correlated, in Å: noise of single pixels hides
#: the correlation of columns.
_BLUR: Final = 0.4
#: Largest shift along either direction in Å. A shift beyond half the distance of two columns fits
#: the next column as well; one that comes out larger is taken as none.
_REACH: Final = 0.6
#: Each frame is aligned with the sum of the others as often as this.
_ROUNDS: Final = 2
#: Shifts are found to one part in this of a pixel.
_UPSAMPLING: Final = 20


def acquire(block: Block, noise: ScanNoise) -> Floats:
    """Acquire the images of a block.

    Parameters
    ----------
    block : Block
    noise : ScanNoise
        Of each shot.

    Returns
    -------
    ndarray, shape (n, h, w)
        Electrons per pixel at the whole dose.
    """
    realizations = range(block.start, block.stop)
    if not is_acquisition(block.restorer):
        return _single_shots(block, noise, realizations=realizations)
    labels = [f"{block.image}, frame {k + 1} of {NUMBER}" for k in range(NUMBER)]
    sampling = get_case(block.case).sampling
    dose = block.dose / NUMBER
    return np.stack(
        [
            aligned_sum(
                np.concatenate(
                    [
                        _shots(block, noise, image=label, dose=dose, realizations=range(k, k + 1))
                        for label in labels
                    ]
                ),
                sampling=sampling,
            )
            for k in realizations
        ]
    )


def _single_shots(block: Block, noise: ScanNoise, *, realizations: range) -> Floats:
    """Shots of the whole dose; an edited image shares the counts of the unedited one."""
    case = get_case(block.case)
    truth = load_ground_truth(case)
    base = truth.base_label(block.image)
    counts = _shots(
        replace(block, image=base), noise, image=base, dose=block.dose, realizations=realizations
    )
    if base == block.image:
        return counts
    electrons = electrons_per_pixel(block.dose, case.sampling)
    return coupled_counts(
        counts,
        [
            realization_generator(
                block.seed, block.case, image=block.image, dose=block.dose, realization=k
            )
            for k in realizations
        ],
        before=truth.image(base) * electrons,
        after=truth.image(block.image) * electrons,
    )


def _shots(
    block: Block, noise: ScanNoise, *, image: str, dose: float, realizations: range
) -> Floats:
    """Shots of a block's image, with draws keyed by another label if it is a frame."""
    case = get_case(block.case)
    return distort(
        load_ground_truth(case).image(block.image, margin=case.margin),
        [
            realization_generator(block.seed, block.case, image=image, dose=dose, realization=k)
            for k in realizations
        ],
        dose=dose,
        sampling=case.sampling,
        noise=noise,
        margin=case.margin,
        scans=[
            scan_generator(block.seed, block.case, image=image, realization=k) for k in realizations
        ],
    )


def true_displacements(block: Block, noise: ScanNoise) -> Floats:
    """Displacements of the scan lines in the shots of a block.

    Parameters
    ----------
    block : Block
        Of single shots.
    noise : ScanNoise
        Of each shot.

    Returns
    -------
    ndarray, shape (n, h, 2)
        (dx, dy) [px]: line l shows the specimen at (i + dx, l + dy); 0 without jitter.
    """
    case = get_case(block.case)
    image = load_ground_truth(case).base_label(block.image)
    lines = case.shape[0]
    if noise.jitter is None:
        return np.zeros((block.stop - block.start, lines, 2))
    found = []
    for k in range(block.start, block.stop):
        streams = noise.streams(
            realization_generator(
                block.seed, block.case, image=image, dose=block.dose, realization=k
            ),
            scan=scan_generator(block.seed, block.case, image=image, realization=k),
        )
        moved = jitter_displacements(noise.jitter, streams, lines=lines + 2 * case.margin)
        found.append(moved[case.margin : case.margin + lines] / case.sampling)
    return np.stack(found)


def aligned_sum(frames: Floats, *, sampling: float) -> Floats:
    """Align frames rigidly by their cross-correlation, and sum them.

    Each frame is correlated with the sum of the others, twice; the mean of all shifts is taken
    off, so that the sum stays where the frames are on average.

    Parameters
    ----------
    frames : ndarray, shape (n, h, w)
        Electrons per pixel.
    sampling : float
        Pixel size in Å/px.

    Returns
    -------
    ndarray, shape (h, w)
        Electrons per pixel of all frames together; a rim as wide as the shifts repeats the edge.
    """
    from scipy import ndimage

    shifts = frame_shifts(frames, sampling=sampling)
    moved = [
        ndimage.shift(frame, shift, order=3, mode="nearest")
        for frame, shift in zip(frames, shifts, strict=True)
    ]
    return np.asarray(np.sum(moved, axis=0), dtype=np.float64)


def frame_shifts(frames: Floats, *, sampling: float) -> Floats:
    """Shift (dy, dx) in px that puts each frame onto the others, shape (n, 2), of mean zero.

    Parameters
    ----------
    frames : ndarray, shape (n, h, w)
    sampling : float
        Pixel size in Å/px.
    """
    from scipy import ndimage
    from skimage import registration

    correlate: Any = registration.phase_cross_correlation  # without types
    blur, reach = _BLUR / sampling, _REACH / sampling
    smooth = ndimage.gaussian_filter(frames, (0.0, blur, blur))
    smooth -= smooth.mean(axis=(1, 2), keepdims=True)
    shifts = np.zeros((len(frames), 2))
    for _ in range(_ROUNDS):
        moved = np.stack(
            [
                ndimage.shift(frame, shift, order=3, mode="nearest")
                for frame, shift in zip(smooth, shifts, strict=True)
            ]
        )
        others = moved.sum(axis=0) - moved
        for k, frame in enumerate(smooth):
            # Not the phase alone: at few electrons most of the spectrum is noise.
            found, _, _ = correlate(
                others[k], frame, upsample_factor=_UPSAMPLING, normalization=None
            )
            shifts[k] = found if np.abs(found).max() <= reach else 0.0
        shifts -= shifts.mean(axis=0)
    return shifts


@dataclass(frozen=True)
class Acquired:
    """What stands in the place of a restorer: images as they were acquired."""

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties, as of a restorer."""
        return RestorerMetadata(
            name=FRAMES,
            label=f"{NUMBER} frames aligned and summed",
            family="acquisition",
            version="1",
            licence="GPL-3.0-or-later",
            training_data="none",
            input_scale=f"{NUMBER} frames of 1/{NUMBER} of the dose, each with a scan of its own",
            engine=f"scikit-image {importlib.metadata.version('scikit-image')}",
        )

    def restore(
        self,
        images: NDArray[np.floating],
        /,
        *,
        sampling: float,
        progress: Callable[[int, int], None] | None = None,
    ) -> Floats:
        """Return images (n, h, w) unchanged."""
        del sampling, progress
        return np.asarray(images, dtype=np.float64)


def as_acquired() -> Restorer:
    """Restorer that leaves acquired images as they are, with the metadata of the acquisition."""
    return Acquired()
