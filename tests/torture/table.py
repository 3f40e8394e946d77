"""The table of what was tried, between marks in a document."""

from collections import Counter
from pathlib import Path
from typing import Final

from tests.torture.trial import Trial

BEGIN: Final = "<!-- Written by `nox -s torture`: do not edit. -->"
END: Final = "<!-- End of the table of torture. -->"
#: Groups of so many kinds are told as one row.
_MOST_KINDS: Final = 12


def table(trials: list[Trial]) -> str:
    """Return rows of group and kind: how many were tried, what came of them, how many failed."""
    lines = [
        "| what | kind | tried | outcomes | failed |",
        "|---|---|---|---|---|",
    ]
    for group in dict.fromkeys(trial.group for trial in trials):
        of_group = [trial for trial in trials if trial.group == group]
        kinds = list(dict.fromkeys(trial.kind for trial in of_group))
        rows = [(kind, [t for t in of_group if t.kind == kind]) for kind in sorted(kinds)]
        if len(kinds) > _MOST_KINDS:
            rows = [(f"{len(kinds)} kinds: {', '.join(sorted(kinds))}", of_group)]
        for kind, some in rows:
            outcomes = Counter(trial.outcome for trial in some if not trial.fault)
            told = ", ".join(f"{number} {what}" for what, number in outcomes.most_common())
            failed = sum(bool(trial.fault) for trial in some)
            lines.append(f"| {group} | {kind} | {len(some)} | {told} | {failed} |")
    faults = [trial for trial in trials if trial.fault]
    lines += ["", f"{len(trials)} trials, {len(faults)} failed."]
    lines += [f"- {t.group}, {t.kind} {t.number}: {_plain(t.fault)}" for t in faults[:40]]
    return "\n".join(lines)


def write_table(document: Path, trials: list[Trial]) -> None:
    """Put the table between the marks of a document."""
    text = document.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"{document} lacks the marks of the table")
    document.write_text(f"{before}{BEGIN}\n\n{table(trials)}\n\n{END}{after}", encoding="utf-8")


def _plain(fault: str) -> str:
    return " ".join(fault.replace("|", "/").replace("`", "'").split())[:200]
