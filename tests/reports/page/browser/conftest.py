"""A browser for tests of pages: Chromium or Chrome of the system, driven by Playwright."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reports import write_report
from tests.made_run import make_run

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless browser; CI sets STEMBENCH_BROWSER=required, where none is an error."""
    required = os.environ.get("STEMBENCH_BROWSER") == "required"
    program = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if program is None:
        lacking = f"no browser is installed (looked for {', '.join(_NAMES)}): pages are not opened"
        pytest.fail(lacking) if required else pytest.skip(lacking)
    if not required:
        pytest.importorskip("playwright", reason="Playwright is not installed: pages not opened")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        found = driver.chromium.launch(
            executable_path=program, args=["--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield found
        found.close()


@contextmanager
def _opener(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens page files; what their consoles say, or ask of the network, fails in the end."""
    contexts, said = [], []

    def open_page(
        path: Path, *, width: int = 1400, scheme: str = "light", scripts: bool = True
    ) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 1000},
            color_scheme=scheme,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "request",
            lambda request: (
                said.append(request.url) if request.url.startswith(("http", "ws")) else None
            ),
        )
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page file; what its console says, or asks of the network, fails the test."""
    with _opener(browser) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def opened_once(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page file for the tests of a module, each of which sets what it looks at."""
    with _opener(browser) as open_page:
        yield open_page


@pytest.fixture(scope="session")
def folder(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with its report, made where there is a browser to open it."""
    folder = make_run(
        tmp_path_factory.mktemp("opened") / "run",
        realizations=3,
        cases=("pt_bulk", "nanoparticle"),
        thicknesses=(2, 75),
    )
    write_report(folder)
    return folder


@pytest.fixture(scope="session")
def report(folder: Path) -> Path:
    return folder / "report" / "report.html"
