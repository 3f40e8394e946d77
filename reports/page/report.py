"""Writing a report: everything recomputed from a run folder's records, each file set at once."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from reports.claims.claim_table import claim_table, claims_markdown, claims_text
from reports.claims.judgement import claim_rows, judge_claims, number_rows
from reports.claims.run_tables import RunTables
from reports.figures.draw import wanted_figures, write_figure
from reports.figures.figure import FigureFile
from reports.metrics.kept.image_intensity import intensity_of
from reports.metrics.kept.resolution import contrast_of, unresolved_cells, without_unresolved
from reports.packs.packed_run import open_run
from reports.page.charts.chart_data import chart_data
from reports.page.gallery.figure_verdicts import figure_verdicts
from reports.page.page import lead, render
from reports.page.parts.shared_work import (
    OtherProcesses,
    Pending,
    SharedWork,
    less_overhead,
    shared_work,
)
from reports.page.parts.study_reports import (
    LONG_STUDIES,
    STUDY_REPORTS,
    Study,
    StudyReport,
    study_report,
)
from reports.page.parts.summary_reports import SUMMARY_REPORTS
from reports.page.scoreboard.scoreboard import scoreboard
from reports.page.viewer.scenes import scenes, viewer_data
from reports.records.run_folder import Run
from reports.studies import cases_in_order
from reports.summaries.leaderboard import leaderboard
from reports.summaries.response import summarise_response
from reports.summaries.summary import comparisons_of, summary_of
from reports.words.examples import example_table
from reports.words.leaderboard import leaderboard_tables
from reports.words.sentences import Sentence
from reports.words.tables import Table, headline, markdown, metric_table, write_csv
from reports.words.verdict.bounds import bound_sentences
from reports.words.verdict.verdict import verdict
from stembench.errors import InputError
from stembench.surroundings.leftovers import staging_folder
from stembench.surroundings.refusals import not_written

PAGE = "report.html"


def write_report(
    folder: str | Path, *, out: str | Path | None = None, others: OtherProcesses | None = None
) -> Path:
    """Write the report of a run under ``folder/report``.

    Everything is first made in a folder of its own and then moved file by file, the page last: a
    reader never meets a half-written file, and an interrupted report leaves the old one.

    Parameters
    ----------
    folder : str or pathlib.Path
        A run folder, complete or not; or a pack, or a folder of packs of one run.
    out : str or pathlib.Path, optional
        Folder of the report in place of ``folder/report``.
    others : OtherProcesses, optional
        Processes that make parts of it beside this one. The files are the same.

    Returns
    -------
    pathlib.Path
        The page ``report.html``. Beside it: ``report.md``, ``summary.csv``,
        ``paired_comparisons.csv``, ``leaderboard.csv``, ``coverage.csv``, ``claims.csv``,
        ``claims.md``, ``claim_numbers.csv`` and each figure as PNG and PDF;
        ``ablation.csv`` and ``ablation_comparisons.csv`` if the run has an ablation,
        ``defects.csv`` if it has defects or adatoms, ``detection.csv`` if its images were searched,
        ``dislocation_core.csv`` and ``core_distance.csv`` if it has a dislocation, ``counts.csv``
        if it is counted, ``scan_fit.csv`` if it has fits that know the scan, ``bounds.csv`` if
        bounds are stated, ``intensity.csv`` of what images kept, ``response.csv`` and
        ``information.csv`` if it has edited images.

    Raises
    ------
    InputError
        If the folder is not a run, holds no measured column, or cannot be written.
    """
    with less_overhead():
        run = open_run(folder)
        unresolved = unresolved_cells(run.once(contrast_of), run.restorers)
        summary = without_unresolved(run.once(summary_of), unresolved)
        if summary.empty:
            raise InputError(
                f"{run.folder} holds no record of a measured column: nothing to report"
            )
        target = run.folder / "report" if out is None else Path(out)
        try:
            target.mkdir(parents=out is not None, exist_ok=True)
            with staging_folder(target.parent) as staging:
                _write_files(run, summary, staging, others=others)
                for file in sorted(staging.iterdir(), key=lambda path: path.name == PAGE):
                    file.replace(target / file.name)
        except OSError as error:
            raise InputError(not_written(target, error)) from error
    return target / PAGE


def _write_files(
    run: Run, summary: pd.DataFrame, folder: Path, *, others: OtherProcesses | None
) -> None:
    """Write every file of the report into a folder."""
    if others is not None:
        # What all of them need is handed over, not made by each.
        for known in (summarise_response, intensity_of):
            run.once(known)
    with shared_work(run, summary, others=others) as work:
        long = {name: work.want(study_report, name, folder) for name in LONG_STUDIES}
        figures = [
            work.want(write_figure, name, case, folder)
            for name, case in wanted_figures(run, summary)
        ]
        _write_parts(run, summary, folder, work=work, long=long, figures=figures)


def _write_parts(
    run: Run,
    summary: pd.DataFrame,
    folder: Path,
    *,
    work: SharedWork,
    long: Mapping[Study, Pending],
    figures: Sequence[Pending],
) -> None:
    """Write every file, some parts of which are under way."""
    unresolved = unresolved_cells(run.once(contrast_of), run.restorers)
    compared = without_unresolved(run.once(comparisons_of), unresolved)
    sentences = [*verdict(run, summary, compared), *bound_sentences(run, summary)]
    every = [summary, run.once(summarise_response).summary_rows]
    write_csv(pd.concat([rows for rows in every if len(rows)]), folder / "summary.csv")
    write_csv(compared, folder / "paired_comparisons.csv")
    frames = {"summary.csv": summary, "paired_comparisons.csv": compared}
    tables = [headline(run, summary, case=case) for case in cases_in_order(run, summary)]
    board = leaderboard(run)
    write_csv(board, folder / "leaderboard.csv")
    boards = leaderboard_tables(run, board)
    examples = example_table(run)
    viewer = viewer_data(scenes(run))
    charts = chart_data(run, summary)
    short = {
        study: study_report(run, summary, study, folder)
        for study in STUDY_REPORTS
        if study not in long
    }
    parts = [part(run, summary) for part in SUMMARY_REPORTS]
    work.help()
    drawn: list[FigureFile] = [figure.result for figure in figures]
    studies: list[StudyReport] = [
        *(long[study].result if study in long else short[study] for study in STUDY_REPORTS),
        *parts,
    ]
    for study in studies:
        for name, rows in study.csv.items():
            write_csv(rows, folder / name)
        frames |= study.csv
        drawn += study.figures
        tables += study.tables
        sentences += study.sentences
    if examples is not None:
        tables.append(examples)
    names = {figure.png.stem for figure in drawn}
    claims = _write_claims(run, frames, folder, figures=names)
    metrics = metric_table()
    text = _markdown(run, sentences, claims=claims, boards=boards, tables=[*tables, metrics])
    (folder / "report.md").write_text(text, encoding="utf-8")
    page = render(
        run,
        sentences=sentences,
        claims=claims,
        board=scoreboard(run, set(summary["restorer"].astype(str)), figures=drawn, tables=tables),
        viewer=viewer,
        charts=charts,
        boards=boards,
        figures=drawn,
        tables=tables,
        metrics=metrics,
    )
    (folder / PAGE).write_text(page, encoding="utf-8")


def _write_claims(
    run: Run, frames: Mapping[str, pd.DataFrame], folder: Path, *, figures: Collection[str]
) -> Table:
    """Judge the paper's claims and write their files; returns the table for readers."""
    judged = judge_claims(RunTables.of(run, frames), figures=figure_verdicts(run.folder))
    identity = run.origin.identity
    write_csv(claim_rows(judged, figures=figures, identity=identity), folder / "claims.csv")
    write_csv(number_rows(judged), folder / "claim_numbers.csv")
    table = claim_table(judged, figures=figures)
    (folder / "claims.md").write_text(claims_markdown(table, lead=lead(run)), encoding="utf-8")
    return table


def _markdown(
    run: Run,
    sentences: list[Sentence],
    *,
    claims: Table,
    boards: list[Table],
    tables: list[Table],
) -> str:
    """The report without its figures, for reading in a terminal or a merge request."""
    lines = [f"# stembench report: profile {run.info.profile}", "", lead(run), ""]
    topic = ""
    for sentence in sentences:
        if sentence.topic != topic:
            topic = sentence.topic
            lines += ["", f"## {topic or 'Fits'}", ""]
        mark = {"warning": "**Warning:** ", "undecided": "**Undecided:** "}.get(sentence.kind, "")
        lines.append(f"- {mark}{sentence.text}")
    lines += ["", f"## {claims.title}", "", claims_text(claims)]
    lines += ["", "## Leaderboard", "", *map(markdown, boards), "", "## Tables", ""]
    return "\n".join(lines) + "\n" + "\n".join(markdown(table) for table in tables)
