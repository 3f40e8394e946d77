"""The reader of a run folder: its records, its description and its example images."""

import io
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import pandas as pd

from cases import Case
from reports.names import Restorers
from reports.records.edited import edited_mask
from reports.records.run_files import Origin, RunTable, read_hdf5, read_table
from reports.records.run_info import RECORDS, RUN_FILE, RunInfo, read_run_info
from reports.records.schema import COLUMNS, conform
from stembench.arrays import Bools, Floats
from stembench.errors import InputError

_Known = TypeVar("_Known")
#: File of the example images.
EXAMPLE_FILE: Final = "examples.h5"
#: Largest number that records can hold in any of their units; a fit gives none like it.
_ABSURD: Final = 1e12
#: Threads that read blocks.
_READERS: Final = 4


@dataclass(frozen=True)
class Examples:
    """Example arrays of a run; what the run did not keep is None.

    Attributes
    ----------
    path : pathlib.Path
        The run's ``examples.h5``; need not exist.
    origin : Origin or None
        The run that it must be of; None for a run that keeps none.
    there : mapping of str to ndarray, optional
        The arrays themselves, by their path in the file, in place of the file.
    """

    path: Path
    origin: Origin | None = None
    there: Mapping[str, Floats] | None = None

    def clean(self, case: str, image: str) -> Floats | None:
        """Noise-free image (h, w) in fractions of the beam."""
        return self._read(f"{case}/{image}/clean")

    def true_columns(self, case: str, image: str) -> tuple[Floats, Bools] | None:
        """True positions (n, 2) as (x, y) in px of all columns, and which of them are measured."""
        positions = self._read(f"{case}/{image}/true_positions")
        measured = self._read(f"{case}/{image}/measured")
        if positions is None or measured is None:
            return None
        return positions, measured > 0

    def image(self, case: str, image: str, *, dose: float, restorer: str) -> Floats | None:
        """Image (h, w) of one noise realization in fractions of the beam; 'raw' is distorted."""
        return self._at_dose(case, image, dose=dose, name=f"{restorer}/image")

    def positions(self, case: str, image: str, *, dose: float, restorer: str) -> Floats | None:
        """Positions (n, 2) as (x, y) in px fitted in that image, NaN where the fit failed."""
        return self._at_dose(case, image, dose=dose, name=f"{restorer}/positions")

    def arrays(self) -> Mapping[str, Floats]:
        """All arrays by their path in the file."""
        if self.there is not None:
            return self.there
        if self._content is None:
            return {}
        import h5py

        found: dict[str, Floats] = {}

        def keep(name: str, item: object) -> None:
            if isinstance(item, h5py.Dataset):
                found[name] = np.asarray(item, dtype=np.float64)

        with h5py.File(self._content, "r") as file:
            file.visititems(keep)
        return found

    def _at_dose(self, case: str, image: str, *, dose: float, name: str) -> Floats | None:
        for written in self._groups(f"{case}/{image}"):
            if _is_dose(written, dose):
                return self._read(f"{case}/{image}/{written}/{name}")
        return None

    def _groups(self, name: str) -> list[str]:
        if self.there is not None:
            below = f"{name}/"
            inner = (key.removeprefix(below) for key in self.there if key.startswith(below))
            return list(dict.fromkeys(key.partition("/")[0] for key in inner))
        if self._content is None:
            return []
        import h5py

        with h5py.File(self._content, "r") as file:
            return list(file[name]) if name in file else []

    def _read(self, name: str) -> Floats | None:
        if self.there is not None:
            return self.there.get(name)
        if self._content is None:
            return None
        import h5py

        with h5py.File(self._content, "r") as file:
            return np.asarray(file[name], dtype=np.float64) if name in file else None

    @cached_property
    def _content(self) -> io.BytesIO | None:
        """The file, read and checked once."""
        if self.origin is None or not self.path.exists():
            return None
        return read_hdf5(self.path, origin=self.origin, block=EXAMPLE_FILE)


def _is_dose(name: str, dose: float) -> bool:
    """Whether a group is named after this dose, however the number is written."""
    try:
        return float(name) == dose
    except ValueError:
        return False


@dataclass(frozen=True)
class Run:
    """A run as its folder tells it.

    Attributes
    ----------
    folder : pathlib.Path
        Where it lies.
    fits : pandas.DataFrame or None
        Rows of `reports.records.schema.COLUMNS`, those of edited images left out; None where only
        statistics of them are kept (`reports.packs`).
    info : RunInfo
        Its description.
    examples : Examples
        Its example images.
    edited_fits : pandas.DataFrame or None
        Rows of edited images, which say how much of a change is passed on and nothing else.
    beside : mapping of str to mapping of str to str
        Tables that lie beside the records: their folder, their blocks, and the seal of each file.
    kept : mapping of callable to object
        What functions say of a run whose fits are not there, for `once`.
    """

    folder: Path
    fits: pd.DataFrame | None
    info: RunInfo
    examples: Examples
    edited_fits: pd.DataFrame | None = field(
        default_factory=lambda: pd.DataFrame(columns=list(COLUMNS))
    )
    beside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kept: Mapping[Callable[[Any], Any], Any] = field(default_factory=dict)

    @property
    def records(self) -> pd.DataFrame:
        """Rows of `reports.records.schema.COLUMNS`, those of edited images left out.

        Raises
        ------
        InputError
            If only statistics of them are kept.
        """
        return self._there(self.fits)

    @property
    def edited(self) -> pd.DataFrame:
        """Rows of edited images; raises as `records` does."""
        return self._there(self.edited_fits)

    def _there(self, rows: pd.DataFrame | None) -> pd.DataFrame:
        if rows is None:
            raise InputError(
                f"{self.folder} holds statistics of a run and no fits of single columns, which this"
                " needs: name the run folder itself"
            )
        return rows

    @property
    def packed(self) -> bool:
        """Whether only statistics of the fits are there."""
        return self.fits is None

    @property
    def complete(self) -> bool:
        """Whether every block of the run is there; a report on an incomplete run says so."""
        return self.info.complete

    @cached_property
    def _known(self) -> dict[Callable[[Any], Any], Any]:
        return {}

    def once(self, function: Callable[["Run"], _Known]) -> _Known:
        """Return what a function says of this run, and compute it the first time alone.

        Parameters
        ----------
        function : callable
            Named in a module, not made anew for each call. Nobody may change what it returns.
        """
        if function in self.kept:
            there: _Known = self.kept[function]
            return there
        if function not in self._known:
            self._known[function] = function(self)
        known: _Known = self._known[function]
        return known

    def case(self, name: str) -> Case:
        """Return the description of a case of the run."""
        return self.info.cases[name].case

    @cached_property
    def origin(self) -> Origin:
        """What every file of the run says of the run."""
        return self.info.origin

    def listed(self, name: str) -> bool:
        """Whether the run lists a file of this name; no other is read."""
        return name in self.info.files

    def tables(self, kind: str) -> list[pd.DataFrame]:
        """Read what lies beside the records in the folder `kind`; none if there is nothing.

        Raises
        ------
        InputError
            If a file is missing, is not as it was written, or is of another run.
        """
        if self.packed:
            self._there(None)
        return [
            read_table(
                self.folder / kind / f"{block}.parquet", origin=self.origin, block=block, seal=seal
            ).rows
            for block, seal in sorted(self.beside.get(kind, {}).items())
        ]

    @cached_property
    def restorers(self) -> Restorers:
        """Names, order and looks of the run's restorers."""
        return Restorers(self.info.restorers)

    @cached_property
    def intensity(self) -> pd.DataFrame:
        """What each image kept of the noise-free one, a row per image; empty if not measured.

        Edited images are left out.
        """
        frames = self.tables("intensity")
        if not frames:
            return pd.DataFrame()
        rows = pd.concat(frames, ignore_index=True)
        edited = edited_mask(rows, {name: case.case for name, case in self.info.cases.items()})
        return rows[~edited].reset_index(drop=True)

    def title(self, case: str) -> str:
        """Return what people call a case."""
        return self.case(case).title


def load_run(folder: str | Path) -> Run:
    """Read a run folder.

    Parameters
    ----------
    folder : str or pathlib.Path
        Holds ``run.json``, and what that lists: ``records/*.parquet`` and others.

    Returns
    -------
    Run
        Marked incomplete unless ``run.json`` says that it is complete.

    Raises
    ------
    InputError
        If the folder is missing, is not a run, holds no records yet, was written in a record
        schema that this version does not know, or a file is not as it was written.
    """
    folder = Path(folder)
    try:
        there = folder.is_dir()
    except OSError:  # such as a name that is too long
        there = False
    if not there:
        raise InputError(f"there is no run folder {folder}: name the --out folder of a run")
    info = read_run_info(folder)
    if info.complete:
        for name in info.files:
            if not (folder / name).is_file():
                raise InputError(f"{folder} lacks {name}, which its {RUN_FILE} lists: run it again")
    blocks = read_blocks(folder, info, kind=RECORDS)
    every = _records(folder, blocks)
    edited = edited_mask(every, {name: case.case for name, case in info.cases.items()})
    beside: dict[str, dict[str, str]] = {}
    for block, table in blocks.items():
        for kind, seal in table.notes.get("beside", {}).items():
            beside.setdefault(kind, {})[block] = seal
    run = Run(
        folder=folder,
        fits=every[~edited],
        info=info,
        examples=Examples(
            folder / EXAMPLE_FILE, info.origin if EXAMPLE_FILE in info.files else None
        ),
        edited_fits=every[edited],
        beside=beside,
    )
    for name, known in (("case", info.cases), ("restorer", info.restorers)):
        strangers = sorted(set(every[name].unique()) - set(known))
        if strangers:
            raise InputError(
                f"the records in {folder} hold the {name} {', '.join(strangers)}, which its"
                f" {RUN_FILE} does not declare: delete these records and run again"
            )
    for name, image in every[["case", "image"]].drop_duplicates().itertuples(index=False):
        if image not in info.cases[name].case.labels:
            raise InputError(
                f"the records in {folder} hold an image {image} of the case {name}, which has none"
                " of that name: delete these records and run again"
            )
    return run


def read_blocks(folder: Path, info: RunInfo, *, kind: str) -> dict[str, RunTable]:
    """Read the finished blocks of a kind that a run lists, by name.

    Parameters
    ----------
    folder : pathlib.Path
        Run folder.
    info : RunInfo
    kind : str
        'records', or a kind of ladder.

    Raises
    ------
    InputError
        If one is not as it was written or of another run, or is missing from a complete run.
    """
    origin = info.origin
    there = {}
    for block in info.blocks.get(kind, ()):
        path = folder / kind / f"{block}.parquet"
        if path.exists():
            there[block] = path
        elif info.complete:
            raise InputError(
                f"{path}, which {RUN_FILE} lists, is missing: the same `stembench run` command"
                " makes it again"
            )

    def read(block: str) -> RunTable:
        return read_table(there[block], origin=origin, block=block)

    # Most of the time goes to decompression, which threads do at once.
    with ThreadPoolExecutor(_READERS) as threads:
        return dict(zip(there, threads.map(read, there), strict=True))


def _records(folder: Path, blocks: Mapping[str, RunTable]) -> pd.DataFrame:
    """All blocks of records as one conforming frame."""
    if not blocks:
        raise InputError(f"{folder} holds no records yet: start the run (again) first")
    frames = [table.rows for _, table in sorted(blocks.items())]
    try:
        records = conform(pd.concat(frames, ignore_index=True))
    except (TypeError, ValueError) as error:
        raise InputError(f"the records in {folder} are not of one run: {error}") from error
    numbers = records.select_dtypes("float64").abs()
    absurd = (numbers > _ABSURD).any()
    if absurd.any():
        name = str(absurd.idxmax())
        raise InputError(
            f"the records in {folder} hold {name} = {numbers[name].max():g}, which no fit gives:"
            " run again into a new folder"
        )
    if not (records["sampling"] > 0).all():
        raise InputError(
            f"the records in {folder} hold a sampling that is not positive: run again into a new"
            " folder"
        )
    return records
