"""Parts of a report beside the fits: each study loaded, summarised and put in words by one call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd

from reports.figures.ablation import write_ablation_figure
from reports.figures.figure import FigureFile
from reports.metrics.column_search import load_detection, summarise_detection
from reports.metrics.columns.atom_counts import load_offsets, summarise_counts
from reports.metrics.core_distance import load_distances, summarise_distances
from reports.metrics.defects import summarise_defects
from reports.metrics.dislocation import load_circuits, summarise_core
from reports.records.ablation import load_ablation
from reports.records.run_folder import Run
from reports.summaries.ablation import summarise_ablation
from reports.words.column_search import detection_table
from reports.words.defects import defect_sentences, defect_table
from reports.words.sentences import Sentence
from reports.words.studies.ablation import ablation_sentences, ablation_table
from reports.words.studies.atom_counts import count_sentences, count_table
from reports.words.studies.dislocation import (
    burgers_sentences,
    core_table,
    distance_sentences,
    distance_table,
)
from reports.words.tables import Table


@dataclass(frozen=True)
class StudyReport:
    """What a study adds to a report; empty where the run does not hold it.

    Attributes
    ----------
    csv : mapping of str to pandas.DataFrame
        Tidy tables by file name.
    tables : tuple of Table
    sentences : tuple of Sentence
    figures : tuple of FigureFile
    """

    csv: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    figures: tuple[FigureFile, ...] = ()


def report_ablation(run: Run, folder: Path) -> StudyReport:
    """Report what each stage of the noise costs; draws its figure into `folder`."""
    records = load_ablation(run)
    if records is None:
        return StudyReport()
    ablation = summarise_ablation(records)
    pairs = pd.concat([ablation.against_raw, ablation.against_rung_before])
    return StudyReport(
        csv={"ablation.csv": ablation.summary, "ablation_comparisons.csv": pairs},
        tables=(ablation_table(run, ablation),),
        sentences=tuple(ablation_sentences(run, ablation)),
        figures=(write_ablation_figure(run, ablation, folder),),
    )


def report_defects(run: Run, folder: Path) -> StudyReport:
    """Report the fidelity of each defect and adatom."""
    del folder
    fidelity = summarise_defects(run.records)
    tables: list[Table] = []
    sentences: list[Sentence] = []
    for name, rows in fidelity.groupby("case"):
        title = run.title(str(name))
        tables.append(defect_table(rows, title=title, restorers=run.restorers))
        for restorer in run.restorers.judged(rows["restorer"].unique()):
            sentences += defect_sentences(
                rows, restorer=restorer, restorers=run.restorers, title=title
            )
    csv = {"defects.csv": fidelity} if len(fidelity) else {}
    return StudyReport(csv=csv, tables=tuple(tables), sentences=tuple(sentences))


def report_dislocations(run: Run, folder: Path) -> StudyReport:
    """Report strain errors, Burgers vector and errors by distance around dislocations."""
    del folder
    cases = {name: run.case(name) for name in run.info.cases}
    core = summarise_core(run.records, cases, circuits=load_circuits(run))
    distances = summarise_distances(
        load_distances(run), baseline=run.restorers.raw(run.info.restorers)
    )
    tables: list[Table] = []
    sentences: list[Sentence] = []
    for summary, tabulate, say in (
        (core, core_table, burgers_sentences),
        (distances, distance_table, distance_sentences),
    ):
        for name, rows in summary.groupby("case"):
            title = run.title(str(name))
            tables.append(tabulate(rows, title=title, restorers=run.restorers))
            for restorer in run.restorers.judged(rows["restorer"].unique()):
                sentences += say(rows, title=title, restorer=restorer, restorers=run.restorers)
    files = {"dislocation_core.csv": core, "core_distance.csv": distances}
    return StudyReport(
        csv={name: rows for name, rows in files.items() if len(rows)},
        tables=tuple(tables),
        sentences=tuple(sentences),
    )


def report_counts(run: Run, folder: Path) -> StudyReport:
    """Report the errors of atom counts: by one atom, of the total, of the shape, by true count."""
    del folder
    cases = {name: run.case(name) for name in run.info.cases}
    counts = summarise_counts(run.records, cases, offsets=load_offsets(run))
    tables: list[Table] = []
    sentences: list[Sentence] = []
    for name, rows in counts.groupby("case"):
        title = run.title(str(name))
        tables.append(count_table(rows, title=title, restorers=run.restorers))
        for restorer in run.restorers.judged(rows["restorer"].unique()):
            sentences += count_sentences(
                rows, title=title, restorer=restorer, restorers=run.restorers
            )
    csv = {"counts.csv": counts} if len(counts) else {}
    return StudyReport(csv=csv, tables=tuple(tables), sentences=tuple(sentences))


def report_column_search(run: Run, folder: Path) -> StudyReport:
    """Report the columns that a search missed or invented."""
    del folder
    searches = summarise_detection(load_detection(run))
    tables = tuple(
        detection_table(rows, title=run.title(str(name)), restorers=run.restorers)
        for name, rows in searches.groupby("case")
    )
    return StudyReport(csv={"detection.csv": searches} if len(searches) else {}, tables=tables)


#: Studies in the order of the report. A new study adds its line here.
STUDY_REPORTS: Final[tuple[Callable[[Run, Path], StudyReport], ...]] = (
    report_ablation,
    report_defects,
    report_dislocations,
    report_counts,
    report_column_search,
)
