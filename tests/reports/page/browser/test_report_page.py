"""The page of a report, opened in a browser: what it shows, and that every control works."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reports.page.viewer.scenes import BEYOND
from reports.records.run_folder import load_run
from tests.reports.page.browser.looking import grave_findings, looked_at

Opened = Callable[..., Any]
_DOSE = 500.0


@pytest.fixture(scope="module")
def page(report: Path, opened_once: Opened) -> Any:
    return opened_once(report)


def _part(page: Any, name: str) -> Any:
    return page.locator(f'.viewer [data-part="{name}"]')


def _particle(page: Any, *, left: str, right: str) -> None:
    """Show the nanoparticle at the lowest dose, and nothing drawn above it."""
    for box in ("columns", "errors"):
        _part(page, box).uncheck()
    _part(page, "show").select_option("split")
    _part(page, "edge").fill("50")
    _part(page, "longer").select_option("20")
    _part(page, "case").select_option(label="Spherical Pt nanoparticle [100]")
    _part(page, "dose").select_option("500")
    _part(page, "left").select_option(left)
    _part(page, "right").select_option(right)
    page.wait_for_function(
        "document.querySelector('.viewer canvas').getAttribute('aria-label').includes('nanop')"
    )
    page.wait_for_selector('.viewer .picture[aria-busy="false"]')
    _part(page, "whole").click()


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_page_is_usable(report: Path, opened: Opened, width: int, scheme: str) -> None:
    page = opened(report, width=width, scheme=scheme)
    looked_at(page, f"report-{width}-{scheme}")
    assert grave_findings(page) == []
    assert page.locator(".scoreboard tbody tr").count() == 3
    anchors = page.eval_on_selector_all("[id]", "all => all.map((one) => '#' + one.id)")
    links = page.eval_on_selector_all(
        'a[href^="#"]', "all => all.map((one) => one.getAttribute('href'))"
    )
    assert set(links) <= set(anchors)


def test_axe_sees_what_is_wrong(page: Any) -> None:
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'data:,'}))")
    found = grave_findings(page)
    page.evaluate("document.body.lastElementChild.remove()")
    assert any(one.startswith("image-alt") for one in found)


def test_a_pixel_is_told_as_the_run_has_it(folder: Path, page: Any) -> None:
    run = load_run(folder)
    clean = run.examples.clean("nanoparticle", "particle")
    raw = run.examples.image("nanoparticle", "particle", dose=_DOSE, restorer="raw")
    assert clean is not None
    assert raw is not None
    _particle(page, left="noise-free", right="raw")
    canvas = _part(page, "canvas")
    box = canvas.bounding_box()
    step = (1 + 2 * BEYOND) * np.ptp(clean) / 255
    rows, columns = clean.shape
    y, x = np.unravel_index(int(np.argmax(clean)), clean.shape)
    for at_y, at_x in ((int(y), int(x)), (3, columns - 4)):
        place = {
            "x": (at_x + 0.5) / columns * box["width"],
            "y": (at_y + 0.5) / rows * box["height"],
        }
        canvas.hover(position=place)
        words = _part(page, "pixel").text_content()
        assert words.startswith(f"x {at_x}, y {at_y}: left ")
        left, right = words.split(": left ")[1].split(", right ")
        assert float(left) == pytest.approx(clean[at_y, at_x], abs=0.6 * step, rel=0.005)
        if right[0] in "≤≥":
            bound = float(right[2:])
            beyond = raw[at_y, at_x] - bound
            assert (beyond if right[0] == "≥" else -beyond) > -step
        else:
            assert float(right) == pytest.approx(raw[at_y, at_x], abs=0.6 * step, rel=0.005)


def test_errors_are_those_of_the_fit(folder: Path, page: Any) -> None:
    run = load_run(folder)
    found = run.examples.true_columns("nanoparticle", "particle")
    fitted = run.examples.positions("nanoparticle", "particle", dose=_DOSE, restorer="cgrdn")
    assert found is not None
    assert fitted is not None
    true, measured = found
    off = (fitted - true)[measured]
    off = off[np.isfinite(off).all(axis=1)]
    rms = 100 * run.case("nanoparticle").sampling * np.sqrt(np.mean(off**2))
    _particle(page, left="raw", right="cgrdn")
    said = _part(page, "said").text_content()
    told = float(said.split("right: ")[1].split("fitted places ")[1].split(" pm")[0])
    assert told == pytest.approx(rms, rel=0.006)
    assert f"rms of {len(off)})" in said.split("right: ")[1]


_MEAN = """() => {
  const canvas = document.querySelector('.viewer canvas');
  const sheet = document.createElement('canvas');
  [sheet.width, sheet.height] = [canvas.width, canvas.height];
  const brush = sheet.getContext('2d', { willReadFrequently: true });
  brush.drawImage(canvas, 0, 0);
  const data = brush.getImageData(0, 0, sheet.width, sheet.height).data;
  return data.reduce((sum, value) => sum + value, 0) / data.length;
}"""


def _brightness(page: Any) -> float:
    page.wait_for_selector('.viewer .picture[aria-busy="false"]')
    return float(page.evaluate(_MEAN))


def test_difference_of_a_picture_from_itself_is_white(page: Any) -> None:
    _particle(page, left="raw", right="raw")
    _part(page, "show").select_option("difference")
    assert _brightness(page) == 255
    assert _part(page, "edge").is_disabled()
    _part(page, "right").select_option("noise-free")
    assert _brightness(page) < 254


def test_every_control_changes_the_picture(page: Any) -> None:
    _particle(page, left="raw", right="cgrdn")
    seen = [_brightness(page)]
    for act in (
        lambda: _part(page, "edge").fill("90"),
        lambda: _part(page, "columns").check(),
        lambda: _part(page, "errors").check(),
        lambda: _part(page, "longer").select_option("1"),
        lambda: _part(page, "in").click(),
        lambda: _part(page, "canvas").press("ArrowRight"),
        lambda: _part(page, "out").click(),
        lambda: _part(page, "dose").select_option(index=1),
        lambda: _part(page, "left").select_option("noise-free"),
        lambda: _part(page, "case").select_option(index=0),
        lambda: _part(page, "image").select_option(index=1),
    ):
        act()
        seen.append(_brightness(page))
        assert seen[-1] != seen[-2], len(seen)
    _part(page, "canvas").press("+")
    magnified = _brightness(page)
    _part(page, "whole").click()
    assert _brightness(page) == pytest.approx(seen[-1])
    assert magnified != pytest.approx(seen[-1])


def _chart(page: Any, name: str) -> Any:
    return page.locator(f'.charts [data-part="{name}"]')


def _drawn(page: Any, heading: str) -> list[str]:
    """Wait for a chart, and return what its points say."""
    page.wait_for_function(
        "said => document.querySelector('.charts').dataset.drawn?.startsWith(said)", arg=heading
    )
    marks = page.locator('.charts svg [aria-roledescription="point"]')
    return [str(mark.get_attribute("aria-label")) for mark in marks.all()]


def test_a_chart_holds_the_numbers_of_the_summary(folder: Path, page: Any) -> None:
    summary = pd.read_csv(folder / "report" / "summary.csv")
    _chart(page, "case").select_option(label="Pt [001] bulk crystal")
    _chart(page, "quantity").select_option("RMSE of position (pm)")
    _chart(page, "against").select_option("dose")
    page.locator('.charts select[data-axis="1"]').select_option("75")
    own = summary[
        (summary["case"] == "pt_bulk")
        & (summary["metric"] == "position_rmse_pm")
        & (summary["thickness"] == 75)
    ]
    number = len(own)
    page.wait_for_function(
        "end => document.querySelector('.charts').dataset.drawn.endsWith(end)",
        arg=f"/dose/{number + own['dose'].nunique()}",  # with the bound at each dose
    )
    said = _drawn(page, "RMSE of position (pm)")
    assert len(said) == number + own["dose"].nunique()
    for row in own.itertuples():
        label = {"raw": "raw", "gaussian": "Gaussian filter", "cgrdn": "CGRDN"}[row.restorer]
        (told,) = [one for one in said if one.startswith(f"{label} at {row.dose:g}:")]
        assert float(told.split(": ")[1].split()[0]) == pytest.approx(row.value, rel=0.06)
        assert told.endswith(f"n = {row.n_realizations}")


def test_restorers_and_axes_of_a_chart_are_chosen(page: Any) -> None:
    _chart(page, "case").select_option(label="Pt [001] bulk crystal")
    _chart(page, "quantity").select_option("RMSE of position (pm)")
    _chart(page, "against").select_option("thickness")
    every = _drawn(page, "RMSE of position (pm)/thickness")
    assert any(one.startswith("CGRDN at 75") for one in every)
    page.locator(".charts fieldset label", has_text="CGRDN").locator("input").uncheck()
    left = [one for one in every if not one.startswith("CGRDN")]
    said = _drawn(page, f"RMSE of position (pm)/thickness/{len(left)}")
    assert sorted(said) == sorted(left)
    page.locator('.charts svg [aria-roledescription="point"]').first.hover()
    told = page.locator("#vg-tooltip-element")
    told.wait_for()
    assert "value (95 %)" in told.inner_text()
    page.locator(".charts fieldset label", has_text="CGRDN").locator("input").check()


def test_tables_are_sorted_and_filtered(page: Any) -> None:
    table = page.locator("table.sortable", has=page.locator("th", has_text="rms bias")).last
    page.locator("details.folded", has=table).locator("summary").click()
    heads = table.locator("thead th").all_text_contents()
    column = next(i for i, head in enumerate(heads) if "RMSE" in head)

    def numbers() -> list[float]:
        cells = table.locator(f"tbody tr:visible td:nth-child({column + 1})").all_text_contents()
        return [float(cell.split()[0]) for cell in cells if cell[:1].isdigit()]

    before = numbers()
    head = table.locator("thead th").nth(column)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert numbers() == sorted(before)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert numbers() == sorted(before, reverse=True)
    field = table.locator("xpath=../preceding-sibling::label[1]/input")
    rows = table.locator("tbody tr")
    field.fill("gaussian")
    shown = table.locator("tbody tr:visible").all_text_contents()
    assert 0 < len(shown) < rows.count()
    assert all("gaussian" in row.lower() for row in shown)


def test_without_scripts_everything_stands_in_text_and_figures(
    report: Path, opened: Opened
) -> None:
    page = opened(report, scripts=False)
    assert page.locator(".viewer").is_hidden()
    assert "needs JavaScript" in page.locator("body").inner_text()
    assert page.locator("figure img").count() == 2
    assert page.locator("table.sortable tbody tr").count() > 10
    assert page.locator(".sort").count() == 0
