"""The figure of responses is drawn where a run has some."""

from types import SimpleNamespace

import pandas as pd
import pytest

from reports.figures.response import FIGURE


@pytest.mark.parametrize(
    ("case", "edited", "shown"),
    [
        ("response", ["response"], True),
        ("response", ["response_112"], False),  # a run of the host alone
        ("response", [], False),
        ("pt_bulk", ["response"], False),
    ],
)
def test_a_run_without_edited_images_has_no_figure(
    case: str, edited: list[str], shown: bool
) -> None:
    figures = {"response": "response", "pt_bulk": "precision"}
    run = SimpleNamespace(
        case=lambda name: SimpleNamespace(study=SimpleNamespace(figure=figures[name])),
        once=lambda _: SimpleNamespace(responses=pd.DataFrame({"case": edited})),
    )
    assert FIGURE.shows(run, case) is shown
