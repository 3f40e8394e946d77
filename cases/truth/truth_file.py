"""The ground-truth file: HDF5 with scan, standard error, description and provenance."""

import hashlib
import io
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import numpy.typing as npt

from cases.case import Case, canonical_json, case_from_dict
from cases.specimens.specimen import Boundary
from cases.study import Study
from stembench.errors import InputError
from stembench.sealed_files import BLANK_SEAL, has_seal, read_bytes, read_sealed, write_sealed

FORMAT: Final = "stembench ground truth"
FORMAT_VERSION: Final = 2
#: The version before, whose data alone are under a hash.
_UNSEALED: Final = 1
_REMEDY: Final = "run `nox -s simulate`, or install again if it came with stembench"
#: Entry of the provenance that `cases.simulation.convergence` records.
CONVERGENCE: Final = "convergence"
DATA_FOLDER: Final = Path(__file__).parents[1] / "data"


@dataclass(frozen=True)
class Scan:
    """Simulated scans of a case, before source blur.

    Attributes
    ----------
    labels : tuple of str
    mean : float32 ndarray, shape (images, ny, nx)
        Fraction of the beam on the detector, mean over phonon configurations.
    stderr : float32 ndarray, shape (images, ny, nx)
        Standard error of the mean; NaN where there is one sample only.
    step : float
        Distance of scan points in Å along x and y.
    first : float
        x and y in Å of point [0, 0], relative to the structure's reference point.
    boundary : {'periodic', 'mirror'}
        How the scan continues: with its own period, or mirrored at its edges, half a step
        outside the outermost points.
    step_y : float or None
        Distance along y in Å where it is another one than along x; None if it is not.
    """

    labels: tuple[str, ...]
    mean: npt.NDArray[np.float32]
    stderr: npt.NDArray[np.float32]
    step: float
    first: float
    boundary: Boundary
    step_y: float | None = None

    @property
    def steps(self) -> tuple[float, float]:
        """Distances of scan points in Å along x and along y."""
        return self.step, self.step if self.step_y is None else self.step_y

    @cached_property
    def hash(self) -> str:
        """SHA-256 over labels, geometry and both arrays."""
        digest = hashlib.sha256()
        head = [list(self.labels), list(self.mean.shape), self.step, self.first, self.boundary]
        if self.step_y is not None:
            head.append(self.step_y)
        digest.update(json.dumps(head).encode())
        for array in (self.mean, self.stderr):
            digest.update(np.ascontiguousarray(array, dtype="<f4").tobytes())
        return digest.hexdigest()


def default_path(case: Case) -> Path:
    """File that ships for a case; each version has its own."""
    return version_path(case.name, case.version)


def version_path(name: str, version: int) -> Path:
    """File of any version of a case."""
    return DATA_FOLDER / f"{name}-v{version}.h5"


def shipped_versions(name: str) -> tuple[int, ...]:
    """Versions of a case whose files ship, ascending."""
    prefix = f"{name}-v"
    versions = (path.stem.removeprefix(prefix) for path in DATA_FOLDER.glob(f"{prefix}*.h5"))
    return tuple(sorted(int(number) for number in versions if number.isdecimal()))


def read_description(path: Path, *, study: Study) -> Case:
    """Description that a ground-truth file was made from, as the case it belongs to.

    Parameters
    ----------
    path : Path
    study : Study
        How the case is reported; what the file states of that is of its time, and left out.

    Raises
    ------
    InputError
        If the file cannot be read, or describes what this version of the benchmark does not know.
    """
    try:
        with h5py.File(_content(path), "r") as file:
            described = json.loads(file.attrs["description"])
        return case_from_dict({**described, "study": study})
    except InputError:
        raise
    except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"'{path}' cannot be read as a ground-truth file: {error}") from error


def write_scan(path: Path, scan: Scan, *, case: Case, provenance: dict[str, Any]) -> Path:
    """Write a ground-truth file atomically.

    Parameters
    ----------
    path : Path
        Its folder is created.
    scan : Scan
    case : Case
        Its description is stored beside the data.
    provenance : dict
        Plain types only.

    Returns
    -------
    Path
        `path`.
    """
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.attrs["seal"] = np.bytes_(BLANK_SEAL)
        file.attrs["format"] = FORMAT
        file.attrs["format_version"] = FORMAT_VERSION
        file.attrs["case"] = case.name
        file.attrs["case_version"] = case.version
        file.attrs["description"] = canonical_json(case.as_dict())
        file.attrs["simulated"] = canonical_json(case.simulated())
        file.attrs["provenance"] = json.dumps(provenance, sort_keys=True)
        file.attrs["data_sha256"] = scan.hash
        group = file.create_group("scan")
        group.attrs["step"] = scan.step
        if scan.step_y is not None:
            group.attrs["step_y"] = scan.step_y
        group.attrs["first"] = scan.first
        group.attrs["length_unit"] = "Å"
        group.attrs["boundary"] = scan.boundary
        group.attrs["axes"] = "image, y, x"
        group["labels"] = np.array(scan.labels, dtype=h5py.string_dtype())
        for name, array, words in (
            ("mean", scan.mean, f"{case.structure.scan_meaning}, no source blur"),
            ("stderr", scan.stderr, "standard error of the mean over phonon configurations"),
        ):
            stored = group.create_dataset(
                name, data=array.astype("<f4"), compression="gzip", shuffle=True
            )
            stored.attrs["unit"] = case.structure.scan_unit
            stored.attrs["meaning"] = words
    write_sealed(path, content.getvalue())
    return path


def record_provenance(path: Path, entries: dict[str, Any]) -> None:
    """Add entries to the provenance of a ground-truth file, or replace them, atomically.

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    _, provenance, _ = read_scan(path)
    content = io.BytesIO(read_bytes(path))
    with h5py.File(content, "r+") as file:
        file.attrs["seal"] = np.bytes_(BLANK_SEAL)
        file.attrs["format_version"] = FORMAT_VERSION
        file.attrs["provenance"] = json.dumps(provenance | entries, sort_keys=True)
    write_sealed(path, content.getvalue())


def read_scan_once(path: Path) -> tuple[Scan, dict[str, Any], str]:
    """Read a ground-truth file, anew only if it has changed since the last call.

    Parameters and errors are those of `read_scan`; nobody can write to the arrays, which callers
    share. A run asks for the same file three to six times in each block.
    """
    try:
        found = path.stat()
    except OSError:
        return read_scan(path)  # which says what is wrong
    scan, provenance, simulated = _read(
        path.absolute(), (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)
    )
    return scan, json.loads(provenance), simulated


@lru_cache(maxsize=8)
def _read(path: Path, stamp: tuple[int, ...]) -> tuple[Scan, str, str]:
    del stamp
    scan, provenance, simulated = read_scan(path)
    for array in (scan.mean, scan.stderr):
        array.flags.writeable = False
    return scan, json.dumps(provenance), simulated


def read_scan(path: Path) -> tuple[Scan, dict[str, Any], str]:
    """Read a ground-truth file of any version.

    Returns
    -------
    scan : Scan
    provenance : dict
    simulated : str
        Canonical JSON of the description that the scan was made from.

    Raises
    ------
    InputError
        If the file is missing, of another format, or its data do not have the hash it states.
    """
    if not path.exists():
        raise InputError(f"there is no ground truth at '{path}'; run `nox -s simulate` to make it")
    try:
        with h5py.File(_content(path), "r") as file:
            if file.attrs.get("format") != FORMAT:
                raise InputError(f"'{path}' is not a ground-truth file of this benchmark")
            version = int(file.attrs["format_version"])
            if version > FORMAT_VERSION:
                raise InputError(f"'{path}' was written by a newer version of this benchmark")
            group = file["scan"]
            scan = Scan(
                labels=tuple(str(label) for label in group["labels"].asstr()[:]),
                mean=group["mean"][:].astype(np.float32),
                stderr=group["stderr"][:].astype(np.float32),
                step=float(group.attrs["step"]),
                first=float(group.attrs["first"]),
                boundary=group.attrs["boundary"],
                step_y=float(group.attrs["step_y"]) if "step_y" in group.attrs else None,
            )
            stated = str(file.attrs["data_sha256"])
            simulated = str(file.attrs["simulated"])
            provenance = json.loads(file.attrs["provenance"])
            if not isinstance(provenance, dict):
                raise InputError(f"the provenance of '{path}' is no table; {_REMEDY}")
    except InputError:
        raise
    except (OSError, KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise InputError(f"'{path}' cannot be read as a ground-truth file: {error}") from error
    if scan.hash != stated:
        raise InputError(
            f"the data of '{path}' do not have the hash that it states; run `nox -s simulate`"
        )
    return scan, provenance, simulated


def _content(path: Path) -> io.BytesIO:
    """A file as it was written, in memory; one of the version before seals may have none."""
    content = read_bytes(path)
    if has_seal(content):
        return io.BytesIO(read_sealed(path, remedy=_REMEDY)[0])
    with h5py.File(io.BytesIO(content), "r") as file:
        if file.attrs.get("format") != FORMAT:
            raise InputError(f"'{path}' is not a ground-truth file of this benchmark")
        if int(file.attrs["format_version"]) != _UNSEALED:
            raise InputError(f"'{path}' is damaged: it has lost its seal; {_REMEDY}")
    return io.BytesIO(content)
