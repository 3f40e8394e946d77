"""Verdicts of the figures that stand beside a run, for the claims that no run decides."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from reports.claims.figure_verdict import FigureVerdict
from reports.claims.rules import Number
from reports.figures.paper.paper_figure import Finding
from reports.page.gallery.gallery_entry import NOTES, GalleryEntry, read_entry

#: Folder of figures within that of a run or of its packs.
FIGURES: Final = "figures"


def figure_verdicts(folder: Path) -> Mapping[tuple[int, str], FigureVerdict]:
    """Read what the figures of a run say about claims.

    Parameters
    ----------
    folder : pathlib.Path
        Of the run or of its packs, with a folder ``figures`` of `write_gallery` in it or without.

    Returns
    -------
    mapping of (int, str) to FigureVerdict
        By claim and figure; those that `write_gallery` has drawn alone.

    Raises
    ------
    InputError
        If a note of a figure cannot be read, or was altered.
    """
    found = {}
    for path in sorted((folder / FIGURES / NOTES).glob("*.json")):
        entry = read_entry(path)
        if entry.state != "drawn":
            continue
        for finding in entry.findings:
            verdict = _verdict(entry, finding, name=path.stem)
            found[verdict.claim, verdict.figure] = verdict
    return found


def _verdict(entry: GalleryEntry, finding: Finding, *, name: str) -> FigureVerdict:
    return FigureVerdict(
        claim=finding.claim,
        figure=entry.number,
        name=name,
        outcome=finding.outcome,
        deciding=_number(finding),
        numbers=finding.text,
        n_numbers=finding.n_numbers,
        conditions=finding.conditions,
        rule=finding.rule,
        drawn_by=entry.program,
    )


def _number(finding: Finding) -> Number | None:
    if finding.value is None:
        return None
    nan = float("nan")
    return Number(
        value=finding.value,
        low=nan if finding.low is None else finding.low,
        high=nan if finding.high is None else finding.high,
        unit=finding.unit,
        at=finding.at,
    )
