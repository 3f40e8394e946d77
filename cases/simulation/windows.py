"""Probes in windows of their own, cut from the transmission functions of a larger block."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np

from cases.imaging import Microscope
from cases.simulation.multislice import make_probe, make_propagator, multislice
from stembench.arrays import Floats, Integers

Advance = Callable[[int], None]

#: Grid points of a batch of windows: small ones that stay in a CPU's cache, many fill a GPU.
_BATCH_POINTS = {"cpu": 2**18, "gpu": 2**24}


def propagate_windows(
    functions: Any,
    corners: Integers,
    *,
    window: int,
    pixel: tuple[float, float],
    thickness: float,
    microscope: Microscope,
    exit_every: int | None,
    device: str,
    advance: Advance,
) -> Floats:
    """Propagate the probe through windows of the transmission functions, shape (exits, points)."""
    batch = max(1, _BATCH_POINTS[device] // window**2)
    centre = np.tile(np.multiply(window // 2, pixel), (batch, 1))
    extent = (window * pixel[0], window * pixel[1])
    entering = make_probe(microscope, extent=extent, points=window, positions=centre)
    propagator = make_propagator()
    exits = []
    for start in range(0, len(corners), batch):
        chosen = corners[start : start + batch].tolist()
        waves = entering.copy() if len(chosen) == batch else entering[: len(chosen)].copy()
        cuts = [functions[:, x : x + window, y : y + window] for x, y in chosen]
        exits.append(
            multislice(
                waves,
                _slices_of(cuts, len(functions)),
                slice_thickness=thickness,
                microscope=microscope,
                exit_every=exit_every,
                propagator=propagator,
            )
        )
        advance(len(chosen))
    return np.concatenate(exits, axis=1) if exits else np.zeros((1, 0))


def _slices_of(cuts: list[Any], slices: int) -> Iterator[Any]:
    for number in range(slices):
        if len(cuts) == 1:
            yield cuts[0][number]
        else:
            yield array_module(cuts[0]).stack([cut[number] for cut in cuts])


def array_module(array: Any) -> Any:
    """Return NumPy or CuPy, whichever made the array."""
    return import_module("abtem.core.backend").get_array_module(array)
