"""The verdict of a run in sentences, each computed from the summary and its intervals."""

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from reports.names import is_classical, is_raw, order
from reports.records.run_folder import Run
from reports.studies import cases_in_order
from reports.words.numbers import dose_text
from reports.words.sentences import Sentence, label, metric_text
from reports.words.verdict.accuracy import accuracy_sentences, counting_sentences
from reports.words.verdict.precision import precision_sentences

#: Below this many realizations the verdict says that they are few.
FEW = 20
#: Below this share of columns counted right without noise the verdict says so.
CEILING = 0.99


def verdict(run: Run, summary: pd.DataFrame, comparisons: pd.DataFrame) -> list[Sentence]:
    """Say what a run shows, and what it does not decide.

    Parameters
    ----------
    run : Run
    summary : pandas.DataFrame
        `reports.summaries.summary.summarise` of its records.
    comparisons : pandas.DataFrame
        `reports.summaries.summary.paired_comparisons` of its records against raw fits.

    Returns
    -------
    list of Sentence
        A statement is a finding only if a whole 95 % interval supports it; otherwise it is
        undecided and says so.
    """
    said = _validity(run, summary)
    for case, kind in cases_in_order(run, summary).items():
        title = run.title(case)
        rows = summary[summary["case"] == case]
        pairs = comparisons[comparisons["case"] == case]
        about: list[Sentence] = []
        for restorer in judged(rows["restorer"].unique()):
            if kind == "defects":  # `reports.words.defects` speaks of these
                continue
            if kind == "precision":
                about += precision_sentences(rows, pairs, restorer=restorer)
            else:
                about += accuracy_sentences(rows, pairs, restorer=restorer)
                if kind == "counting":
                    about += counting_sentences(rows, pairs, restorer=restorer)
        said += [replace(sentence, topic=title) for sentence in about]
    return said + _failures(run, summary)


def judged(restorers: Iterable[str]) -> list[str]:
    """Restorers that get sentences of their own: the networks, else whatever restores."""
    restoring = [name for name in order(restorers) if not is_raw(name)]
    return [name for name in restoring if not is_classical(name)] or restoring[:1]


def _validity(run: Run, summary: pd.DataFrame) -> list[Sentence]:
    said = []
    if not run.complete:
        said.append(
            Sentence(
                "This run is incomplete: part of its realizations or cases is missing, and every "
                "number below may still change.",
                "warning",
            )
        )
    fewest = int(summary["n_realizations"].min()) if len(summary) else 0
    if fewest <= 1:
        said.append(
            Sentence(
                "There is one realization: no interval can be stated and nothing is decided.",
                "warning",
            )
        )
    elif fewest < FEW:
        said.append(
            Sentence(
                f"There are as few as {fewest} realizations per point: intervals are wide, and "
                "those of scatter under-cover when errors are correlated across the columns "
                "of an image.",
                "warning",
            )
        )
    ceilings = summary[summary["metric"] == "count_accuracy_clean"]
    for case, value in ceilings.groupby("case")["value"].first().items():
        if value < CEILING:
            said.append(
                Sentence(
                    f"Without noise {100 * value:.1f} % of the columns of"
                    f" {run.title(str(case))} are counted right: the statistical error of the"
                    " ground truth and the library set this ceiling, so read counts against it.",
                    "warning",
                )
            )
    return said


def _failures(run: Run, summary: pd.DataFrame) -> list[Sentence]:
    said = [
        Sentence(f"A restoration failed: {failure}.", "warning")
        for failure in run.info.get("failures", [])
    ]
    rates = summary[summary["metric"] == "failure_rate"]
    if not (rates["value"] > 0).any():
        return [*said, Sentence("No fit failed.", "finding")] if len(rates) else said
    parts = []
    for restorer in order(rates["restorer"].unique()):
        own = rates[rates["restorer"] == restorer]
        worst = own.sort_values("value").iloc[-1]
        if worst["value"] > 0:
            parts.append(
                f"{label(restorer)} up to {metric_text(worst)} ({worst['case']} {worst['image']}, "
                f"{dose_text(worst['dose'])} e/Å²)"
            )
    text = f"Fits failed: {'; '.join(parts)}. Errors are over the fitted columns alone."
    return [*said, Sentence(text, "warning")]
