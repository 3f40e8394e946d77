"""The figures of a run, drawn and written to files."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reports.metrics.defects import summarise_defects
from reports.records.run_folder import Run
from reports.studies import cases_in_order
from reports.words.captions import settings_text


@dataclass(frozen=True)
class FigureFile:
    """A written figure.

    Attributes
    ----------
    case : str
        Name of the case it shows.
    title : str
        Heading.
    description : str
        What is to be seen.
    settings : str
        The declared settings, as they also stand under the figure itself.
    png, pdf : pathlib.Path
        The files.
    """

    case: str
    title: str
    description: str
    settings: str
    png: Path
    pdf: Path


_TITLES = {
    "precision": "Precision against thickness",
    "dislocation": "Accuracy round a dislocation",
    "counting": "Atom counting",
    "defects": "What happens to defects",
}
_READING = {
    "precision": "Standard deviation over realizations with 95 % intervals (solid), RMSE (dotted) "
    "and Cramér-Rao bound (dashed), for the lowest and the highest dose; below, examples of the "
    "thinnest crystal at the lowest and the thickest at the highest dose.",
    "dislocation": "Structure with its measured columns, example images with a Burgers circuit "
    "through the fitted columns, mean absolute error of position and mean absolute percentage "
    "error of the scattering cross-section against dose.",
    "counting": "Errors of position and scattering cross-section and the share of columns with "
    "the exact atom count against dose; below, the noise-free particle and where columns are "
    "counted right at the lowest dose.",
    "defects": "The first defect (circled) in the noise-free image, raw and restored; below, "
    "defect fidelity against dose with 95 % intervals for each kind: the deviation of a site's "
    "scattering cross-section from like columns without a defect, found over true; 1 (line) is "
    "faithful, 0 (dotted) erased.",
}


def write_figures(run: Run, summary: pd.DataFrame, folder: Path) -> list[FigureFile]:
    """Draw one figure per case into `folder`.

    Parameters
    ----------
    run : Run
    summary : pandas.DataFrame
        Summary of its records.
    folder : pathlib.Path
        Existing folder; ``figure_<kind>_<case>.png`` and ``.pdf`` are written there.

    Returns
    -------
    list of FigureFile
        In the order of the paper's studies.
    """
    from matplotlib import rc_context

    from reports.figures import panels
    from reports.figures.counting import figure_counting
    from reports.figures.defects import defect_settings, figure_defects
    from reports.figures.dislocation import figure_dislocation
    from reports.figures.precision import figure_precision

    draw = {
        "precision": figure_precision,
        "dislocation": figure_dislocation,
        "counting": figure_counting,
        "defects": figure_defects,
    }
    written = []
    for case, kind in cases_in_order(run, summary).items():
        with rc_context(panels.RC):
            figure = draw[kind](run, summary, case=case)
            png, pdf = panels.save(figure, folder / f"figure_{kind}_{case}")
        title = f"{_TITLES[kind]}: {run.title(case)}"
        settings = (
            defect_settings(run.case_info(case), summarise_defects(run.records, run.info))
            if kind == "defects"
            else settings_text(run.case_info(case), summary[summary["case"] == case])
        )
        written.append(FigureFile(case, title, _READING[kind], settings, png, pdf))
    return written
