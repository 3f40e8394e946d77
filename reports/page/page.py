"""The page of a report: one self-contained HTML file, figures embedded."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.figures.draw import FigureFile
from reports.records.run_folder import Run
from reports.words.captions import fit_text, microscope_text, noise_text
from reports.words.numbers import dose_text, seconds_text
from reports.words.sentences import Sentence
from reports.words.tables import Table, flatten

_TEMPLATES = Path(__file__).parents[1] / "templates"
#: Parts of run.json that the page shows in words or tables of their own.
_SHOWN_APART = (
    "cases", "restorers", "versions", "hardware", "stages", "restore_memory_bytes", "sessions",
    "identity", "ablation",
)  # fmt: skip


def render(
    run: Run,
    *,
    sentences: Sequence[Sentence],
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
    boards : sequence of Table
        The leaderboard.
    figures : sequence of FigureFile
        Written figures; their PNG files are embedded.
    tables : sequence of Table
        Headline tables.
    metrics : Table
        Definitions.

    Returns
    -------
    str
        HTML without links to other files than the CSV and PDF files beside it.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = unbroken
    return environment.get_template("report.html.j2").render(
        title=f"stembench report: profile {run.info.get('profile', 'unknown')}",
        run=run,
        lead=lead(run),
        verdict=_by_topic(sentences),
        boards=boards,
        figures=[
            {"file": figure, "data": base64.b64encode(figure.png.read_bytes()).decode("ascii")}
            for figure in figures
        ],
        tables=tables,
        metrics=metrics,
        settings=settings(run),
    )


def unbroken(text: str) -> str:
    """Keep the unit of dose in one piece and on the line of its number."""
    return text.replace(" e/Å²", "\u00a0e/\u2060Å²").replace("(e/Å²", "(e/\u2060Å²")


def lead(run: Run) -> str:
    """Say in one line what run this is."""
    info = run.info
    parts = [
        f"profile {info.get('profile', 'unknown')}",
        f"seed {info.get('seed', 'unknown')}",
        f"created {info.get('created', 'unknown')}",
        f"stembench {info.get('versions', {}).get('stembench', 'unknown')}",
    ]
    if "wall_seconds" in info:
        parts.append(f"wall time {seconds_text(float(info['wall_seconds']))}")
    return ", ".join(parts)


def settings(run: Run) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Every declared setting of a run as (heading, sentence, rows of name and value)."""
    info = run.info
    general = {k: v for k, v in info.items() if k not in _SHOWN_APART}
    if "peak_memory_bytes" in info:
        general["peak_memory_gib"] = f"{info['peak_memory_bytes'] / 2**30:.2f}"
    made = [("Run", "", flatten(general))]
    for case, declared in info.get("cases", {}).items():
        made.append((f"Case {case}", case_text(declared), flatten(declared)))
    if info.get("ablation"):
        made.append(("Ablation", ablation_text(info["ablation"]), flatten(info["ablation"])))
    made.append(("Restorers", "", flatten(info.get("restorers", {}))))
    stages = {k: seconds_text(float(v)) for k, v in info.get("stages", {}).items()}
    made.append(
        ("Time per stage", "Summed over worker processes.", flatten(stages)),
    )
    made.append(("Calls that made this run", "", flatten({"call": info.get("sessions", [])})))
    made.append(("Versions", "", flatten(info.get("versions", {}))))
    made.append(("Hardware", "", flatten(info.get("hardware", {}))))
    return [part for part in made if part[2]]


def case_text(declared: Mapping[str, Any]) -> str:
    """Describe a case in sentences: noise, microscope, fit, ground truth."""
    truth = phonon_text(declared.get("provenance"))
    return (
        f"{declared.get('summary', '')} Noise: {noise_text(declared.get('noise'))}. "
        f"Microscope: {microscope_text(declared.get('microscope'))}. "
        f"Fit: {fit_text(declared.get('fit'))}. Ground truth: {truth}."
    ).strip()


def ablation_text(declared: Mapping[str, Any]) -> str:
    """Describe the rungs of an ablation in sentences."""
    rungs = ". ".join(f"{rung}: {noise_text(chain)}" for rung, chain in declared["rungs"].items())
    return (
        f"{declared['case']} {declared['image']} at {dose_text(declared['dose'])} e/Å², "
        f"{declared['realizations']} realizations per rung. {rungs}."
    )


def phonon_text(provenance: Mapping[str, Any] | None) -> str:
    """Name the numbers of phonon configurations that a ground truth's provenance states."""
    rows = []
    for name, value in flatten(provenance or {}):
        *path, leaf = name.split(".")
        if leaf == "configurations":
            leaf = "phonon_configurations"
        if leaf.endswith("configurations") or "phonon" in leaf:
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
