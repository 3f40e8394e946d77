"""The page of an assessment, opened in a browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reports.page.assessment.assessed_columns import AssessedColumns
from reports.page.assessment.assessment_page import AssessmentPage, write_assessment_page
from reports.words.tables import Table
from tests.reports.page.browser.looking import grave_findings, looked_at


@pytest.fixture(scope="module")
def assessment(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of nine columns, of all kinds."""
    places = np.array([[8.0 + 12 * i, 8.0 + 12 * j] for i in range(3) for j in range(3)])
    errors = np.linspace(1.0, 16.0, 9)
    columns = AssessedColumns(
        x=places[:, 0],
        y=places[:, 1],
        position_error=errors,
        scs_error=np.where(errors > 14, np.nan, errors),
        trusted=errors < 7.5,
        supported=errors < 12,
        removed=np.array([[20.0, 14.0]]),
        limits=(7.5, 12.5),
    )
    image = np.random.default_rng(0).poisson(9.0, (40, 40)).astype(float)
    rows = tuple((f"n{i}", "1.2 (1.0 to 1.4) pm") for i in range(8))
    page = AssessmentPage(
        title="How far image.tif can be trusted",
        lead="image.tif, 40 x 40 px, restored by gaussian",
        sentences=("5 of 9 columns can be trusted.", "At 500 e/Å² the place is 1.2 pm off."),
        notes=("the noise was assumed",),
        raw=image,
        restored=image,
        columns=columns,
        sampling=0.2,
        tables=(Table(title="Errors", note="", header=("what", "value"), rows=rows, n_labels=1),),
        settings=(("draws", "20"),),
        csv="image.csv",
    )
    path = tmp_path_factory.mktemp("assessed") / "image.html"
    write_assessment_page(page, path)
    return path


@pytest.mark.parametrize(
    ("width", "scheme"), [(1400, "light"), (390, "light"), (1400, "dark"), (390, "dark")]
)
def test_page_is_usable(
    assessment: Path, opened: Callable[..., Any], width: int, scheme: str
) -> None:
    page = opened(assessment, width=width, scheme=scheme)
    looked_at(page, f"assessment-{width}-{scheme}")
    assert grave_findings(page) == []
    dark = sum(map(int, page.evaluate(_GROUND))) < 200
    assert dark == (scheme == "dark")


_GROUND = """() => getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g)"""
