"""Reports of a run: summaries, tables, figures, verdict and page, all recomputed from records."""

from pathlib import Path


def write_report(folder: str | Path) -> Path:
    """Write the report of the run in `folder` and return the path of its page.

    See `reports.report.write_report`; this entry point only delays the imports.
    """
    from reports.report import write_report as write

    return write(folder)


__all__ = ["write_report"]
