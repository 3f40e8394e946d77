"""Multislice of many specimens that begin alike: each shared stretch of slices is passed once."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from cases.imaging import Microscope
from cases.simulation.multislice import multislice


def multislice_shared(
    waves: Any,
    specimens: Mapping[str, Sequence[Hashable]],
    function: Callable[[Any], Any],
    *,
    slice_thickness: float,
    microscope: Microscope,
    propagator: Any,
) -> dict[str, float]:
    """Propagate one wave through several specimens.

    Parameters
    ----------
    waves : abtem.Waves, shape (1, points, points)
        The wave that enters; overwritten.
    specimens : mapping of str to sequence
        Keys of the slices that each specimen consists of; equal keys mean equal slices. A specimen
        may be the beginning of another one.
    function : callable
        Gives the transmission function of a key.
    slice_thickness : float
        In Å.
    microscope : Microscope
    propagator : abtem.multislice.FresnelPropagator

    Returns
    -------
    dict of str to float
        Fraction of the beam on the detector behind each specimen.
    """
    behind: dict[str, float] = {}
    # A wave, how many slices it has passed, and the specimens that it stands for.
    todo: list[tuple[Any, int, list[str]]] = [(waves, 0, list(specimens))]
    while todo:
        wave, passed, names = todo.pop()
        stop = _shared(names, specimens, passed)
        detected = np.nan
        if stop > passed:
            keys = specimens[names[0]][passed:stop]
            detected = multislice(
                wave,
                (function(key) for key in keys),
                slice_thickness=slice_thickness,
                microscope=microscope,
                propagator=propagator,
            )[0][0]
        branches: dict[Hashable, list[str]] = {}
        for name in names:
            if len(specimens[name]) == stop:
                behind[name] = float(detected)
            else:
                branches.setdefault(specimens[name][stop], []).append(name)
        for number, branch in enumerate(branches.values()):
            last = number == len(branches) - 1
            todo.append((wave if last else wave.copy(), stop, branch))
    return behind


def _shared(names: list[str], specimens: Mapping[str, Sequence[Hashable]], passed: int) -> int:
    """Number of slices that the specimens have in common, up to the end of the shortest."""
    stop = passed
    while all(len(specimens[name]) > stop for name in names):
        if len({specimens[name][stop] for name in names}) > 1:
            break
        stop += 1
    return stop
