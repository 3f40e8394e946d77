"""The reader of a run folder: its records, its description and its example images."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from cases import Case
from reports.names import Restorers
from reports.records.edited import edited_mask
from reports.records.run_info import RUN_FILE, RunInfo, read_run_info
from reports.records.schema import COLUMNS, conform
from stembench.arrays import Bools, Floats
from stembench.errors import InputError


@dataclass(frozen=True)
class Examples:
    """Example arrays of a run; what the run did not keep is None.

    Attributes
    ----------
    path : pathlib.Path
        The run's ``examples.h5``; need not exist.
    """

    path: Path

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

    def _at_dose(self, case: str, image: str, *, dose: float, name: str) -> Floats | None:
        for written in self._groups(f"{case}/{image}"):
            if _is_dose(written, dose):
                return self._read(f"{case}/{image}/{written}/{name}")
        return None

    def _groups(self, name: str) -> list[str]:
        if not self.path.is_file():
            return []
        import h5py

        with _readable(self.path), h5py.File(self.path, "r") as file:
            return list(file[name]) if name in file else []

    def _read(self, name: str) -> Floats | None:
        if not self.path.is_file():
            return None
        import h5py

        with _readable(self.path), h5py.File(self.path, "r") as file:
            return np.asarray(file[name], dtype=np.float64) if name in file else None


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn a file that is not HDF5 into an input error."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be read as HDF5 ({error})") from error


def _is_dose(name: str, dose: float) -> bool:
    """Whether a group is named after this dose, however the number is written."""
    try:
        return bool(np.isclose(float(name), dose, rtol=1e-9))
    except ValueError:
        return False


@dataclass(frozen=True)
class Run:
    """A run as its folder tells it.

    Attributes
    ----------
    folder : pathlib.Path
        Where it lies.
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS`, those of edited images left out.
    info : RunInfo
        Its description.
    examples : Examples
        Its example images.
    edited : pandas.DataFrame
        Rows of edited images, which say how much of a change is passed on and nothing else.
    """

    folder: Path
    records: pd.DataFrame
    info: RunInfo
    examples: Examples
    edited: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COLUMNS)))

    @property
    def complete(self) -> bool:
        """Whether every block of the run is there; a report on an incomplete run says so."""
        return self.info.complete

    def case(self, name: str) -> Case:
        """Return the description of a case of the run."""
        return self.info.cases[name].case

    @cached_property
    def restorers(self) -> Restorers:
        """Names, order and looks of the run's restorers."""
        return Restorers(self.info.restorers)

    @cached_property
    def intensity(self) -> pd.DataFrame:
        """What each image kept of the noise-free one, a row per image; empty if not measured.

        Edited images are left out.
        """
        frames = read_frames(self.folder / "intensity")
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
        Holds ``run.json``, ``records/*.parquet`` and, if images were kept, ``examples.h5``.

    Returns
    -------
    Run
        Marked incomplete unless ``run.json`` says that it is complete.

    Raises
    ------
    InputError
        If the folder is missing, is not a run, holds no records yet, or was written in a record
        schema that this version does not know.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"there is no run folder {folder}: name the --out folder of a run")
    info = read_run_info(folder)
    every = _read_records(folder / "records")
    edited = edited_mask(every, {name: case.case for name, case in info.cases.items()})
    run = Run(
        folder=folder,
        records=every[~edited],
        info=info,
        examples=Examples(folder / "examples.h5"),
        edited=every[edited],
    )
    for name, known in (("case", info.cases), ("restorer", info.restorers)):
        strangers = sorted(set(every[name]) - set(known))
        if strangers:
            raise InputError(
                f"the records in {folder} hold the {name} {', '.join(strangers)}, which its"
                f" {RUN_FILE} does not declare: delete these records and run again"
            )
    return run


def _read_records(folder: Path) -> pd.DataFrame:
    """All blocks of records as one conforming frame."""
    frames = read_frames(folder)
    if not frames:
        raise InputError(f"{folder.parent} holds no records yet: start the run (again) first")
    try:
        return conform(pd.concat(frames, ignore_index=True))
    except ValueError as error:
        raise InputError(f"the records in {folder} are not of one run: {error}") from error


def read_frames(folder: Path) -> list[pd.DataFrame]:
    """Read every finished block of a folder, in the order of their names; none if it is absent."""
    frames = []
    for file in sorted(folder.glob("*.parquet")) if folder.is_dir() else []:
        if file.name.startswith("."):  # what a killed process left half-written
            continue
        try:
            frames.append(pd.read_parquet(file))
        except (OSError, ValueError) as error:  # pyarrow's errors are either of the two
            raise InputError(
                f"{file} cannot be read as Parquet ({error}): delete it and run again"
            ) from error
    return frames
