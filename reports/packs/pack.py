"""A pack: what a report asks of a run, in one file of a fraction of the run folder's size.

The file is a zip archive with ``run.json``, a table of each name in `reports.packs.packed_values`
and the example images; its comment holds the seal of `stembench.sealed_files`.
"""

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from reports.packs.packed_values import KEPT, Tables
from reports.records.run_folder import Run
from reports.records.run_info import RUN_FILE, RunInfo, run_info_of
from stembench.arrays import Floats
from stembench.describe import as_plain
from stembench.errors import InputError
from stembench.sealed_files import BLANK_SEAL, DamagedFileError, read_sealed, write_sealed

#: How the name of a pack ends.
SUFFIX: Final = ".pack"
FORMAT: Final = "stembench pack"
FORMAT_VERSION: Final = 2
_EXAMPLES: Final = "examples.npz"
_REMEDY: Final = "take it from where it came once more, or pack the run folder again"
#: Largest size of an unpacked member: nobody packs more, and a small file can claim to be any size.
_MOST_BYTES: Final = 2**31
#: Rooms of the package whose source says what a number of a pack is.
_DEFINING: Final = ("metrics", "packs", "statistics", "summaries")
_REPORTS: Final = Path(__file__).parents[1]
#: Bits of an example image's numbers that are kept, of 24: what a picture shows, and more.
_KEPT_BITS: Final = 13


@dataclass(frozen=True)
class Pack:
    """A pack as it was read.

    Attributes
    ----------
    path : pathlib.Path
    info : RunInfo
    tables : mapping of str to pandas.DataFrame
    examples : mapping of str to ndarray
        Arrays of example images by their path in ``examples.h5``.
    definitions : str
        `definitions_hash` of the program that packed it.
    """

    path: Path
    info: RunInfo
    tables: Tables
    examples: dict[str, Floats]
    definitions: str


@lru_cache(maxsize=1)
def definitions_hash() -> str:
    """SHA-256 of all source that defines and computes the numbers of a pack."""
    digest = hashlib.sha256()
    for room in _DEFINING:
        for path in sorted((_REPORTS / room).rglob("*.py")):
            digest.update(path.relative_to(_REPORTS).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def write_pack(run: Run, path: Path) -> int:
    """Pack a run into a file.

    Parameters
    ----------
    run : Run
        Complete, with its fits.
    path : pathlib.Path
        Ends with ``.pack``.

    Returns
    -------
    int
        Size of the file in bytes.

    Raises
    ------
    InputError
        If the run is incomplete or packed already, or the file cannot be written.
    """
    if path.suffix != SUFFIX:
        raise InputError(f"a pack is named *{SUFFIX}: name it {path.with_suffix(SUFFIX).name}")
    if run.packed:
        raise InputError(f"{run.folder} is packed already: name the run folder")
    if not run.complete:
        raise InputError(
            f"{run.folder} is not complete: finish the run (the same command goes on) first"
        )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(RUN_FILE, json.dumps(as_plain(run.info), allow_nan=False))
        for kept in KEPT:
            for name, rows in kept.into(run.once(kept.of)).items():
                archive.writestr(f"{name}.parquet", _parquet(rows), zipfile.ZIP_STORED)
        archive.writestr(_EXAMPLES, _examples(run), zipfile.ZIP_STORED)
        stamp = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "definitions": definitions_hash(),
            "seal": BLANK_SEAL,
        }
        archive.comment = json.dumps(stamp).encode()
    write_sealed(path, content.getvalue())
    return path.stat().st_size


def read_pack(path: Path) -> Pack:
    """Read a pack.

    Raises
    ------
    DamagedFileError
        If it is not as it was written.
    InputError
        If it cannot be read, is no pack, or one of another format version.
    """
    content, _ = read_sealed(path, remedy=_REMEDY)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            stamp = json.loads(archive.comment)
            if stamp["format"] != FORMAT:
                raise InputError(f"{path} is no pack of a run")
            if stamp["format_version"] != FORMAT_VERSION:
                raise InputError(
                    f"{path} has pack format {stamp['format_version']!r}, this version reads"
                    f" {FORMAT_VERSION}: pack the run folder again"
                )
            info = run_info_of(json.loads(_member(archive, RUN_FILE)), path)
            tables = {
                name.removesuffix(".parquet"): _rows(_member(archive, name))
                for name in archive.namelist()
                if name.endswith(".parquet")
            }
            with np.load(io.BytesIO(_member(archive, _EXAMPLES)), allow_pickle=False) as arrays:
                examples = {name: arrays[name].astype(np.float64) for name in arrays.files}
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise DamagedFileError(f"{path} cannot be read as a pack: {_REMEDY}") from error
    return Pack(path, info, tables, examples, str(stamp["definitions"]))


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _MOST_BYTES:
        raise InputError(f"{name} of a pack is too large to be read")
    return archive.read(name)


def _parquet(rows: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = io.BytesIO()
    table = pa.Table.from_pandas(rows, preserve_index=False)
    numbers = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    pq.write_table(
        table,
        content,
        compression="zstd",
        compression_level=9,
        use_dictionary=[field.name for field in table.schema if field.name not in numbers],
        # Bytes of equal weight side by side: exponents of like numbers are alike.
        column_encoding=dict.fromkeys(numbers, "BYTE_STREAM_SPLIT"),
    )
    return content.getvalue()


def _rows(content: bytes) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(content))
    rows: pd.DataFrame = file.read(use_threads=False).to_pandas(use_threads=False)
    return rows


def _examples(run: Run) -> bytes:
    """Example images of cases that are not edited, with fewer digits than the run's own."""
    edited = {name for name in run.info.cases if run.case(name).structure.edits_on_host is not None}
    arrays = {
        name: _rounded(values)
        for name, values in run.examples.arrays().items()
        if name.partition("/")[0] not in edited
    }
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()


def _rounded(values: Floats) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Numbers rounded to `_KEPT_BITS` bits, a relative 6e-5, so that they are packed small."""
    mantissa, exponent = np.frexp(values.astype(np.float64))
    whole = np.ldexp(np.round(np.ldexp(mantissa, _KEPT_BITS)), exponent - _KEPT_BITS)
    return np.asarray(whole, dtype=np.float32)
