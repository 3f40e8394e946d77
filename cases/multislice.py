"""Multislice of one phonon configuration with abTEM: from displaced atoms to detected fractions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
from ase import Atoms
from scipy import fft

from cases.description import Case, Microscope, SupercellScan, WindowScan
from cases.scan import deal, scan_plan
from cases.structures import Specimen, build
from noise.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Advance = Callable[[int], None]

#: How abTEM builds the potential; written to the provenance of every file.
POTENTIAL_SETTINGS = {"parametrization": "lobato", "projection": "infinite"}

#: Probes propagated at once through windows: one is best for a CPU's cache, many fill a GPU.
WINDOW_BATCH = {"cpu": 1, "gpu": 64}


@contextmanager
def abtem_settings(device: str) -> Iterator[None]:
    """Run abTEM on one thread of the given device without its own progress bars.

    Raises
    ------
    InputError
        If the device is unknown, or is 'gpu' and CuPy finds none.
    """
    abtem = import_module("abtem")
    if device not in WINDOW_BATCH:
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


def configuration_rng(seed: int, configuration: int) -> np.random.Generator:
    """Random generator of one phonon configuration; it depends on nothing else."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(configuration,)))


def displace(specimen: Specimen, rms: float, rng: np.random.Generator) -> FloatArray:
    """Displace atoms thermally, in the plane across the beam.

    Displacements along the beam have no effect: the potential of a slice is projected along it
    and no plane lies near a boundary of a slice.

    Returns
    -------
    ndarray, shape (n, 3)
    """
    positions = specimen.positions.copy()
    positions[:, :2] += rng.normal(scale=rms, size=(len(positions), 2))
    return positions


def simulate_configuration(
    case: Case, configuration: int, *, device: str = "cpu", advance: Advance = lambda _: None
) -> tuple[IntArray, FloatArray]:
    """Scan one phonon configuration of a case.

    Parameters
    ----------
    case : Case
    configuration : int
        Number of the configuration, >= 0; it fixes the displacements and the points visited.
    device : {'cpu', 'gpu'}
    advance : callable
        Told the number of probes each time that some are done.

    Returns
    -------
    index : ndarray, shape (m,)
        Numbers of the irreducible scan points visited (see `cases.scan`).
    fractions : ndarray, shape (images, m)
        Fraction of the beam on the detector.
    """
    simulation = case.simulation
    rng = configuration_rng(simulation.seed, configuration)
    index, places = deal(scan_plan(simulation), configuration, rng=rng, simulation=simulation)
    with abtem_settings(device):
        match simulation:
            case SupercellScan():
                values = _scan_supercell(case, simulation, places, rng=rng)
                advance(len(index))
            case WindowScan():
                values = _scan_windows(
                    case, simulation, places, rng=rng, device=device, advance=advance
                )
    return index, values


def transmission(
    positions: FloatArray,
    element: str,
    *,
    extent: float,
    points: int,
    slices: int,
    slice_thickness: float,
    voltage: float,
) -> Any:
    """Band-limited transmission functions of all slices in a periodic square box.

    Parameters
    ----------
    positions : ndarray, shape (n, 3)
        In Å from the box's corner; atoms outside are wrapped.
    element : str
    extent : float
        Side of the box in Å.
    points : int
        Grid points along a side.
    slices : int
    slice_thickness : float
        In Å.
    voltage : float
        In V.

    Returns
    -------
    complex64 array (numpy or cupy), shape (slices, points, points)
        Axes: slice, x, y.
    """
    abtem = import_module("abtem")
    atoms: Any = Atoms(
        f"{element}{len(positions)}",
        positions=positions,
        cell=(extent, extent, slices * slice_thickness),
        pbc=True,
    )
    atoms.wrap(eps=0)
    potential = abtem.Potential(
        # A sequence: from one number abTEM computes the number of slices, subject to round-off.
        atoms,
        gpts=points,
        slice_thickness=(slice_thickness,) * slices,
        **POTENTIAL_SETTINGS,
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


def make_probe(microscope: Microscope, *, extent: float, points: int, positions: FloatArray) -> Any:
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
) -> FloatArray:
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


def _detect(detector: Any, waves: Any) -> FloatArray:
    values = detector.detect(waves).copy_to_device("cpu").array
    return np.asarray(values, dtype=np.float64).reshape(-1)


def _scan_supercell(
    case: Case,
    simulation: SupercellScan,
    places: IntArray,
    *,
    rng: np.random.Generator,
) -> FloatArray:
    """All points in one batch through a periodic supercell, detected after every unit cell."""
    specimen = build(case.structure, repeats=simulation.repeats)
    material = case.structure.material
    extent = simulation.repeats * material.lattice_parameter
    thickness = material.lattice_parameter / simulation.slices_per_cell
    slices = round(specimen.thickness / thickness)
    functions = transmission(
        displace(specimen, material.rms_displacement, rng),
        material.element,
        extent=extent,
        points=simulation.grid_points,
        slices=slices,
        slice_thickness=thickness,
        voltage=case.microscope.voltage,
    )
    step = material.lattice_parameter / simulation.scan_points
    waves = make_probe(
        case.microscope,
        extent=extent,
        points=simulation.grid_points,
        positions=np.mod(places * step, extent),
    )
    return multislice(
        waves,
        iter(functions),
        slice_thickness=thickness,
        microscope=case.microscope,
        exit_every=simulation.slices_per_cell,
    )


def _scan_windows(
    case: Case,
    simulation: WindowScan,
    places: IntArray,
    *,
    rng: np.random.Generator,
    device: str,
    advance: Advance,
) -> FloatArray:
    """Each point in a window of its own, cut from the transmission functions of the specimen.

    Scan points lie on grid points, so the wave that enters is the same for all.
    """
    specimen = build(case.structure)
    material = case.structure.material
    window, fine = simulation.window, simulation.oversampling
    pixel = simulation.step / fine
    thickness = simulation.planes_per_slice * specimen.plane_distance
    slices = specimen.planes // simulation.planes_per_slice
    positions = displace(specimen, material.rms_displacement, rng)

    # A box that holds every window, or the whole specimen where that is smaller.
    reach = int(np.abs(places).max()) * fine + window // 2
    widest = int(np.ceil((np.abs(specimen.positions[:, :2]).max() + 3.0) / pixel)) + 1
    half = min(reach, widest) + fine
    points = _fft_size(2 * half)
    middle = points // 2
    extent = points * pixel
    inside = (np.abs(positions[:, :2]) <= min(half, middle) * pixel).all(axis=1)
    corner = np.array([middle * pixel, middle * pixel, 0.0])
    functions = transmission(
        positions[inside] + corner,
        material.element,
        extent=extent,
        points=points,
        slices=slices,
        slice_thickness=thickness,
        voltage=case.microscope.voltage,
    )
    pad = max(0, reach - middle) + fine
    functions = _pad_with_vacuum(functions, pad)

    batch = WINDOW_BATCH[device]
    centre = np.full((batch, 2), (window // 2) * pixel)
    entering = make_probe(case.microscope, extent=window * pixel, points=window, positions=centre)
    propagator = make_propagator()
    # Where no atom is in the window, nothing is scattered onto the detector.
    radius = np.abs(specimen.positions[:, :2]).max() + 3.0 + window // 2 * pixel
    values = np.zeros(len(places))
    seen = np.flatnonzero(np.abs(places * simulation.step).max(axis=1) <= radius)
    corners = places * fine + middle + pad - window // 2
    for start in range(0, len(seen), batch):
        chosen = seen[start : start + batch]
        waves = entering.copy() if len(chosen) == batch else entering[: len(chosen)].copy()
        cuts = [functions[:, x : x + window, y : y + window] for x, y in corners[chosen].tolist()]
        values[chosen] = multislice(
            waves,
            _slices_of(cuts, slices),
            slice_thickness=thickness,
            microscope=case.microscope,
            propagator=propagator,
        )[0]
        advance(len(chosen))
    advance(len(places) - len(seen))
    return values[None]


def _slices_of(cuts: list[Any], slices: int) -> Iterator[Any]:
    for number in range(slices):
        yield cuts[0][number] if len(cuts) == 1 else _stack([cut[number] for cut in cuts])


def _pad_with_vacuum(functions: Any, pad: int) -> Any:
    xp = import_module("abtem.core.backend").get_array_module(functions)
    side = functions.shape[1]
    padded = xp.ones((len(functions), side + 2 * pad, side + 2 * pad), dtype=functions.dtype)
    padded[:, pad : pad + side, pad : pad + side] = functions
    return padded


def _fft_size(least: int) -> int:
    size = int(fft.next_fast_len(least, real=False))
    return size if size % 2 == 0 else _fft_size(least + 1)
