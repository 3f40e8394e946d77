"""Radial functions f_Z(r) of the elements of an image, equations (17) to (22)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from stembench.arrays import Floats
from training.images.atomic_sizes import root_mean_square_radii
from training.images.image_ranges import RADIAL

#: Radii and frequencies of the Butterworth function's transform, in units of r_m and 1 / r_m.
#: Beyond six radii the flattest function is 6⁻⁸; beyond 24 the sharpest one's transform is 1e-6.
_RADIUS = np.arange(0.0, 6.0, 0.005)
_FREQUENCY = np.arange(0.0, 24.0, 0.02)


@dataclass(frozen=True)
class RadialFunctions:
    """Description of the radial functions of one image.

    Attributes
    ----------
    alpha : float
        Exponent of equation (18).
    exponent : float
        n of equation (17), the same for all elements.
    heights : tuple of (int, (float, float, float))
        Atomic number and h_1, h_2, h_3 of each element, in ascending order.
    """

    alpha: float
    exponent: float
    heights: tuple[tuple[int, tuple[float, float, float]], ...]

    @classmethod
    def sample(cls, rng: np.random.Generator, numbers: Iterable[int]) -> "RadialFunctions":
        """Draw over the ranges of `RADIAL` for the elements `numbers`.

        Constraint (22): the heavier of two elements has the larger integral. Were all radii the
        same, sorting the heights by their integral would draw from just the heights that fulfil
        it, and so they are sorted. Radii do differ, and no heights within the range make up for
        some of the differences (K is larger than Cu by more than the range is wide): ours is that
        the heights of such a heavier element are multiplied by what it lacks.
        """
        alpha = RADIAL.ranges["alpha"].draw(rng)
        exponent = RADIAL.ranges["exponent"].draw(rng)
        elements = sorted(set(numbers))
        height = RADIAL.ranges["height"]
        drawn = height.low + (height.high - height.low) * rng.random((len(elements), 3))
        drawn = drawn[np.argsort(drawn @ _unit_integrals(exponent))]
        radii = model_radii(alpha)
        heights: list[tuple[int, tuple[float, float, float]]] = []
        least = 0.0
        for number, row in zip(elements, drawn, strict=True):
            integral = float(row @ _unit_integrals(exponent)) * radii[number - 1] ** 2
            lifted = row * max(1.0, 1.001 * least / integral)
            least = max(integral, 1.001 * least)
            heights.append((number, (float(lifted[0]), float(lifted[1]), float(lifted[2]))))
        return cls(alpha, exponent, tuple(heights))

    def values(self, number: int, radius: Floats) -> Floats:
        """f_Z of equation (17) at radii in Å, of the element `number`."""
        h1, h2, h3 = dict(self.heights)[number]
        r = np.asarray(radius, dtype=np.float64) / self.radius(number)
        return np.asarray(
            h1 * np.exp(-np.square(r) / 2) + h2 * np.exp(-r) + h3 * _butterworth(r, self.exponent)
        )

    def radius(self, number: int) -> float:
        """r_Z^m of equation (18) in Å."""
        return float(model_radii(self.alpha)[number - 1])

    def integral(self, number: int) -> float:
        """Integral of f_Z over the plane in Å², the quantity of constraint (22)."""
        heights = np.array(dict(self.heights)[number])
        return float(heights @ _unit_integrals(self.exponent)) * self.radius(number) ** 2

    def transform(self, number: int, frequency: Floats) -> Floats:
        """Two-dimensional Fourier transform of f_Z at spatial frequencies (n,) in 1/Å.

        Returns
        -------
        ndarray, shape (n,)
            In Å²; at frequency 0 the integral.
        """
        h1, h2, h3 = dict(self.heights)[number]
        radius = self.radius(number)
        q = np.asarray(frequency, dtype=np.float64) * radius
        square = np.square(2 * np.pi * q)
        sharp = self._butterworth_transform(q)
        unit = 2 * np.pi * (h1 * np.exp(-square / 2) + h2 * (1 + square) ** -1.5) + h3 * sharp
        return np.asarray(unit * radius**2, dtype=np.float64)

    def _butterworth_transform(self, q: Floats) -> Floats:
        from scipy.interpolate import CubicSpline

        spline = CubicSpline(_FREQUENCY, _hankel() @ _butterworth(_RADIUS, self.exponent))
        return np.where(q < _FREQUENCY[-1], spline(np.minimum(q, _FREQUENCY[-1])), 0.0)


@lru_cache(maxsize=8)
def model_radii(alpha: float) -> Floats:
    """r^m of all elements in Å by Z - 1, equations (18) to (20): the mean and spread of (21)."""
    plain = root_mean_square_radii()
    power = plain**alpha
    a = plain.std() / power.std()
    return np.asarray(a * power + (plain.mean() - a * power.mean()), dtype=np.float64)


def _butterworth(r: Floats, exponent: float) -> Floats:
    return np.asarray(1 / (1 + r ** (2 * exponent)), dtype=np.float64)


def _unit_integrals(exponent: float) -> Floats:
    """Integrals over the plane of the three functions with unit radius and height."""
    butterworth = math.pi / (2 * exponent) / math.sin(math.pi / exponent)
    return 2 * math.pi * np.array([1.0, 1.0, butterworth])


@lru_cache(maxsize=1)
def _hankel() -> Floats:
    """Matrix that takes a function at `_RADIUS` to its two-dimensional transform."""
    from scipy.special import j0

    step = _RADIUS[1] - _RADIUS[0]
    # The integrand vanishes at both ends: the plain sum is the trapezoidal rule.
    kernel: Floats = j0(2 * np.pi * np.outer(_FREQUENCY, _RADIUS)) * (2 * np.pi * _RADIUS * step)
    return kernel
