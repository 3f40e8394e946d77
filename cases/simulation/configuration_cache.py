"""Finished phonon configurations on disk: one file each, in a folder of their own per level.

Each says in the comment of its archive which one it is, with a seal over the whole file.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cases.case import Case, digest
from cases.simulation.configuration import Level
from stembench.arrays import Floats, Integers
from stembench.errors import InputError
from stembench.sealed_files import BLANK_SEAL, DamagedFileError, seal_of, write_sealed
from stembench.surroundings.private_folder import read_private


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
    """Write a configuration whole or not at all."""
    content = io.BytesIO()
    np.savez(
        content,
        index=scan.index,
        fractions=scan.fractions,
        cpu_seconds=np.float64(scan.cpu_seconds),
    )
    with zipfile.ZipFile(content, "a") as archive:
        archive.comment = json.dumps({"of": _identity(path), "seal": BLANK_SEAL}).encode()
    write_sealed(path, content.getvalue())
    path.chmod(0o644)  # one that others may write to would not be read


def configuration_fault(path: Path) -> str | None:
    """What is wrong with a configuration on disk.

    Returns
    -------
    str or None
        None if it is there as it was written; empty if it was not finished; else a sentence.
    """
    if not path.exists():
        return ""
    try:
        read_configuration(path)
    except DamagedFileError as error:
        return str(error)
    return None


def read_configuration(path: Path) -> ConfigurationScan:
    """Read a configuration.

    Raises
    ------
    DamagedFileError
        If it is not as it was written, of another case or number, or another user's.
    InputError
        If it is missing or cannot be read.
    """
    try:
        content = read_private(path)
    except FileNotFoundError as error:
        raise InputError(f"'{path}' is missing; run the simulation until it has made it") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error})") from error
    remedy = "the same `stembench simulate` command makes it again"
    if content is None:
        raise DamagedFileError(
            f"{path} may have been written by another user, or is no file of its own; {remedy}"
        )
    if not seal_of(content):
        raise DamagedFileError(
            f"{path} is damaged: it is not as it was written (its SHA-256 does not fit); {remedy}"
        )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        stated = json.loads(archive.comment)["of"]
    if stated != _identity(path):
        raise DamagedFileError(f"{path} is a copy of {stated}; {remedy}")
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return ConfigurationScan(
            index=stored["index"],
            fractions=stored["fractions"],
            cpu_seconds=float(stored["cpu_seconds"]),
        )


def _identity(path: Path) -> str:
    return f"{path.absolute().parent.name}/{path.name}"
