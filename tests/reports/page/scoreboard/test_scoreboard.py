"""Scoreboard: every state from known effects, none softer than what the report judges already."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reports.metrics.column_search import detection_of
from reports.metrics.defects import fidelity_of
from reports.metrics.kept.image_intensity import intensity_of
from reports.metrics.kept.resolution import contrast_of
from reports.metrics.response.scatter_over_response import Information
from reports.page.page import render
from reports.page.scoreboard.answers import (
    counts_findings,
    defect_findings,
    information_findings,
    intensity_findings,
    resolved_findings,
    response_findings,
)
from reports.page.scoreboard.questions import QUESTIONS
from reports.page.scoreboard.scoreboard import anchor, safe_for, scoreboard
from reports.page.scoreboard.tile import SYMBOLS, Finding, State, Tile, joined, tile_of
from reports.records.run_folder import Run, load_run
from reports.summaries.response import (
    ResponseSummary,
    information_of_run,
    summarise_response,
)
from reports.words.tables import Table
from tests.made_run import make_run

_PLACE = {"case": "nanoparticle", "image": "particle", "thickness": 11, "n_realizations": 8}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = make_run(
        tmp_path_factory.mktemp("runs") / "run", realizations=3, cases=("nanoparticle",)
    )
    return load_run(folder)


def _rows(*rows: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{**_PLACE, "dose": 500.0, **row} for row in rows])


def _knowing(run: Run, **kept: Any) -> Run:
    names = {
        "intensity": intensity_of,
        "contrast": contrast_of,
        "search": detection_of,
        "defects": fidelity_of,
        "response": summarise_response,
        "information": information_of_run,
    }
    return replace(run, kept={names[name]: rows for name, rows in kept.items()})


def _finding(state: State, dose: float = 500.0, badness: float = 0.0) -> Finding:
    return Finding(
        case="a", image="b", dose=dose, state=state, text=f"{badness}", badness=badness, n=3
    )


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (("yes", "yes"), "yes"),
        (("yes", "undecided"), "undecided"),
        (("no", "undecided"), "no"),
        (("yes", "no", "undecided"), "mixed"),
        (("reference",), "reference"),
    ],
)
def test_a_yes_needs_a_yes_everywhere(states: tuple[State, ...], expected: State) -> None:
    assert joined(states) == expected


def test_a_tile_tells_the_worst_of_the_gravest_and_each_dose() -> None:
    tile = tile_of(
        [
            _finding("yes", 5e3, badness=9.0),
            _finding("no", 5e2, badness=1.0),
            _finding("no", 5e2, badness=2.0),
        ]
    )
    assert tile.worst is not None
    assert tile.worst.badness == 2.0
    assert tile.doses == ((500.0, "no"), (5000.0, "yes"))
    assert tile.state == "mixed"
    assert tile.counts == {"no": 2, "yes": 1}
    assert tile_of([]).state == "unmeasured"


def test_states_are_told_apart_without_colour() -> None:
    assert len(set(SYMBOLS.values())) == len(SYMBOLS)


def test_columns_below_the_floor_of_contrast_are_not_resolved(run: Run) -> None:
    contrast = _rows(
        {"restorer": "raw", "mean": 0.05, "least": 0.05, "below": 1.0},
        {"restorer": "cgrdn", "mean": 0.05, "least": 0.05, "below": 1.0},
        {"restorer": "gaussian", "mean": 0.5, "least": 0.4, "below": 0.0},
    )
    value = {"metric": "contrast_kept", "low": 0.4, "high": 0.6, "value": 0.5}
    kept = _rows(*({"restorer": name, **value} for name in ("raw", "cgrdn", "gaussian")))
    told = _knowing(run, contrast=contrast, intensity=kept)
    states = {name: resolved_findings(told, name)[0].state for name in ("raw", "cgrdn", "gaussian")}
    assert states == {"raw": "yes", "cgrdn": "no", "gaussian": "yes"}


@pytest.mark.parametrize(
    ("low", "state"), [(0.12, "yes"), (-0.12, "undecided"), (float("nan"), "undecided")]
)
def test_columns_are_resolved_if_the_whole_interval_is_above_the_floor(
    run: Run, low: float, state: State
) -> None:
    """Of two realizations the mean may lie above the floor and tell nothing."""
    contrast = _rows({"restorer": "gaussian", "mean": 0.19, "least": 0.12, "below": 0.0})
    kept = _rows(
        {"restorer": "gaussian", "metric": "contrast_kept", "low": low, "high": 0.5, "value": 0.19}
    )
    told = _knowing(run, contrast=contrast, intensity=kept)
    (found,) = resolved_findings(told, "gaussian")
    assert found.state == state


@pytest.mark.parametrize(
    ("low", "high", "state"),
    [
        (0.92, 1.08, "yes"),
        (0.2, 0.4, "no"),
        (0.85, 1.05, "undecided"),
        (1.2, 1.4, "no"),
    ],
)
def test_a_response_is_judged_as_the_verdict_does(
    run: Run, low: float, high: float, state: State
) -> None:
    row = {
        "restorer": "cgrdn",
        "quantity": "position",
        "response": (low + high) / 2,
        "response_low": low,
        "response_high": high,
        "over_bound": 2.0,
    }
    for over_bound, expected in ((2.0, state), (float("inf"), "no")):
        rows = _rows({**row, "over_bound": over_bound})
        told = _knowing(run, response=ResponseSummary(pd.DataFrame(), rows))
        assert [one.state for one in response_findings(told, "cgrdn")] == [expected]


def test_information_is_paired_and_a_drawn_image_has_none(run: Run) -> None:
    rng = np.random.default_rng(20)
    common = 10.0 * np.exp(rng.normal(scale=0.2, size=13))

    def told_of(name: str, factor: float, response: float) -> tuple[Any, Information]:
        one = Information(
            quantity="position",
            edit="shift15",
            realizations=tuple(range(12)),
            scatter=factor * common,
            response=response + rng.normal(scale=1e-3, size=13),
            bound=8.0,
        )
        return (_PLACE["case"], _PLACE["image"], 500.0, name, "position"), one

    # Scatter is 0.2 of itself uncertain, and the same for all: only a pair can tell 10 % apart.
    cells = dict(
        [
            told_of("raw", 1.0, 1.0),
            told_of("gaussian", 0.9, 1.0),
            told_of("cgrdn", 0.5, 0.25),
            told_of("stamp", 0.0, 0.0),
        ]
    )
    ends = ("over_bound", "over_bound_low", "over_bound_high")
    rows = _rows(
        *({"restorer": key[3], "quantity": "position", **dict.fromkeys(ends, 1.0)} for key in cells)
    )
    told = _knowing(run, information=cells, response=ResponseSummary(pd.DataFrame(), rows))
    found = {key[3]: information_findings(told, key[3])[0].state for key in cells}
    assert found == {"raw": "reference", "gaussian": "yes", "cgrdn": "no", "stamp": "no"}


def test_intensity_is_lost_where_a_warning_says_so(run: Run) -> None:
    def total(restorer: str, value: float, half: float = 0.001, dose: float = 500.0) -> Any:
        ends = {"value": value, "low": value - half, "high": value + half}
        return {"restorer": restorer, "metric": "total_intensity", "dose": dose, **ends}

    hole = {"metric": "vacuum_low", "value": -0.2, "low": -0.25, "high": -0.15}
    kept = _rows(
        *(total("raw", 1.0), total("raw", 0.9, dose=5e3)),
        *(total("cgrdn", 0.95), total("cgrdn", 0.9, dose=5e3)),
        *(total("gaussian", 1.0), total("gaussian", 1.0, 0.05, dose=5e3)),
        {"restorer": "gaussian", **hole},
    )
    told = _knowing(run, intensity=kept)
    # at the higher dose raw images lack the light as well: not the restorer's doing
    assert [one.state for one in intensity_findings(told, "cgrdn")] == ["no", "undecided"]
    assert [one.state for one in intensity_findings(told, "gaussian")] == ["yes", "undecided", "no"]
    assert {one.state for one in intensity_findings(told, "raw")} == {"reference"}


def test_counts_are_held_against_raw(run: Run) -> None:
    def share(restorer: str, low: float, high: float) -> Any:
        ends = {"value": (low + high) / 2, "low": low, "high": high}
        return {"restorer": restorer, "metric": "e2e_right_share", **ends}

    for ends, expected in (
        ((0.7, 0.8), "yes"),
        ((0.1, 0.2), "no"),
        ((0.45, 0.8), "undecided"),
        ((float("nan"), float("nan")), "undecided"),
    ):
        told = _knowing(run, search=_rows(share("raw", 0.4, 0.5), share("cgrdn", *ends)))
        (found,) = counts_findings(told, "cgrdn")
        assert found.state == expected
        # a share without an interval says why it tells nothing
        assert ("no interval" in found.text) == math.isnan(ends[0])
        assert [one.state for one in counts_findings(told, "raw")] == ["reference"]


def test_defects_and_links(run: Run) -> None:
    def site(kind: str, low: float, high: float) -> Any:
        return {"restorer": "cgrdn", "kind": kind, "value": low, "low": low, "high": high}

    fidelity = _rows(site("vacancy", 0.2, 0.3), site("perfect", 0.0, 0.0))
    told = _knowing(run, defects=fidelity)
    assert [one.state for one in defect_findings(told, "cgrdn")] == ["no"]
    title = f"What happens to defects: {run.title('nanoparticle')}"
    table = Table(title=title, note="", header=("a",), rows=(), n_labels=1)
    rows = scoreboard(told, ["raw", "cgrdn"], figures=(), tables=(table,))
    tile = rows[1].tiles[[question.name for question in QUESTIONS].index("defects")]
    assert (tile.state, tile.href) == ("no", "#" + anchor(title))
    assert "0.20" in tile.text
    page = render(
        run, sentences=(), claims=table, board=rows, viewer={"scenes": []},
        charts={"charts": []}, boards=(), figures=(), tables=(table,), metrics=table,
    )  # fmt: skip
    anchors = set(re.findall(r'id="([^"]+)"', page))
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert tile.href[1:] in links
    assert links <= anchors


def test_questions_stand_in_the_order_of_what_depends_on_what() -> None:
    names = [question.name for question in QUESTIONS]
    assert names == ["resolved", "response", "information", "intensity", "counts", "defects"]
    assert not any("bound" in question.heading for question in QUESTIONS)


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (("yes", "yes", "no", "yes"), "safe for seeing columns, real changes, intensities"),
        # Who does not pass changes on is trusted with nothing that may have changed.
        (("yes", "no", "yes", "yes"), "safe for seeing columns, intensities"),
        (("yes", "mixed", "yes", "no"), "safe for seeing columns, more precision"),
        (
            ("mixed", "undecided", "yes", "no"),
            "safe for more precision, where columns are resolved",
        ),
        (("no", "yes", "yes", "yes"), "safe for none of these"),
        (("undecided", "no", "yes", "no"), "safe for none of these"),
        (("unmeasured",) * 4, ""),
    ],
)
def test_what_a_restorer_is_safe_for(states: tuple[State, ...], words: str) -> None:
    tiles = [
        (question, Tile(state=state, worst=None, doses=(), counts={}))
        for question, state in zip(QUESTIONS, states, strict=False)
    ]
    assert safe_for(tiles) == words


def test_doses_of_one_state_are_told_as_a_range(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    states: tuple[State, ...] = ("no", "no", "yes", "no")
    found = [
        replace(_finding(state, dose), case="nanoparticle")
        for state, dose in zip(states, (500.0, 1e3, 5e3, 5e4), strict=True)
    ]
    question = replace(QUESTIONS[0], of=lambda *_: found)
    monkeypatch.setattr("reports.page.scoreboard.scoreboard.QUESTIONS", (question,))
    (row,) = scoreboard(run, ["cgrdn"], figures=(), tables=())
    marks = [(mark.dose, mark.state) for mark in row.tiles[0].doses]
    assert marks == [("500–1000", "no"), ("5000", "yes"), ("50\u202f000", "no")]
