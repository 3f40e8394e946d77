"""How far the simulated fractions are from those of finer settings, on a few probes.

``python -m cases.convergence [CASE ...]`` prints the table of docs/ground_truth.md. Each variation
sees the displacements of the first phonon configuration, as the declared settings do, so that
nothing but the variation differs.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cases import get_case
from cases.configuration import DECLARED, Slicing, scan_supercell, scan_windows
from cases.description import Case, SupercellScan, WindowScan
from cases.multislice import abtem_settings, configuration_rng
from noise.atomic_files import replacing
from noise.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_THIN: Final = Slicing(projection="finite", divide=3)


@dataclass(frozen=True)
class Variation:
    """One setting made finer.

    Attributes
    ----------
    name : str
    change : str
        What is compared with what.
    finer : Case
    slicing : Slicing
    still : bool
        Whether atoms are at rest on both sides, because the variation changes their number.
    """

    name: str
    change: str
    finer: Case
    slicing: Slicing = DECLARED
    still: bool = False


@dataclass(frozen=True)
class Deviation:
    """Finer less declared settings, relative to the declared value of each probe.

    Attributes
    ----------
    case, variation, change : str
    image : str
        Label of the image behind whose thickness the beam was detected.
    rms, worst, mean : float
        Over the probes.
    probes : int
    """

    case: str
    variation: str
    change: str
    image: str
    rms: float
    worst: float
    mean: float
    probes: int


def variations(case: Case) -> tuple[Variation, ...]:
    """Finer settings of a case: grid, slices, and supercell or window."""
    match case.simulation:
        case SupercellScan() as scan:
            wide = replace(scan, repeats=8, grid_points=1080)
            return (
                _varied(case, "grid", "800 to 1000 points", replace(scan, grid_points=1000)),
                _varied(case, "supercell", "6 to 8 cells, atoms at rest", wide, still=True),
                Variation("slices", "three per plane, finite projection", case, _THIN),
            )
        case WindowScan() as scan:
            finer = replace(scan, oversampling=10, window=700)
            made = [
                _varied(case, "grid", "8 to 10 points per scan step", finer),
                _varied(case, "window", "16.1 to 23.0 Å", replace(scan, window=800)),
                _varied(case, "wide window", "16.1 to 32.1 Å", replace(scan, window=1120)),
            ]
            thin = case
            if scan.planes_per_slice > 1:
                single = replace(scan, planes_per_slice=1)
                made.append(_varied(case, "slices", "one plane in each", single))
                thin = replace(case, simulation=single)
            made.append(Variation("projection", "three slices per plane, finite", thin, _THIN))
            return tuple(made)


def _varied(
    case: Case, name: str, change: str, simulation: Any, *, still: bool = False
) -> Variation:
    return Variation(name, change, replace(case, simulation=simulation), still=still)


def places(case: Case) -> IntArray:
    """Scan points that are probed: on columns, on their flanks and between them."""
    match case.simulation:
        case SupercellScan():
            return np.array([[0, 0], [2, 1], [4, 0], [4, 4]])
        case WindowScan(symmetry="p4m"):
            # Columns are a / 2 = 8.55 steps apart along x and along y.
            return np.array([[0, 0], [2, 1], [4, 0], [4, 4], [26, 9], [28, 30], [43, 17], [40, 38]])
        case WindowScan():
            return np.array(
                [[0, 0], [4, 3], [-6, 2], [9, -7], [17, 12], [-21, 16], [25, -23], [-30, -28]]
            )


def measure(
    case: Case, variation: Variation, *, images: Sequence[str], points: IntArray | None = None
) -> list[Deviation]:
    """Compare one variation with the declared settings.

    Parameters
    ----------
    case : Case
    variation : Variation
    images : sequence of str
        Labels of the images at whose thickness is compared.
    points : ndarray of int, shape (n, 2), optional
        Scan points in scan steps; `places` by default.

    Returns
    -------
    list of Deviation
    """
    declared, finer = case, variation.finer
    if variation.still:
        declared, finer = _still(declared), _still(finer)
    with abtem_settings("cpu"):
        probed = places(case) if points is None else points
        before = _fractions(declared, probed, slicing=DECLARED)
        after = _fractions(finer, probed, slicing=variation.slicing)
    made = []
    for label in images:
        row = case.labels.index(label)
        relative = after[row] / before[row] - 1
        made.append(
            Deviation(
                case=case.name,
                variation=variation.name,
                change=variation.change,
                image=label,
                rms=float(np.sqrt(np.mean(relative**2))),
                worst=float(np.abs(relative).max()),
                mean=float(after[row].mean() / before[row].mean() - 1),
                probes=len(relative),
            )
        )
    return made


def _still(case: Case) -> Case:
    material = replace(case.structure.material, rms_displacement=0.0)
    return replace(case, structure=replace(case.structure, material=material))


def _fractions(case: Case, points: IntArray, *, slicing: Slicing) -> FloatArray:
    rng = configuration_rng(case.simulation.seed, 0)
    match case.simulation:
        case SupercellScan() as scan:
            return scan_supercell(case, scan, points, rng=rng, slicing=slicing)
        case WindowScan() as scan:
            return scan_windows(case, scan, points, rng=rng, slicing=slicing)


_IMAGES: Final = {"pt_bulk": ("z05", "z20", "z75")}


def main(
    arguments: Sequence[str] | None = None,
    *,
    vary: Callable[[Case], Sequence[Variation]] = variations,
) -> int:
    """Command line of ``python -m cases.convergence``; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m cases.convergence", description="Compare simulations with finer ones."
    )
    parser.add_argument("case", nargs="+", help="pt_bulk, edge_dislocation, nanoparticle")
    parser.add_argument("--output", type=Path, help="JSON file to write")
    options = parser.parse_args(arguments)
    found: list[Deviation] = []
    try:
        for case in [get_case(name) for name in options.case]:
            for variation in vary(case):
                images = _IMAGES.get(case.name, case.labels)
                for deviation in measure(case, variation, images=images):
                    found.append(deviation)
                    print(_line(deviation), flush=True)  # noqa: T201
    except InputError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    if options.output is not None:
        with replacing(options.output) as temporary:
            temporary.write_text(json.dumps([vars(each) for each in found], indent=1))
    return 0


def _line(found: Deviation) -> str:
    return (
        f"{found.case} {found.image}, {found.variation} ({found.change}): rms {found.rms:.2%}, "
        f"worst {found.worst:.2%}, mean {found.mean:+.2%} of {found.probes} probes"
    )


if __name__ == "__main__":
    raise SystemExit(main())
