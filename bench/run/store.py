"""The run folder on disk: finished blocks written atomically, identity checked, run resumed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.measures.fit_variants import rung_rows
from bench.plan.blocks import Block
from bench.run.block import BlockResult
from reports import LAG_COVARIANCE, RUN_FILE, RunInfo, conform, read_run_info, with_rung
from stembench.atomic_files import replacing
from stembench.errors import InputError

_SECONDS = b"stembench.seconds"
_FAILURE = b"stembench.failure"
_CAUTIONS = b"stembench.cautions"
_MEMORY = b"stembench.restore_memory"


def open_run(folder: Path, info: RunInfo) -> RunInfo | None:
    """Make `folder` a run folder for `info`, or accept it if it already is one.

    Returns
    -------
    RunInfo or None
        The description that lies there; None for a new run.

    Raises
    ------
    InputError
        If the folder holds something else, or another run's records.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; name a folder with --out")
    if (folder / RUN_FILE).exists():
        try:
            there = read_run_info(folder)
        except InputError as error:
            raise InputError(f"{error}; or name another folder with --out") from error
        difference = _first_difference(there.identity(), info.identity())
        if difference:
            raise InputError(
                f"{folder} holds another run's records ({difference}); name another folder with"
                " --out, or delete this one"
            )
        return there
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty and not a run folder; name another with --out")
    return None


def block_path(folder: Path, block: Block) -> Path:
    """Where the records of a block lie."""
    return folder / (block.ladder or "records") / f"{block.name}.parquet"


def finished(folder: Path, block: Block) -> bool:
    """Whether the block's records are on disk."""
    return block_path(folder, block).exists()


def write_block(folder: Path, block: Block, *, result: BlockResult) -> None:
    """Write one block: its example arrays first, so that records never stand without them."""
    if result.example:
        with replacing(_example_path(folder, block)) as temporary:
            np.savez_compressed(temporary, allow_pickle=False, **result.example)
    for name, rows in result.of_images.items():
        with replacing(folder / name / f"{block.name}.parquet") as temporary:
            rows.to_parquet(temporary, index=False)
    table = pa.Table.from_pandas(result.records, preserve_index=False)
    metadata = {
        **(table.schema.metadata or {}),
        _SECONDS: json.dumps(result.seconds).encode(),
        _FAILURE: result.failure.encode(),
        _CAUTIONS: json.dumps(result.cautions).encode(),
        _MEMORY: json.dumps(result.restore_memory).encode(),
    }
    with replacing(block_path(folder, block)) as temporary:
        pq.write_table(table.replace_schema_metadata(metadata), temporary, compression="zstd")


def write_lag_covariance(folder: Path, tables: Sequence[pd.DataFrame]) -> None:
    """Write the joint bounds of perfect crystals (`bench.measures.lag_covariance`), if any."""
    if tables:
        with replacing(folder / LAG_COVARIANCE) as temporary:
            pd.concat(tables, ignore_index=True).to_parquet(temporary, index=False)


def repeat_block(folder: Path, block: Block, *, sources: Sequence[Block]) -> BlockResult:
    """Make a ladder's block out of finished blocks of the records that hold its rows.

    Parameters
    ----------
    folder : Path
    block : Block
        Of a rung that has the case's own noise.
    sources : sequence of Block
        `bench.plan.blocks.repeated_blocks`.
    """
    # Of a rung few further fits are made.
    rows = rung_rows(pd.concat([pd.read_parquet(block_path(folder, source)) for source in sources]))
    wanted = rows["realization"].between(block.start, block.stop - 1)
    # What is said of single images is told with the records that they come from.
    outcomes = [block_outcome(folder, source) for source in sources]
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


def block_outcome(folder: Path, block: Block) -> BlockOutcome:
    """Read how a finished block went."""
    metadata = pq.read_schema(block_path(folder, block)).metadata
    return BlockOutcome(
        seconds=json.loads(metadata[_SECONDS]),
        failure=metadata[_FAILURE].decode(),
        cautions=tuple(json.loads(metadata.get(_CAUTIONS, b"[]"))),
        restore_memory=json.loads(metadata.get(_MEMORY, b"null")),
    )


def gather_examples(
    folder: Path, blocks: tuple[Block, ...], *, samplings: dict[str, float], names: dict[str, str]
) -> None:
    """Collect the example arrays of all blocks into examples.h5.

    Below case/image lie `clean` (h, w), `true_positions` (n, 2) and `measured` (n,); below
    case/image/dose/restorer lie `image` (h, w) as a fraction of the beam and `positions` (n, 2),
    the fit of every column.

    Parameters
    ----------
    folder : Path
    blocks : tuple of Block
    samplings : dict
        Å/px of each case.
    names : dict
        Restorer name of each spec.
    """
    kept = [block for block in blocks if block.example and _example_path(folder, block).exists()]
    with replacing(folder / "examples.h5") as temporary, h5py.File(temporary, "w") as file:
        for block in kept:
            with np.load(_example_path(folder, block), allow_pickle=False) as arrays:
                image = file.require_group(f"{block.case}/{block.image}")
                image.attrs["sampling"] = samplings[block.case]
                for name in ("clean", "true_positions", "measured"):
                    if name not in image:
                        _dataset(image, name, arrays[name])
                made = image.require_group(f"{block.dose:g}/{names[block.restorer]}")
                _dataset(made, "image", arrays["image"])
                _dataset(made, "positions", arrays["positions"])


def _dataset(group: h5py.Group, name: str, values: npt.NDArray[np.float64]) -> None:
    group.create_dataset(name, data=values, compression="gzip", shuffle=True)


def _example_path(folder: Path, block: Block) -> Path:
    return folder / "examples" / f"{block.name}.npz"


def _first_difference(there: Any, here: Any, path: str = "") -> str:
    if isinstance(there, dict) and isinstance(here, dict):
        for key in sorted(set(there) | set(here)):
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
