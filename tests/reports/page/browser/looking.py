"""Looking at an open page: what axe-core says of it, and a screenshot."""

from pathlib import Path
from typing import Any

#: Screenshots are kept here, to be looked at.
OUT = Path(__file__).parents[4] / "out" / "browser"
#: Gravity of what axe finds that fails a test.
GRAVE = ("serious", "critical")


def grave_findings(page: Any) -> list[str]:
    """What axe-core finds serious or critical, in words."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def looked_at(page: Any, name: str) -> None:
    """Keep a screenshot of the top of a page, and see that nothing is wider than the window."""
    OUT.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=OUT / f"{name}.png")
    over = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert over == 0, f"{name} is {over} px wider than the window"
