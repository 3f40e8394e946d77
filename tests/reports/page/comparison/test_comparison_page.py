"""The page of a comparison: every verdict of the gate stands on it, with its bar and its place."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from reports.gate.evidence import evidence_of_run
from reports.gate.gate import judge_versions
from reports.gate.gate_matrix import deciding
from reports.gate.result import POOLED, GateResult, Verdict
from reports.page.comparison.comparison_page import render_comparison
from reports.page.comparison.gate_rows import REACH, along, shown_rows
from reports.page.scoreboard.questions import QUESTIONS
from reports.page.scoreboard.tile import Finding, State
from reports.records.run_folder import Run, load_run
from tests.made_run import make_run
from tests.reports.gate.made_sides import MARGINS, changed, made_records, side


@pytest.fixture(scope="module")
def pairs() -> list:
    records = made_records()
    return [(side(records), side(changed(records, 1.05, scatter=0.01)))]


@pytest.fixture(scope="module")
def result(pairs: list) -> GateResult:
    return judge_versions(pairs, MARGINS)


@pytest.fixture(scope="module")
def page(pairs: list, result: GateResult) -> str:
    return render_comparison(result, pairs, margins=MARGINS)


def test_bars_are_changes_in_margins(result: GateResult) -> None:
    for row, shown in zip(result.rows, shown_rows(result.rows, named=False), strict=True):
        if shown.bar is None:
            continue
        bar = shown.bar
        assert -along(REACH) <= bar.low <= bar.value <= bar.high <= along(REACH)
        # What is worse or better lies beyond its margin, what is equivalent within it.
        if row.verdict in (Verdict.WORSE, Verdict.BETTER):
            assert abs(bar.value) > 1
        if row.verdict is Verdict.EQUIVALENT:
            assert abs(bar.value) < 1
    pooled = next(
        row
        for row in result.rows
        if (row.case, row.image, row.metric) == ("pt_bulk", POOLED, "position_rmse")
    )
    (shown,) = shown_rows([pooled], named=False)
    assert pooled.change == pytest.approx(0.05, abs=0.01)
    assert pooled.margin == 0.01
    assert shown.bar is not None
    margins = math.log1p(pooled.change) / math.log(1.01)
    assert margins == pytest.approx(4.9, abs=1)
    assert 2 ** abs(shown.bar.value) - 1 == pytest.approx(margins)


def test_an_arrow_points_to_a_change_beyond_the_bar(pairs: list, result: GateResult) -> None:
    (worst, *others) = deciding(result)
    assert "l-.6 .6" not in render_comparison(result, pairs, margins=MARGINS)
    far = replace(worst, change=9.0, low=8.0, high=10.0)
    (shown,) = shown_rows([far], named=False)
    assert shown.bar is not None
    assert shown.bar.beyond
    page = render_comparison(replace(result, rows=(far, *others)), pairs, margins=MARGINS)
    assert page.count("l-.6 .6") == 2  # among the rows that decided, and among all


def test_every_row_stands_on_the_page(page: str, result: GateResult) -> None:
    tables = page[page.index('id="tables"') :]
    assert tables.count("<td>") > 0
    rows = re.findall(r'<td class="label verdict-(\w+)">', tables)
    assert len(rows) == len(result.rows)
    assert rows.count("no") == result.count(Verdict.WORSE)
    assert rows.count("same") == result.count(Verdict.EQUIVALENT)
    assert "REGRESSED" in page
    assert result.verdict is Verdict.WORSE


def test_fields_of_the_matrix_lead_to_their_case(page: str) -> None:
    for case in ("pt_bulk", "nanoparticle"):
        place = f"case-{case.replace('_', '-')}"
        assert f'id="{place}"' in page
        assert page.count(f'href="#{place}"') > 3


def test_what_cannot_be_compared_is_said(pairs: list) -> None:
    records = made_records()
    refused = [(side(records), side(records, seed=7))]
    result = judge_versions(refused, MARGINS)
    page = render_comparison(result, refused, margins=MARGINS)
    assert "REFUSED" in page
    assert "not paired: other noise, seed 0 against 7" in page
    assert "No images to show" in page


def test_several_pairs_are_told_apart(pairs: list) -> None:
    records = made_records()
    raw = (side(records, restorer="raw"), side(records, restorer="raw"))
    both = [*pairs, raw]
    page = render_comparison(judge_versions(both, MARGINS), both, margins=MARGINS)
    assert "net / net" in page
    assert "raw / raw" in page


def test_the_scoreboard_has_both_sides_beside_raw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of tiles alone, whose answers have tests of their own."""
    run = load_run(make_run(tmp_path / "run", realizations=2, cases=("nanoparticle",)))
    sides = evidence_of_run(run)
    pairs = [(sides["gaussian"], sides["cgrdn"])]

    def resolved(run: Run, name: str) -> list[Finding]:
        state: State = "yes" if name == "cgrdn" else "no"
        place = {"case": "nanoparticle", "image": "particle", "dose": 500.0}
        return [Finding(**place, state=state, text="", badness=0.0, n=2)]

    question = replace(QUESTIONS[0], of=resolved)
    monkeypatch.setattr("reports.page.scoreboard.scoreboard.QUESTIONS", (question,))
    page = render_comparison(judge_versions(pairs, MARGINS), pairs, margins=MARGINS)
    board = page[page.index('id="scoreboard"') :]
    rows = re.findall(
        r'rowheader" class="label">([^<]+)<.*?<td role="cell" class="tile (\w+)', board, re.DOTALL
    )
    assert rows == [("raw", "no"), ("old: Gaussian filter", "no"), ("new: CGRDN", "yes")]
    packed = [(replace(sides["gaussian"], run=None, packed=True), sides["cgrdn"])]
    page = render_comparison(judge_versions(packed, MARGINS), packed, margins=MARGINS)
    assert "new: CGRDN" in page
    assert "old: Gaussian filter" not in page
