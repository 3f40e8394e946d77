"""Reading what a report is made of: a run folder, or packs that are read as one run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from reports.packs.joined_info import joined_info
from reports.packs.pack import SUFFIX, Pack, read_pack
from reports.packs.packed_values import KEPT, Tables
from reports.records.run_folder import Examples, Run, load_run
from reports.records.run_info import RUN_FILE, RunInfo
from stembench.arrays import Floats
from stembench.errors import InputError


def open_run(path: str | Path) -> Run:
    """Read a run folder, a pack, or a folder of packs as one run.

    Parameters
    ----------
    path : str or pathlib.Path

    Raises
    ------
    InputError
        If it is none of these, packs are not of one run or hold the same images, or a file is not
        as it was written.
    """
    path = Path(path)
    if path.suffix == SUFFIX and path.is_file():
        return joined_run([path], folder=path.parent)
    if path.is_dir() and not (path / RUN_FILE).exists():
        packs = sorted(path.glob(f"*{SUFFIX}"))
        if packs:
            return joined_run(packs, folder=path)
    return load_run(path)


def joined_run(paths: Sequence[Path], *, folder: Path) -> Run:
    """Read packs as one run.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Of packs whose images differ.
    folder : pathlib.Path
        What the run is called by, and where its report is written.
    """
    packs = [read_pack(path) for path in paths]
    info = joined_info({str(pack.path): pack.info for pack in packs})
    definitions = _definitions(packs)
    info = replace(info, versions={**info.versions, "metrics (SHA-256)": definitions[:16]})
    tables = _below(packs)
    examples = {name: values for pack in packs for name, values in pack.examples.items()}
    return Run(
        folder=folder,
        fits=None,
        info=info,
        examples=Examples(folder / "examples.h5", there=_shown(examples, info)),
        edited_fits=None,
        kept={kept.of: kept.out_of(tables, info.ladders) for kept in KEPT},
    )


def _definitions(packs: Sequence[Pack]) -> str:
    """What all packs were computed by; a number must not mean two things in one table."""
    first, *others = packs
    for other in others:
        if other.definitions != first.definitions:
            raise InputError(
                f"{first.path} and {other.path} were packed by programs that define metrics "
                "otherwise: pack the run folders with one version"
            )
    return first.definitions


def _below(packs: Sequence[Pack]) -> Tables:
    """Tables of several packs one below the other."""
    names = dict.fromkeys(name for pack in packs for name in pack.tables)
    joined = {}
    for name in names:
        parts = [pack.tables[name] for pack in packs if name in pack.tables]
        filled = [rows for rows in parts if len(rows)] or parts[:1]
        joined[name] = pd.concat(filled, ignore_index=True)
    lacking = [pack for pack in packs if len(pack.tables) != len(names)]
    if lacking:
        raise InputError(
            f"{lacking[0].path} lacks tables that the other packs have: pack its run again"
        )
    return joined


def _shown(examples: Mapping[str, Floats], info: RunInfo) -> dict[str, Floats]:
    """Examples without those at the ends of a part, which are not at the ends of the whole case."""
    kept = {}
    for name, values in examples.items():
        case, image, *rest = name.split("/")
        own = info.cases[case]
        ends = {(own.images[0], min(own.doses)), (own.images[-1], max(own.doses))}
        images = {end for end, _ in ends}
        dose = float(rest[0]) if len(rest) == 3 else None
        if image in images and (dose is None or (image, dose) in ends):
            kept[name] = values
    return kept
