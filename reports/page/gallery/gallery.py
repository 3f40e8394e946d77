"""Counterparts of the paper's figures written to a folder, each as it is drawn, and their index."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from reports.figures.paper.column_width import journal_letters, save_page
from reports.figures.paper.paper_figure import (
    Drawn,
    LackingError,
    Material,
    PaperFigure,
)
from reports.page.gallery.gallery_entry import NOTES, GalleryEntry, read_entry
from reports.page.gallery.gallery_index import INDEX, index_text
from reports.records.run_folder import Run
from reports.words.tables import write_csv
from stembench.atomic_files import replacing
from stembench.errors import InputError
from stembench.sealed_json import write_json
from stembench.surroundings.extras import MissingExtraError
from stembench.surroundings.leftovers import staging_folder
from stembench.surroundings.refusals import not_written


def chosen_figures(
    figures: Sequence[PaperFigure], numbers: Sequence[str]
) -> tuple[PaperFigure, ...]:
    """Return the figures of some numbers; all of them for none.

    Raises
    ------
    InputError
        If there is no figure of a number.
    """
    known = {figure.number: figure for figure in figures}
    unknown = [number for number in numbers if number.lower() not in known]
    if unknown:
        raise InputError(f"there is no figure {', '.join(unknown)}; figures: {', '.join(known)}")
    return tuple(known[number.lower()] for number in numbers) if numbers else tuple(figures)


def write_gallery(
    folder: Path,
    figures: Sequence[PaperFigure],
    material: Material,
    *,
    numbers: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> tuple[GalleryEntry, ...]:
    """Draw figures into a folder, and write an index of all that are there.

    Parameters
    ----------
    folder : pathlib.Path
        Made if absent. Each figure is written as PNG, PDF and CSV as soon as it is drawn; what an
        earlier call drew stays, and stays in the index.
    figures : sequence of PaperFigure
        All figures, in the order of the index.
    material : Material
    numbers : sequence of str
        Those to draw; all by default.
    progress : callable, optional
        Called before each figure with its title.

    Returns
    -------
    tuple of GalleryEntry
        Of the figures that were to be drawn.

    Raises
    ------
    InputError
        If a number is unknown or the folder cannot be written.
    """
    chosen = chosen_figures(figures, numbers)
    entries = []
    try:
        (folder / NOTES).mkdir(parents=True, exist_ok=True)
        for figure in chosen:
            if progress is not None:
                progress(f"{figure.number}: {figure.title}")
            entry = _entry(folder, figure, material)
            write_json(folder / NOTES / f"{figure.name}.json", asdict(entry))
            entries.append(entry)
    except OSError as error:
        raise InputError(not_written(folder, error)) from error
    write_index(folder, figures, run=material.run)
    return tuple(entries)


def write_index(folder: Path, figures: Sequence[PaperFigure], *, run: Run | None) -> None:
    """Write the index of the figures that a folder holds.

    Parameters
    ----------
    folder : pathlib.Path
        Of `write_gallery`.
    figures : sequence of PaperFigure
        All figures, in the order of the index.
    run : Run or None
        Whose report judged the claims.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    try:
        with replacing(folder / INDEX) as temporary:
            temporary.write_text(gallery_text(folder, figures, run=run), encoding="utf-8")
    except OSError as error:
        raise InputError(not_written(folder, error)) from error


def gallery_text(folder: Path, figures: Sequence[PaperFigure], *, run: Run | None) -> str:
    """Index, in Markdown, of the figures that a folder holds, with a report's verdicts.

    Parameters
    ----------
    folder : pathlib.Path
        Of `write_gallery`; files that were taken from it since are not named.
    figures : sequence of PaperFigure
        All figures, in the order of the index.
    run : Run or None
        Whose report judged the claims.

    Returns
    -------
    str
    """
    known = {}
    for figure in figures:
        entry = _earlier(folder, figure)
        if entry is not None:
            there = tuple(name for name in entry.files if (folder / Path(name).name).exists())
            entry = replace(entry, files=there)
        known[figure.number] = entry
    return index_text(figures, known, run=run)


def _entry(folder: Path, figure: PaperFigure, material: Material) -> GalleryEntry:
    """Draw one figure, and say what became of it."""
    if figure.draw is None:
        _remove(folder, figure)
        return GalleryEntry(number=figure.number, state="not yet", sentence=figure.not_yet)
    begun = time.perf_counter()
    try:
        with journal_letters():
            drawn = figure.draw(material)
            files = _write(folder, figure, drawn)
    except (LackingError, MissingExtraError) as error:
        _remove(folder, figure)
        return GalleryEntry(number=figure.number, state="lacking", sentence=str(error))
    return GalleryEntry(
        number=figure.number,
        state="drawn",
        sentence=figure.not_yet,
        caption=drawn.caption,
        summary=drawn.summary,
        sources=drawn.sources,
        findings=drawn.findings,
        files=files,
        run=drawn.run,
        seconds=time.perf_counter() - begun,
        program=material.program,
        versions=material.versions,
    )


def _write(folder: Path, figure: PaperFigure, drawn: Drawn) -> tuple[str, ...]:
    """Write the files of a figure, all of them once all are made."""
    with staging_folder(folder) as staging:
        if drawn.drawing is not None:
            save_page(drawn.drawing, staging / figure.name)
        for suffix, rows in drawn.tables.items():
            end = f"-{suffix}" if suffix else ""
            write_csv(rows, staging / f"{figure.name}{end}.csv")
        made = sorted(staging.iterdir())
        _remove(folder, figure)
        return tuple(path.replace(folder / path.name).name for path in made)


def _remove(folder: Path, figure: PaperFigure) -> None:
    """Remove what an earlier call wrote of a figure: it may show another run."""
    entry = _earlier(folder, figure)
    for name in entry.files if entry is not None else ():
        (folder / Path(name).name).unlink(missing_ok=True)


def _earlier(folder: Path, figure: PaperFigure) -> GalleryEntry | None:
    """What an earlier call says of a figure; None if it was never asked for."""
    path = folder / NOTES / f"{figure.name}.json"
    return read_entry(path) if path.exists() else None
