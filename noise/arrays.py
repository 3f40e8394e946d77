"""Noise on a user's own image or simulation: a numpy array or abTEM images, in one call."""

from typing import Any

import numpy as np
import numpy.typing as npt

from noise.chain import Chain, distort
from noise.dose import electrons_per_pixel
from noise.presets import chain_named
from noise.seeds import realization_generator
from noise.stages.stage import Counting
from stembench.errors import InputError

#: Sides of a pixel may differ by this much: abTEM rounds a scan to whole pixels.
_ANISOTROPY = 0.02


def distort_array(
    images: Any,
    preset: str | Chain = "study",
    *,
    dose: float,
    sampling: float | None = None,
    seed: int = 0,
    realization: int = 0,
    counting: Counting = "numpy",
) -> Any:
    """Distort clean images as a microscope of a given dose would record them.

    Parameters
    ----------
    images : array_like, shape (..., h, w), or abtem.measurements.Images
        Fractions of the incident beam, as a multislice simulation gives them. Rows of an array are
        scan lines (fast scan along the last axis). abTEM images are stored with x first; their
        fast scan runs along x, and they carry their own sampling. Lazy images are computed.
    preset : str, ScanNoise or TemNoise
        Name of a preset (see `noise.presets.PRESETS`) or a chain.
    dose : float
        Mean electron dose in e/Å², > 0.
    sampling : float, optional
        Pixel size in Å/px; needed for arrays.
    seed : int
        Root of all random numbers, >= 0. It also draws the parameters of a random preset.
    realization : int
        Number of the realization, >= 0. Every image of a stack has random numbers of its own,
        which depend on seed, dose, realization and the image's place in the stack.
    counting : {'numpy', 'tables'}
        Sampler of the Poisson counts (see `noise.distort`).

    Returns
    -------
    ndarray or Images, as given
        In electrons per pixel; divide by ``dose * sampling**2`` for beam fractions.

    Raises
    ------
    InputError
        If the images are complex, negative, not finite or have less than two axes, a parameter is
        out of range, or sampling is absent, given twice or different in x and y.
    """
    array, pixel, from_abtem = _unpacked(images, sampling)
    if array.ndim < 2:
        raise InputError(f"an image has two axes at least, not shape {array.shape}")
    if np.iscomplexobj(array):
        raise InputError("the image is complex; take its intensity first")
    if seed < 0 or realization < 0:
        raise InputError(f"seed and realization must be >= 0, not {seed} and {realization}")
    electrons_per_pixel(dose, pixel)  # refuses either before anything is drawn
    chain = chain_named(preset, sampling=pixel, seed=seed) if isinstance(preset, str) else preset
    if not isinstance(chain, Chain):
        raise InputError(f"a preset is a name, a ScanNoise or a TemNoise, not {chain!r}")
    # abTEM's first image axis is x: its lines become rows while they are distorted.
    lines = np.swapaxes(array, -1, -2) if from_abtem else array
    stack = np.ascontiguousarray(lines).reshape(-1, *lines.shape[-2:])
    generators = [
        realization_generator(seed, "own", image=str(k), dose=dose, realization=realization)
        for k in range(len(stack))
    ]
    counts = distort(stack, generators, dose=dose, sampling=pixel, noise=chain, counting=counting)
    counts = counts.reshape(lines.shape)
    if not from_abtem:
        return counts
    return type(images).from_array_and_metadata(
        array=np.ascontiguousarray(np.swapaxes(counts, -1, -2)),
        axes_metadata=images.axes_metadata,
        metadata={**images.metadata, "label": "electrons", "units": "e/px"},
    )


def _unpacked(images: Any, sampling: float | None) -> tuple[npt.NDArray[Any], float, bool]:
    """Array, sampling in Å/px and whether the images are abTEM's, told by what they offer."""
    from_abtem = all(hasattr(images, name) for name in ("array", "sampling", "axes_metadata"))
    if not from_abtem:
        if sampling is None:
            raise InputError("an array carries no pixel size; give sampling in Å/px")
        return np.asarray(images), sampling, False
    if sampling is not None:
        raise InputError("abTEM images carry their own sampling; leave sampling out")
    if getattr(images, "is_lazy", False):
        images = images.compute()
    x, y = (float(side) for side in images.sampling)
    if abs(x - y) > _ANISOTROPY * max(x, y):
        raise InputError(
            f"pixels of {x:.4g} x {y:.4g} Å are not square; use images.interpolate(sampling=...)"
        )
    array = images.array
    array = array.get() if hasattr(array, "get") else array  # from a GPU
    # The geometric mean keeps the area of a pixel, and so the electron count, exact.
    return np.asarray(array), float(np.sqrt(x * y)), True
