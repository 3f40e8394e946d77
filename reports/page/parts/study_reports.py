"""Parts of a report beside the fits: each study loaded, summarised and put in words by one call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd

from reports.figures.figure import FigureFile
from reports.figures.ladders.ablation import write_ablation_figure
from reports.figures.ladders.axes import write_axes_figure
from reports.metrics.column_search import detection_of
from reports.metrics.columns.atom_counts import counts_of
from reports.metrics.core_distance import distances_of
from reports.metrics.defects import fidelity_of
from reports.metrics.dislocation import core_of
from reports.metrics.kept.image_intensity import intensity_of
from reports.metrics.kept.resolution import contrast_of, resolved_alone, unresolved_cells
from reports.records.run_folder import Run
from reports.studies import cases_in_order
from reports.summaries.bounds import summarise_bounds
from reports.summaries.ladder_summary import LadderSummary, ablations_of, axes_of
from reports.summaries.response import summarise_response
from reports.summaries.summary import summary_of
from reports.words.defects import defect_sentences, defect_table
from reports.words.kept.column_search import detection_table
from reports.words.kept.intensity_table import intensity_table
from reports.words.kept.losses import loss_sentences
from reports.words.sentences import Sentence
from reports.words.studies.ablation import ablation_sentences, ablation_table
from reports.words.studies.atom_counts import count_sentences, count_table
from reports.words.studies.axes import axes_gains, axes_rows, axes_sentences, axes_table
from reports.words.studies.dislocation import (
    burgers_sentences,
    core_table,
    distance_sentences,
    distance_table,
)
from reports.words.studies.frames import frames_sentences, frames_table
from reports.words.tables import Table
from reports.words.verdict.bounds import bound_table
from reports.words.verdict.change_size import size_sentences
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


#: Reports a study of a run; what it draws it writes into a folder.
Study = Callable[[Run, Path], StudyReport]


def report_ablation(run: Run, folder: Path) -> StudyReport:
    """Report what each stage of the noise costs; draws its figure into `folder`."""
    ablations = run.once(ablations_of)
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
    axes = run.once(axes_of)
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
    summary = run.once(summary_of)
    table = frames_table(run, summary)
    if table is None:
        return StudyReport()
    return StudyReport(tables=(table,), sentences=tuple(frames_sentences(run, summary)))


def report_defects(run: Run, folder: Path) -> StudyReport:
    """Report the fidelity of each defect and adatom."""
    del folder
    return _by_case(run, "defects.csv", run.once(fidelity_of), (defect_table, defect_sentences))


def report_dislocations(run: Run, folder: Path) -> StudyReport:
    """Report strain errors, Burgers vector and errors by distance around dislocations."""
    del folder
    unresolved = unresolved_cells(run.once(contrast_of), run.restorers)
    core = resolved_alone(run.once(core_of), unresolved)
    distances = run.once(distances_of)
    of_core = _by_case(run, "dislocation_core.csv", core, (core_table, burgers_sentences))
    by_distance = _by_case(
        run, "core_distance.csv", distances, (distance_table, distance_sentences)
    )
    return StudyReport(
        csv={**of_core.csv, **by_distance.csv},
        tables=of_core.tables + by_distance.tables,
        sentences=of_core.sentences + by_distance.sentences,
    )


def report_counts(run: Run, folder: Path) -> StudyReport:
    """Report the errors of atom counts: by one atom, of the total, of the shape, by true count."""
    del folder
    return _by_case(run, "counts.csv", run.once(counts_of), (count_table, count_sentences))


def _by_case(
    run: Run,
    file: str,
    summary: pd.DataFrame,
    words: tuple[Callable[..., Table], Callable[..., Sequence[Sentence]]],
) -> StudyReport:
    """Put a summary in a table of each case, and in sentences of each restorer that is judged."""
    tabulate, say = words
    tables: list[Table] = []
    sentences: list[Sentence] = []
    for name, rows in summary.groupby("case"):
        title = run.title(str(name))
        tables.append(tabulate(rows, title=title, restorers=run.restorers))
        for restorer in run.restorers.judged(rows["restorer"].unique()):
            sentences += say(rows, title=title, restorer=restorer, restorers=run.restorers)
    csv = {file: summary} if len(summary) else {}
    return StudyReport(csv=csv, tables=tuple(tables), sentences=tuple(sentences))


def report_column_search(run: Run, folder: Path) -> StudyReport:
    """Report the columns that a search missed or invented."""
    del folder
    searches = run.once(detection_of)
    from_truth = run.once(summary_of) if len(searches) else None
    tables = tuple(
        detection_table(
            rows, title=run.title(str(name)), restorers=run.restorers, from_truth=from_truth
        )
        for name, rows in searches.groupby("case")
    )
    return StudyReport(csv={"detection.csv": searches} if len(searches) else {}, tables=tables)


def report_response(run: Run, folder: Path) -> StudyReport:
    """Report how much of a real change is passed on, and what information is left."""
    del folder
    told = run.once(summarise_response)
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
            sentences += size_sentences(
                rows, information, restorer=restorer, restorers=run.restorers, title=title
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
    bounds = run.once(summarise_bounds)
    tables = tuple(
        bound_table(bounds[bounds["case"] == case], title=run.title(case))
        for case in cases_in_order(run, bounds)
    )
    return StudyReport(csv={"bounds.csv": bounds} if len(bounds) else {}, tables=tables)


def report_intensity(run: Run, folder: Path) -> StudyReport:
    """Report contrast, intensity and vacuum of the images."""
    del folder
    kept = run.once(intensity_of)
    if kept.empty:
        return StudyReport()
    unresolved = unresolved_cells(run.once(contrast_of), run.restorers)
    tables = tuple(
        intensity_table(
            rows,
            run.once(summary_of),
            title=run.title(str(name)),
            restorers=run.restorers,
            unresolved=unresolved,
        )
        for name, rows in kept.groupby("case")
    )
    return StudyReport(
        csv={"intensity.csv": kept}, tables=tables, sentences=tuple(loss_sentences(run))
    )


def study_report(run: Run, summary: pd.DataFrame, study: Study, folder: Path) -> StudyReport:
    """Report one study, handed the summary that the other parts of a report need too."""
    del summary
    return study(run, folder)


#: Studies that take long and share little with the rest: other processes are asked for them.
LONG_STUDIES: Final[tuple[Study, ...]] = (report_axes, report_ablation, report_dislocations)
#: Studies in the order of the report. A new study adds its line here.
STUDY_REPORTS: Final[tuple[Study, ...]] = (
    report_response,
    report_ablation,
    report_axes,
    report_frames,
    report_defects,
    report_dislocations,
    report_counts,
    report_column_search,
    report_bounds,
    report_intensity,
)
