"""Shipped results of profile paper: report, provenance, and every number that a page quotes.

    python bench/shipped/paper_results.py [--packs results/paper] [--figures FOLDER] [--check]

Reads the packs, writes their report (CSV, figures as PNG, claims) and a page of provenance beside
them, and fills the marked regions of README.md and docs/ from the same tables, so that no number is
typed twice. With ``--figures``, counterparts of the paper's figures that `stembench figures` drew
into FOLDER are shipped too, as PNG and CSV; claims that no run decides take their verdict from
these. With ``--check`` nothing is written: the exit code is 1 if a page, the claims or the index of
the figures say otherwise.
"""

import argparse
import gzip
import io
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import typer

from bench.paper.drawing import figures_text
from reports import ShippedNumbers, open_run, shipped_tables, write_report

ROOT: Final = Path(__file__).parents[2]
PACKS: Final = ROOT / "results" / "paper"
#: A region of a page, with the name of its table.
REGION: Final = re.compile(
    r"(<!-- paper: (?P<name>[a-z-]+) \(nox -s results writes what stands between\) -->\n)"
    r".*?"
    r"(<!-- paper: end -->)",
    re.DOTALL,
)
#: A number within a sentence, with the key that names it (`reports.ShippedNumbers`).
NUMBER: Final = re.compile(
    r"(<!-- number: (?P<key>[^<>]+?) -->)[^<>]*?(<!-- /number -->)", re.DOTALL
)
#: What of a report is shipped, and from which size on tables are compressed.
SHIPPED: Final = (".csv", ".png", ".md")
MOST_BYTES: Final = 1_000_000
FIGURES: Final = "figures"
INDEX: Final = "figures.md"
NOTES: Final = "notes"
#: Files of the report that must be what ships, to the last character.
CHECKED: Final = ("claims.csv", "claims.md")


def filled(text: str, regions: Mapping[str, str], number: Callable[[str], str]) -> str:
    """Put tables into the marked regions of a page, and numbers into its sentences."""
    text = REGION.sub(lambda found: f"{found[1]}{regions[found['name']]}{found[3]}", text)
    return NUMBER.sub(lambda found: f"{found[1]}{number(found['key'])}{found[3]}", text)


def pages(packs: Path) -> list[Path]:
    """Pages that may have regions."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), packs / "README.md"]


def main(arguments: list[str]) -> int:
    """Write or check everything; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packs", type=Path, default=PACKS)
    parser.add_argument("--figures", type=Path)
    parser.add_argument("--check", action="store_true")
    told = parser.parse_args(arguments)
    run = open_run(told.packs)
    figures = told.packs / FIGURES
    if told.figures is not None and not told.check:
        _ship_figures(told.figures, figures)
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        write_report(told.packs, out=report)
        regions, number = shipped_tables(run, report), ShippedNumbers(report)
        for page in pages(told.packs):
            text = page.read_text(encoding="utf-8")
            new = filled(text, regions, number)
            if new != text:
                wrong.append(str(page.relative_to(ROOT)))
                if not told.check:
                    page.write_text(new, encoding="utf-8")
        if told.check:
            wrong += [name for name in CHECKED if not _same(report, told.packs / "report", name)]
        else:
            _ship(report, told.packs / "report")
    if figures.exists():  # after the report, whose verdicts it states
        text = figures_text(figures, run=told.packs)
        index = figures / INDEX
        if not told.check:
            index.write_text(text, encoding="utf-8")
        elif not index.exists() or index.read_text(encoding="utf-8") != text:
            wrong.append(INDEX)
    if told.check and wrong:
        typer.echo(f"{', '.join(wrong)}: not what the packs say; run `nox -s results`", err=True)
        return 1
    return 0


def _same(report: Path, shipped: Path, name: str) -> bool:
    path = shipped / name
    return path.exists() and path.read_bytes() == (report / name).read_bytes()


def _ship_figures(drawn: Path, target: Path) -> None:
    """Copy figures with their notes; the index is written anew, once the report is there."""
    _ship(drawn, target)
    for picture in target.glob("*.png"):
        picture.write_bytes(packed_picture(picture.read_bytes()))
    _ship(drawn / NOTES, target / NOTES, kinds=(".json",))


def packed_picture(content: bytes, /) -> bytes:
    """Write a PNG as small as it goes without a pixel changed: no alpha where all is opaque."""
    from PIL import Image

    picture: Image.Image = Image.open(io.BytesIO(content))
    resolution = picture.info.get("dpi")
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    told = io.BytesIO()
    picture.save(told, "PNG", optimize=True, **({"dpi": resolution} if resolution else {}))
    return told.getvalue()


def _ship(source: Path, target: Path, *, kinds: tuple[str, ...] = SHIPPED) -> None:
    """Copy what is shipped of a folder, and remove the files that are not of this one."""
    target.mkdir(exist_ok=True)
    kept = {}
    for path in source.iterdir():
        if path.suffix not in kinds:
            continue
        content, name = path.read_bytes(), path.name
        if path.suffix == ".csv" and len(content) > MOST_BYTES:
            # Without a time, so that equal tables are equal files.
            content, name = gzip.compress(content, mtime=0), f"{name}.gz"
        kept[name] = content
    for old in target.iterdir():
        if old.is_file() and old.name not in kept:
            old.unlink()
    for name, content in kept.items():
        (target / name).write_bytes(content)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
