"""Evidence of one side of a comparison: statistics per realization, and their provenance.

It comes from a run folder or from a packed baseline, a JSON file that holds the statistics of one
restorer, where they come from, and a hash over all of it.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from reports.metrics.table import GATES
from reports.names import RestorerInfo
from reports.records.run_folder import Run
from reports.summaries.per_realization import CellKey, CellStatistics
from reports.summaries.run_statistics import run_statistics
from reports.words.verdict.cautions import doubted
from stembench.describe import as_plain, from_dict
from stembench.errors import InputError
from stembench.limits import require
from stembench.sealed_json import check_content, read_json, write_json

FORMAT: Final = "stembench baseline"
FORMAT_VERSION: Final = 1
#: Largest number that a statistic can be, in any of their units.
_ABSURD: Final = 1e24


@dataclass(frozen=True)
class Evidence:
    """Results of one version of a restorer.

    Attributes
    ----------
    source : str
        The folder or file it was read from, for messages.
    restorer : str
        Name of the restorer in its run.
    seed : int
        Seed of all noise.
    complete : bool
        Whether its run was finished.
    cases : mapping
        version, hash and data_hash of each case.
    cells : mapping of CellKey to CellStatistics
    raw : mapping of CellKey to mapping of int to float
        Mean square error of SCS of raw fits by realization: it tells whether two runs met
        the same noise and the same fit. Empty if raw was not run.
    provenance : mapping
        profile, created, commit, versions and the restorer's metadata.
    packed : bool
        Whether it is a baseline file.
    doubts : tuple of str
        What speaks against the restorer's honesty, without a full stop.
    run : Run or None
        The run that it is of, with its images; None for a baseline file.
    """

    source: str
    restorer: str
    seed: int
    complete: bool
    cases: Mapping[str, Mapping[str, Any]]
    cells: Mapping[CellKey, CellStatistics]
    raw: Mapping[CellKey, Mapping[int, float]]
    provenance: Mapping[str, Any]
    packed: bool = False
    doubts: tuple[str, ...] = ()
    run: Run | None = field(default=None, repr=False, compare=False)

    @property
    def profile(self) -> str:
        """Name of the profile that was run."""
        return str(self.provenance.get("profile", "unknown"))

    @property
    def network(self) -> str:
        """Name of the restorer without the engine that a built-in one was run on."""
        told = self.provenance["restorer"]
        return self.restorer.partition("@")[0] if told.get("built_in") else self.restorer

    @property
    def precision(self) -> str:
        """Precision of the restorer's multiplications; float32 where it states none."""
        return str(self.provenance["restorer"].get("precision") or "float32")

    @property
    def is_raw(self) -> bool:
        """Whether the restorer leaves images as they are."""
        return bool(self.provenance["restorer"].get("family") == "raw")

    @property
    def is_control(self) -> bool:
        """Whether it is raw, however fitted, or a reference, beside which others are read."""
        return self.is_raw or bool(self.provenance["restorer"].get("family") == "reference")


def evidence_of_run(run: Run) -> dict[str, Evidence]:
    """Reduce a run; one entry per restorer, raw included, and per further fit that is shown.

    Other acquisitions are left out.

    Raises
    ------
    InputError
        If rows of a column are missing from a realization.
    """
    told = run.once(run_statistics)
    # A fit that knows the scan is no restorer of which versions are judged.
    statistics = {name: dict(by_key) for name, by_key in told.every.items()}
    raw = {
        key: dict(zip(cell.realizations, map(float, cell.by_metric["scs_rmse"]), strict=True))
        for name, by_key in statistics.items()
        if name == run.restorers.raw(statistics)
        for key, cell in by_key.items()
    }
    info = run.info
    for restorer, of_changes in told.responses.items():
        if restorer in statistics:  # fits that stand in tables alone are not compared
            statistics[restorer] |= of_changes
    return {
        restorer: Evidence(
            source=str(run.folder),
            restorer=restorer,
            seed=info.seed,
            complete=run.complete,
            cases={
                case: {
                    "version": info.cases[case].case.version,
                    "hash": info.cases[case].hash,
                    "data_hash": info.cases[case].data_hash,
                }
                for case in sorted({case for case, _, _ in by_key})
            },
            cells=by_key,
            raw=raw,
            provenance={
                "profile": info.profile,
                "created": info.created,
                "commit": info.commit,
                "versions": dict(info.versions),
                "restorer": as_plain(info.restorers[restorer]),
            },
            doubts=tuple(doubted(doubt for doubt in info.doubts if doubt.restorer == restorer)),
            run=run,
        )
        for restorer, by_key in statistics.items()
        if not run.restorers.is_acquisition(restorer)
    }


def chosen(
    evidence: Mapping[str, Evidence], restorer: str | None, *, which: str = "the run"
) -> Evidence:
    """Pick a restorer by name; without a name the only one beside raw and references.

    Raises
    ------
    InputError
        If there is none of that name, or no single one.
    """
    names = list(evidence)
    if restorer is not None:
        if restorer not in evidence:
            raise InputError(f"{which} has no restorer {restorer!r}; it has {', '.join(names)}")
        return evidence[restorer]
    candidates = [name for name in names if not evidence[name].is_control] or names
    if len(candidates) != 1:
        raise InputError(
            f"{which} has several restorers ({', '.join(candidates)}): name one of them"
        )
    return evidence[candidates[0]]


def write_baseline(evidence: Evidence, path: Path) -> None:
    """Pack a side into a baseline file.

    Raises
    ------
    InputError
        If its run is incomplete or the file cannot be written.
    """
    if not evidence.complete:
        raise InputError(
            f"{evidence.source} is not complete: finish the run (the same command goes on) first"
        )
    content = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "packed": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "restorer": evidence.restorer,
        "seed": evidence.seed,
        "provenance": evidence.provenance,
        "cases": evidence.cases,
        "doubts": evidence.doubts,
        "cells": [
            _packed_cell(cell, evidence.raw.get(key)) for key, cell in evidence.cells.items()
        ],
    }
    write_json(path, content, indent=0)


def read_baseline(path: Path) -> Evidence:
    """Read a baseline file.

    Raises
    ------
    InputError
        If it is no baseline, of another format version, or was altered since it was packed.
    """
    content = read_json(path)
    if content.get("format") != FORMAT:
        raise InputError(
            f"{path} is not a baseline: make one with `stembench baseline RUN -o FILE`"
        )
    if content.get("format_version") != FORMAT_VERSION:
        raise InputError(
            f"{path} has baseline format {content.get('format_version')!r}, this version reads"
            f" {FORMAT_VERSION}: pack it again with `stembench baseline`"
        )
    content = check_content(content, path, remedy="pack it again with `stembench baseline`")
    packed = from_dict(_Baseline, content, source=str(path))
    cells = [one.statistics() for one in packed.cells]
    return Evidence(
        source=str(path),
        restorer=packed.restorer,
        seed=packed.seed,
        complete=True,
        cases=as_plain(packed.cases),
        cells={cell.key: cell for cell in cells},
        raw={
            cell.key: dict(zip(cell.realizations, _floats(one.raw), strict=True))
            for cell, one in zip(cells, packed.cells, strict=True)
            if one.raw is not None
        },
        provenance=as_plain(packed.provenance),
        packed=True,
        doubts=packed.doubts,
    )


def _numbers(values: Sequence[float]) -> list[float | None]:
    """Numbers for JSON to ten digits, far below their scatter; None stands for NaN."""
    return [float(f"{value:.10g}") if math.isfinite(value) else None for value in values]


def _packed_cell(cell: CellStatistics, raw: Mapping[int, float] | None) -> dict[str, Any]:
    return {
        "case": cell.case,
        "image": cell.image,
        "thickness": cell.thickness,
        "dose": cell.dose,
        "realizations": list(cell.realizations),
        "columns": list(cell.columns),
        "failed": sorted(map(list, cell.failed)),
        "values": {name: _numbers(list(values)) for name, values in cell.by_metric.items()},
        "raw": None
        if raw is None
        else _numbers([raw.get(number, math.nan) for number in cell.realizations]),
    }


def _floats(values: Sequence[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]


@dataclass(frozen=True)
class _PackedCell:
    """A cell of a baseline file."""

    case: str
    image: str
    thickness: int
    dose: float
    realizations: tuple[int, ...]
    columns: tuple[int, ...]
    failed: tuple[tuple[int, int], ...]
    values: Mapping[str, tuple[float | None, ...]]
    raw: tuple[float | None, ...] | None

    def __post_init__(self) -> None:
        require(self.dose, "dose", low=0, open_low=True, unit="e/Å²")
        number = len(self.realizations)
        for name, values in {**self.values, "raw": self.raw}.items():
            if values is not None and len(values) != number:
                raise InputError(f"{name} has {len(values)} values for {number} realizations")
            for value in values or ():
                if value is not None:
                    require(value, name, low=-_ABSURD, high=_ABSURD)
        for name in self.values:
            error = GATES[name].error if name in GATES else ""
            if error and error not in self.values:
                raise InputError(f"{name} stands without {error}, which it is a part of")

    def statistics(self) -> CellStatistics:
        """The statistics that were packed."""
        return CellStatistics(
            case=self.case,
            image=self.image,
            thickness=self.thickness,
            dose=self.dose,
            realizations=self.realizations,
            columns=self.columns,
            failed=frozenset(self.failed),
            by_metric={
                name: np.array(_floats(values), dtype=np.float64)
                for name, values in self.values.items()
                if name in GATES
            },
        )


@dataclass(frozen=True)
class _PackedCase:
    """What identifies a case in a baseline file."""

    version: int
    hash: str
    data_hash: str


@dataclass(frozen=True)
class _Provenance:
    """Where a baseline file comes from."""

    profile: str
    created: str
    commit: str
    versions: Mapping[str, str]
    restorer: RestorerInfo


@dataclass(frozen=True)
class _Baseline:
    """The content of a baseline file."""

    format: str
    format_version: int
    packed: str
    restorer: str
    seed: int
    provenance: _Provenance
    cases: Mapping[str, _PackedCase]
    cells: tuple[_PackedCell, ...]
    doubts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require(self.seed, "seed", low=0)
        strangers = {cell.case for cell in self.cells} - set(self.cases)
        if strangers:
            raise InputError(f"cells are of cases that are not declared: {', '.join(strangers)}")
