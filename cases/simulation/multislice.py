"""Multislice with abTEM: transmission functions, probe, propagation and detector."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Literal

import numpy as np
from ase import Atoms
from scipy import fft

from cases.imaging import Microscope
from stembench.arrays import Floats
from stembench.errors import InputError

#: How abTEM builds the potential; written to the provenance of every file.
POTENTIAL_SETTINGS = {"parametrization": "lobato", "projection": "infinite"}

DEVICES = ("cpu", "gpu")


@dataclass(frozen=True)
class Slicing:
    """How the potential is projected onto slices, where that differs from what a case declares.

    Attributes
    ----------
    projection : {'infinite', 'finite'}
        Whether an atom's potential is projected onto its slice as a whole, or each slice takes
        the part that lies in it.
    divide : int
        Slices into which each declared slice is divided; odd, so that planes stay in the middle of
        one.
    """

    projection: str = POTENTIAL_SETTINGS["projection"]
    divide: int = 1


#: What the cases declare.
DECLARED: Final = Slicing()


@contextmanager
def abtem_settings(device: str) -> Iterator[None]:
    """Run abTEM on one thread of the given device without its own progress bars.

    Raises
    ------
    InputError
        If the device is unknown, or is 'gpu' and CuPy finds none.
    """
    abtem = import_module("abtem")
    if device not in DEVICES:
        raise InputError(f"device '{device}' is neither 'cpu' nor 'gpu'")
    if device == "gpu":
        try:
            import_module("cupy").cuda.runtime.getDeviceCount()
        except Exception as error:
            raise InputError(
                f"no GPU can be used through CuPy ({error}); leave out --device gpu"
            ) from error
    settings = {
        "device": device,
        "fft": "fftw",
        "fftw.threads": 1,
        "fftw.planning_effort": "FFTW_ESTIMATE",
        "precision": "float32",
        "dask.lazy": False,
        "diagnostics.progress_bar": False,
    }
    with abtem.config.set(settings):
        yield


def configuration_rng(
    seed: int, configuration: int, *, purpose: Literal["fine", "coarse", "wide"] = "fine"
) -> np.random.Generator:
    """Random generator of one phonon configuration; it depends on nothing else.

    Parameters
    ----------
    seed, configuration : int
    purpose : {'fine', 'coarse', 'wide'}
        What is drawn. No two share a draw: displacements and places of the fine level,
        displacements and places of the coarse level, which probes the wide level repeats.
    """
    key = {"fine": (), "coarse": (1,), "wide": (2,)}[purpose]
    sequence = np.random.SeedSequence(seed, spawn_key=(configuration, *key))
    return np.random.default_rng(sequence)


def displace(positions: Floats, rms: float, rng: np.random.Generator) -> Floats:
    """Displace atoms thermally, in the plane across the beam.

    Displacements along the beam have no effect: the potential of a slice is projected along it
    and no plane lies near a boundary of a slice.

    Parameters
    ----------
    positions : ndarray, shape (n, 3)
        In Å.
    rms : float
        Root-mean-square displacement along one axis in Å.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n, 3)
    """
    displaced = positions.copy()
    displaced[:, :2] += rng.normal(scale=rms, size=(len(positions), 2))
    return displaced


def transmission(
    positions: Floats,
    element: str | Sequence[str],
    *,
    extent: float | tuple[float, float],
    points: int,
    slices: int,
    slice_thickness: float,
    voltage: float,
    projection: str = POTENTIAL_SETTINGS["projection"],
) -> Any:
    """Band-limited transmission functions of all slices in a periodic box.

    Parameters
    ----------
    positions : ndarray, shape (n, 3)
        In Å from the box's corner; atoms outside are wrapped.
    element : str or sequence of str
        Of all atoms, or of each.
    extent : float or tuple of two float
        Side of the box in Å, or sides along x and y.
    points : int
        Grid points along each side.
    slices : int
    slice_thickness : float
        In Å.
    voltage : float
        In V.
    projection : {'infinite', 'finite'}
        abTEM's switch.

    Returns
    -------
    complex64 array (numpy or cupy), shape (slices, points, points)
        Axes: slice, x, y.
    """
    abtem = import_module("abtem")
    sides = (extent, extent) if isinstance(extent, float) else extent
    atoms: Any = Atoms(
        [element] * len(positions) if isinstance(element, str) else list(element),
        positions=positions,
        cell=(*sides, slices * slice_thickness),
        pbc=True,
    )
    atoms.wrap(eps=0)
    potential = abtem.Potential(
        # A sequence: from one number abTEM computes the number of slices, subject to round-off.
        atoms,
        gpts=points,
        slice_thickness=(slice_thickness,) * slices,
        parametrization=POTENTIAL_SETTINGS["parametrization"],
        projection=projection,
    )
    aperture = import_module("abtem.antialias").AntialiasAperture()
    return _stack(
        [
            aperture.bandlimit(part.transmission_function(voltage)).array[0]
            for part in potential.build(lazy=False).generate_slices()
        ]
    )


def _stack(arrays: list[Any]) -> Any:
    return import_module("abtem.core.backend").get_array_module(arrays[0]).stack(arrays)


def make_probe(
    microscope: Microscope,
    *,
    extent: float | tuple[float, float],
    points: int,
    positions: Floats,
) -> Any:
    """Build abTEM waves of the probe, one for each position, shape (n, 2) in Å."""
    abtem = import_module("abtem")
    probe = abtem.Probe(
        energy=microscope.voltage,
        semiangle_cutoff=microscope.semi_convergence,
        extent=extent,
        gpts=points,
        defocus=microscope.defocus,
    )
    return probe.build(scan=abtem.CustomScan(positions), lazy=False)


def make_propagator() -> Any:
    """Make abTEM's Fresnel propagator with its antialias aperture."""
    return import_module("abtem.multislice").FresnelPropagator()


def multislice(
    waves: Any,
    slices: Iterator[Any],
    *,
    slice_thickness: float,
    microscope: Microscope,
    exit_every: int | None = None,
    propagator: Any = None,
) -> Floats:
    """Propagate waves through slices and detect them.

    Parameters
    ----------
    waves : abtem.Waves, shape (n, points, points)
        Overwritten.
    slices : iterator of arrays, each (points, points) or (n, points, points)
        Transmission functions.
    slice_thickness : float
        In Å.
    microscope : Microscope
    exit_every : int, optional
        Detect each time that so many slices are passed; by default only behind the last.
    propagator : abtem.multislice.FresnelPropagator, optional
        One that is used again keeps its kernel.

    Returns
    -------
    ndarray, shape (exits, n)
        Fraction of the beam on the detector.
    """
    propagator = propagator or make_propagator()
    abtem = import_module("abtem")
    detector = abtem.AnnularDetector(inner=microscope.inner, outer=microscope.outer)
    exits = []
    for number, part in enumerate(slices, start=1):
        waves.array[...] *= part
        _propagate(waves, slice_thickness, propagator)
        if exit_every is not None and number % exit_every == 0:
            exits.append(_detect(detector, waves))
    if exit_every is None:
        exits.append(_detect(detector, waves))
    return np.stack(exits)


def _propagate(waves: Any, thickness: float, propagator: Any) -> None:
    """Propagate in place with abTEM's kernel.

    On a CPU the transforms are SciPy's: as fast as FFTW's measured plans and, unlike these, the
    same to the last bit in every run.
    """
    if not isinstance(waves.array, np.ndarray):
        waves.array[...] = propagator.propagate(waves, thickness=thickness, in_place=True).array
        return
    kernel = propagator.get_array(waves, thickness)
    for wave in waves.array.reshape(-1, *waves.array.shape[-2:]):
        spectrum = fft.fft2(wave, overwrite_x=True)
        spectrum *= kernel
        wave[...] = fft.ifft2(spectrum, overwrite_x=True)


def _detect(detector: Any, waves: Any) -> Floats:
    values = detector.detect(waves).copy_to_device("cpu").array
    return np.asarray(values, dtype=np.float64).reshape(-1)
