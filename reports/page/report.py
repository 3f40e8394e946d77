"""Writing a report: everything recomputed from a run folder's records, each file set at once."""

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from reports.claims.claim_table import claim_table, claims_markdown, claims_text
from reports.claims.judgement import claim_rows, judge_claims, number_rows
from reports.claims.run_tables import RunTables
from reports.figures.draw import write_figures
from reports.metrics.kept.resolution import contrast_of, unresolved_cells, without_unresolved
from reports.packs.packed_run import open_run
from reports.page.charts.chart_data import chart_data
from reports.page.gallery.figure_verdicts import figure_verdicts
from reports.page.page import lead, render
from reports.page.scoreboard.scoreboard import scoreboard
from reports.page.study_reports import STUDY_REPORTS
from reports.page.summary_reports import SUMMARY_REPORTS
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


def write_report(folder: str | Path, *, out: str | Path | None = None) -> Path:
    """Write the report of a run under ``folder/report``.

    Everything is first made in a folder of its own and then moved file by file, the page last: a
    reader never meets a half-written file, and an interrupted report leaves the old one.

    Parameters
    ----------
    folder : str or pathlib.Path
        A run folder, complete or not; or a pack, or a folder of packs of one run.
    out : str or pathlib.Path, optional
        Folder of the report in place of ``folder/report``.

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
    run = open_run(folder)
    unresolved = unresolved_cells(run.once(contrast_of), run.restorers)
    summary = without_unresolved(run.once(summary_of), unresolved)
    if summary.empty:
        raise InputError(f"{run.folder} holds no record of a measured column: nothing to report")
    target = run.folder / "report" if out is None else Path(out)
    try:
        target.mkdir(parents=out is not None, exist_ok=True)
        with staging_folder(target.parent) as staging:
            _write_files(run, summary, staging)
            for file in sorted(staging.iterdir(), key=lambda path: path.name == PAGE):
                file.replace(target / file.name)
    except OSError as error:
        raise InputError(not_written(target, error)) from error
    return target / PAGE


def _write_files(run: Run, summary: pd.DataFrame, folder: Path) -> None:
    """Write every file of the report into a folder."""
    unresolved = unresolved_cells(run.once(contrast_of), run.restorers)
    compared = without_unresolved(run.once(comparisons_of), unresolved)
    sentences = [*verdict(run, summary, compared), *bound_sentences(run, summary)]
    every = [summary, run.once(summarise_response).summary_rows]
    write_csv(pd.concat([rows for rows in every if len(rows)]), folder / "summary.csv")
    write_csv(compared, folder / "paired_comparisons.csv")
    frames = {"summary.csv": summary, "paired_comparisons.csv": compared}
    figures = write_figures(run, summary, folder)
    tables = [headline(run, summary, case=case) for case in cases_in_order(run, summary)]
    studies = [
        *(report_study(run, folder) for report_study in STUDY_REPORTS),
        *(report_part(run, summary) for report_part in SUMMARY_REPORTS),
    ]
    for study in studies:
        for name, rows in study.csv.items():
            write_csv(rows, folder / name)
        frames |= study.csv
        figures += study.figures
        tables += study.tables
        sentences += study.sentences
    board = leaderboard(run)
    write_csv(board, folder / "leaderboard.csv")
    boards = leaderboard_tables(run, board)
    examples = example_table(run)
    if examples is not None:
        tables.append(examples)
    names = {figure.png.stem for figure in figures}
    claims = _write_claims(run, frames, folder, figures=names)
    metrics = metric_table()
    text = _markdown(run, sentences, claims=claims, boards=boards, tables=[*tables, metrics])
    (folder / "report.md").write_text(text, encoding="utf-8")
    page = render(
        run,
        sentences=sentences,
        claims=claims,
        board=scoreboard(run, set(summary["restorer"].astype(str)), figures=figures, tables=tables),
        viewer=viewer_data(scenes(run)),
        charts=chart_data(run, summary),
        boards=boards,
        figures=figures,
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
