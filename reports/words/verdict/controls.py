"""Sentences on what a filter without training achieves, beside the bound and the network."""

from collections.abc import Callable, Mapping
from typing import Final

import pandas as pd

from reports.names import Restorers
from reports.words.numbers import dose_text
from reports.words.sentences import Sentence, metric_text
from reports.words.verdict.precision import UNKNOWN_RESPONSE

#: What filters are held against, the first that a case has: the ratio to the bound, else an error.
_HELD: Final = (
    ("position_rmse_over_bound", "RMSE of position over the bound"),
    ("position_mae_pm", "MAE of position"),
    ("scs_rmse_pct", "RMSE of SCS"),
)


def control_sentences(
    rows: pd.DataFrame,
    *,
    restorer: str | None,
    restorers: Restorers,
    passed_on: Callable[..., Mapping[tuple[str, str], str]] | None = None,
) -> list[Sentence]:
    """Say what the best filter without training achieves at each end of the doses.

    Parameters
    ----------
    rows : pandas.DataFrame
        Summary rows of one case; of several images the thinnest speaks.
    restorer : str or None
        The network that it is set beside; None for none.
    restorers : Restorers
        Of the run.
    passed_on : callable, optional
        ``passed_on(dose=...)`` returns `reports.words.verdict.response.response_phrases`.

    Returns
    -------
    list of Sentence
        None without a filter.
    """
    names = restorers.ranked(rows["restorer"].unique())
    filters = [name for name in names if restorers.is_classical(name)]
    if not filters:
        return []
    thin = rows[rows["thickness"] == rows["thickness"].min()]
    present = set(thin["metric"])
    metric, label = next(((m, t) for m, t in _HELD if m in present), ("", ""))
    own = thin[(thin["metric"] == metric) & thin["value"].notna()]
    sentences = []
    for dose in dict.fromkeys((own["dose"].min(), own["dose"].max())) if len(own) else ():
        at_dose = own[own["dose"] == dose].set_index("restorer")
        having = [name for name in filters if name in at_dose.index]
        if not having:
            continue
        best = min(having, key=lambda name: float(at_dose.loc[name, "value"]))
        beside = [
            f"{restorers.phrase(name)} {metric_text(at_dose.loc[name])}"
            for name in (restorer, restorers.raw(names))
            if name is not None and name != best and name in at_dose.index
        ]
        phrases = {} if passed_on is None else passed_on(dose=float(dose))
        response = phrases.get((best, "position"), UNKNOWN_RESPONSE)
        response = f"; {response}" if response and metric == _HELD[0][0] else ""
        against = f", beside {' and '.join(beside)}" if beside else ""
        sentences.append(
            Sentence(
                f"Without any training: at {dose_text(dose)} e/Å² the best filter, "
                f"{restorers.label(best)}, has a {label} of {metric_text(at_dose.loc[best])}"
                f"{against}{response}.",
                "finding",
            )
        )
    return sentences
