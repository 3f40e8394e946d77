"""Drawing the paper's figures: what they need brought together, and what became of each."""

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

import stembench
from bench.executor.environment import commit, versions
from bench.paper.registry import paper_figures
from bench.paper.restored_images import RestoredImages
from fitting import find_columns
from reports import (
    GalleryEntry,
    Material,
    chosen_figures,
    gallery_text,
    open_run,
    write_gallery,
    write_index,
)
from stembench.independent_work import StartExecutor, completed

#: Packages that figures' numbers depend on beside those of a run.
_PACKAGES: Final = (
    "numpy", "scipy", "scikit-image", "tensorflow", "keras", "onnxruntime", "tk_r_em", "bm3d",
    "abtem", "matplotlib",
)  # fmt: skip


def draw_figures(
    folder: Path,
    *,
    numbers: Sequence[str] = (),
    run: Path | None = None,
    rivals: Sequence[str] = (),
    wheels: Path | None = None,
    note: Callable[[str], None],
    start: StartExecutor | None = None,
) -> tuple[GalleryEntry, ...]:
    """Draw counterparts of the paper's figures into a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Made if absent; ``figures.md`` there lists them.
    numbers : sequence of str
        Those to draw; all by default.
    run : pathlib.Path, optional
        Run folder, pack or folder of packs that Figs. 2 to 4 and the verdicts are of.
    rivals : sequence of str
        Specs of further restorers that experimental images are shown with.
    wheels : pathlib.Path, optional
        Folder of downloaded wheels, from which experimental images are read too.
    note : callable
        Called with what is being done; where others draw, with what they did.
    start : callable, optional
        Starts the processes that draw several figures at a time; all are drawn here by default.

    Returns
    -------
    tuple of GalleryEntry
        Of the figures that were to be drawn, in the order asked for.

    Raises
    ------
    InputError
        If a number is unknown, the run cannot be read, or the folder cannot be written.
    """
    chosen = [figure.number for figure in chosen_figures(paper_figures(), numbers)]
    draw = partial(_drawn, folder, run=run, rivals=tuple(rivals), wheels=wheels)
    if start is None or len(chosen) < 2:
        return draw(chosen, note=note)
    entries: dict[str, GalleryEntry] = {}
    # Tables take longest, and stand last: what is begun late is short.
    tasks = [(number, (draw, number)) for number in reversed(chosen)]
    with closing(completed(start, _noted, tasks)) as finished:
        for number, (entry, said) in finished:
            for sentence in said:
                note(sentence)
            entries[number] = entry
    # Each process has written the index of what was there at its time.
    write_index(folder, paper_figures(), run=None if run is None else open_run(run))
    return tuple(entries[number] for number in chosen)


def _noted(
    draw: Callable[..., tuple[GalleryEntry, ...]], number: str
) -> tuple[GalleryEntry, list[str]]:
    """Draw one figure in a process of its own; what became of it, and what there is to say."""
    said: list[str] = []
    (entry,) = draw([number], note=said.append)
    return entry, said


def _drawn(
    folder: Path,
    numbers: Sequence[str],
    *,
    run: Path | None,
    rivals: tuple[str, ...],
    wheels: Path | None,
    note: Callable[[str], None],
) -> tuple[GalleryEntry, ...]:
    material = Material(
        restored=RestoredImages(note),
        found=find_columns,
        run=None if run is None else open_run(run),
        rivals=rivals,
        wheels=wheels,
        program=_program(),
        versions=versions(_PACKAGES),
    )
    return write_gallery(folder, paper_figures(), material, numbers=numbers, progress=note)


def figures_text(folder: Path, *, run: Path) -> str:
    """Index, in Markdown, of figures that are drawn already, with the verdicts of a run's report.

    Parameters
    ----------
    folder : pathlib.Path
        Of `draw_figures`.
    run : pathlib.Path
        Run folder, pack or folder of packs, with its report in it.

    Returns
    -------
    str
    """
    return gallery_text(folder, paper_figures(), run=open_run(run))


def _program() -> str:
    at = commit()
    changed = " with changes" if at.endswith("+") else ""
    return f"stembench {stembench.__version__}" + (f", commit {at[:10]}{changed}" if at else "")
