"""The sources of the documentation site, put together from the checkout.

The pages are the Markdown files and notebooks that GitHub shows, in the same places relative to
each other, so that their links hold in both. `docs/README.md` alone says which pages there are and
in which order: each of its headings becomes a section of the site. Beside them stand pages that are
made from declarations: the public names of each package and the commands.

Run ``python docs/site/assemble.py FOLDER``, or `nox -s docs`, which also builds the site.
"""

import argparse
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from docs.site.command_page import command_page  # noqa: E402
from docs.site.door_pages import PACKAGES_WITH_DOOR, door_page  # noqa: E402

HERE = Path("docs") / "site"
#: Files that pages show or link and that are no pages.
BESIDE = ("*.png", "*.cff", "*.svg")
#: Folders of figures with their numbers, which pages show and link.
FIGURES = (Path("results") / "paper" / "figures", Path("results") / "faithful")


@dataclass(frozen=True)
class Section:
    """A heading of the index with what stands below it.

    Attributes
    ----------
    title : str
    text : str
        Markdown below the heading, its links relative to the checkout.
    pages : tuple of str
        Places in the checkout of the pages that are linked, in order.
    """

    title: str
    text: str
    pages: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the section's own page."""
        return re.sub(r"\W+", "-", self.title.lower()).strip("-")


def sections() -> list[Section]:
    """Sections that `docs/README.md` declares.

    Raises
    ------
    ValueError
        If a page stands in two of them.
    """
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    found = []
    for part in re.split(r"^## ", index, flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        text = re.sub(r"\]\(([^)]+)\)", lambda link: f"]({_from_root(link[1])})", text)
        pages = re.findall(r"\]\(([^)#:]+\.(?:md|ipynb))\)", text)
        found.append(Section(title.strip(), text.strip(), tuple(pages)))
    listed = [page for section in found for page in section.pages]
    twice = sorted({page for page in listed if listed.count(page) > 1})
    if twice:
        raise ValueError(f"docs/README.md links these pages twice: {', '.join(twice)}")
    return found


def _from_root(link: str) -> str:
    """Turn a link of a page in docs into one of a page in the checkout's folder."""
    if re.match(r"[a-z]+:|#", link):
        return link
    return link.removeprefix("../") if link.startswith("../") else f"docs/{link}"


def assemble(target: Path) -> None:
    """Write the sources of the site into a folder, which is emptied first.

    Parameters
    ----------
    target : Path
        Of its own: what is in it goes.

    Raises
    ------
    FileExistsError
        If it is there and holds no sources of the site.
    """
    if target.exists() and not (target / "conf.py").is_file():
        raise FileExistsError(
            f"{target} is there and holds no sources of the site; name another folder"
        )
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copy2(ROOT / HERE / "conf.py", target)  # first: by it the folder is known again
    declared = sections()
    for section in declared:
        for page in (ROOT / each for each in section.pages):
            _copy(page, target)
    for pattern in BESIDE:
        for file in (*ROOT.glob(pattern), *(ROOT / "docs").rglob(pattern)):
            _copy(file, target)
    for folder in FIGURES:
        for pattern in ("*.png", "*.csv"):
            for file in (ROOT / folder).glob(pattern):
                _copy(file, target)
    for section in declared:
        text = f"# {section.title}\n\n{_with_titles(section.text)}\n\n{_toctree(section.pages)}"
        (target / f"{section.name}.md").write_text(text, encoding="utf-8")
    reference = target / "reference"
    reference.mkdir()
    for package in PACKAGES_WITH_DOOR:
        (reference / f"{package}.rst").write_text(door_page(package), encoding="utf-8")
    (reference / "commands.md").write_text(command_page(), encoding="utf-8")
    packages = "\n".join(f"- [`{name}`]({name}.rst)" for name in PACKAGES_WITH_DOOR)
    text = (ROOT / HERE / "reference.md").read_text(encoding="utf-8").format(packages=packages)
    entries = ["commands.md", *(f"{name}.rst" for name in PACKAGES_WITH_DOOR)]
    (reference / "index.md").write_text(f"{text}\n{_toctree(entries)}", encoding="utf-8")
    landing = (ROOT / HERE / "index.md").read_text(encoding="utf-8")
    entries = [*(f"{section.name}.md" for section in declared[:-1]), "reference/index.md"]
    entries.append(f"{declared[-1].name}.md")
    (target / "index.md").write_text(f"{landing}\n{_toctree(entries)}", encoding="utf-8")
    shutil.copytree(ROOT / HERE / "static", target / "static")


def _with_titles(text: str) -> str:
    """Name pages by their titles, where a text names them by their files."""

    def titled(link: re.Match[str]) -> str:
        if not link[2].endswith(f"/{link[1]}") and link[1] != link[2]:
            return link[0]
        heading = re.search(r"^# (.+)$", (ROOT / link[2]).read_text(encoding="utf-8"), re.MULTILINE)
        return f"[{heading[1] if heading else link[1]}]({link[2]})"

    return re.sub(r"\[([^\]]+\.md)\]\(([^)#:]+\.md)\)", titled, text)


def _copy(file: Path, target: Path) -> None:
    place = target / file.relative_to(ROOT)
    place.parent.mkdir(parents=True, exist_ok=True)
    if file == ROOT / "README.md":  # the index of pages is the site itself
        text = file.read_text(encoding="utf-8").replace("(docs/README.md)", "(index.md)")
        place.write_text(text, encoding="utf-8")
    else:
        shutil.copy2(file, place)


def _toctree(entries: list[str] | tuple[str, ...]) -> str:
    return "\n".join(["```{toctree}", ":hidden:", ":maxdepth: 2", "", *entries, "```", ""])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of sources to write; emptied first")
    try:
        assemble(parser.parse_args().folder.resolve())
    except FileExistsError as error:
        parser.error(str(error))
