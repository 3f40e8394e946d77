"""Transmission functions of the block of a specimen round one site, slice by slice, made once.

A slice has a key; what atoms it holds is for the block to say. Slices that several specimens
share have one key and so one transmission function.
"""

from collections.abc import Hashable
from importlib import import_module
from typing import Any, Final

import numpy as np
from scipy import fft

from cases.case import Case
from cases.imaging import WindowScan
from cases.simulation.multislice import transmission
from cases.specimens.sites import SiteBlock
from stembench.arrays import Bools, Floats

#: Width in Å of the block's rim that no window sees; potentials have decayed within it.
EDGE: Final = 1.0


def window_scan(case: Case) -> WindowScan:
    """Simulation of a case that is scanned in windows; TypeError for another one."""
    if not isinstance(case.simulation, WindowScan):
        raise TypeError(f"case '{case.name}' is not scanned in windows")
    return case.simulation


def block_reach(simulation: WindowScan) -> float:
    """Distance in Å from the site along x and y that the windows of a scan reach."""
    pixel = simulation.step / simulation.oversampling
    return (simulation.points // 2) * simulation.step + (simulation.window // 2 + 1) * pixel


class BlockFunctions:
    """Transmission functions of a block by the key of a slice.

    Parameters
    ----------
    case : Case
        Scanned in windows.
    block : SiteBlock
        Displaced atoms round the site, which is the middle of the functions.
    reach : float, optional
        Distance in Å from the site along x and y that windows reach; by default that of the
        simulation's.

    Attributes
    ----------
    middle : int
        Grid point of the site along x and y.
    points : int
        Grid points along each side.
    pixel : float
        Distance of grid points in Å.
    thickness : float
        Of a slice in Å.
    """

    def __init__(self, case: Case, block: SiteBlock, *, reach: float | None = None) -> None:
        simulation = window_scan(case)
        self.pixel = simulation.step / simulation.oversampling
        half = int(np.ceil((block_reach(simulation) if reach is None else reach) / self.pixel))
        # Room at the sides, so that what the periodic box wraps stays out of the windows.
        room = int(EDGE / self.pixel)
        self.points = int(fft.next_fast_len(2 * (half + room), real=False))
        self.middle = self.points // 2
        self.thickness = block.slice_thickness
        self._block = block
        self._corner = np.array(block.centre) - self.middle * self.pixel
        self._voltage = case.microscope.voltage
        self._made: dict[Hashable, Any] = {}

    @property
    def extent(self) -> float:
        """Side of the block in Å."""
        return self.points * self.pixel

    def within(self, places: Floats) -> Bools:
        """Mask of the places (n, 2) in Å that lie in the block."""
        shifted = places - self._corner
        return np.asarray(((shifted >= 0) & (shifted < self.extent)).all(axis=1), dtype=np.bool_)

    def of(self, key: Any) -> Any:
        """Transmission function of a slice, shape (points, points) along x and y."""
        if key not in self._made:
            self._made[key] = self._make(key)
        return self._made[key]

    def _make(self, key: Any) -> Any:
        places, elements = self._block.atoms(key)
        kept = self.within(places)
        places = places[kept]
        if not len(places):
            device = import_module("abtem").config.get("device")
            xp = import_module("abtem.core.backend").get_array_module(device)
            return xp.ones((self.points, self.points), dtype=np.complex64)
        positions = np.full((len(places), 3), self.thickness / 2)
        positions[:, :2] = places - self._corner
        return transmission(
            positions,
            [element for element, inside in zip(elements, kept, strict=True) if inside],
            extent=self.extent,
            points=self.points,
            slices=1,
            slice_thickness=self.thickness,
            voltage=self._voltage,
        )[0]
