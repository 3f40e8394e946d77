"""What each term of the loss brings: the absolute loss alone against it with one other added."""

from typing import Final

import pandas as pd

from bench.paper.declared.trained.trained_tables import small_text, trained_table
from bench.paper.networks.trained.compared_losses import ADDED, ALONE, SEEDS
from reports import Drawn, Material, PaperFigure

_TERMS: Final = {
    "square": "square (6)", "whitening": "whitening (8)", "fourier": "Fourier space (9)",
    "mean": "mean (10)", "std": "standard deviation (11)", "adversarial": "adversarial (12)",
}  # fmt: skip
_MEASURES: Final = {
    "position_response@5000": "response to a displacement, 5e3",
    "scs_response@5000": "response to ±25 % of SCS, 5e3",
    "vacancy@500": "vacancy, 5e2",
    "position_over_bound@5000": "RMSE of position over bound, 5e3",
    "scs_over_bound@5000": "RMSE of SCS over bound, 5e3",
    "intensity@500": "intensity, 5e2",
    "psnr_db": "PSNR (dB)",
}


def _draw(material: Material) -> Drawn:
    del material
    names = [ALONE, *(f"{ALONE}-and-{name}" for name in ADDED)]
    table = trained_table("losses", names)
    wide = table.pivot_table(index=["name", "seed"], columns="measure", values="value")
    rows: list[tuple[str, ...]] = [("loss", *_MEASURES.values())]
    for name in names:
        own = wide.loc[[name]]
        term = name.removeprefix(f"{ALONE}-and-")
        label = "absolute (4) alone" if name == ALONE else f"and {_TERMS[term]}"
        rows.append((label, *(_told(own, measure) for measure in _MEASURES)))
    return Drawn(
        caption=f"{small_text()}, by the absolute loss alone and with one other "
        "term of the paper's third stage added at its weight there; judged on lattices that no "
        "pair has, at the doses named (e/Å²). Mean of the seeds "
        f"{', '.join(map(str, SEEDS))} and, in brackets, the values of both: their difference is "
        "what drawing first weights and order anew does, and a term whose values lie among those "
        "of the absolute loss did nothing that can be seen.",
        tables={"": table},
        summary=tuple(rows),
    )


def _told(own: pd.DataFrame, measure: str) -> str:
    """Mean over seeds with the values of each."""
    values = own[measure].to_numpy()
    each = ", ".join(f"{value:#.3g}" for value in values)
    return f"{values.mean():#.3g} ({each})"


FIGURES: Final = (
    PaperFigure(
        number="loss-terms",
        title="Table: terms of the loss",
        theirs="The paper adds terms to the absolute loss and shows no comparison of them.",
        claims=(),
        needs="the tables of a checkout's own trainings (results/training)",
        draw=_draw,
    ),
)
