"""Writing a report: everything recomputed from a run folder's records, each file set at once."""

import shutil
import tempfile
from pathlib import Path

import pandas as pd

from reports.figures.ablation import write_ablation_figure
from reports.figures.draw import write_figures
from reports.metrics.column_search import load_detection, summarise_detection
from reports.metrics.defects import summarise_defects
from reports.metrics.dislocation import load_circuits, summarise_core
from reports.page.page import lead, render
from reports.records.ablation import load_ablation
from reports.records.run_folder import Run, load_run
from reports.studies import cases_in_order
from reports.summaries.ablation import summarise_ablation
from reports.summaries.leaderboard import leaderboard
from reports.summaries.summary import paired_comparisons, summarise
from reports.words.ablation import ablation_sentences, ablation_table
from reports.words.column_search import detection_table
from reports.words.defects import defect_sentences, defect_table
from reports.words.dislocation import core_table
from reports.words.examples import example_table
from reports.words.leaderboard import leaderboard_tables
from reports.words.sentences import Sentence
from reports.words.tables import Table, headline, markdown, metric_table, write_csv
from reports.words.verdict.verdict import judged, verdict
from stembench.errors import InputError

PAGE = "report.html"


def write_report(folder: str | Path) -> Path:
    """Write the report of a run under ``folder/report``.

    Everything is first made in a folder of its own and then moved file by file, the page last: a
    reader never meets a half-written file, and an interrupted report leaves the old one.

    Parameters
    ----------
    folder : str or pathlib.Path
        A run folder, complete or not.

    Returns
    -------
    pathlib.Path
        The page ``report.html``. Beside it: ``report.md``, ``summary.csv``,
        ``paired_comparisons.csv``, ``leaderboard.csv`` and each figure as PNG and PDF;
        ``ablation.csv`` and ``ablation_comparisons.csv`` if the run has an ablation,
        ``defects.csv`` if it has defects or adatoms, ``detection.csv`` if its images were searched,
        ``dislocation_core.csv`` if it has a dislocation.

    Raises
    ------
    InputError
        If the folder is not a run, holds no measured column, or cannot be written.
    """
    run = load_run(folder)
    summary = summarise(run.records)
    if summary.empty:
        raise InputError(f"{run.folder} holds no record of a measured column: nothing to report")
    compared = paired_comparisons(run.records)
    sentences = verdict(run, summary, compared)
    target = run.folder / "report"
    made = None
    try:
        target.mkdir(exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".report-", dir=run.folder))
        write_csv(summary, made / "summary.csv")
        write_csv(compared, made / "paired_comparisons.csv")
        figures = write_figures(run, summary, made)
        tables = [
            headline(
                summary, case=case, kind=kind, title=str(run.case_info(case).get("title", case))
            )
            for case, kind in cases_in_order(run, summary).items()
        ]
        records = load_ablation(run)
        if records is not None:
            ablation = summarise_ablation(records)
            write_csv(ablation.summary, made / "ablation.csv")
            write_csv(
                pd.concat([ablation.against_raw, ablation.against_rung_before]),
                made / "ablation_comparisons.csv",
            )
            figures.append(write_ablation_figure(run, ablation, made))
            tables.append(ablation_table(run, ablation))
            sentences += ablation_sentences(run, ablation)
        fidelity = summarise_defects(run.records, run.info)
        if len(fidelity):
            write_csv(fidelity, made / "defects.csv")
        for case, own in fidelity.groupby("case"):
            tables.append(defect_table(own, title=run.title(str(case))))
            for restorer in judged(own["restorer"].unique()):
                sentences += defect_sentences(own, restorer=restorer, title=run.title(str(case)))
        core = summarise_core(run.records, run.info, circuits=load_circuits(run))
        if len(core):
            write_csv(core, made / "dislocation_core.csv")
        for case, own in core.groupby("case"):
            tables.append(core_table(own, title=run.title(str(case))))
        searches = summarise_detection(load_detection(run))
        if len(searches):
            write_csv(searches, made / "detection.csv")
        for case, own in searches.groupby("case"):
            tables.append(detection_table(own, title=run.title(str(case))))
        board = leaderboard(run)
        write_csv(board, made / "leaderboard.csv")
        boards = leaderboard_tables(run, board)
        examples = example_table(run)
        if examples is not None:
            tables.append(examples)
        metrics = metric_table()
        text = _markdown(run, sentences, boards=boards, tables=[*tables, metrics])
        (made / "report.md").write_text(text, encoding="utf-8")
        page = render(
            run,
            sentences=sentences,
            boards=boards,
            figures=figures,
            tables=tables,
            metrics=metrics,
        )
        (made / PAGE).write_text(page, encoding="utf-8")
        for file in sorted(made.iterdir(), key=lambda path: path.name == PAGE):
            file.replace(target / file.name)
    except OSError as error:
        raise InputError(f"the report in {target} cannot be written ({error})") from error
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
    return target / PAGE


def _markdown(
    run: Run, sentences: list[Sentence], *, boards: list[Table], tables: list[Table]
) -> str:
    """The report without its figures, for reading in a terminal or a merge request."""
    lines = [f"# stembench report: profile {run.info.get('profile', 'unknown')}", "", lead(run), ""]
    topic = ""
    for sentence in sentences:
        if sentence.topic != topic:
            topic = sentence.topic
            lines += ["", f"## {topic or 'Fits'}", ""]
        mark = {"warning": "**Warning:** ", "undecided": "**Undecided:** "}.get(sentence.kind, "")
        lines.append(f"- {mark}{sentence.text}")
    lines += ["", "## Leaderboard", "", *map(markdown, boards), "", "## Tables", ""]
    return "\n".join(lines) + "\n" + "\n".join(markdown(table) for table in tables)
