"""The verdict of a run in sentences, each computed from the summary and its intervals."""

from dataclasses import replace
from functools import partial
from typing import Final

import pandas as pd

from reports.records.run_folder import Run
from reports.records.verification import read_verification
from reports.studies import cases_in_order
from reports.summaries.response import summarise_response
from reports.summaries.scan_fit import against_network, summarise_scans
from reports.words.kept.losses import resolution_sentences
from reports.words.numbers import dose_text
from reports.words.sentences import Sentence, metric_text
from reports.words.studies.scan_fit import scan_sentences
from reports.words.studies.verification import verification_sentence
from reports.words.verdict.accuracy import accuracy_sentences, counting_sentences
from reports.words.verdict.cautions import caution_sentences, doubt_sentences
from reports.words.verdict.controls import control_sentences
from reports.words.verdict.precision import precision_sentences
from reports.words.verdict.response import response_phrases

#: Below this many realizations the verdict says that they are few.
FEW = 20
#: Below this share of columns counted right without noise the verdict says so.
CEILING = 0.99


#: Sentences of a case by the figure that shows it; `reports.words.defects` speaks of defects.
_SENTENCES: Final = {
    "precision": (precision_sentences,),
    "dislocation": (accuracy_sentences,),
    "counting": (accuracy_sentences, counting_sentences),
    "defects": (),
    "response": (),
}
_OTHER_SENTENCES: Final = (accuracy_sentences,)


def verdict(run: Run, summary: pd.DataFrame, comparisons: pd.DataFrame) -> list[Sentence]:
    """Say what a run shows, and what it does not decide.

    Parameters
    ----------
    run : Run
    summary : pandas.DataFrame
        `reports.summaries.summary.summarise` of its records.
    comparisons : pandas.DataFrame
        `reports.summaries.summary.paired_comparisons` of its records against raw.

    Returns
    -------
    list of Sentence
        A statement is a finding only if a whole 95 % interval supports it; otherwise it is
        undecided and says so.
    """
    sentences = doubt_sentences(run) + resolution_sentences(run) + _validity(run, summary)
    restorers, information = run.restorers, run.once(summarise_response).information
    scans = run.once(summarise_scans)
    for case in cases_in_order(run, summary):
        rows = summary[summary["case"] == case]
        pairs = comparisons[comparisons["case"] == case]
        measured_by = run.case(case).study.information
        passed_on = partial(response_phrases, information[information["case"] == measured_by])
        for restorer in restorers.judged(rows["restorer"].unique()):
            for speak in _SENTENCES.get(run.case(case).study.figure, _OTHER_SENTENCES):
                more = {"passed_on": passed_on} if speak is precision_sentences else {}
                sentences += [
                    replace(sentence, topic=run.title(case))
                    for sentence in speak(
                        rows, pairs, restorer=restorer, restorers=restorers, **more
                    )
                ]
        sentences += [
            replace(sentence, topic=run.title(case))
            for sentence in control_sentences(
                rows,
                restorer=_network(run, rows),
                restorers=restorers,
                passed_on=passed_on,
            )
        ]
        sentences += [
            replace(sentence, topic=run.title(case))
            for sentence in _of_scans(run, rows, scans, case=case)
        ]
    return sentences + _failures(run, summary) + caution_sentences(run) + _verification(run)


def _of_scans(run: Run, rows: pd.DataFrame, scans: pd.DataFrame, *, case: str) -> list[Sentence]:
    """What fits that know the scan reach in a case."""
    own = scans[scans["case"] == case] if len(scans) else scans
    if own.empty:
        return []
    return scan_sentences(
        own,
        rows,
        networks=[n for n in rows["restorer"].unique() if _is_main_network(run, n)],
        compare=partial(against_network, run, case=case),
        restorers=run.restorers,
    )


def _is_main_network(run: Run, name: str) -> bool:
    return run.restorers.is_network(name) and not run.restorers.is_variant(name)


def _network(run: Run, rows: pd.DataFrame) -> str | None:
    """First network among the rows of a case."""
    names = run.restorers.judged(rows["restorer"].unique())
    return next((name for name in names if not run.restorers.is_classical(name)), None)


def _validity(run: Run, summary: pd.DataFrame) -> list[Sentence]:
    sentences = []
    if not run.complete:
        sentences.append(
            Sentence(
                "This run is incomplete: part of its realizations or cases is missing, and every "
                "number below may still change.",
                "warning",
            )
        )
    paired = summary[summary["restorer"].isin(run.restorers.ranked(summary["restorer"].unique()))]
    fewest = int(paired["n_realizations"].min()) if len(paired) else 0
    if fewest <= 1:
        sentences.append(
            Sentence(
                "There is one realization: no interval can be stated and nothing is decided.",
                "warning",
            )
        )
    elif fewest < FEW:
        sentences.append(
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
            sentences.append(
                Sentence(
                    f"Without noise {100 * value:.1f} % of the columns of"
                    f" {run.title(str(case))} are counted right: the statistical error of the"
                    " ground truth and the library set this ceiling, so read counts against it.",
                    "warning",
                )
            )
    return sentences


def _verification(run: Run) -> list[Sentence]:
    """What another engine finds in the run's images, if it was asked."""
    verification = read_verification(run.folder, origin=run.origin)
    return [] if verification is None else [verification_sentence(verification)]


def _failures(run: Run, summary: pd.DataFrame) -> list[Sentence]:
    sentences = [
        Sentence(f"A restoration failed: {failure}.", "warning") for failure in run.info.failures
    ]
    present = summary["restorer"].unique()
    names = [*run.restorers.ranked(present), *run.restorers.beside(present)]
    rates = summary[(summary["metric"] == "failure_rate") & summary["restorer"].isin(names)]
    if not (rates["value"] > 0).any():
        return [*sentences, Sentence("No fit failed.", "finding")] if len(rates) else sentences
    parts = []
    for restorer in run.restorers.order(rates["restorer"].unique()):
        own = rates[rates["restorer"] == restorer]
        worst = own.sort_values("value").iloc[-1]
        if worst["value"] > 0:
            parts.append(
                f"{run.restorers.phrase(restorer)} up to {metric_text(worst)} ("
                f"{worst['case']} {worst['image']}, {dose_text(worst['dose'])} e/Å²)"
            )
    text = f"Fits failed: {'; '.join(parts)}. Errors are over the fitted columns alone."
    return [*sentences, Sentence(text, "warning")]
