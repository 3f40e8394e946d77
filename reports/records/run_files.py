"""Files of a run: each says of which run and block it is, and shows that it is as it was written.

What a file says stands in its stamp, a line of JSON: the schema of the records, the hash of the
run's identity, its seed, the name of the block, notes, and the seal of `stembench.sealed_files`.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from stembench.arrays import Floats
from stembench.errors import InputError
from stembench.sealed_files import BLANK_SEAL, DamagedFileError, read_sealed, write_sealed

#: Where a file has its stamp: key of a table's metadata, attribute of an HDF5 file.
STAMP: Final = "stembench"
_REMEDY: Final = "the same `stembench run` command makes it again"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The run that a file is of.

    Attributes
    ----------
    schema_version : int
        Version of the records.
    identity : str
        SHA-256 of what must agree for two calls to belong to the same run.
    seed : int
    """

    schema_version: int
    identity: str
    seed: int


@dataclass(frozen=True)
class RunTable:
    """A table of a run.

    Attributes
    ----------
    rows : pandas.DataFrame
    notes : mapping
        What stands beside the rows.
    seal : str
        SHA-256 of the file.
    """

    rows: pd.DataFrame
    notes: Mapping[str, Any] = field(default_factory=dict)
    seal: str = ""


def write_table(
    path: Path,
    rows: pd.DataFrame,
    *,
    origin: Origin,
    block: str,
    notes: Mapping[str, Any] | None = None,
) -> str:
    """Write a table of a run whole or not at all, and return its seal.

    Parameters
    ----------
    path : pathlib.Path
    rows : pandas.DataFrame
    origin : Origin
    block : str
        Name of the block, or of the table if the run has one of its kind.
    notes : mapping, optional
        Plain types that are kept beside the rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(rows, preserve_index=False)
    metadata = {**(table.schema.metadata or {}), STAMP: _stamp(origin, block, notes or {})}
    content = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), content, compression="zstd")
    return write_sealed(path, content.getvalue())


def read_table(path: Path, *, origin: Origin, block: str, seal: str | None = None) -> RunTable:
    """Read a table of a run.

    Parameters
    ----------
    path : pathlib.Path
    origin : Origin
        The run that it must be of.
    block : str
        The block that it must be of.
    seal : str, optional
        The SHA-256 that another file states of it.

    Raises
    ------
    DamagedFileError
        If it is not as it was written.
    InputError
        If it cannot be read, or is of another run or block.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    content, own = read_sealed(path, remedy=_REMEDY)
    _check_seal(path, own, stated=seal)
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        stamp = file.metadata.metadata[STAMP.encode()]
        # Tables are small: to share one out among threads takes longer than to read it.
        rows = file.read(use_threads=False).to_pandas(use_threads=False)
    except (OSError, ValueError, KeyError) as error:  # pyarrow's errors are of the first two
        raise InputError(f"{path} is no table of a run: delete it and run again") from error
    return RunTable(rows, _notes(path, stamp, origin=origin, block=block), own)


def write_arrays(path: Path, arrays: Mapping[str, Floats], *, origin: Origin, block: str) -> str:
    """Write arrays of a run as an archive, whole or not at all, and return its seal."""
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    with zipfile.ZipFile(content, "a") as archive:
        archive.comment = _stamp(origin, block, {}).encode()
    return write_sealed(path, content.getvalue())


def read_arrays(
    path: Path, *, origin: Origin, block: str, seal: str | None = None
) -> dict[str, Floats]:
    """Read arrays of a run; parameters and errors are those of `read_table`."""
    content, own = read_sealed(path, remedy=_REMEDY)
    _check_seal(path, own, stated=seal)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        _notes(path, archive.comment, origin=origin, block=block)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: np.asarray(arrays[name], dtype=np.float64) for name in arrays.files}


def write_hdf5(
    path: Path,
    datasets: Mapping[str, Any],
    *,
    origin: Origin,
    block: str,
    attributes: Mapping[str, Mapping[str, float]] | None = None,
) -> str:
    """Write data sets of a run as HDF5, whole or not at all, and return the file's seal.

    Parameters
    ----------
    path : pathlib.Path
    datasets : mapping of str to ndarray
        By their path in the file.
    origin : Origin
    block : str
    attributes : mapping of str to mapping, optional
        Numbers of groups, by the path of the group and by their name.
    """
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        # The first attribute lies in the file as it is, uncompressed.
        file.attrs[STAMP] = np.bytes_(_stamp(origin, block, {}))
        for name, values in datasets.items():
            file.create_dataset(name, data=values, compression="gzip", shuffle=True)
        for group, numbers in (attributes or {}).items():
            file.require_group(group).attrs.update(numbers)
    return write_sealed(path, content.getvalue())


def read_hdf5(path: Path, *, origin: Origin, block: str) -> io.BytesIO:
    """Read an HDF5 file of a run into memory; parameters and errors are those of `read_table`."""
    import h5py

    content, _ = read_sealed(path, remedy=_REMEDY)
    memory = io.BytesIO(content)
    try:
        with h5py.File(memory, "r") as file:
            stamp = bytes(file.attrs[STAMP])
    except (OSError, KeyError) as error:
        raise InputError(f"{path} cannot be read as HDF5: delete it and run again") from error
    _notes(path, stamp, origin=origin, block=block)
    return memory


def _check_seal(path: Path, own: str, *, stated: str | None) -> None:
    if stated is not None and own != stated:
        raise DamagedFileError(
            f"{path} is not the file that was written with its block (another SHA-256); {_REMEDY}"
        )


def _stamp(origin: Origin, block: str, notes: Mapping[str, Any]) -> str:
    return json.dumps(
        {
            "schema_version": origin.schema_version,
            "identity": origin.identity,
            "seed": origin.seed,
            "block": block,
            "notes": notes,
            "seal": BLANK_SEAL,
        }
    )


def _notes(path: Path, stamp: bytes, *, origin: Origin, block: str) -> dict[str, Any]:
    """Notes of a stamp, if that is of the right run and block."""
    try:
        said = json.loads(stamp)
        own = (said["schema_version"], said["seed"], said["identity"], said["block"])
        notes: dict[str, Any] = dict(said["notes"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no file of a run: delete it and run again") from error
    wanted = (origin.schema_version, origin.seed, origin.identity, block)
    for what, found, right in zip(
        ("schema", "seed", "identity", "block"), own, wanted, strict=True
    ):
        if found != right:
            raise InputError(
                f"{path} is of another run ({what} {str(found)[:80]} there, {str(right)[:80]} in "
                "this run): delete that file, or name another folder with --out"
            )
    return notes
