"""Other ways to read the report: in the dark, by keyboard alone, on paper."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Opened = Callable[..., Any]
_RGB = "colour => colour.match(/[0-9.]+/g).slice(0, 3).map(Number)"
_GROUND = f"() => ({_RGB})(getComputedStyle(document.body).backgroundColor)"
_SWATCHES = f"""() => [...document.querySelectorAll('.charts .swatch')]
  .map((one) => ({_RGB})(getComputedStyle(one).color))"""
_POINTS = f"""() => [...document.querySelectorAll('.charts svg [aria-roledescription="point"]')]
  .map((one) => ({_RGB})(getComputedStyle(one).stroke))"""
_LETTERS = f"""() => ({_RGB})(getComputedStyle(document.querySelector('.charts svg text')).fill)"""


def _luminance(rgb: list[float]) -> float:
    """Relative luminance of WCAG 2.2."""
    linear = [
        value / 3294.6 if value <= 10.31 else ((value / 255 + 0.055) / 1.055) ** 2.4
        for value in rgb
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: list[float], other: list[float]) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("scheme", "floor"), [("light", 2.0), ("dark", 4.5)])
def test_charts_stand_out_from_the_ground(
    report: Path, opened: Opened, scheme: str, floor: float
) -> None:
    page = opened(report, scheme=scheme)
    page.wait_for_function("document.querySelector('.charts').dataset.drawn")
    ground = page.evaluate(_GROUND)
    assert (sum(ground) < 200) == (scheme == "dark")
    swatches = page.evaluate(_SWATCHES)
    points = page.evaluate(_POINTS)
    assert len(swatches) == 4
    assert points
    assert all(point in swatches for point in points)
    assert min(_contrast(colour, ground) for colour in swatches) > floor
    assert _contrast(page.evaluate(_LETTERS), ground) > 7


def test_axes_and_points_follow_a_change_of_scheme(report: Path, opened: Opened) -> None:
    page = opened(report)
    page.wait_for_function("document.querySelector('.charts').dataset.drawn")
    before = page.evaluate(_LETTERS)
    page.emulate_media(color_scheme="dark")
    assert _contrast(page.evaluate(_LETTERS), before) > 7


_SHOWN_CONTROLS = """() => [...document.querySelectorAll(
  'a[href], button, input, select, summary, [tabindex="0"]')]
  .filter((one) => one.checkVisibility() && !one.disabled && !one.closest('details:not([open])')
                   || one.tagName === 'SUMMARY').length"""
_FOCUSED = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  all = window.visited ??= new Set();
  all.add(one);
  const look = getComputedStyle(one);
  return [all.size, look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 1,
          one.outerHTML.slice(0, 120)];
}"""


def test_every_control_is_reached_by_keyboard_and_shows_it(report: Path, opened: Opened) -> None:
    page = opened(report)
    page.wait_for_function("document.querySelector('.charts').dataset.drawn")
    number = page.evaluate(_SHOWN_CONTROLS)
    assert number > 60
    reached = 0
    for _ in range(number + 5):
        page.keyboard.press("Tab")
        said = page.evaluate(_FOCUSED)
        if said is None:
            break
        reached, outlined, what = said
        assert outlined, what
    assert reached == number


def test_menus_and_buttons_work_by_keyboard(report: Path, opened: Opened) -> None:
    page = opened(report)
    table = page.locator("table.sortable").first
    table.locator("thead .sort").first.focus()
    page.keyboard.press("Enter")
    assert table.locator("thead th").first.get_attribute("aria-sort") == "ascending"
    page.locator('.viewer [data-part="columns"]').focus()
    page.keyboard.press("Space")
    assert page.locator('.viewer [data-part="columns"]').is_checked()
    page.locator(".settings summary").focus()
    page.keyboard.press("Enter")
    assert page.locator(".settings table").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_is_white_and_has_everything(
    report: Path, opened: Opened, scheme: str, tmp_path: Path
) -> None:
    page = opened(report, scheme=scheme)
    page.wait_for_function("document.querySelector('.charts').dataset.drawn")
    page.emulate_media(media="print", color_scheme=scheme)
    assert page.evaluate(_GROUND) == [255, 255, 255]
    assert _contrast(page.evaluate(_LETTERS), [255, 255, 255]) > 7
    assert page.locator(".viewer .choices").is_hidden()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert page.locator(".settings table").first.is_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0
    path = tmp_path / "report.pdf"
    page.pdf(path=path, format="A4")
    assert path.read_bytes().startswith(b"%PDF")
