"""The page of a report: one self-contained HTML file, figures embedded."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.figures.figure import FigureFile
from reports.page.charts.libraries import vega_script
from reports.page.scoreboard.questions import QUESTIONS
from reports.page.scoreboard.scoreboard import BoardRow, anchor
from reports.records.ladder import Ladder
from reports.records.run_folder import Run
from reports.records.run_info import CaseInfo
from reports.words.captions import fit_text, microscope_text, noise_text
from reports.words.numbers import dose_text, seconds_text
from reports.words.sentences import Sentence
from reports.words.tables import Table, flatten
from reports.words.verdict.cautions import caution_text, doubt_text
from stembench.describe import as_plain

_TEMPLATES = Path(__file__).parents[1] / "templates"


def render(
    run: Run,
    *,
    sentences: Sequence[Sentence],
    claims: Table,
    board: Sequence[BoardRow],
    viewer: Mapping[str, Any],
    charts: Mapping[str, Any],
    boards: Sequence[Table],
    figures: Sequence[FigureFile],
    tables: Sequence[Table],
    metrics: Table,
) -> str:
    """Render the page.

    Parameters
    ----------
    run : Run
        Its description is printed in full at the end.
    sentences : sequence of Sentence
        The verdict.
    claims : Table
        The paper's claims.
    board : sequence of BoardRow
        The scoreboard, on top.
    viewer : mapping
        Data of the image viewer, of `reports.page.viewer.scenes.viewer_data`.
    charts : mapping
        Data of the charts, of `reports.page.charts.chart_data.chart_data`.
    boards : sequence of Table
        The leaderboard.
    figures : sequence of FigureFile
        Written figures; their pictures are embedded.
    tables : sequence of Table
        Headline tables.
    metrics : Table
        Definitions.

    Returns
    -------
    str
        HTML without links to other files than the CSV and PDF files beside it.
    """
    from markupsafe import Markup

    page: str = template("report.html.j2").render(
        title=f"stembench report: profile {run.info.profile}",
        run=run,
        lead=lead(run),
        verdict=_by_topic(sentences),
        claims=claims,
        board=board,
        questions=QUESTIONS,
        viewer=viewer,
        charts=charts,
        vega=Markup(vega_script()) if charts["charts"] else "",  # noqa: S704
        boards=boards,
        figures=[
            {
                "file": figure,
                "kind": "webp" if figure.picture.startswith(b"RIFF") else "png",
                "data": base64.b64encode(figure.picture).decode("ascii"),
            }
            for figure in figures
        ],
        tables=tables,
        metrics=metrics,
        settings=settings(run),
        places=_places(board=bool(board), viewer=bool(viewer["scenes"]), charts=charts),
    )
    return page


def _places(
    *, board: bool, viewer: bool, charts: Mapping[str, Any]
) -> list[tuple[str, str]]:  # fmt: skip
    """Places of the page and what they are called, in order."""
    there = {
        ("scoreboard", "Safe for what?"): board,
        ("images", "Images"): viewer,
        ("verdict", "Verdict"): True,
        ("charts", "Charts"): bool(charts["charts"]),
        ("figures", "Figures"): True,
        ("leaderboard", "Leaderboard"): True,
        ("tables", "Tables"): True,
        ("claims", "Claims of the paper"): True,
        ("settings", "Settings"): True,
    }
    return [place for place, shown in there.items() if shown]


def template(name: str) -> Any:
    """Template of a page, which escapes what it is given and refuses what it is not."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = unbroken
    environment.filters["anchor"] = anchor
    return environment.get_template(name)


def unbroken(text: str) -> str:
    """Keep percent, and the unit of dose in one piece, on the line of their number."""
    dose = text.replace(" e/Å²", "\u00a0e/\u2060Å²").replace("(e/Å²", "(e/\u2060Å²")
    return dose.replace(" %", "\u00a0%")


def lead(run: Run) -> str:
    """Say in one line what run this is."""
    info = run.info
    parts = [
        f"profile {info.profile}",
        f"seed {info.seed}",
        f"created {info.created}",
        f"stembench {info.stembench}",
    ]
    if info.sessions:
        parts.append(f"wall time {seconds_text(info.wall_seconds)}")
    return ", ".join(parts)


def settings(run: Run) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Every declared setting of a run as (heading, sentence, rows of name and value)."""
    info = run.info
    general = {
        "schema_version": info.schema_version,
        "profile": info.profile,
        "profile_summary": info.profile_summary,
        "seed": info.seed,
        "block_size": info.block_size,
        "fit_engine": info.fit_engine,
        "created": info.created,
        "commit": info.commit,
        "complete": info.complete,
        "failures": list(info.failures),
        "cautions": [caution_text(caution) for caution in info.cautions],
        "doubts": [doubt_text(doubt) for doubt in info.doubts],
    }
    if info.sessions:
        general["wall_seconds"] = info.wall_seconds
        general["peak_memory_gib"] = f"{info.peak_memory_bytes / 2**30:.2f}"
    parts = [("Run", "", flatten(general))]
    for name, case in info.cases.items():
        parts.append((f"Case {name}", case_text(case), flatten(as_plain(case))))
    for ladder in info.ladders:
        heading = f"Ladder of {ladder.axis}: {ladder.case}, {dose_text(ladder.dose)} e/Å²"
        parts.append((heading, ladder_text(ladder), flatten(as_plain(ladder))))
    stages = {name: seconds_text(seconds) for name, seconds in info.stages.items()}
    parts += [
        ("Restorers", "", flatten(as_plain(info.restorers))),
        ("Time per stage", "Summed over worker processes.", flatten(stages)),
        ("Calls that made this run", "", flatten({"call": as_plain(info.sessions)})),
        ("Versions", "", flatten(info.versions)),
        ("Hardware", "", flatten(info.hardware)),
    ]
    return [part for part in parts if part[2]]


def case_text(info: CaseInfo) -> str:
    """Describe a case in sentences: noise, microscope, fit, ground truth."""
    declared = info.case.as_dict()
    return (
        f"{info.case.summary} Noise: {noise_text(declared['noise'])}. "
        f"Microscope: {microscope_text(declared['microscope'])}. "
        f"Fit: {fit_text(declared['fit'])}. Ground truth: {phonon_text(info.provenance)}."
    )


def ladder_text(ladder: Ladder) -> str:
    """Describe the rungs of a ladder in sentences."""
    rungs = ". ".join(f"{rung.label}: {noise_text(rung.noise.as_dict())}" for rung in ladder.rungs)
    return (
        f"{ladder.case} {ladder.image} at {dose_text(ladder.dose)} e/Å², "
        f"{ladder.realizations} realizations per rung. {rungs}."
    )


def phonon_text(provenance: Mapping[str, Any]) -> str:
    """Name the numbers of phonon configurations that a ground truth's provenance states."""
    rows = []
    for name, value in flatten(provenance):
        *path, leaf = name.split(".")
        if leaf == "configurations":
            leaf = "phonon_configurations"
        if leaf.endswith("configurations"):
            rows.append(f"{' '.join([*path, leaf]).replace('_', ' ')} {value}")
    return ", ".join(rows) or "number of phonon configurations not declared"


def _by_topic(sentences: Sequence[Sentence]) -> list[tuple[str, list[Sentence]]]:
    """Sentences grouped by their topic, in order of first mention."""
    groups: dict[str, list[Sentence]] = {}
    general = [s for s in sentences if not s.topic]
    warnings = [s for s in general if s.kind == "warning"]
    groups[""] = warnings
    for sentence in sentences:
        if sentence.topic:
            groups.setdefault(sentence.topic, []).append(sentence)
    rest = [s for s in general if s.kind != "warning"]
    if rest:
        groups["Fits"] = rest
    return [(topic, group) for topic, group in groups.items() if group]
