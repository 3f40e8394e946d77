"""Tables that are folded: short on the screen, whole for who opens, searches or prints them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.reports.page.browser.looking import grave_findings, looked_at

Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def only(report: Path, opened_once: Opened) -> Any:
    page = opened_once(report)
    page.wait_for_selector(".charts[data-drawn]")
    return page


@pytest.fixture
def page(only: Any) -> Any:
    """The page as it is opened, all of it folded."""
    only.set_viewport_size({"width": 1400, "height": 1000})
    only.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = false; })")
    return only


def test_what_is_folded_takes_a_line_and_no_warning_is(page: Any) -> None:
    folds = page.locator("details.folded")
    assert folds.count() > 5
    assert page.locator("details[open]").count() == 0
    assert all(fold.bounding_box()["height"] < 60 for fold in folds.all())
    warnings = page.locator("li.warning")
    assert warnings.count() > 0
    assert all(one.is_visible() for one in warnings.all())
    for table in page.locator(".scroll > table:visible").all():
        note = table.get_attribute("aria-describedby")
        assert note is None or page.locator(f"#{note}").is_visible()


def test_the_verdict_takes_the_width(page: Any) -> None:
    width = page.locator("main > .verdict").bounding_box()["width"]
    reach = page.eval_on_selector_all(
        ".verdict li", "all => Math.max(...all.map((one) => one.getBoundingClientRect().right))"
    )
    left = page.locator(".verdict").bounding_box()["x"]
    assert (reach - left) / width > 0.95


def test_a_link_unfolds_what_it_leads_to(page: Any) -> None:
    place = page.locator("details.folded .inside").last.get_attribute("id")
    page.evaluate("place => { location.hash = place; }", place)
    table = page.locator(f"#{place} table")
    table.wait_for()
    assert page.locator("details[open]").count() == 1
    assert table.bounding_box()["y"] < 1000


def test_all_are_opened_and_closed_at_once(page: Any) -> None:
    number = page.locator("details.folded").count()
    before = page.evaluate("document.documentElement.scrollHeight")
    page.locator('[data-fold="open"]').click()
    assert page.locator("details.folded[open]").count() == number
    looked_at(page, "report-unfolded")
    assert grave_findings(page) == []
    page.locator('[data-fold="close"]').click()
    assert page.locator("details[open]").count() == 0
    assert page.evaluate("document.documentElement.scrollHeight") == before


def test_heads_and_labels_stay_while_a_long_table_scrolls(page: Any) -> None:
    page.set_viewport_size({"width": 800, "height": 450})
    page.locator('[data-fold="open"]').click()
    box = page.locator(".scroll.long.held").first
    box.wait_for()
    row = box.locator("tbody tr").nth(12).locator("td")
    head, label, number = box.locator("thead th").first, row.first, row.last
    before = [one.bounding_box() for one in (head, label, number)]
    box.evaluate("one => one.scrollBy(120, 90)")
    after = [one.bounding_box() for one in (head, label, number)]
    assert after[0] == before[0]
    assert after[1]["x"] == before[1]["x"]
    assert after[1]["y"] == pytest.approx(before[1]["y"] - 90, abs=1)
    assert after[2]["x"] == pytest.approx(before[2]["x"] - 120, abs=1)
    page.set_viewport_size({"width": 320, "height": 1000})
    page.wait_for_function("!document.querySelector('.long.held')")  # labels would cover numbers


@pytest.mark.parametrize("scripts", [True, False])
def test_everything_folded_is_printed(report: Path, opened: Opened, *, scripts: bool) -> None:
    page = opened(report, scripts=scripts)
    rows = page.locator("details tbody tr").count()
    page.emulate_media(media="print")
    shown = page.locator("details.folded .scroll").evaluate_all(
        "all => all.map((one) => [one.offsetHeight, one.scrollHeight])"
    )
    assert rows > 50
    assert all(height > 0 and height >= whole for height, whole in shown)


def test_a_chart_of_nothing_says_so(page: Any) -> None:
    for box in page.locator('.charts [data-part="series"] input:visible').all():
        box.uncheck()
    page.wait_for_selector('.charts[data-drawn$="/0"]')
    assert page.locator(".charts svg").count() == 0
    assert "Nothing of this choice" in page.locator('.charts [data-part="count"]').inner_text()
