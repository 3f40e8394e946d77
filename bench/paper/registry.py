"""The registry of the paper's figures, in the order of the index."""

from importlib import import_module
from typing import Final

from reports import PaperFigure, run_paper_figures

#: Files of `bench.paper.declared` and of its rooms. A new figure adds its line here.
_DECLARED: Final = (
    "block_matching_pairs",
    "six_modalities",
    "invented_features",
    "noise_out_of_range",
    "architectures",
    "rivals",
    "trained.table_one",
    "trained.model_size",
    "trained.wrong_noise",
    "trained.loss_terms",
    "tables.networks_exchanged",
    "tables.altered_images",
    "tables.kept_marks",
    "tables.kept_objects",
    "tables.atomic_numbers",
    "tables.high_dose",
    "tables.correlated_noise",
    "tables.image_sizes",
    "tables.noise_equations",
)


def _rank(figure: PaperFigure) -> tuple[int, int, str]:
    """Figures by number, then tables and the supplement's figures, then tables of ours."""
    number = figure.number
    if number.isdigit():
        return 0, int(number), ""
    if number.startswith("table-") or number.removeprefix("s").isdigit():
        return 1, 0 if number.startswith("table-") else 1, number
    return 2, 0, ""


def paper_figures() -> tuple[PaperFigure, ...]:
    """Every figure and table of the paper that has a counterpart, or is to have one.

    Raises
    ------
    ValueError
        If two have the same number.
    """
    declared = [
        figure
        for name in _DECLARED
        for figure in import_module(f"{__package__}.declared.{name}").FIGURES
    ]
    every = sorted([*run_paper_figures(), *declared], key=_rank)
    numbers = [figure.number for figure in every]
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"two figures of one number among {numbers}")
    return tuple(every)
