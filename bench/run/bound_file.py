"""The file of bounds of a run folder: written once, whole cells at a time, and completed."""

from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

import pandas as pd

from bench.executor.placement import Placement
from bench.measures.bounds import bounds_of, kinds_of, takes_long
from bench.plan.profiles import Profile
from cases import Case, get_case
from reports import Origin, read_bounds, write_bounds_file
from stembench.sealed_files import DamagedFileError

#: case, image and dose.
_Cell = tuple[str, str, float]


def write_bounds(
    folder: Path,
    profile: Profile,
    *,
    placement: Placement,
    announce: Callable[[str], None],
    origin: Origin,
    note: Callable[[str], None] | None = None,
) -> None:
    """Write the bounds of all images and doses of a profile that the folder does not hold yet.

    Parameters
    ----------
    folder : Path
        Run folder.
    profile : Profile
    placement : Placement
        Where bounds that take long are computed.
    announce : callable
        Called with a sentence on that place.
    origin : Origin
        The run of the folder.
    note : callable, optional
        Called with a sentence if the file is damaged and made again.

    Raises
    ------
    InputError
        If the file that lies there is of another run, or a worker died.
    """
    try:
        there = read_bounds(folder, origin=origin)
    except DamagedFileError as error:
        there = None
        if note is not None:
            note(str(error))
    parts = [] if there is None else [there]
    done = set() if there is None else _whole(there)
    cells = [cell for cell in _cells(profile) if cell not in done]
    # Closed at once when writing fails or is interrupted, and its workers with it.
    with closing(_computed(cells, placement=placement, announce=announce)) as computed:
        for rows in computed:
            parts.append(rows)
            kept = pd.concat(parts, ignore_index=True)
            kept = kept.drop_duplicates(["case", "image", "dose", "column", "kind"], keep="last")
            write_bounds_file(folder, kept, origin=origin)


def _cells(profile: Profile) -> list[_Cell]:
    """Cells of a profile for which a bound is stated."""
    return [
        (selection.case, image, float(dose))
        for selection in profile.selections
        if kinds_of(get_case(selection.case))
        for image in _unedited(get_case(selection.case), selection.images)
        for dose in selection.doses
    ]


def _unedited(case: Case, images: tuple[str, ...]) -> list[str]:
    """Images of a case that are not edited: bounds belong to the crystal as it is."""
    edits = case.structure.edits_on_host
    return [image for image in images if edits is None or edits.edit_of(image) is None]


def _whole(there: pd.DataFrame) -> set[_Cell]:
    """Cells that have every kind of bound."""
    found: dict[_Cell, set[str]] = {}
    rows = there[["case", "image", "dose", "kind"]].drop_duplicates()
    for case, image, dose, kind in rows.itertuples(index=False):
        found.setdefault((str(case), str(image), float(dose)), set()).add(str(kind))
    return {cell for cell, kinds in found.items() if set(kinds_of(get_case(cell[0]))) <= kinds}


def _computed(
    cells: list[_Cell], *, placement: Placement, announce: Callable[[str], None]
) -> Generator[pd.DataFrame]:
    """Yield the bounds of cells; those that take long in worker processes if there are several."""
    slow = [cell for cell in cells if takes_long(get_case(cell[0]))]
    apart = slow if len(slow) > 1 and placement.several else []
    here = [cell for cell in cells if cell not in apart]
    if here:
        yield pd.concat([bounds_of(*cell) for cell in here])
    if apart:
        with placement.executor(len(apart), announce=announce) as executor:
            for _, rows in executor.completed(bounds_of, ((cell, cell) for cell in apart)):
                yield rows
