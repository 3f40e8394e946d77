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


def wanted_figures(run: Run, summary: pd.DataFrame) -> list[tuple[str, str]]:
    """Figures that a run has, as (name of the figure, name of the case).

    Parameters
    ----------
    run : Run
    summary : pandas.DataFrame
        Summary of its records.

    Returns
    -------
    list of (str, str)
        In the order of the registry, then of the studies.
    """
    cases = cases_in_order(run, summary)
    return [
        (figure.name, case) for figure in figures() for case in cases if figure.shows(run, case)
    ]


def write_figure(run: Run, summary: pd.DataFrame, name: str, case: str, folder: Path) -> FigureFile:
    """Draw one figure of a case into a folder.

    Parameters
    ----------
    run : Run
    summary : pandas.DataFrame
        Summary of its records.
    name, case : str
        Of `wanted_figures`.
    folder : pathlib.Path
        Existing folder; ``figure_<name>_<case>.png`` and ``.pdf`` are written there.
    """
    shown = run.restorers.shown(summary["restorer"].unique())
    summary = summary[summary["restorer"].isin(shown)]
    figure = next(figure for figure in figures() if figure.name == name)
    return figure.write(run, summary, case=case, folder=folder)
