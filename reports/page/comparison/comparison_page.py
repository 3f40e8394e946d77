"""The page of a comparison of two versions of a restorer: one self-contained HTML file."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from reports.gate.evidence import Evidence
from reports.gate.gate_files import write_text
from reports.gate.gate_matrix import MatrixField, deciding, legend, matrices
from reports.gate.gate_text import SHOWN_FIRST, closing_text, ordered
from reports.gate.margins import Margins
from reports.gate.result import GateResult, Verdict
from reports.page.charts.libraries import vega_script
from reports.page.comparison.differing_images import (
    NEW,
    OLD,
    DifferingImage,
    Restoring,
    differing_images,
)
from reports.page.comparison.gate_charts import gate_charts
from reports.page.comparison.gate_rows import LOOKS, REACH, ShownRow, along, shown_rows
from reports.page.page import template
from reports.page.scoreboard.questions import QUESTIONS
from reports.page.scoreboard.scoreboard import BoardRow, anchor, scoreboard
from reports.page.viewer.scenes import viewer_data
from reports.records.run_folder import Run
from reports.words.tables import flatten
from stembench.describe import as_plain

#: Rows that decided, shown on top; all stand in the tables below.
_MOST_ROWS: Final = 12
#: Images shown without the viewer.
_MOST_STRIPS: Final = 3


@dataclass(frozen=True, kw_only=True)
class _CaseRows:
    """All rows of a case, the gravest first."""

    case: str
    place: str
    rows: tuple[ShownRow, ...]


def write_comparison_page(
    result: GateResult,
    pairs: Sequence[tuple[Evidence, Evidence]],
    path: Path,
    *,
    margins: Margins,
    restored: Restoring | None = None,
) -> None:
    """Write the page of a comparison, images embedded.

    Parameters
    ----------
    result : GateResult
        Verdicts on `pairs`.
    pairs : sequence of (Evidence, Evidence)
        Old and new; those that come from a run give images and a scoreboard.
    path : pathlib.Path
    margins : Margins
        By which it was judged.
    restored : callable, optional
        Restores raw images by the old side where that is a baseline file, which holds none.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    write_text(render_comparison(result, pairs, margins=margins, restored=restored), path)


def render_comparison(
    result: GateResult,
    pairs: Sequence[tuple[Evidence, Evidence]],
    *,
    margins: Margins,
    restored: Restoring | None = None,
) -> str:
    """Render the page; parameters as of `write_comparison_page`.

    Returns
    -------
    str
        HTML without links to other files.
    """
    from markupsafe import Markup

    several = len(pairs) > 1
    decided = deciding(result)
    every = ordered(result.rows, (*SHOWN_FIRST, Verdict.EQUIVALENT))
    images = differing_images(pairs, restored=restored)
    charts = gate_charts(result, pairs)
    text: str = template(
        "comparison.html.j2"
    ).render(
        title=_title(pairs),
        result=result,
        closing=closing_text(result, alpha=margins.alpha),
        look=LOOKS[result.verdict],
        matrices=matrices(result),
        field_look=_field_look,
        legend=legend(),
        several=several,
        decided=shown_rows(decided[:_MOST_ROWS], named=several),
        more=max(0, len(decided) - _MOST_ROWS),
        reach=REACH,
        width=along(REACH),
        charts=charts,
        vega=Markup(vega_script()) if charts["charts"] else "",  # noqa: S704
        strips=[_strip(one) for one in images[:_MOST_STRIPS]],
        again=any(one.again for one in images),
        viewer=_viewer(images),
        board=_board(pairs),
        questions=QUESTIONS,
        cases=[
            _CaseRows(
                case=case,
                place=anchor(f"case {case}"),
                rows=shown_rows((row for row in every if row.case == case), named=several),
            )
            for case in dict.fromkeys(row.case for row in result.rows)
        ],
        settings=_settings(pairs, margins),
    )
    return text


def _title(pairs: Sequence[tuple[Evidence, Evidence]]) -> str:
    names = [
        old.restorer if old.restorer == new.restorer else f"{old.restorer} and {new.restorer}"
        for old, new in pairs
    ]
    return f"Old and new: {', '.join(names)}"


def _field_look(field: MatrixField) -> str:
    return LOOKS[field.verdict]


def _strip(one: DifferingImage) -> Mapping[str, Any]:
    """Pictures of an image beside each other, for readers without the viewer."""
    pictures = [
        {"label": picture.label, "data": base64.b64encode(picture.webp).decode("ascii")}
        for picture in one.scene.pictures
    ]
    difference = base64.b64encode(one.difference).decode("ascii")
    return {
        "sentence": one.sentence,
        "pictures": [*pictures, {"label": "new less old", "data": difference}],
    }


def _viewer(images: Sequence[DifferingImage]) -> Mapping[str, Any]:
    data = viewer_data([one.scene for one in images])
    return {**data, "start": {"scene": 0, "left": OLD, "right": NEW}}


def _board(pairs: Sequence[tuple[Evidence, Evidence]]) -> list[BoardRow]:
    """Rows of the scoreboard of both sides; a baseline file has none: it holds no run.

    None at all where neither side measured what it asks for.
    """
    rows: list[BoardRow] = []
    for old, new in pairs:
        for word, side in ((OLD, old), (NEW, new)):
            if side.run is not None:
                rows += _rows_of(side.run, side.restorer, f"{word}: ")
    if all(tile.state == "unmeasured" for row in rows for tile in row.tiles):
        return []
    run = next((new.run for _, new in pairs if new.run is not None), None)
    raw = run.restorers.raw(run.restorers.by_name) if run is not None else None
    if run is not None and raw is not None:
        rows = [*_rows_of(run, raw, ""), *rows]
    return rows


def _rows_of(run: Run, name: str, prefix: str) -> list[BoardRow]:
    found = scoreboard(run, [name], figures=(), tables=())
    return [replace(row, label=f"{prefix}{row.label}") for row in found]


def _settings(
    pairs: Sequence[tuple[Evidence, Evidence]], margins: Margins
) -> list[tuple[str, list[tuple[str, str]]]]:
    """What each side is, and the margins."""
    parts = []
    for old, new in pairs:
        for word, side in ((OLD, old), (NEW, new)):
            told = {"source": side.source, "seed": side.seed, **as_plain(side.provenance)}
            parts.append((f"{word}: {side.restorer}", flatten(told)))
    return [*parts, ("Margins", flatten(as_plain(margins)))]
