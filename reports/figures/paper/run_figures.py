"""The paper's figures that a run and the noise model give, without restoring an image."""

from importlib import import_module
from typing import Final

from reports.figures.paper.paper_figure import PaperFigure

#: Files of this room that declare figures.
_DECLARED: Final = ("thickness_series", "dislocation_doses", "counted_particle", "noise_grids")


def run_paper_figures() -> tuple[PaperFigure, ...]:
    """Counterparts of Figs. 2 to 4 and 10 to 13."""
    return tuple(
        figure for name in _DECLARED for figure in import_module(f"{__package__}.{name}").FIGURES
    )
