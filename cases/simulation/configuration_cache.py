"""Finished phonon configurations on disk: one file each, in a folder of their own per level."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cases.case import Case, digest
from cases.simulation.configuration import Level
from stembench.arrays import Floats, Integers
from stembench.atomic_files import replacing
from stembench.errors import InputError


@dataclass(frozen=True)
class ConfigurationScan:
    """One phonon configuration: irreducible points visited, fractions (images, points), CPU s."""

    index: Integers
    fractions: Floats
    cpu_seconds: float


def cache_folder(case: Case, folder: Path, *, level: Level = "fine") -> Path:
    """Folder of a case's configurations of one level; another description never shares it.

    A level does not depend on the settings of those beside it, which may change.
    """
    described = case.simulated()
    part = {"fine": (), "wide": ("wide",)}.get(level, ("coarse",))
    simulation = {
        key: value
        for key, value in described["simulation"].items()
        if key not in ("coarse", "wide") or key in part
    }
    name = digest({**described, "simulation": simulation})[:12]
    return folder / (f"{case.name}-{name}" if level == "fine" else f"{case.name}-{level}-{name}")


def configuration_file(cache: Path, number: int) -> Path:
    """File of one configuration."""
    return cache / f"configuration_{number:05d}.npz"


def write_configuration(path: Path, scan: ConfigurationScan) -> None:
    """Write a configuration atomically."""
    with replacing(path) as temporary:
        np.savez(
            temporary,
            index=scan.index,
            fractions=scan.fractions,
            cpu_seconds=np.float64(scan.cpu_seconds),
        )


def read_configuration(path: Path) -> ConfigurationScan:
    """Read a configuration; a missing one is an InputError."""
    if not path.exists():
        raise InputError(f"'{path}' is missing; run the simulation until it has made it")
    with np.load(path, allow_pickle=False) as stored:
        return ConfigurationScan(
            index=stored["index"],
            fractions=stored["fractions"],
            cpu_seconds=float(stored["cpu_seconds"]),
        )
