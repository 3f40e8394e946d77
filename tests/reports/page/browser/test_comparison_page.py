"""The page of a comparison, opened in a browser."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reports.gate.evidence import evidence_of_run
from reports.gate.gate import judge_versions
from reports.gate.margins import default_margins
from reports.page.comparison.comparison_page import write_comparison_page
from reports.records.run_folder import Examples, load_run
from tests.made_run import make_run
from tests.records_factory import Estimator
from tests.reports.page.browser.looking import OUT, grave_findings, looked_at

Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def comparison(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that got worse in position and better in SCS, and draws columns too wide."""
    folder = tmp_path_factory.mktemp("compared")
    raw = Estimator(std_pm=60.0, scs_std_pct=40.0, dose_exponent=-0.5)
    how = {
        "old": Estimator(std_pm=9.0, scs_std_pct=6.0, column_bias_pm=2.0, dose_exponent=-0.1),
        "new": Estimator(std_pm=9.9, scs_std_pct=5.5, column_bias_pm=2.0, dose_exponent=-0.1),
    }
    runs = {
        name: load_run(
            make_run(
                folder / name, realizations=8, cases=("pt_bulk", "nanoparticle"),
                thicknesses=(2, 75), estimators={"raw": raw, "cgrdn": estimator},
            )
        )
        for name, estimator in how.items()
    }  # fmt: skip
    kept = dict(runs["new"].examples.arrays())
    for path, pixels in kept.items():
        if path.endswith("cgrdn/image"):
            kept[path] = (pixels + np.roll(pixels, 1, axis=1)) / 2
    examples = Examples(Path("none.h5"), runs["new"].examples.origin, there=kept)
    sides = [
        evidence_of_run(one)["cgrdn"]
        for one in (runs["old"], replace(runs["new"], examples=examples))
    ]
    pairs = [(sides[0], sides[1])]
    margins = default_margins()
    path = folder / "comparison.html"
    write_comparison_page(judge_versions(pairs, margins), pairs, path, margins=margins)
    return path


@pytest.fixture(scope="module")
def page(comparison: Path, opened_once: Opened) -> Any:
    return opened_once(comparison)


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_usable(comparison: Path, opened: Opened, width: int, scheme: str) -> None:
    page = opened(comparison, width=width, scheme=scheme)
    looked_at(page, f"comparison-{width}-{scheme}")
    assert grave_findings(page) == []
    assert page.locator(".banner").inner_text().startswith("REGRESSED")
    assert page.locator(".scoreboard").count() == 0  # these runs measured none of it
    anchors = page.eval_on_selector_all("[id]", "all => all.map((one) => '#' + one.id)")
    links = page.eval_on_selector_all(
        'a[href^="#"]', "all => all.map((one) => one.getAttribute('href'))"
    )
    assert len(links) > 10
    assert set(links) <= set(anchors)


def test_the_viewer_starts_with_both_sides(page: Any) -> None:
    said = page.locator('.viewer [data-part="said"]')
    page.wait_for_function("document.querySelector('.viewer canvas').ariaLabel.includes('split')")
    assert said.text_content().startswith("left: old: CGRDN")
    assert "right: new: CGRDN" in said.text_content()
    page.locator('.viewer [data-part="show"]').select_option("difference")
    page.wait_for_function("document.querySelector('.viewer canvas').ariaLabel.includes('diff')")
    assert "red is brighter" in said.text_content()
    cases = page.locator('.viewer [data-part="case"] option').all_text_contents()
    assert len(cases) == 2


def test_a_field_leads_to_its_rows(page: Any) -> None:
    page.locator(".matrix tbody td a").last.click()
    case = page.url.split("#")[1]
    heading = page.locator(f"#{case}")
    assert heading.bounding_box()["y"] < 1000
    table = heading.locator("xpath=following-sibling::div[1]//table")
    field = heading.locator("xpath=following-sibling::label[1]/input")
    field.fill("worse")
    shown = table.locator("tbody tr:visible").all_text_contents()
    assert shown
    assert all("worse" in row for row in shown)
    head = table.locator("thead th").nth(3)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert table.locator("thead th[data-plain] button").count() == 0


def test_bars_of_what_is_worse_leave_the_margin(page: Any) -> None:
    bars = page.locator('[aria-labelledby="decided"] tbody .bar')
    assert bars.count() > 0
    for bar in bars.all():
        margin, interval = bar.locator(".margin"), bar.locator(".interval")
        band, line = margin.bounding_box(), interval.bounding_box()
        assert line["x"] + line["width"] > band["x"] + band["width"]


def test_without_scripts_images_and_rows_stand_beside_each_other(
    comparison: Path, opened: Opened
) -> None:
    page = opened(comparison, scripts=False)
    assert page.locator(".viewer").is_hidden()
    assert page.locator(".strip").count() == 3
    for strip in page.locator(".strip").all():
        boxes = [one.bounding_box() for one in strip.locator("img").all()]
        assert len(boxes) == 5
        assert len({box["y"] for box in boxes}) == 1
        assert all(box["width"] > 100 for box in boxes)
    assert page.locator("table.changes tbody tr").count() > 20


def test_charts_show_both_sides_and_what_changed(page: Any) -> None:
    page.wait_for_selector(".charts[data-drawn]")
    heading = page.locator('.charts [data-part="quantity"]').input_value()
    assert page.locator(".charts").get_attribute("data-drawn").startswith(f"{heading}/dose/")
    labels = page.locator(".charts fieldset label:visible").all_inner_texts()
    assert [label.split(": ")[0].split()[-1] for label in labels[:2]] == ["old", "new"]
    marks = page.locator(".charts svg [aria-roledescription='point']")
    assert "old: cgrdn at" in " ".join(one.get_attribute("aria-label") for one in marks.all())
    quantities = page.locator('.charts [data-part="quantity"] option').all_inner_texts()
    change = next(one for one in quantities if one.startswith("change of RMSE of position"))
    page.locator('.charts [data-part="quantity"]').select_option(change)
    page.wait_for_function(
        "text => document.querySelector('.charts').dataset.drawn.startsWith(text)", arg=change
    )
    assert "Between the broken lines" in page.locator('.charts [data-part="note"]').inner_text()
    assert page.locator('.charts svg [aria-roledescription="point"]').count() > 0
    OUT.mkdir(parents=True, exist_ok=True)
    page.locator(".charts").screenshot(path=OUT / "comparison-change.png")
