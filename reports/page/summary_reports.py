"""Parts of a report that are made of the summary alone, which the report has already."""

from collections.abc import Callable
from typing import Final

import pandas as pd

from reports.page.study_reports import StudyReport
from reports.records.run_folder import Run
from reports.studies import cases_in_order
from reports.words.sentences import Sentence
from reports.words.studies.stated_errors import SHOWN, coverage_sentences, coverage_table
from reports.words.tables import Table


def report_coverage(run: Run, summary: pd.DataFrame) -> StudyReport:
    """Report how often the errors that fits state hold the truth."""
    rows = summary[summary["metric"].isin(SHOWN)]
    tables: list[Table] = []
    sentences: list[Sentence] = []
    for case in cases_in_order(run, rows):
        own, title = rows[rows["case"] == case], run.title(case)
        tables.append(coverage_table(own, title=title, restorers=run.restorers))
        for restorer in run.restorers.judged(own["restorer"].unique()):
            sentences += coverage_sentences(
                own, title=title, restorer=restorer, restorers=run.restorers
            )
    csv = {"coverage.csv": rows} if len(rows) else {}
    return StudyReport(csv=csv, tables=tuple(tables), sentences=tuple(sentences))


#: Parts in the order of the report. A new part adds its line here.
SUMMARY_REPORTS: Final[tuple[Callable[[Run, pd.DataFrame], StudyReport], ...]] = (report_coverage,)
