"""What a training tells of itself: tables of losses, and the same for TensorBoard."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from stembench.errors import InputError
from stembench.sealed_files import write_whole
from stembench.surroundings.extras import MissingExtraError, how_to_get, is_installed
from stembench.surroundings.refusals import not_written

TRAINING: Final = "training.csv"
"""Means of the losses over the steps up to `step`, a row every so many steps."""
VALIDATION: Final = "validation.csv"
"""Losses on held-out pairs, with the training loss since the validation before, and measures."""
BOARD: Final = "tensorboard"

Row = dict[str, Any]


def read_rows(path: Path, *, up_to: int | None = None) -> list[Row]:
    """Read a table of numbers up to a step; rows that a killed process left unfinished are not.

    Parameters
    ----------
    path : pathlib.Path
        Absent for no rows.
    up_to : int, optional
        Last step.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    if not path.exists():
        return []
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read; remove it, or mend its place") from error
    # The last line may lack its end.
    whole = text[: text.rfind("\n") + 1]
    rows = []
    for raw in csv.DictReader(io.StringIO(whole)):
        try:
            row: Row = {name: float(value) for name, value in raw.items() if value}
        except (TypeError, ValueError):
            continue
        row |= {name: int(row[name]) for name in ("step", "stage", "epoch") if name in row}
        if "step" in row and (up_to is None or row["step"] <= up_to):
            rows.append(row)
    return rows


def write_rows(
    path: Path, rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str] = ()
) -> None:
    """Write a table whole or not at all; its columns are all that a row has, if none are given.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    write_whole(path, _text(rows, columns or list(_columns(rows)), header=True).encode())


def append_row(path: Path, row: Mapping[str, Any], *, columns: Sequence[str]) -> None:
    """Add a row to a table that has these columns, or begin it.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    text = _text([row], columns, header=not path.exists())
    try:
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise InputError(not_written(path, error)) from error


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, None]:
    return {name: None for row in rows for name in row}


def _text(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, header: bool) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)  # floats are written by repr: read back they are the same bits
    return text.getvalue()


def require_board() -> None:
    """Check that events for TensorBoard can be written.

    Raises
    ------
    MissingExtraError
        Without TensorFlow, which a training on another backend does not need.
    """
    if not is_installed("tensorflow"):
        raise MissingExtraError(
            "events for TensorBoard are written by TensorFlow, which is not installed; leave them "
            f"out (--no-tensorboard), or {how_to_get('tensorflow')}"
        )


class Board:
    """TensorBoard's events of a training, written by TensorFlow whatever trains."""

    def __init__(self, folder: Path) -> None:
        require_board()
        import tensorflow as tf

        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._writer = tf.summary.create_file_writer(str(folder))
        except OSError as error:
            raise InputError(not_written(folder, error)) from error
        except tf.errors.OpError as error:
            raise InputError(
                f"{folder} cannot be written ({error.message}); name another place"
            ) from error

    def add(self, group: str, values: Mapping[str, Any], *, step: int) -> None:
        """Add numbers of a step."""
        import tensorflow as tf

        with self._writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(f"{group}/{name}", value)

    def flush(self) -> None:
        """Write out what was added.

        Raises
        ------
        InputError
            If it cannot be written.
        """
        import tensorflow as tf

        try:
            self._writer.flush()
        except tf.errors.OpError as error:
            raise InputError(
                f"events for TensorBoard cannot be written ({error.message}); free some space"
            ) from error
