"""Figures of many restorers: nothing is written over something else, and nothing is cut off."""

import itertools
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from reports.figures import response
from reports.figures.counting import figure_counting
from reports.figures.dislocation import figure_dislocation
from reports.figures.panels import DPI
from reports.records.run_folder import Run, load_run
from reports.summaries.response import ResponseSummary, summarise_response
from reports.summaries.summary import summary_of
from tests.made_run import make_run
from tests.records_factory import Estimator

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAMES = (
    "raw", "cgrdn", "gaussian", "bragg", "unwarp", "nlm", "wavelet", "tv", "wiener", "patch-pca",
    "a network of one user", "a network of another", "a third network",
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    how = {
        name: Estimator(std_pm=20.0 + number, scs_std_pct=9.0, dose_exponent=-0.3)
        for number, name in enumerate(_NAMES)
    }
    folder = tmp_path_factory.mktemp("crowded") / "run"
    cases = ("edge_dislocation", "nanoparticle")
    return load_run(make_run(folder, realizations=2, cases=cases, estimators=how))


def _written_over(figure: "Figure") -> list[str]:
    """Pairs of texts and legends that overlap, and what reaches out of the figure."""
    figure.set_dpi(DPI)  # letters are wider at few dots per inch
    figure.canvas.draw()
    things: dict[str, Any] = {}
    for axes in figure.axes:
        shown = [axes.title, *axes.texts]
        things |= {f"{one.get_text()} {id(one)}": one for one in shown if one.get_text()}
        if axes.get_legend() is not None and not axes.axison:
            things[f"legend {id(axes)}"] = axes.get_legend()
    things |= {f"{one.get_text()[:30]} {id(one)}": one for one in figure.texts}
    things |= {f"legend {id(one)}": one for one in figure.legends}
    boxes = {name: one.get_window_extent() for name, one in things.items()}
    whole = figure.bbox
    found = [
        f"{a} over {b}"
        for (a, one), (b, other) in itertools.combinations(boxes.items(), 2)
        if min(one.x1, other.x1) - max(one.x0, other.x0) > 1
        and min(one.y1, other.y1) - max(one.y0, other.y0) > 1
    ]
    return found + [
        f"{name} cut off" for name, box in boxes.items() if box.x0 < -1 or box.x1 > whole.x1 + 1
    ]


def test_names_of_many_restorers_leave_room_for_the_burgers_vectors(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = pd.DataFrame(
        [
            {"dose": dose, "restorer": name, "n_right": 1, "n": 2}
            for dose in (500.0, 1e3, 5e3, 1e4, 5e4)
            for name in ("raw", "cgrdn")
        ]
    )
    monkeypatch.setattr("reports.figures.dislocation.summarise_burgers", lambda *_, **__: counts)
    figure = figure_dislocation(run, run.once(summary_of), case="edge_dislocation")
    assert any("Burgers" in text.get_text() for axes in figure.axes for text in axes.texts)
    assert _written_over(figure) == []


def test_the_legend_of_many_restorers_is_not_cut_off(run: Run) -> None:
    figure = figure_counting(run, run.once(summary_of), case="nanoparticle")
    assert len(figure.legends[0].get_texts()) >= len(_NAMES)
    assert _written_over(figure) == []


def _responses(patterns: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "case": "response", "thickness": 10, "polarisation": "", "dose": dose,
                "restorer": name, "quantity": quantity, "pattern": pattern, "amplitude": size,
                "wavelength": size, "value": 0.5, "low": 0.4, "high": 0.6,
            }
            for dose in (500.0, 5000.0)
            for name in _NAMES
            for quantity, pattern in patterns
            for size in (5.0, 15.0)
        ]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("patterns", "measured", "panels"),
    [
        ((("position", "isolated"), ("position", "wave"), ("scs", "isolated"), ("scs", "wave")),
         True, 10),
        ((("position", "wave"),), False, 2),
    ],
)  # fmt: skip
def test_responses_are_drawn_where_there_are_some(
    run: Run, monkeypatch: pytest.MonkeyPatch, *,
    patterns: tuple[tuple[str, str], ...], measured: bool, panels: int,
) -> None:  # fmt: skip
    rows = _responses(patterns)
    information = rows[rows["amplitude"] == 5].assign(
        scatter=2.0, bound=1.0, over_bound=3.0, over_bound_low=2.0, over_bound_high=4.0,
        held_bound=np.nan,
    )  # fmt: skip
    told = ResponseSummary(
        responses=rows, information=information if measured else information.iloc[:0]
    )
    monkeypatch.setattr(response, "response_settings", lambda *_, **__: "Settings.")
    made: Any = SimpleNamespace(
        restorers=run.restorers, title=lambda _: "Response", complete=True,
        once={summarise_response: told}.__getitem__,
    )  # fmt: skip
    figure = response.figure_response(made, pd.DataFrame(), case="response")
    assert len(figure.axes) == panels
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(names) == len(_NAMES) + 2
    assert _written_over(figure) == []
