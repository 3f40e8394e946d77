"""What became of one of the paper's figures: drawn, lacking something, or not yet there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from reports.figures.paper.paper_figure import Finding
from stembench.describe import from_dict
from stembench.sealed_json import check_content, read_json

State = Literal["drawn", "lacking", "not yet"]
#: Folder, within that of the figures, of what became of each.
NOTES: Final = "notes"


@dataclass(frozen=True, kw_only=True)
class GalleryEntry:
    """What became of one figure.

    Attributes
    ----------
    number : str
    state : {'drawn', 'lacking', 'not yet'}
    sentence : str
        What is lacking and what brings it, or why there is nothing yet; '' for a whole figure.
    caption : str
    summary : tuple of tuple of str
        A table for readers, its header first; () for none.
    sources : tuple of str
        Origin and licence of images.
    findings : tuple of Finding
    files : tuple of str
        Names of its files in the folder.
    run : str
        What run it was drawn from; '' for none.
    seconds : float
        Wall time.
    program : str
        What drew it, with its commit; '' where that is not known.
    versions : mapping of str to str
        Versions of the packages that its numbers depend on.
    """

    number: str
    state: State
    sentence: str = ""
    caption: str = ""
    summary: tuple[tuple[str, ...], ...] = ()
    sources: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    files: tuple[str, ...] = ()
    run: str = ""
    seconds: float = 0.0
    program: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)


def read_entry(path: Path) -> GalleryEntry:
    """Read what an earlier call says of a figure.

    Raises
    ------
    InputError
        If the file cannot be read, or was altered.
    """
    content = check_content(read_json(path), path, remedy="draw the figure again")
    return from_dict(GalleryEntry, content, source=str(path))
