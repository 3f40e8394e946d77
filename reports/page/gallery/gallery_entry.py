"""What became of one of the paper's figures: drawn, lacking something, or not yet there."""

from dataclasses import dataclass
from typing import Literal

from reports.figures.paper.paper_figure import Finding

State = Literal["drawn", "lacking", "not yet"]


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
