"""Shipped results of profile paper: report, provenance, and every number that a page quotes.

    python bench/shipped/paper_results.py [--packs results/paper] [--check]

Reads the packs, writes their report (CSV, figures as PNG, claims) and a page of provenance beside
them, and fills the marked regions of README.md and docs/ from the same tables, so that no number is
typed twice. With ``--check`` nothing is written: the exit code is 1 if a page says otherwise.
"""

import argparse
import gzip
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import typer

from reports import open_run, shipped_tables, write_report

ROOT: Final = Path(__file__).parents[2]
PACKS: Final = ROOT / "results" / "paper"
#: A region of a page, with the name of its table.
REGION: Final = re.compile(
    r"(<!-- paper: (?P<name>[a-z-]+) \(nox -s results writes what stands between\) -->\n)"
    r".*?"
    r"(<!-- paper: end -->)",
    re.DOTALL,
)
#: What of a report is shipped, and from which size on compressed.
SHIPPED: Final = (".csv", ".png", ".md")
MOST_BYTES: Final = 1_000_000


def filled(text: str, regions: Mapping[str, str]) -> str:
    """Put tables into the marked regions of a page."""
    return REGION.sub(lambda found: f"{found[1]}{regions[found['name']]}{found[3]}", text)


def pages(packs: Path) -> list[Path]:
    """Pages that may have regions."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), packs / "README.md"]


def main(arguments: list[str]) -> int:
    """Write or check everything; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packs", type=Path, default=PACKS)
    parser.add_argument("--check", action="store_true")
    told = parser.parse_args(arguments)
    run = open_run(told.packs)
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        write_report(told.packs, out=report)
        regions = shipped_tables(run, report)
        for page in pages(told.packs):
            text = page.read_text(encoding="utf-8")
            new = filled(text, regions)
            if new != text:
                wrong.append(str(page.relative_to(ROOT)))
                if not told.check:
                    page.write_text(new, encoding="utf-8")
        if not told.check:
            _ship(report, told.packs / "report")
    if told.check and wrong:
        typer.echo(f"{', '.join(wrong)}: not what the packs say; run `nox -s results`", err=True)
        return 1
    return 0


def _ship(report: Path, target: Path) -> None:
    """Copy what is shipped of a report, and remove what is not of this one."""
    target.mkdir(exist_ok=True)
    kept = {}
    for path in report.iterdir():
        if path.suffix not in SHIPPED:
            continue
        content, name = path.read_bytes(), path.name
        if len(content) > MOST_BYTES:  # without a time, so that equal tables are equal files
            content, name = gzip.compress(content, mtime=0), f"{name}.gz"
        kept[name] = content
    for old in target.iterdir():
        if old.name not in kept:
            old.unlink()
    for name, content in kept.items():
        (target / name).write_bytes(content)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
