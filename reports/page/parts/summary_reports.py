"""Parts of a report that are made of the summary alone, which the report has already."""

from collections.abc import Callable
from typing import Final

import pandas as pd

from reports.page.parts.study_reports import StudyReport
from reports.records.run_folder import Run
from reports.studies import cases_in_order
from reports.summaries.scan_fit import summarise_scans
from reports.words.sentences import Sentence
from reports.words.studies.scan_fit import scan_table
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


def report_scan_fits(run: Run, summary: pd.DataFrame) -> StudyReport:
    """Report what fits that know the scan found of columns and lines."""
    scans = run.once(summarise_scans)
    if scans.empty:
        return StudyReport()
    tables = tuple(
        scan_table(
            scans[scans["case"] == case],
            summary[summary["case"] == case],
            title=run.title(case),
            restorers=run.restorers,
        )
        for case in cases_in_order(run, scans)
    )
    return StudyReport(csv={"scan_fit.csv": scans}, tables=tables)


#: Parts in the order of the report. A new part adds its line here.
SUMMARY_REPORTS: Final[tuple[Callable[[Run, pd.DataFrame], StudyReport], ...]] = (
    report_scan_fits,
    report_coverage,
)
