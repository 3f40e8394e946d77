"""What a figure of a report is: how it declares itself, and the files that it becomes."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from reports.records.run_folder import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure of one case, declared by the file that draws it.

    Attributes
    ----------
    name : str
        What a case's study names it by, and the middle of its file names.
    title : str
        Heading; the case's title follows it.
    reading : str
        What is to be seen.
    draw : callable
        ``draw(run, summary, case=...)`` returns the matplotlib figure; `summary` is that of the
        whole run.
    settings : callable
        ``settings(run, summary, case=...)`` puts the declared settings in sentences.
    applies : callable or None
        ``applies(run, case)`` tells which cases it shows; by default those whose study names it.
    """

    name: str
    title: str
    reading: str
    draw: Callable[..., "Drawing"]
    settings: Callable[..., str]
    applies: Callable[[Run, str], bool] | None = None

    def shows(self, run: Run, case: str) -> bool:
        """Whether it is drawn for a case of a run."""
        if self.applies is not None:
            return self.applies(run, case)
        return run.case(case).study.figure == self.name

    def write(self, run: Run, summary: pd.DataFrame, *, case: str, folder: Path) -> "FigureFile":
        """Draw the figure of a case into a folder, as PNG and PDF."""
        from matplotlib import rc_context

        from reports.figures import panels

        with rc_context(panels.RC):
            png, pdf = panels.save(
                self.draw(run, summary, case=case), folder / f"figure_{self.name}_{case}"
            )
        return FigureFile(
            case=case,
            title=f"{self.title}: {run.title(case)}",
            description=self.reading,
            settings=self.settings(run, summary, case=case),
            png=png,
            pdf=pdf,
            picture=smallest_picture(png),
        )


@dataclass(frozen=True)
class FigureFile:
    """A written figure.

    Attributes
    ----------
    case : str
        Name of the case it shows.
    title : str
        Heading.
    description : str
        What is to be seen.
    settings : str
        The declared settings, as they also stand under the figure itself.
    png, pdf : pathlib.Path
        The files.
    picture : bytes
        What a page embeds: the same pixels as WebP, or the PNG file where that is smaller.
    """

    case: str
    title: str
    description: str
    settings: str
    png: Path
    pdf: Path
    picture: bytes = field(repr=False)


def smallest_picture(png: Path) -> bytes:
    """Pixels of a PNG file in the smaller of two forms without loss: WebP, or the file itself."""
    from PIL import Image

    there = png.read_bytes()
    content = io.BytesIO()
    with Image.open(io.BytesIO(there)) as picture:
        # Figures are opaque; more effort takes twice the time, and a sixth of the size at most.
        picture.convert("RGB").save(content, format="WEBP", lossless=True, method=1, quality=0)
    webp = content.getvalue()
    return webp if len(webp) < len(there) else there
