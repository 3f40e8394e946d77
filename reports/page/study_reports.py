"""Parts of a report beside the fits: each study loaded, summarised and put in words by one call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd

from reports.figures.ablation import write_ablation_figure
from reports.figures.figure import FigureFile
from reports.metrics.column_search import load_detection, summarise_detection
from reports.metrics.defects import summarise_defects
from reports.metrics.dislocation import load_circuits, summarise_core
from reports.records.ablation import load_ablation
from reports.records.run_folder import Run
from reports.studies import cases_in_order
from reports.summaries.ablation import summarise_ablation
from reports.summaries.bounds import summarise_bounds
from reports.summaries.response import summarise_response
from reports.words.ablation import ablation_sentences, ablation_table
from reports.words.column_search import detection_table
from reports.words.defects import defect_sentences, defect_table
from reports.words.dislocation import core_table
from reports.words.sentences import Sentence
from reports.words.tables import Table
from reports.words.verdict.bounds import bound_table
from reports.words.verdict.response import response_sentences, response_tables


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
    """Report strain errors and the Burgers vector around dislocations."""
    del folder
    cases = {name: run.case(name) for name in run.info.cases}
    core = summarise_core(run.records, cases, circuits=load_circuits(run))
    tables = tuple(
        core_table(rows, title=run.title(str(name)), restorers=run.restorers)
        for name, rows in core.groupby("case")
    )
    return StudyReport(csv={"dislocation_core.csv": core} if len(core) else {}, tables=tables)


def report_column_search(run: Run, folder: Path) -> StudyReport:
    """Report the columns that a search missed or invented."""
    del folder
    searches = summarise_detection(load_detection(run))
    tables = tuple(
        detection_table(rows, title=run.title(str(name)), restorers=run.restorers)
        for name, rows in searches.groupby("case")
    )
    return StudyReport(csv={"detection.csv": searches} if len(searches) else {}, tables=tables)


def report_response(run: Run, folder: Path) -> StudyReport:
    """Report how much of a real change is passed on, and what information is left."""
    del folder
    told = summarise_response(run)
    tables: list[Table] = []
    sentences: list[Sentence] = []
    for name, rows in told.responses.groupby("case", sort=False):
        title = run.title(str(name))
        information = told.information[told.information["case"] == name]
        tables += response_tables(rows, information, title=title, restorers=run.restorers)
        for restorer in run.restorers.judged(rows["restorer"].unique()):
            sentences += response_sentences(
                information, restorer=restorer, restorers=run.restorers, title=title
            )
    csv = {"response.csv": told.responses, "information.csv": told.information}
    return StudyReport(
        csv=csv if len(told.responses) else {},
        tables=tuple(tables),
        sentences=tuple(sentences),
    )


def report_bounds(run: Run, folder: Path) -> StudyReport:
    """Report the bounds and what each takes as known."""
    del folder
    bounds = summarise_bounds(run)
    tables = tuple(
        bound_table(bounds[bounds["case"] == case], title=run.title(case))
        for case in cases_in_order(run, bounds)
    )
    return StudyReport(csv={"bounds.csv": bounds} if len(bounds) else {}, tables=tables)


#: Studies in the order of the report. A new study adds its line here.
STUDY_REPORTS: Final[tuple[Callable[[Run, Path], StudyReport], ...]] = (
    report_response,
    report_ablation,
    report_defects,
    report_dislocations,
    report_column_search,
    report_bounds,
)
