"""HAADF signal of one atom, or of a column of them, against the distance from it; equation (17).

Simulated by multislice with abTEM for an aberration-free probe and atoms at rest.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import numpy as np

from cases import get_case
from stembench.arrays import Floats
from stembench.surroundings.extras import require_extra

#: Elements over the periodic table.
ELEMENTS: Final = {"C": 6, "Si": 14, "Cu": 29, "Ag": 47, "Au": 79}
#: Side of the box, Å; pixels of the potential, Å: the detector's outer angle still lies within
#: two thirds of what they hold. Farthest probe and their distance; distance of atoms, Å.
_BOX: Final = 12.0
_PIXEL: Final = 0.032
_REACH: Final = 4.5
_STEP: Final = 0.1
_ALONG: Final = 4.0


@dataclass(frozen=True)
class RadialSignal:
    """Fraction of the beam on the detector against the probe's distance from an atom.

    Attributes
    ----------
    radius : ndarray, shape (n,)
        Å, from 0 on.
    value : ndarray, shape (n,)
    """

    radius: Floats
    value: Floats

    @property
    def cross_section(self) -> float:
        """Integral over the plane, Å²."""
        from scipy.interpolate import CubicSpline

        ring = CubicSpline(self.radius, 2 * np.pi * self.radius * self.value)
        return float(ring.integrate(self.radius[0], self.radius[-1]))

    def blurred(self, sigma: float) -> "RadialSignal":
        """Blur by a Gaussian source of standard deviation `sigma` (Å), which keeps the integral."""
        from scipy.interpolate import CubicSpline
        from scipy.ndimage import gaussian_filter

        step = float(self.radius[1]) / 2
        half = int(self.radius[-1] / step)
        y, x = np.mgrid[-half : half + 1, -half : half + 1] * step
        away = np.hypot(x, y)
        plane = CubicSpline(self.radius, self.value)(np.minimum(away, self.radius[-1]))
        plane[away > self.radius[-1]] = 0.0
        line = gaussian_filter(plane, sigma / step)[half, half:]
        return RadialSignal(
            np.asarray(step * np.arange(half + 1), dtype=np.float64),
            np.asarray(line, dtype=np.float64),
        )


def simulated_signal(element: str, *, atoms: int = 1) -> RadialSignal:
    """Simulate the signal of one atom, or of a column of atoms 4 Å apart along the beam.

    Parameters
    ----------
    element : str
        Chemical symbol.
    atoms : int
        >= 1.

    Raises
    ------
    stembench.errors.InputError
        If abTEM is not installed.
    """
    require_extra("abtem", who="a simulated signal")
    abtem: Any = import_module("abtem")
    from ase import Atoms

    scope = get_case("pt_bulk").microscope
    radius = np.arange(0.0, _REACH + _STEP / 2, _STEP)
    places = [(_BOX / 2, _BOX / 2, _ALONG * (k + 0.5)) for k in range(atoms)]
    cell = (_BOX, _BOX, _ALONG * atoms)
    specimen = Atoms(element * atoms, positions=places, cell=cell, pbc=(True, True, False))
    settings = {"dask.lazy": False, "diagnostics.progress_bar": False, "precision": "float32"}
    with abtem.config.set(settings):
        potential = abtem.Potential(
            specimen, sampling=_PIXEL, slice_thickness=_ALONG, parametrization="lobato",
            projection="infinite",
        )  # fmt: skip
        probe = abtem.Probe(energy=scope.voltage, semiangle_cutoff=scope.semi_convergence)
        probe.grid.match(potential)
        scan = abtem.CustomScan(
            np.stack([_BOX / 2 + radius, np.full(radius.size, _BOX / 2)], axis=1)
        )
        detector = abtem.AnnularDetector(inner=scope.inner, outer=scope.outer)
        measured = probe.scan(potential, scan=scan, detectors=detector)
    value = np.asarray(measured.array, dtype=np.float64).ravel()
    return RadialSignal(radius, value - value[-1])


def equation_17(radius: Floats, parameters: Floats) -> Floats:
    """Sum of a Gaussian, an exponential and a Butterworth function of one radius.

    Parameters
    ----------
    radius : ndarray
        Å.
    parameters : ndarray, shape (5,)
        h1, h2, h3, r_m in Å, n.
    """
    h1, h2, h3, width, order = parameters
    scaled = radius / width
    return np.asarray(
        h1 * np.exp(-(scaled**2) / 2) + h2 * np.exp(-scaled) + h3 / (1 + scaled ** (2 * order))
    )


@dataclass(frozen=True)
class RadialFit:
    """Equation (17) fitted to a signal.

    Attributes
    ----------
    parameters : ndarray, shape (5,)
        h1, h2, h3, r_m in Å, n.
    residual : float
        Root mean square over the plane of what is left, over that of the signal.
    largest : float
        Largest absolute residual over the largest signal.
    """

    parameters: Floats
    residual: float
    largest: float


def fit_equation_17(signal: RadialSignal, *, gaussian: bool = False) -> RadialFit:
    """Fit equation (17) by least squares over the plane, all parameters positive, n in [4, 16].

    Parameters
    ----------
    signal : RadialSignal
    gaussian : bool
        Whether the Gaussian alone is fitted: what the other two terms are worth.
    """
    from scipy.optimize import least_squares

    top = float(signal.value.max())
    weight = np.sqrt(signal.radius + signal.radius[1] / 8)
    several = ((0.6, 0.2, 0.2), (0.9, 0.05, 0.05), (0.3, 0.6, 0.1))
    shares = ((1.0, 0.0, 0.0),) if gaussian else several
    tiny = 1e-12
    upper = np.array([5, 5, 5, 5, 16.0]) if not gaussian else np.array([5, tiny, tiny, 5, 16.0])
    found = []
    for share in shares:
        for width in (0.2, 0.4, 0.7):
            start = np.clip([*share, width, 8.0], [0, 0, 0, 0.05, 4], upper * (1 - 1e-9))
            fit = least_squares(
                lambda p: weight * (equation_17(signal.radius, p) - signal.value / top),
                start, bounds=([0, 0, 0, 0.02, 4], upper), x_scale=[1, 1, 1, 0.3, 5],
            )  # fmt: skip
            found.append(fit)
    best = min(found, key=lambda fit: float(fit.cost))
    left = equation_17(signal.radius, best.x) - signal.value / top
    whole = float(np.sum((weight * signal.value / top) ** 2))
    scaled = best.x * np.array([top, top, top, 1, 1])
    return RadialFit(
        parameters=np.asarray(scaled),
        residual=float(np.sqrt(np.sum((weight * left) ** 2) / whole)),
        largest=float(np.abs(left).max()),
    )
