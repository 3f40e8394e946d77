"""Evidence of one side of a comparison: statistics per realization, and their provenance.

It comes from a run folder or from a packed baseline, a JSON file that holds the statistics of one
restorer, where they come from, and a hash over all of it.
"""

import datetime as dt
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from reports.metrics.defects import site_deviations
from reports.metrics.table import GATES
from reports.records.run_folder import Run
from reports.summaries.per_realization import (
    CellKey,
    CellStatistics,
    realization_statistics,
    response_statistics,
)
from reports.summaries.response import pairs_of
from stembench.atomic_files import replacing
from stembench.describe import as_plain
from stembench.errors import InputError

FORMAT: Final = "stembench baseline"
FORMAT_VERSION: Final = 1


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

    @property
    def profile(self) -> str:
        """Name of the profile that was run."""
        return str(self.provenance.get("profile", "unknown"))

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
    sites = site_deviations(run.records)
    # A fit that knows the scan is no restorer of which versions are judged.
    shown = run.restorers.shown(run.records["restorer"].unique())
    names = [name for name in shown if not run.restorers.is_beside(name)]
    records = run.records[run.records["restorer"].isin(names)]
    statistics = realization_statistics(records, sites=sites, intensity=run.intensity)
    raw = {
        key: dict(zip(cell.realizations, map(float, cell.by_metric["scs_rmse"]), strict=True))
        for name, by_key in statistics.items()
        if name == run.restorers.raw(statistics)
        for key, cell in by_key.items()
    }
    info = run.info
    for restorer, of_changes in response_statistics(pairs_of(run)).items():
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
        "cells": [
            _packed_cell(cell, evidence.raw.get(key)) for key, cell in evidence.cells.items()
        ],
    }
    text = json.dumps({**content, "sha256": _hash(content)}, ensure_ascii=False, indent=0)
    try:
        with replacing(path) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"the baseline {path} cannot be written ({error})") from error


def read_baseline(path: Path) -> Evidence:
    """Read a baseline file.

    Raises
    ------
    InputError
        If it is no baseline, of another format version, or was altered since it was packed.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a baseline ({error})") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(
            f"{path} is not a baseline: make one with `stembench baseline RUN -o FILE`"
        )
    if content.get("format_version") != FORMAT_VERSION:
        raise InputError(
            f"{path} has baseline format {content.get('format_version')!r}, this version reads"
            f" {FORMAT_VERSION}: pack it again with `stembench baseline`"
        )
    stated = content.pop("sha256", None)
    if stated != _hash(content):
        raise InputError(f"{path} was altered since it was packed: its hash does not fit")
    cells = [_unpacked_cell(packed) for packed in content["cells"]]
    return Evidence(
        source=str(path),
        restorer=content["restorer"],
        seed=content["seed"],
        complete=True,
        cases=content["cases"],
        cells={cell.key: cell for cell in cells},
        raw={
            cell.key: dict(zip(cell.realizations, map(float, packed["raw"]), strict=True))
            for cell, packed in zip(cells, content["cells"], strict=True)
            if packed["raw"] is not None
        },
        provenance=content["provenance"],
        packed=True,
    )


def _hash(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


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


def _unpacked_cell(packed: Mapping[str, Any]) -> CellStatistics:
    return CellStatistics(
        case=packed["case"],
        image=packed["image"],
        thickness=packed["thickness"],
        dose=packed["dose"],
        realizations=tuple(packed["realizations"]),
        columns=tuple(packed["columns"]),
        failed=frozenset((r, c) for r, c in packed["failed"]),
        by_metric={
            name: np.array(values, dtype=np.float64)
            for name, values in packed["values"].items()
            if name in GATES
        },
    )
