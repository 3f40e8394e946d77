"""Documents: every page is reachable, every link, path, name and command in them exists."""

import ast
import importlib
import re
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

from bench.cli.app import app
from stembench.surroundings.program_version import PREPARED

ROOT = Path(__file__).parents[1]
PACKAGES = "bench|cases|fitting|noise|reports|restore|stembench|training"
SITE = ROOT / "docs" / "site"  # parts of the site, not pages
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if SITE not in path.parents)
DOCUMENTS = sorted([*ROOT.glob("*.md"), *PAGES, *(ROOT / ".github").rglob("*.md")])
COMMANDS = typer.main.get_command(app).commands


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def fenced(text, *languages):
    """Code blocks of a Markdown text in one of the languages."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return [body for language, body in blocks if language in languages]


def prose_of(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def links_of(text):
    """Targets of the links and images of a Markdown text, outside code."""
    prose = re.sub(r"`[^`]*`", "", prose_of(text))
    return re.findall(r"\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)", prose)


def anchor_of(heading):
    """Anchor that hosting platforms give to a heading."""
    words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return words.replace(" ", "-")


def resolve(dotted):
    """Import as much of a dotted name as is a module and look up the rest."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            value = getattr(value, part)
        return value
    raise ModuleNotFoundError(dotted)


def test_the_index_links_every_page_and_the_readme_links_the_index():
    index = links_of((ROOT / "docs" / "README.md").read_text(encoding="utf-8"))
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in PAGES}
    missing = pages - {"README.md"} - set(index)
    assert not missing
    assert "docs/README.md" in links_of((ROOT / "README.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_relative_links_lead_somewhere(document):
    broken = []
    for link in links_of(document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (document.parent / place).resolve() if place else document
        if not target.exists():
            broken.append(link)
        elif anchor and target.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            if anchor not in map(anchor_of, headings):
                broken.append(link)
    assert not broken


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_files_and_names_in_the_prose_exist(document):
    text = prose_of(document.read_text(encoding="utf-8"))
    quoted = re.findall(r"`([^`\n]+)`", text)
    paths = [q for q in quoted if re.fullmatch(rf"(?:{PACKAGES}|docs|tests)/[\w./-]*", q)]
    assert not [path for path in paths if not (ROOT / path).exists()]
    for name in quoted:
        bare = re.sub(r"\(.*", "", name.removeprefix("python -m ").split(" ")[0])
        if re.fullmatch(rf"(?:{PACKAGES})(?:\.\w+)+", bare) and bare != "stembench.restorers":
            resolve(bare)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_python_in_documents_imports_what_there_is(document):
    for block in fenced(document.read_text(encoding="utf-8"), "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and re.match(PACKAGES, node.module or ""):
                for alias in node.names:
                    resolve(f"{node.module}.{alias.name}")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_commands_in_documents_are_known(document):
    sessions = set(
        re.findall(r"@nox\.session.*\ndef (\w+)", (ROOT / "noxfile.py").read_text(encoding="utf-8"))
    )
    text = document.read_text(encoding="utf-8")
    code = [*fenced(text, "sh"), *re.findall(r"`([^`\n]+)`", prose_of(text))]
    lines = "\n".join(code).replace("\\\n", " ").splitlines()
    for line in (line.split("#")[0] for line in lines):
        if called := re.match(r"nox -s ((?:\w+ ?)+)", line):
            assert set(called[1].split()) <= sessions, line
        called = re.match(r"stembench ([a-z][a-z-]*)(.*)", line)
        if called is None:
            continue
        assert called[1] in COMMANDS, line
        known = {option for each in COMMANDS[called[1]].params for option in each.opts}
        used = set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", called[2])) - {"--help"}
        assert used <= known, line


def test_the_citation_file_agrees_with_the_project():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == PREPARED
    newest = re.search(r"(?m)^## \D*([\d.]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert newest is not None
    assert newest[1] == PREPARED
    assert citation["license"] == project["license"]
    assert citation["title"].partition(":")[0] == project["name"]
    assert citation["authors"] == [{"name": "The stembench developers"}]
    assert citation["references"][0]["doi"] == "10.1038/s41524-023-01188-0"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert citation["references"][0]["doi"] in readme


def test_negative_controls_are_found():
    text = "[a](nowhere.md) `[b](c.md)` ![d](e_(f).png)\n```sh\n[g](h.md)\n```\n"
    assert links_of(text) == ["nowhere.md", "e_(f).png"]
    assert anchor_of("Model files are not trusted: `x`") == "model-files-are-not-trusted-x"
    with pytest.raises(AttributeError):
        resolve("stembench.errors.NoSuchError")
    with pytest.raises(ModuleNotFoundError):
        resolve("no_such_package.module")
