"""The description of a run, ``run.json``: one typed class that a run writes and reports read."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cases import Case, case_from_dict
from reports.names import RestorerInfo
from reports.records.ladder import Ladder
from reports.records.run_files import Origin
from reports.records.schema import SCHEMA_VERSION
from stembench.describe import as_plain, from_dict
from stembench.errors import InputError
from stembench.limits import require
from stembench.sealed_files import DamagedFileError
from stembench.sealed_json import check_content, read_json, write_json

#: File of a run folder that says what the run is.
RUN_FILE: Final = "run.json"
#: Folder of the records of the cases' own noise.
RECORDS: Final = "records"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


@dataclass(frozen=True, kw_only=True)
class CaseInfo:
    """A case as a run has it.

    Attributes
    ----------
    case : Case
        The whole description.
    hash : str
        SHA-256 of what identifies the case.
    data_hash : str
        SHA-256 of the ground truth's data.
    images : tuple of str
        Labels of the images that are run.
    doses : tuple of float
        e/Å².
    realizations : int
        Noise realizations per image and dose.
    raw_realizations : int
        The same of raw images; 0 for as many.
    provenance : mapping
        How the ground truth was made.
    """

    case: Case
    hash: str
    data_hash: str
    images: tuple[str, ...]
    doses: tuple[float, ...]
    realizations: int
    raw_realizations: int = 0
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require(self.realizations, "realizations", low=1)
        require(self.raw_realizations, "raw_realizations", low=0)
        for dose in self.doses:
            require(dose, "dose", low=0, open_low=True, unit="e/Å²")

    @property
    def amount(self) -> dict[str, Any]:
        """What must agree for two calls to belong to the same run."""
        return {
            "version": self.case.version,
            "hash": self.hash,
            "data_hash": self.data_hash,
            "images": list(self.images),
            "doses": list(self.doses),
            "realizations": self.realizations,
            "raw_realizations": self.raw_realizations,
        }


@dataclass(frozen=True, kw_only=True)
class SessionInfo:
    """One call that made a part of the run.

    Attributes
    ----------
    seconds : float
        Wall time.
    blocks : int
        Blocks that this call finished.
    jobs : int
        Worker processes.
    peak_memory_bytes : int
        Sum of the largest resident sizes of all processes.
    """

    seconds: float
    blocks: int
    jobs: int
    peak_memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class Caution:
    """What a restorer said of images that it restored, such as that it left them as they are.

    Attributes
    ----------
    restorer : str
    case, image : str
    dose : float
        e/Å².
    rung : str
        Rung of a ladder; empty for the case's own noise.
    images : int
        How many it said this of, numbers in the sentence aside.
    sentence : str
        As it said it of the first.
    """

    restorer: str
    case: str
    image: str
    dose: float
    rung: str = ""
    images: int
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Why a restorer is suspected to know more than its images.

    Attributes
    ----------
    restorer : str
    case, image : str
    dose : float
        e/Å².
    check : str
        What it failed: 'repeat', 'follow', 'transform', 'shift' or 'truth' (docs/honesty.md).
    sentence : str
        What was measured and what it means; begins in lower case and has no full stop.
    """

    restorer: str
    case: str
    image: str
    dose: float
    check: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """The description of a run.

    Attributes
    ----------
    schema_version : int
        Version of the records and of this class.
    profile, profile_summary : str
    seed : int
    block_size : int
        Realizations per block.
    created : str
        Time of the first call, ISO 8601.
    commit : str
        Git commit of the program, with '+' if it had changes; empty outside a checkout.
    source_sha256 : str
        Hash of the program's source as it was run, changes of the working tree among it.
    arithmetic : mapping of str to str
        What the last digits depend on: packages that calculate, with their versions, the precision
        of fits, and settings of the networks' engines.
    versions : mapping of str to str
        Versions of Python and of the packages that shape the numbers.
    hardware : mapping
    cases : mapping of str to CaseInfo
    ladders : tuple of Ladder
        Ladders of noise chains: the ablation and the axes.
    restorers : mapping of str to RestorerInfo
        In the order in which the user named them.
    blocks : mapping of str to tuple of str
        Names of all blocks, by the folder that holds their records: no other file is read.
    files : tuple of str
        Names of the files of the whole run.
    fit_engine : str
        What fitted the images; the noise-free references are fitted by the joint engine.
    complete : bool
        Whether every block is there.
    stages : mapping of str to float
        Seconds of each stage, summed over blocks.
    restore_memory_bytes : mapping of str to int
        Most bytes that restoration added to its process, by restorer where it is known.
    sessions : tuple of SessionInfo
        The calls that made the run.
    failures : tuple of str
        One sentence per block whose restorer failed.
    cautions : tuple of Caution
        What restorers said of single images.
    doubts : tuple of Doubt
        Suspicions that restorers know more than their images.
    """

    schema_version: int
    profile: str
    profile_summary: str
    seed: int
    block_size: int
    created: str
    commit: str
    source_sha256: str
    arithmetic: Mapping[str, str]
    versions: Mapping[str, str]
    hardware: Mapping[str, Any]
    cases: Mapping[str, CaseInfo]
    ladders: tuple[Ladder, ...]
    restorers: Mapping[str, RestorerInfo]
    blocks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    fit_engine: str = "joint"
    complete: bool = False
    stages: Mapping[str, float] = field(default_factory=dict)
    restore_memory_bytes: Mapping[str, int] = field(default_factory=dict)
    sessions: tuple[SessionInfo, ...] = ()
    failures: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    def __post_init__(self) -> None:
        require(self.seed, "seed", low=0)
        require(self.block_size, "block_size", low=1)
        if "stembench" not in self.versions:
            raise InputError("versions must name stembench")
        for name, case in self.cases.items():
            if case.case.name != name:
                raise InputError(f"the case {name} calls itself {case.case.name}")
        for name, restorer in self.restorers.items():
            if restorer.name != name or (restorer.fit and restorer.of not in self.restorers):
                raise InputError(f"the restorer {name} is not described as one of this run")
        for name in (*self.blocks, *(n for names in self.blocks.values() for n in names),
                     *self.files):  # fmt: skip
            if not _NAME.fullmatch(name):
                raise InputError(f"{name[:80]!r} is no name of a file of a run")

    @property
    def origin(self) -> Origin:
        """What every file of the run says of the run."""
        canonical = json.dumps(self.identity(), sort_keys=True, separators=(",", ":"))
        return Origin(
            schema_version=self.schema_version,
            identity=hashlib.sha256(canonical.encode()).hexdigest(),
            seed=self.seed,
        )

    @property
    def stembench(self) -> str:
        """Version of this package that made the run."""
        return self.versions["stembench"]

    @property
    def wall_seconds(self) -> float:
        """Wall time of all calls together."""
        return sum(session.seconds for session in self.sessions)

    @property
    def peak_memory_bytes(self) -> int:
        """Largest memory of any call; 0 before the first has ended."""
        return max((session.peak_memory_bytes for session in self.sessions), default=0)

    def identity(self) -> dict[str, Any]:
        """What must agree for two calls to belong to the same run, as plain types."""
        return {
            "schema_version": self.schema_version,
            # What a version says of the checkout behind it says the hash of the source better: a
            # commit that leaves the source as it is, or none, must not end a run.
            "stembench": re.split(r"\.dev|\+", self.stembench)[0],
            "source_sha256": self.source_sha256,
            "arithmetic": dict(self.arithmetic),
            "profile": self.profile,
            "seed": self.seed,
            "block_size": self.block_size,
            "fit_engine": self.fit_engine,
            "cases": {name: info.amount for name, info in self.cases.items()},
            "ladders": {ladder.name: as_plain(ladder) for ladder in self.ladders},
            "restorers": {
                name: {
                    "version": info.version,
                    "engine": info.engine,
                    # Runs of before it was stated keep their identity.
                    **({"precision": info.precision} if info.precision else {}),
                    "weights_sha256": info.weights_sha256,
                    "source_sha256": info.source_sha256,
                }
                for name, info in self.restorers.items()
            },
        }


def read_run_info(folder: Path) -> RunInfo:
    """Read the description of the run in a folder.

    Raises
    ------
    DamagedFileError
        If it is not as it was written.
    InputError
        If there is none, it cannot be read, or it has another schema.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        raise InputError(f"{folder} is not a run folder: it holds no {RUN_FILE}")
    content = read_json(path)
    _check_schema(content, folder)
    content = check_content(content, path, remedy="run again, into the same folder")
    return run_info_of(content, path)


def _check_schema(content: Mapping[str, Any], where: Path) -> None:
    version = content.get("schema_version")
    if version != SCHEMA_VERSION and isinstance(version, int) and "profile" in content:
        raise InputError(
            f"{where} has record schema {version!r}, this version reads schema "
            f"{SCHEMA_VERSION}: use the stembench version that wrote it, or run again"
        )


def run_info_of(content: Mapping[str, Any], path: Path) -> RunInfo:
    """Description of a run of its plain types; `path` is where they were read, for messages.

    Raises
    ------
    InputError
        If it has another schema, or does not describe a run.
    """
    _check_schema(content, path)
    try:
        cases = {
            name: {**info, "case": case_from_dict(info["case"])}
            for name, info in content["cases"].items()
        }
    except (AttributeError, KeyError, TypeError) as error:
        raise DamagedFileError(f"{path} does not describe its cases: delete the folder") from error
    return from_dict(RunInfo, {**content, "cases": cases}, source=str(path))


def write_run_info(folder: Path, info: RunInfo) -> None:
    """Write the description of a run into its folder, whole or not at all."""
    write_json(folder / RUN_FILE, as_plain(info))
