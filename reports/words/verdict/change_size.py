"""Warnings of changes of which less is passed on than of the size that ranks."""

from typing import Final

import pandas as pd

from reports.names import Restorers
from reports.words.numbers import dose_text, quantity
from reports.words.sentences import Sentence, thickness_text

_CHANGES: Final = {"position": ("displacement", "pm"), "scs": ("change of SCS", "%")}


def size_sentences(
    responses: pd.DataFrame,
    information: pd.DataFrame,
    *,
    restorer: str,
    restorers: Restorers,
    title: str = "",
) -> list[Sentence]:
    """Warn where less is passed on of a change of another size than of that which ranks.

    Parameters
    ----------
    responses, information : pandas.DataFrame
        Of `reports.summaries.response.summarise_response`, of one case.
    restorer : str
    restorers : Restorers
        Of the run.
    title : str
        Topic of the sentences.

    Returns
    -------
    list of Sentence
        Per quantity the worst place, where the interval at the other size lies wholly below that
        at the ranked one.
    """
    sentences = []
    single = responses[
        (responses["restorer"] == restorer) & (responses["pattern"] == "isolated")
    ].assign(ranked=False)
    told = information[information["restorer"] == restorer]
    for name, (change, unit) in _CHANGES.items():
        own = single[single["quantity"] == name]
        judged = set(told["image"] + "-" + told["edit"])
        ranked = own[own["image"].isin(judged)]
        both = own[~own["image"].isin(judged)].merge(
            ranked, on=["thickness", "dose"], suffixes=("", "_ranked")
        )
        below = both[both["high"] < both["low_ranked"]]
        if below.empty:
            continue
        worst = below.iloc[int((below["value"] - below["value_ranked"]).to_numpy().argmin())]
        doses = ", ".join(dose_text(float(dose)) for dose in sorted(below["dose"].unique()))
        values = quantity(worst["value"], worst["low"], worst["high"])
        at_rank = quantity(worst["value_ranked"], worst["low_ranked"], worst["high_ranked"])
        sentences.append(
            Sentence(
                f"{restorers.label(restorer)} passes on less of a {change} of "
                f"{worst['amplitude']:g} {unit} than of {worst['amplitude_ranked']:g} {unit}, by "
                f"which it is ranked: a response of {values} against {at_rank} at "
                f"{thickness_text(worst)} and {dose_text(float(worst['dose']))} e/Å² (of all "
                f"doses, at {doses} e/Å²). The rank does not tell of the other size.",
                "warning",
                title,
            )
        )
    return sentences
