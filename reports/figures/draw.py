"""The figures of a run: an explicit registry, drawn case by case."""

from importlib import import_module
from pathlib import Path
from typing import Final

import pandas as pd

from reports.figures.figure import Figure, FigureFile
from reports.records.run_folder import Run
from reports.studies import cases_in_order

#: Files of this room that declare a figure, in the order of the report. A new figure adds its line
#: here.
_DECLARED: Final = (
    "precision",
    "dislocation",
    "counting",
    "defects",
    "response",
)


def figures() -> tuple[Figure, ...]:
    """Every declared figure, in the order of the report."""
    return tuple(import_module(f"{__package__}.{name}").FIGURE for name in _DECLARED)


def write_figures(run: Run, summary: pd.DataFrame, folder: Path) -> list[FigureFile]:
    """Draw the figures of every case into a folder.

    Parameters
    ----------
    run : Run
    summary : pandas.DataFrame
        Summary of its records.
    folder : pathlib.Path
        Existing folder; ``figure_<name>_<case>.png`` and ``.pdf`` are written there.

    Returns
    -------
    list of FigureFile
        In the order of the registry, then of the studies.
    """
    cases = cases_in_order(run, summary)
    shown = run.restorers.shown(summary["restorer"].unique())
    summary = summary[summary["restorer"].isin(shown)]
    return [
        figure.write(run, summary, case=case, folder=folder)
        for figure in figures()
        for case in cases
        if figure.shows(run, case)
    ]
