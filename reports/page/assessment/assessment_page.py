"""The page of an assessment of one image: one self-contained HTML file."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reports.figures import panels
from reports.page.assessment.assessed_columns import AssessedColumns, error_figures, image_figures
from reports.page.page import template
from reports.words.tables import Table
from stembench.arrays import Floats


@dataclass(frozen=True, kw_only=True)
class AssessmentPage:
    """What the page of an assessment shows.

    Attributes
    ----------
    title, lead : str
    sentences : sequence of str
        Answers, the verdict first.
    notes : sequence of str
        What was assumed or left out.
    raw, restored : ndarray, shape (rows, columns)
    columns : AssessedColumns
    sampling : float
        Å/px.
    tables : sequence of Table
    settings : sequence of (str, str)
    csv : str
        Name of the table beside the page.
    """

    title: str
    lead: str
    sentences: Sequence[str]
    notes: Sequence[str]
    raw: Floats = field(repr=False)
    restored: Floats = field(repr=False)
    columns: AssessedColumns
    sampling: float
    tables: Sequence[Table]
    settings: Sequence[tuple[str, str]]
    csv: str


def render_assessment(page: AssessmentPage) -> str:
    """Render the page, pictures embedded.

    Returns
    -------
    str
        HTML whose only link is that to the CSV file beside it.
    """
    figures = [
        {
            "title": "The image",
            "pictures": [
                _png(figure)
                for figure in image_figures(
                    page.raw, page.restored, page.columns, sampling=page.sampling
                )
            ],
            "caption": "As recorded, as restored, and the restored one with its columns: trusted"
            " (blue circles), not trusted (red crosses), drawn without support by the raw image"
            " (red squares), supported and not drawn (yellow triangles);"
            " frames are places that lost light (blue) or gained some (yellow, dashed). Each image"
            " has its own grey scale.",
        },
        {
            "title": "Trust in each column",
            "pictures": [
                _png(figure) for figure in error_figures(page.columns, shape=page.raw.shape)
            ],
            "caption": "Error of the place per axis, the larger of the two, and of the SCS, as a"
            " root mean square, that a column would have after a change of 15 pm or of 25 %: bias"
            " and scatter over the draws, and what the restorer does not pass on. Half of the"
            " change, white, is where trust ends; blue is better and red worse. Black crosses: not"
            " known.",
        },
    ]
    text: str = template("assessment.html.j2").render(page=page, figures=figures)
    return text


def write_assessment_page(page: AssessmentPage, path: Path) -> None:
    """Write the page to a file."""
    from stembench.atomic_files import replacing

    with replacing(path) as temporary:
        temporary.write_text(render_assessment(page), encoding="utf-8")


def _png(figure: Any) -> str:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=panels.DPI, metadata={"Software": None})
    return base64.b64encode(content.getvalue()).decode("ascii")
