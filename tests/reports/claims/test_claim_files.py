"""The table of claims on the page, in report.md, claims.md and the CSV files."""

import csv
import re
from itertools import pairwise
from pathlib import Path

import markdown_it
import numpy as np
import pytest

from fitting import find_columns
from reports import (
    Drawn,
    Finding,
    Material,
    PaperFigure,
    load_run,
    write_gallery,
    write_report,
)
from reports.claims.claim import Claim
from reports.claims.claim_table import claim_table, claims_markdown
from reports.claims.judgement import judge_claims
from reports.claims.rules import Number, below, rule
from reports.claims.run_tables import RunTables
from tests.made_run import make_run
from tests.records_factory import Estimator, Layout, as_run, make_records


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(
        tmp_path_factory.mktemp("claims") / "run", realizations=4, cases=("edge_dislocation",)
    )
    drawn = PaperFigure(number="1", title="Toy", theirs="", needs="nothing", draw=_drawn)
    material = Material(restored=_nothing, found=find_columns, program="stembench 9, commit abc")
    write_gallery(folder / "figures", [drawn], material)
    return write_report(folder).parent


def _nothing(*_: object, **__: object) -> np.ndarray:
    raise AssertionError("this figure restores nothing")


def _drawn(_: Material) -> Drawn:
    told = Finding(
        claim=4, outcome="refuted", text="gap, n = 8: 1.0 (0.8 to 1.2) dB", rule="gap: above 3",
        n_numbers=1, value=1.0, low=0.8, high=1.2, unit="dB", at="gap, n = 8",
    )  # fmt: skip
    # A claim that the run decides, and one that another figure decides.
    others = [Finding(claim=n, outcome="confirmed", text="", n_numbers=1) for n in (22, 7)]
    return Drawn(caption="A toy.", findings=(told, *others))


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def grid(text: str) -> list[list[str]]:
    """Rows of the first table of a Markdown text, as a reader of GitHub's dialect takes it."""
    tokens = markdown_it.MarkdownIt("js-default").parse(text)
    rows: list[list[str]] = []
    for token, after in pairwise(tokens):
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        if token.type in ("td_open", "th_open"):
            rows[-1].append("".join(child.content for child in after.children or ()))
    return rows


def test_page_texts_and_csv_hold_all_claims_alike(report: Path) -> None:
    rows = read(report / "claims.csv")
    assert [row["claim"] for row in rows] == [str(n) for n in range(1, 41)]
    table = grid((report / "claims.md").read_text(encoding="utf-8"))
    assert [row[0] for row in table[1:]] == [row["claim"] for row in rows]
    verdicts = [
        row[4].removesuffix(" in this run").removesuffix(" by figure 1") for row in table[1:]
    ]
    assert verdicts == [row["verdict"] for row in rows]
    section = (report / "report.md").read_text(encoding="utf-8").split("## Claims of the paper")[1]
    assert grid(section) == table
    page = (report / "report.html").read_text(encoding="utf-8")
    start = page.index('<h2 id="claims">')
    # The answers, then what they stand on, then the paper's claims.
    before = [page.index(f'<h2 id="{name}">') for name in ("verdict", "charts", "tables")]
    assert before == sorted(before)
    assert before[-1] < start < page.index('<h2 id="settings">')
    claims = page[start : page.index("</section>", start)]
    assert claims.count("<tr>") == 41
    assert 'href="claims.csv"' in claims


def test_numbers_are_whole_and_belong_to_figures_that_exist(report: Path) -> None:
    rows = {row["claim"]: row for row in read(report / "claims.csv")}
    # A drop from 9 pm by dose^-0.1, so to 63 %: more than a half.
    assert rows["22"]["verdict"] == "refuted"
    assert float(rows["22"]["low"]) < 100**-0.1 < float(rows["22"]["high"])
    assert len(rows["22"]["value"]) > 10
    told = read(report / "claim_numbers.csv")
    assert sum(row["claim"] == "24" for row in told) == int(rows["24"]["n_numbers"]) == 5
    figures = {path.stem for path in report.glob("*.png")}
    shown = {row["figure"] for row in rows.values()} - {""}
    shown.remove("figure-1")  # which stands beside the report
    assert shown == {"figure_dislocation_edge_dislocation"} <= figures


def test_claims_that_no_run_decides_take_the_verdict_of_their_figure(report: Path) -> None:
    rows = {row["claim"]: row for row in read(report / "claims.csv")}
    assert rows["4"]["verdict"] == "refuted"
    assert rows["4"]["decided_by"] == "figure 1 (stembench 9, commit abc)"
    assert [float(rows["4"][end]) for end in ("value", "low", "high")] == [1.0, 0.8, 1.2]
    assert (rows["4"]["unit"], rows["4"]["figure"]) == ("dB", "figure-1")
    table = {row[0]: row for row in grid((report / "claims.md").read_text(encoding="utf-8"))}
    assert table["4"][3:5] == ["gap, n = 8: 1.0 (0.8 to 1.2) dB", "refuted by figure 1"]
    assert "Rule: gap: above 3" in table["4"][5]
    # A figure speaks for the claims that name it, and for no other.
    assert (rows["22"]["verdict"], rows["22"]["decided_by"]) == ("refuted", "run")
    for number, figure in (("5", "1"), ("7", "networks-exchanged")):
        assert (rows[number]["verdict"], rows[number]["decided_by"]) == ("no data", "")
        assert f"stembench figures {figure} -o" in rows[number]["missing"]
    assert {row["run"] for row in rows.values()} == {load_run(report.parent).origin.identity}


def test_a_claim_has_one_judge() -> None:
    with pytest.raises(ValueError, match="not by both"):
        Claim(number=1, text="", place="", needs="", evidence=_evidence, decided_by="1")


def _evidence(tables: RunTables) -> list[Number]:
    del tables
    return [Number(value=0.5, low=0.4, high=0.6, at="a|b <i>")]


def test_texts_are_escaped() -> None:
    hostile = Claim(
        number=1, text="<b>a</b> | [x](y) `z`", place="Fig. *1*", needs="nothing",
        evidence=_evidence,
        rule=rule(below(1.0)), condition="c_d|e",
    )  # fmt: skip
    records = make_records(Layout(), {"raw": Estimator()})
    judged = judge_claims(RunTables.of(as_run(records), {}), claims=(hostile,))
    text = claims_markdown(claim_table(judged, figures=()), lead="seed | 1")
    (_, row) = grid(text)
    assert row[1:3] == ["<b>a</b> | [x](y) `z`", "Fig. *1*"]
    assert row[3] == "a|b <i>: 0.50 (0.40 to 0.60)"
    assert not re.search(r"<b>|<i>", markdown_it.MarkdownIt("js-default").render(text))
