"""The run folder on disk: finished blocks written atomically, identity checked, run resumed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from bench.measures.fit_variants import rung_rows
from bench.measures.honesty.probes import PROBES
from bench.plan.blocks import Block
from bench.run.block import BlockResult
from bench.run.run_lock import is_in_use
from reports import (
    BOUNDS_FILE,
    EXAMPLE_FILE,
    LAG_COVARIANCE,
    RECORDS,
    RUN_FILE,
    Origin,
    RunInfo,
    RunTable,
    conform,
    read_arrays,
    read_hdf5,
    read_run_info,
    read_table,
    with_rung,
    write_arrays,
    write_hdf5,
    write_table,
)
from stembench.errors import InputError
from stembench.exact_numbers import exact
from stembench.sealed_files import DamagedFileError

#: Files of a whole run, beside those of its blocks.
RUN_FILES: Final = (BOUNDS_FILE, LAG_COVARIANCE, EXAMPLE_FILE)
#: Folder of the arrays of single blocks that go into `EXAMPLE_FILE`.
_EXAMPLES: Final = "examples"


def check_folder(folder: Path, known: Mapping[str, Any]) -> None:
    """Refuse a folder that cannot become, or go on as, a run of which a part is known.

    Parameters
    ----------
    folder : Path
    known : mapping
        Parts of the identity that are known before restorers are loaded.

    Raises
    ------
    InputError
        If the folder holds something else, or another run's records.
    """
    try:
        present = folder.exists()
    except OSError as error:  # such as a name that is too long
        raise InputError(
            f"{folder} cannot be a folder ({error.strerror}); name another with --out"
        ) from error
    if present and not folder.is_dir():
        raise InputError(f"{folder} is a file; name a folder with --out")
    if (folder / RUN_FILE).exists():
        try:
            there = read_run_info(folder)
        except DamagedFileError as error:
            if not any(folder.glob(f"{RECORDS}/*.parquet")):
                raise InputError(f"{error}; or name another folder with --out") from error
            return
        except InputError as error:
            raise InputError(f"{error}; or name another folder with --out") from error
        identity = there.identity()
        _refuse_difference(folder, {key: identity[key] for key in known}, dict(known))
    elif present and not all(map(is_in_use, folder.iterdir())):
        raise InputError(f"{folder} is not empty and not a run folder; name another with --out")


def open_run(folder: Path, info: RunInfo, *, blocks: Sequence[Block]) -> tuple[RunInfo | None, str]:
    """Make `folder` a run folder for `info`, or accept it if it already is one.

    A damaged description is made again if a block there is of the same run.

    Returns
    -------
    there : RunInfo or None
        The description that lies there; None for a new run.
    damage : str
        What is wrong with it, in a sentence; empty if nothing is.

    Raises
    ------
    InputError
        If the folder holds something else, or another run's records.
    """
    identity = info.identity()
    check_folder(folder, identity)
    if not (folder / RUN_FILE).exists():
        return None, ""
    try:
        return read_run_info(folder), ""
    except DamagedFileError as error:
        origin = info.origin
        if not any(fault_of(folder, block, origin=origin) is None for block in blocks):
            raise InputError(f"{error}; or name another folder with --out") from error
        return None, str(error)


def block_path(folder: Path, block: Block) -> Path:
    """Where the records of a block lie."""
    return folder / (block.ladder or RECORDS) / f"{block.name}.parquet"


def fault_of(folder: Path, block: Block, *, origin: Origin) -> str | None:
    """What is wrong with a block on disk.

    Returns
    -------
    str or None
        None if it is there as it was written, with all that lies beside its records; empty if it
        was not finished; else a sentence that names what is damaged.

    Raises
    ------
    InputError
        If a file of that name is of another run, or cannot be read.
    """
    path = block_path(folder, block)
    if not path.exists():
        return ""
    try:
        beside = read_table(path, origin=origin, block=block.name).notes["beside"]
        for kind, seal in beside.items():
            if kind == _EXAMPLES:
                _read_example(folder, block, origin=origin, seal=seal)
            else:
                other = folder / kind / path.name
                if not other.exists():
                    raise DamagedFileError(f"{other} is missing")
                read_table(other, origin=origin, block=block.name, seal=seal)
    except DamagedFileError as error:
        return str(error)
    return None


def write_block(folder: Path, block: Block, *, result: BlockResult, origin: Origin) -> None:
    """Write one block: what lies beside the records first, so that they never stand without."""
    beside = {}
    if result.example:
        path = _example_path(folder, block)
        beside[_EXAMPLES] = write_arrays(path, result.example, origin=origin, block=block.name)
    for kind, rows in result.of_images.items():
        path = folder / kind / f"{block.name}.parquet"
        beside[kind] = write_table(path, rows, origin=origin, block=block.name)
    outcome = BlockOutcome(
        seconds=result.seconds,
        failure=result.failure,
        cautions=result.cautions,
        restore_memory=result.restore_memory,
    )
    write_table(
        block_path(folder, block),
        result.records,
        origin=origin,
        block=block.name,
        notes={"beside": beside, "outcome": asdict(outcome)},
    )


def write_lag_covariance(folder: Path, tables: Sequence[pd.DataFrame], *, origin: Origin) -> None:
    """Write the joint bounds of perfect crystals (`bench.measures.lag_covariance`), if any."""
    if tables:
        rows = pd.concat(tables, ignore_index=True)
        write_table(folder / LAG_COVARIANCE, rows, origin=origin, block=LAG_COVARIANCE)


def run_file_fault(folder: Path, name: str, *, info: RunInfo) -> str | None:
    """What is wrong with a file of `RUN_FILES` of a complete run; see `fault_of`.

    None too for a file that the run does not list.
    """
    path, origin = folder / name, info.origin
    if name not in info.files:
        return None
    if not path.exists():
        return f"{path} is missing"
    try:
        if name == EXAMPLE_FILE:
            read_hdf5(path, origin=origin, block=name)
        else:
            read_table(path, origin=origin, block=name)
    except DamagedFileError as error:
        return str(error)
    return None


def repeat_block(
    folder: Path, block: Block, *, sources: Sequence[Block], origin: Origin
) -> BlockResult:
    """Make a ladder's block out of finished blocks of the records that hold its rows.

    Parameters
    ----------
    folder : Path
    block : Block
        Of a rung that has the case's own noise.
    sources : sequence of Block
        `bench.plan.blocks.repeated_blocks`.
    origin : Origin
    """
    # Of a rung few further fits are made.
    tables = [
        read_table(block_path(folder, source), origin=origin, block=source.name)
        for source in sources
    ]
    rows = rung_rows(pd.concat([table.rows for table in tables]))
    wanted = rows["realization"].between(block.start, block.stop - 1)
    # What is said of single images is told with the records that they come from.
    outcomes = [block_outcome(folder, source, origin=origin) for source in sources]
    return BlockResult(
        records=with_rung(conform(rows[wanted]), block.rung),
        seconds={},
        failure=next((outcome.failure for outcome in outcomes if outcome.failure), ""),
    )


@dataclass(frozen=True)
class BlockOutcome:
    """How a finished block went.

    Attributes
    ----------
    seconds : mapping of str to float
        Wall time of each stage.
    failure : str
        Why its restorer failed; empty if it did not.
    cautions : tuple of str
        What it said of single images.
    restore_memory : int or None
        Most bytes that restoration added to its process; None if not known.
    """

    seconds: Mapping[str, float]
    failure: str
    cautions: tuple[str, ...]
    restore_memory: int | None


def block_outcome(folder: Path, block: Block, *, origin: Origin) -> BlockOutcome:
    """Read how a finished block went."""
    return outcome_of(finished_block(folder, block, origin=origin))


def finished_block(folder: Path, block: Block, *, origin: Origin) -> RunTable:
    """Read the records of a finished block."""
    return read_table(block_path(folder, block), origin=origin, block=block.name)


def outcome_of(table: RunTable) -> BlockOutcome:
    """How a finished block went, as its records say."""
    said = table.notes["outcome"]
    return BlockOutcome(**{**said, "cautions": tuple(said["cautions"])})


def probes_of(
    folder: Path, block: Block, table: RunTable, *, origin: Origin
) -> pd.DataFrame | None:
    """Read the probes that lie beside the records of a finished block; None if there are none."""
    seal = table.notes["beside"].get(PROBES)
    if seal is None:
        return None
    path = folder / PROBES / f"{block.name}.parquet"
    return read_table(path, origin=origin, block=block.name, seal=seal).rows


def gather_examples(
    folder: Path,
    blocks: Sequence[Block],
    *,
    samplings: Mapping[str, float],
    names: Mapping[str, str],
    origin: Origin,
) -> None:
    """Collect the example arrays of all blocks into examples.h5.

    Below case/image lie `clean` (h, w), `true_positions` (n, 2) and `measured` (n,); below
    case/image/dose/restorer lie `image` (h, w) as a fraction of the beam and `positions` (n, 2),
    the fit of every column.

    Parameters
    ----------
    folder : Path
    blocks : sequence of Block
    samplings : mapping
        Å/px of each case.
    names : mapping
        Restorer name of each spec.
    origin : Origin
    """
    datasets: dict[str, Any] = {}
    attributes: dict[str, dict[str, float]] = {}
    for block in blocks:
        if not block.example:
            continue
        beside = read_table(block_path(folder, block), origin=origin, block=block.name).notes
        seal = beside["beside"].get(_EXAMPLES)
        if seal is None:  # a block whose restorer failed keeps none
            continue
        arrays = _read_example(folder, block, origin=origin, seal=seal)
        image = f"{block.case}/{block.image}"
        attributes[image] = {"sampling": samplings[block.case]}
        for name in ("clean", "true_positions", "measured"):
            datasets.setdefault(f"{image}/{name}", arrays[name])
        made = f"{image}/{exact(block.dose)}/{names[block.restorer]}"
        datasets[f"{made}/image"] = arrays["image"]
        datasets[f"{made}/positions"] = arrays["positions"]
    write_hdf5(
        folder / EXAMPLE_FILE, datasets, origin=origin, block=EXAMPLE_FILE, attributes=attributes
    )


def _read_example(folder: Path, block: Block, *, origin: Origin, seal: str) -> dict[str, Any]:
    path = _example_path(folder, block)
    if not path.exists():
        raise DamagedFileError(f"{path} is missing")
    return dict(read_arrays(path, origin=origin, block=block.name, seal=seal))


def _example_path(folder: Path, block: Block) -> Path:
    return folder / _EXAMPLES / f"{block.name}.npz"


def _refuse_difference(folder: Path, there: Any, here: Any) -> None:
    difference = _first_difference(there, here)
    if difference:
        raise InputError(
            f"{folder} holds another run's records ({difference}); name another folder with"
            " --out, or delete this one"
        )


def _first_difference(there: Any, here: Any, path: str = "") -> str:
    if isinstance(there, dict) and isinstance(here, dict):
        # Restorers first: other restorers bring other arithmetic with them.
        for key in sorted(set(there) | set(here), key=lambda key: (key != "restorers", key)):
            difference = _first_difference(
                there.get(key), here.get(key), f"{path}.{key}" if path else key
            )
            if difference:
                return difference
        return ""
    if there == here:
        return ""
    if isinstance(there, dict) or isinstance(here, dict):
        return f"{path} is declared {'here' if isinstance(here, dict) else 'there'} alone"
    return f"{path} is {there!r} there and {here!r} here"
