"""The page of metrics, docs/metrics.md, made from the metrics' declarations and notes on them.

Run ``python docs/site/metric_page.py`` after a metric was added or changed; a test holds the page
to what this writes.
"""

import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
PAGE = ROOT / "docs" / "metrics.md"
NOTES = ROOT / "reports" / "data" / "metric_notes.toml"
FRAME = ROOT / "docs" / "site" / "metrics_frame.md"

#: Subject of metrics -> heading and what they are computed from.
SUBJECTS = {
    "columns": ("Fitted columns", "Of the measured columns of one case, image, dose and restorer."),
    "counts": (
        "Counted columns",
        "Of cases whose columns are counted, over all columns or those of one true count.",
    ),
    "response": (
        "Response",
        "Of an image and the same image with a known change, which share their noise "
        "([response.md](response.md)).",
    ),
    "defects": (
        "Defects",
        "Of sites with a defect and like columns without ([defect_ladder.md](defect_ladder.md)).",
    ),
    "intensity": ("Intensity", "Of whole images of a run ([kept.md](kept.md))."),
    "search": (
        "Column search",
        "Of columns that are searched for instead of given ([defect_ladder.md](defect_ladder.md)); "
        "those from the image alone are told nothing.",
    ),
    "core": ("Dislocation", "Of the surroundings of a dislocation's core."),
    "distance": ("Distance from the core", "Of the columns in rings about the core."),
    "images": (
        "Images",
        "Of `stembench images`, without any atoms ([image_metrics.md](image_metrics.md)).",
    ),
}
_BETTER = {
    "lower": "lower is better",
    "higher": "higher is better",
    "zero": "nearer to 0 is better",
    None: "",
}


def metric_page() -> str:
    """Write the page in Markdown.

    Raises
    ------
    ValueError
        If the notes do not say of a metric its equation and what fools it, or say it of none that
        is declared, or a metric is of a subject without a heading.
    """
    from reports.metrics.table import METRICS

    notes = tomllib.loads(NOTES.read_text(encoding="utf-8"))
    unsaid = [name for name in METRICS if set(notes.get(name, {})) != {"equation", "fooled_by"}]
    if unsaid:
        raise ValueError(f"{NOTES.name} lacks equation and fooled_by of: {', '.join(unsaid)}")
    if lost := sorted(set(notes) - set(METRICS)):
        raise ValueError(f"{NOTES.name} speaks of metrics that no file declares: {', '.join(lost)}")
    homeless = {m.subject for m in METRICS.values()} - set(SUBJECTS)
    if homeless:
        raise ValueError(f"no heading for metrics of {', '.join(sorted(homeless))}")
    parts = []
    for subject, (title, sentence) in SUBJECTS.items():
        parts += [f"## {title}", sentence]
        parts += [
            _entry(metric, **notes[metric.name])
            for metric in METRICS.values()
            if metric.subject == subject
        ]
    return FRAME.read_text(encoding="utf-8").replace("{metrics}", "\n\n".join(parts))


def _entry(metric: Any, *, equation: str, fooled_by: str) -> str:
    """Write what a metric declares of itself, and what its notes say."""
    facts = [metric.label, metric.readers_unit, _BETTER[metric.direction]]
    if metric.gate:
        facts.append(f"in the gate as `{metric.gate.name}`")
    lines = [
        f"### {metric.name}",
        f"**{facts[0]}**{''.join(f' · {fact}' for fact in facts[1:] if fact)}",
        f"`{equation}`",
        f"{_sentence(metric.definition)}",
        f"*What fools it.* {' '.join(fooled_by.split())}",
    ]
    return "\n\n".join(lines)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


if __name__ == "__main__":
    PAGE.write_text(metric_page(), encoding="utf-8")
