"""Parts of a report beside the fits: each study loaded, summarised and put in words by one call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd

from reports.figures.figure import FigureFile
from reports.figures.ladders.ablation import write_ablation_figure
from reports.figures.ladders.axes import write_axes_figure
from reports.metrics.column_search import load_detection, summarise_detection
from reports.metrics.defects import summarise_defects
from reports.metrics.dislocation import load_circuits, summarise_core
from reports.records.ladder import ABLATION, AXES
from reports.records.ladder_records import load_ladders
from reports.records.run_folder import Run
from reports.summaries.ladder_summary import LadderSummary, summarise_ladder
from reports.summaries.summary import summarise
from reports.words.column_search import detection_table
from reports.words.defects import defect_sentences, defect_table
from reports.words.dislocation import core_table
from reports.words.sentences import Sentence
from reports.words.studies.ablation import ablation_sentences, ablation_table
from reports.words.studies.axes import axes_gains, axes_rows, axes_sentences, axes_table
from reports.words.studies.frames import frames_sentences, frames_table
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
    ablations = [summarise_ladder(records) for records in load_ladders(run, ABLATION)]
    if not ablations:
        return StudyReport()
    pairs = [frame for one in ablations for frame in (one.against_raw, one.against_rung_before)]
    summary = pd.concat([one.summary for one in ablations]).drop(columns="value_of_axis")
    return StudyReport(
        csv={"ablation.csv": summary, "ablation_comparisons.csv": pd.concat(pairs)},
        tables=tuple(ablation_table(run, one) for one in ablations),
        sentences=tuple(s for one in ablations for s in ablation_sentences(run, one)),
        figures=tuple(write_ablation_figure(run, one, folder) for one in ablations),
    )


def report_axes(run: Run, folder: Path) -> StudyReport:
    """Report what each axis of noise costs; draws a figure per case and dose into `folder`."""
    axes = [summarise_ladder(records) for records in load_ladders(run, AXES)]
    if not axes:
        return StudyReport()
    by_case: dict[str, list[LadderSummary]] = {}
    by_dose: dict[tuple[str, float], list[LadderSummary]] = {}
    for one in axes:
        by_case.setdefault(one.ladder.case, []).append(one)
        by_dose.setdefault((one.ladder.case, one.ladder.dose), []).append(one)
    return StudyReport(
        csv={"axes.csv": axes_rows(axes), "axes_gains.csv": axes_gains(axes)},
        tables=tuple(axes_table(run, group) for group in by_case.values()),
        sentences=tuple(s for one in axes for s in axes_sentences(run, one)),
        figures=tuple(write_axes_figure(run, group, folder) for group in by_dose.values()),
    )


def report_frames(run: Run, folder: Path) -> StudyReport:
    """Report the dose spent in frames beside the one shot."""
    del folder
    summary = summarise(run.records)
    table = frames_table(run, summary)
    if table is None:
        return StudyReport()
    return StudyReport(tables=(table,), sentences=tuple(frames_sentences(run, summary)))


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


#: Studies in the order of the report. A new study adds its line here.
STUDY_REPORTS: Final[tuple[Callable[[Run, Path], StudyReport], ...]] = (
    report_ablation,
    report_axes,
    report_frames,
    report_defects,
    report_dislocations,
    report_column_search,
)
