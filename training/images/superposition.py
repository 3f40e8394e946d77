"""The image of atoms: equation (16) at sub-pixel positions, without aliasing.

The image is what equation (16) gives between the pixels too, freed of frequencies beyond those
that the pixels can hold. Its transform is, for each element, that of f_Z times the structure
factor of the atoms, which is computed as a non-uniform Fourier transform: atoms are spread to a
finer grid by a narrow window, and the window's own transform is divided out again (Dutt and
Rokhlin, SIAM J. Sci. Comput. 14, 1368 (1993)).
"""

import math
from functools import lru_cache
from typing import Final

import numpy as np

from stembench.arrays import Floats
from training.images.radial_functions import RadialFunctions
from training.specimens.atom_set import AtomSet
from training.specimens.simulation_box import Box

#: Grid points per pixel, and the window's width in grid points: an error of 1e-4 of the peak.
_FINENESS: Final = 1.5
_WIDTH: Final = 6
#: Å per point below which finer ones add nothing but the cusp of (17) at the atom's centre: up to
#: 2 % of the peak at that one place (Ne with heights 0.5, 1, 0.5 at 0.025 Å/px).
_FINEST: Final = 0.05
#: Samples of the window for half of its width.
_SAMPLES: Final = 6000
#: Nodes of the quadrature over half of the window.
_NODES: Final = 24
#: Frequencies at which an element's transform is tabulated.
_TABLE: Final = 4096


def atomic_image(atoms: AtomSet, box: Box, functions: RadialFunctions) -> Floats:
    """Superimpose the radial functions of atoms.

    Parameters
    ----------
    atoms : AtomSet
        In the box, whose skirt lies outside the image on all sides.
    box : Box
    functions : RadialFunctions
        Of all elements among the atoms.

    Returns
    -------
    ndarray, shape `box.extended`
        In units of the heights of equation (17).
    """
    from scipy import fft

    from training.images.image_kernels import add_spectrum, spread

    skirt, sampling = box.skirt, box.sampling
    shape = [fft.next_fast_len(side + 2 * skirt, real=True) for side in box.extended]
    # The same period with fewer points, where pixels hold more than there is to see.
    held = [
        min(side, fft.next_fast_len(math.ceil(side * sampling / _FINEST), real=True))
        for side in shape
    ]
    fine = [fft.next_fast_len(math.ceil(_FINENESS * side), real=True) for side in held]
    # Atoms begin at the box's corner, half a pixel before the middle of the first pixel.
    scale = np.array([fine[1] / shape[1], fine[0] / shape[0]]) / sampling
    rows = _counts(held[0]) / (shape[0] * sampling)
    columns = np.arange(held[1] // 2 + 1) / (shape[1] * sampling)
    frequency = np.linspace(0.0, 1.001 * math.hypot(rows.min(), columns.max()), _TABLE)
    spectrum = np.zeros((held[0], len(columns)), dtype=np.complex128)
    grid = np.empty(fine)
    for number in np.unique(atoms.numbers):
        grid[:] = 0.0
        spread(atoms.positions, atoms.numbers, int(number), scale, _window(), _WIDTH, grid)
        table = functions.transform(int(number), frequency)
        add_spectrum(fft.rfft2(grid), rows, columns, table, frequency[1], spectrum)
    y, x = (
        _correction(_counts(length), grid_length)
        for length, grid_length in zip(held, fine, strict=True)
    )
    half = np.exp(1j * np.pi * sampling * rows)[:, None] * np.exp(1j * np.pi * sampling * columns)
    spectrum *= half * (y[:, None] * x[None, : len(columns)]) / sampling**2
    # A frequency at the end of the band stands for both signs: its half-pixel phase has no
    # meaning, and no image is resolved so far.
    if held[0] % 2 == 0:
        spectrum[held[0] // 2] = 0
    if held[1] % 2 == 0:
        spectrum[:, -1] = 0
    whole = np.zeros((shape[0], shape[1] // 2 + 1), dtype=np.complex128)
    positive = (held[0] + 1) // 2
    negative = held[0] - positive
    whole[:positive, : len(columns)] = spectrum[:positive]
    whole[shape[0] - negative :, : len(columns)] = spectrum[positive:]
    image = fft.irfft2(whole, s=shape)
    height, width = box.extended
    return np.ascontiguousarray(image[skirt : skirt + height, skirt : skirt + width])


def _counts(length: int) -> Floats:
    """Frequencies of a transform in periods of its length."""
    return np.asarray(np.fft.fftfreq(length, 1 / length), dtype=np.float64)


@lru_cache(maxsize=1)
def _window() -> Floats:
    """Window from its middle outwards, and a zero: exp(β (sqrt(1 - u²) - 1)).

    This shape and its β are those of Barnett, Magland and af Klinteberg, SIAM J. Sci. Comput. 41,
    C479 (2019).
    """
    u = np.linspace(0.0, 1.0, _SAMPLES + 1)
    values = np.exp(_beta() * (np.sqrt(1 - u**2) - 1))
    return np.append(values, 0.0)


def _beta() -> float:
    return 0.97 * math.pi * _WIDTH * (1 - 1 / (2 * _FINENESS))


def _correction(periods: Floats, length: int) -> Floats:
    """One over the window's transform at frequencies in periods of a grid of `length` points."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    u = (nodes + 1) / 2
    window = np.exp(_beta() * (np.sqrt(1 - u**2) - 1)) * weights
    waves = np.cos(2 * np.pi * np.abs(periods)[:, None] / length * (_WIDTH / 2 * u))
    return np.asarray(1 / (_WIDTH / 2 * waves @ window), dtype=np.float64)
