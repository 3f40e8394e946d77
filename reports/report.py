"""Writing a report: everything recomputed from a run folder's records, each file set at once."""

import shutil
import tempfile
from pathlib import Path

from noise.errors import InputError
from reports.figures import cases_in_order, write_figures
from reports.page import lead, render
from reports.run_folder import Run, load_run
from reports.sentences import Sentence
from reports.summary import contrasts, summarise
from reports.tables import Table, headline, markdown, metric_table, write_csv
from reports.verdict import verdict

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
        The page ``report.html``. Beside it: ``report.md``, ``summary.csv``, ``contrasts.csv`` and
        each figure as PNG and PDF.

    Raises
    ------
    InputError
        If the folder is not a run, holds no measured column, or cannot be written.
    """
    run = load_run(folder)
    summary = summarise(run.records)
    if summary.empty:
        raise InputError(f"{run.folder} holds no record of a measured column: nothing to report")
    compared = contrasts(run.records)
    sentences = verdict(run, summary, compared)
    target = run.folder / "report"
    made = None
    try:
        target.mkdir(exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".report-", dir=run.folder))
        write_csv(summary, made / "summary.csv")
        write_csv(compared, made / "contrasts.csv")
        figures = write_figures(run, summary, made)
        tables = [
            headline(
                summary, case=case, kind=kind, title=str(run.case_info(case).get("title", case))
            )
            for case, kind in cases_in_order(run, summary).items()
        ]
        metrics = metric_table()
        text = _markdown(run, sentences, tables=[*tables, metrics])
        (made / "report.md").write_text(text, encoding="utf-8")
        page = render(run, sentences=sentences, figures=figures, tables=tables, metrics=metrics)
        (made / PAGE).write_text(page, encoding="utf-8")
        for file in sorted(made.iterdir(), key=lambda path: path.name == PAGE):
            file.replace(target / file.name)
    except OSError as error:
        raise InputError(f"the report in {target} cannot be written ({error})") from error
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
    return target / PAGE


def _markdown(run: Run, sentences: list[Sentence], *, tables: list[Table]) -> str:
    """The report without its figures, for reading in a terminal or a merge request."""
    lines = [f"# stembench report: profile {run.info.get('profile', 'unknown')}", "", lead(run), ""]
    topic = ""
    for sentence in sentences:
        if sentence.topic != topic:
            topic = sentence.topic
            lines += ["", f"## {topic or 'Fits'}", ""]
        mark = {"warning": "**Mind:** ", "undecided": "**Undecided:** "}.get(sentence.kind, "")
        lines.append(f"- {mark}{sentence.text}")
    lines += ["", "## Tables", ""]
    return "\n".join(lines) + "\n" + "\n".join(markdown(table) for table in tables)
