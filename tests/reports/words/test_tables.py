"""Markdown tables: any text of a cell is shown as it is, read back with a Markdown parser."""

import pytest
from hypothesis import given, strategies as st
from markdown_it import MarkdownIt

from reports.metrics.table import METRICS
from reports.words.tables import Table, escape, markdown, markdown_grid, metric_table

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = (
    "a|b", "a\\|b", "ends in \\", "<script>alert(1)</script>", "<b>bold</b>", "`code`", "``",
    "`a|b`", "**bold**", "*emphasis*", "_emphasis_", "__bold__", "[text](https://example.org)",
    "![image](x.png)", "~~struck~~", "&lt;", "&#42;", "<https://example.org>", "line\nbreak",
    "line\r\nbreak", "$x$", "\\", "|", "||", "| --- |", "a \\\\| b",
)  # fmt: skip


def cells(lines: list[str]) -> list[list[str]]:
    """Plain text of every cell as a reader sees it; anything but text is refused."""
    rows: list[list[str]] = []
    for token in PARSER.parse("\n".join(lines)):
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            kinds = {child.type for child in token.children or ()}
            assert kinds <= {"text", "text_special"}, (token.content, kinds)
            rows[-1].append("".join(child.content for child in token.children or ()))
    return rows


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_is(text: str) -> None:
    lines = markdown_grid(("name", "value"), [(text, "1"), ("next", text)], left=(0,))
    shown = text.replace("\r\n", " ").replace("\n", " ")
    assert cells(lines) == [["name", "value"], [shown, "1"], ["next", shown]]


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=12))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    lines = markdown_grid((f"x{text}x",), [(f"x{text}x",)], left=())
    assert cells(lines) == [[f"x{text}x"], [f"x{text}x"]]


def test_names_of_metrics_stay_readable() -> None:
    assert all(escape(name) == name for name in METRICS)
    assert escape("a_b _c_") == "a_b \\_c\\_"


def test_labels_are_left_and_numbers_right() -> None:
    table = Table("T", "N", ("a", "b", "c"), (("1", "2", "3"),), n_labels=2)
    assert markdown(table).splitlines() == [
        "### T", "", "N", "", "| a | b | c |", "| --- | --- | ---: |", "| 1 | 2 | 3 |",
    ]  # fmt: skip
    assert markdown_grid(("a", "b"), [], left=(1,))[1] == "| ---: | --- |"


def test_every_metric_of_a_run_is_defined_in_the_report() -> None:
    rows = {row[0]: row for row in metric_table().rows}
    assert set(rows) == {name for name, m in METRICS.items() if m.subject != "images"}
    assert rows["position_bias_x_pm"][2] == "nearer to 0"
    assert all(row[3] for row in rows.values())
