"""The table of claims on the page, in report.md, claims.md and the CSV files."""

import csv
import re
from itertools import pairwise
from pathlib import Path

import markdown_it
import pytest

from reports import write_report
from reports.claims.claim import Claim
from reports.claims.claim_table import claim_table, claims_markdown
from reports.claims.judgement import judge_claims
from reports.claims.rules import Number, below, rule
from reports.claims.run_tables import RunTables
from tests.records_factory import Estimator, Layout, as_run, make_records, make_run


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(
        tmp_path_factory.mktemp("claims") / "run", realizations=4, cases=("edge_dislocation",)
    )
    return write_report(folder).parent


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
    assert [row[4].removesuffix(" in this run") for row in table[1:]] == [
        row["verdict"] for row in rows
    ]
    section = (report / "report.md").read_text(encoding="utf-8").split("## Claims of the paper")[1]
    assert grid(section) == table
    page = (report / "report.html").read_text(encoding="utf-8")
    start = page.index('<h2 id="claims">')
    assert page.index('id="verdict"') < start < page.index('id="leaderboard"')
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
    assert shown == {"figure_dislocation_edge_dislocation"} <= figures


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
