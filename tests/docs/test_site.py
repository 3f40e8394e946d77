"""The documentation site: its pages are all there, its links hold, its docstrings can be read."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from bench.cli.app import app
from docs.site.assemble import assemble, sections
from docs.site.door_pages import (
    PACKAGES_WITH_DOOR,
    declaration_of,
    door_page,
    public_names,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "source"
    assemble(folder)
    return folder


def test_a_folder_of_something_else_is_not_emptied(tmp_path):
    thesis = tmp_path / "thesis.tex"
    thesis.touch()
    for folder in (tmp_path, thesis):
        with pytest.raises(FileExistsError, match="holds no sources of the site"):
            assemble(folder)
    assert thesis.is_file()


def toctrees(page):
    """Entries of the tables of contents of a page, as places below the site's folder."""
    text = page.read_text(encoding="utf-8")
    for body in re.findall(r"^```\{toctree\}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        for entry in body.splitlines():
            if entry and not entry.startswith(":"):
                yield (page.parent / entry).resolve()


def test_every_page_is_reached_from_the_first_once(sources):
    reached, waiting = [], [sources / "index.md"]
    while waiting:
        page = waiting.pop()
        reached.append(page)
        waiting += [entry for entry in toctrees(page) if entry.suffix == ".md"]
        reached += [entry for entry in toctrees(page) if entry.suffix in (".rst", ".ipynb")]
    assert len(reached) == len(set(reached))
    written = (*sources.rglob("*.md"), *sources.rglob("*.rst"), *sources.rglob("*.ipynb"))
    assert set(reached) == set(written)


def test_relative_links_hold_in_the_sources_of_the_site(sources):
    broken = []
    for page in (*sources.rglob("*.md"), *sources.rglob("*.ipynb")):
        code = r"^```.*?^```|`[^`]*`"
        prose = re.sub(code, "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        links = re.findall(r"\]\(([^()\s#]+)(?:#[^()\s]*)?\)", prose)
        inside = [link for link in links if not re.match(r"[a-z]+:", link)]
        broken += [f"{page.name}: {link}" for link in inside if not (page.parent / link).is_file()]
    assert not broken


def test_a_page_in_two_sections_is_refused(monkeypatch, tmp_path):
    (tmp_path / "docs").mkdir()
    index = (
        "# All\n\n## One\n\n[a](a.md)\n\n## Two\n\n[a](a.md#part) [b](../b.md) [c](https://c.md)\n"
    )
    (tmp_path / "docs" / "README.md").write_text(index, encoding="utf-8")
    monkeypatch.setattr("docs.site.assemble.ROOT", tmp_path)
    assert [section.pages for section in sections()] == [("docs/a.md",), ("b.md",)]
    twice = index.replace("a.md#part", "a.md")
    (tmp_path / "docs" / "README.md").write_text(twice, encoding="utf-8")
    with pytest.raises(ValueError, match=r"links these pages twice: docs/a\.md"):
        sections()


@pytest.mark.parametrize("package", PACKAGES_WITH_DOOR)
def test_the_reference_has_every_name_at_a_door_once(package):
    named = re.findall(
        rf"^\.\. (?:auto|py:)\w+:: {package}\.(\w+)$", door_page(package), re.MULTILINE
    )
    assert sorted(named) == sorted(importlib.import_module(package).__all__)


@pytest.mark.parametrize("package", PACKAGES_WITH_DOOR)
def test_every_public_name_says_what_it_is(package):
    door = importlib.import_module(package)
    silent = []
    for public in public_names(package):
        value = getattr(door, public.name)
        if inspect.isclass(value) or inspect.isroutine(inspect.unwrap(value)):
            # Data classes get a docstring of their own accord, which says nothing.
            text = value.__doc__ or ""
            if not text or text.startswith(f"{public.name}("):
                silent.append(public.name)
        elif not declaration_of(public.module, public.name)[2]:
            silent.append(public.name)
    assert not silent, f"{', '.join(silent)}: a docstring, or a comment #: above, says what it is"


def test_constants_are_read_as_they_are_written():
    assert declaration_of("reports.names", "RAW")[1] == '"raw"'.replace('"', "'")
    annotation, value, comment = declaration_of("noise.presets", "PRESETS")
    assert annotation == "dict[str, Preset]"
    assert value.startswith("{preset.name")
    assert comment
    assert declaration_of("fitting.flags", "SATURATED")[2].startswith(
        "Flag of a fit: the top is cut"
    )
    with pytest.raises(ValueError, match=r"names\.py does not assign NOTHING"):
        declaration_of("reports.names", "NOTHING")


def test_the_page_of_commands_has_every_option(sources):
    page = (sources / "reference" / "commands.md").read_text(encoding="utf-8")
    parts = dict(
        re.findall(r"^### stembench (\S+)\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    )
    commands = typer.main.get_command(app).commands
    assert set(parts) == set(commands)
    for name, command in commands.items():
        for parameter in command.params:
            for option in {*parameter.opts, *parameter.secondary_opts} - {"--help"}:
                shown = option if option.startswith("-") else option.upper()
                assert f"`{shown}`" in parts[name], f"{name} {option}"


@pytest.mark.slow
def test_the_site_builds_without_a_warning(sources, tmp_path):
    for package in ("sphinx", "myst_nb"):
        pytest.importorskip(package, reason="Sphinx and MyST-NB are in the group docs")
    strict = ("-q", "-W", "--keep-going", "-b", "html")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *strict, str(sources), str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "cramer_rao" in (tmp_path / "reference" / "fitting.html").read_text(encoding="utf-8")
    notebook = tmp_path / "docs" / "notebooks" / "judge_my_image.html"
    assert "can be trusted: the raw image supports them" in notebook.read_text(encoding="utf-8")
