"""Multislice image of the specimen on which tuned networks are judged last.

    python bench/shipped/unseen_simulation.py [--configurations 4] [--work out/unseen]
        [--out results/faithful/unseen.npz]

PRISM with frozen phonons by abTEM. A configuration takes some two minutes of one core and is kept,
so that a stopped call goes on; the mean over all is written.
"""

import argparse
import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
import typer
from ase import Atoms
from scipy.ndimage import gaussian_filter

from bench.images.faithfulness.unseen_specimen import (
    CELLS,
    LATTICE,
    SAMPLING,
    SHAPE,
    THICKNESS,
    atoms_at_rest,
)
from cases import get_case
from stembench.arrays import Floats
from stembench.atomic_files import replacing

ROOT: Final = Path(__file__).parents[2]
#: That of the cases, but for the detector's outer angle.
HAADF: Final = get_case("pt_bulk").microscope
POTENTIAL: Final = {"parametrization": "lobato", "projection": "infinite"}
#: One thread, and no bars.
SETTINGS: Final = {
    "device": "cpu", "fft": "fftw", "fftw.threads": 1, "fftw.planning_effort": "FFTW_ESTIMATE",
    "precision": "float32", "dask.lazy": False, "diagnostics.progress_bar": False,
}  # fmt: skip
SEED: Final = 19
#: Å along one axis: from B = 0.621, 0.439 and 0.732 Å² at room temperature (Peng et al. 1996).
DISPLACEMENTS: Final = {"Sr": 0.0887, "Ti": 0.0746, "O": 0.0963}
#: Points of the wave function; their antialiased limit is 123 mrad.
GRID: Final = 512
#: mrad.
OUTER: Final = 120.0
#: Every fourth plane wave: the probe's window is 6.8 Å wide.
INTERPOLATION: Final = 4


def simulated(configuration: int) -> Floats:
    """Return the image (rows, columns) of one phonon configuration, as fraction of the beam."""
    abtem = import_module("abtem")
    symbols, positions = atoms_at_rest()
    rng = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(configuration,)))
    moved = positions.copy()
    widths = np.array([DISPLACEMENTS[symbol] for symbol in symbols])
    moved[:, :2] += widths[:, None] * rng.standard_normal((len(symbols), 2))
    side = CELLS * LATTICE
    atoms: Any = Atoms(symbols, positions=moved, cell=(side, side, THICKNESS * LATTICE), pbc=True)
    atoms.wrap(eps=0)
    with abtem.config.set(SETTINGS):
        potential = abtem.Potential(
            atoms, gpts=GRID, slice_thickness=(LATTICE / 2,) * (2 * THICKNESS), **POTENTIAL
        )
        matrix = abtem.SMatrix(
            potential=potential,
            energy=HAADF.voltage,
            semiangle_cutoff=HAADF.semi_convergence,
            interpolation=INTERPOLATION,
            store_on_host=True,
        )
        scan = abtem.GridScan((0, 0), (side, side), gpts=SHAPE, endpoint=False)
        detector = abtem.AnnularDetector(inner=HAADF.inner, outer=OUTER)
        measured = matrix.scan(scan=scan, detectors=detector)
        # abTEM's first axis is x.
        return np.asarray(measured.compute().array, dtype=np.float64).T


def main(arguments: list[str]) -> int:
    """Simulate what is missing and write the mean; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configurations", type=int, default=4)
    parser.add_argument("--work", type=Path, default=ROOT / "out" / "unseen")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "faithful" / "unseen.npz")
    told = parser.parse_args(arguments)
    images = []
    for number in range(told.configurations):
        path = told.work / f"configuration{number}.npy"
        if not path.exists():
            begun = time.process_time()
            image = simulated(number)
            with replacing(path) as temporary:
                np.save(temporary, image)
            typer.echo(f"configuration {number}: {time.process_time() - begun:.0f} s of one core")
        images.append(np.load(path))
    mean = np.mean(images, axis=0)
    blurred = gaussian_filter(mean, HAADF.source_sigma / SAMPLING, mode="wrap")
    about = {
        "specimen": "SrTiO3 [001]", "lattice_A": LATTICE, "cells": [CELLS, CELLS, THICKNESS],
        "configurations": told.configurations, "seed": SEED,
        "abtem": import_module("abtem").__version__,
        "voltage_V": HAADF.voltage, "semi_convergence_mrad": HAADF.semi_convergence,
        "detector_mrad": [HAADF.inner, OUTER], "source_sigma_A": HAADF.source_sigma,
        "grid": GRID, "interpolation": INTERPOLATION, "displacements_A": DISPLACEMENTS,
        **POTENTIAL,
    }  # fmt: skip
    told.out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(told.out) as temporary:
        np.savez_compressed(
            temporary, allow_pickle=False, image=blurred.astype(np.float32),
            about=json.dumps(about, sort_keys=True),
        )  # fmt: skip
    typer.echo(f"{told.out}: peak {blurred.max():.4f}, {told.configurations} configurations")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
