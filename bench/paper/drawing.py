"""Drawing the paper's figures: what they need brought together, and what became of each."""

from collections.abc import Callable, Sequence
from pathlib import Path

from bench.paper.registry import paper_figures
from bench.paper.restored_images import RestoredImages
from fitting import find_columns
from reports import GalleryEntry, Material, open_run, write_gallery


def draw_figures(
    folder: Path,
    *,
    numbers: Sequence[str] = (),
    run: Path | None = None,
    rivals: Sequence[str] = (),
    wheels: Path | None = None,
    note: Callable[[str], None],
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
        Called with what is being done.

    Returns
    -------
    tuple of GalleryEntry

    Raises
    ------
    InputError
        If a number is unknown, the run cannot be read, or the folder cannot be written.
    """
    material = Material(
        restored=RestoredImages(note),
        found=find_columns,
        run=None if run is None else open_run(run),
        rivals=tuple(rivals),
        wheels=wheels,
    )
    return write_gallery(folder, paper_figures(), material, numbers=numbers, progress=note)
