"""Sentences on study 1: scatter against the bound, bias beside it, convergence with raw."""

from collections.abc import Callable, Mapping
from typing import Final

import pandas as pd

from reports.names import Restorers
from reports.words.numbers import dose_text, quantity
from reports.words.sentences import (
    Kind,
    Sentence,
    at_all,
    by_thickness,
    first_row,
    meeting,
    metric_text,
    share_phrases,
    thickness_text,
)

#: An rms bias above this share of the scatter is called not negligible: it raises the RMSE by
#: more than 5 %.
NEGLIGIBLE_BIAS = 1 / 3
#: Said beside the bound where a run has no edited images.
UNKNOWN_RESPONSE: Final = (
    "how much of a real change it passes on is not known from this run, and a drawn crystal would "
    "not scatter at all"
)


def precision_sentences(
    rows: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    restorer: str,
    restorers: Restorers,
    passed_on: Callable[..., Mapping[tuple[str, str], str]] | None = None,
) -> list[Sentence]:
    """Set a restorer against the bound at the lowest dose and against raw at the highest.

    Parameters
    ----------
    rows : pandas.DataFrame
        Summary rows of one case.
    pairs : pandas.DataFrame
        Paired comparisons of that case against raw.
    restorer : str
        Name of the restorer.
    restorers : Restorers
        Of the run.
    passed_on : callable, optional
        ``passed_on(dose=...)`` returns `reports.words.verdict.response.response_phrases`: how much
        of a change a restorer passes on in position and in SCS.

    Returns
    -------
    list of Sentence
    """
    doses = sorted(rows["dose"].unique())
    phrases = {} if passed_on is None else passed_on(dose=doses[0])
    sentences = []
    for quantity_name, metric in (("position", "position"), ("SCS", "scs")):
        sentences += _against_bound(
            rows,
            restorer=restorer,
            restorers=restorers,
            dose=doses[0],
            name=quantity_name,
            metric=metric,
            passed_on=phrases.get((restorer, metric), UNKNOWN_RESPONSE),
        )
    for quantity_name, metric in (
        ("position precision", "position_std_pm"),
        ("SCS precision", "scs_std_pct"),
    ):
        at_dose = pairs[pairs["dose"] == doses[-1]]
        sentences += _meeting_over_thickness(
            at_dose,
            restorer=restorer,
            restorers=restorers,
            name=quantity_name,
            metric=metric,
            dose=doses[-1],
        )
    return sentences


def _against_bound(
    rows: pd.DataFrame,
    *,
    restorer: str,
    restorers: Restorers,
    dose: float,
    name: str,
    metric: str,
    passed_on: str,
) -> list[Sentence]:
    at_dose = rows[rows["dose"] == dose]
    own = at_dose[at_dose["restorer"] == restorer]
    ratio = by_thickness(own, f"{metric}_std_over_bound")
    if ratio.empty:
        return []
    below, above = ratio[ratio["high"] < 1], ratio[ratio["low"] > 1]
    open_ = len(ratio) - len(below) - len(above)
    who = restorers.phrase(restorer)
    kind: Kind = "finding"
    where = f"the Cramér-Rao bound of {name} at {dose_text(dose)} e/Å²"
    if len(below) == len(ratio):
        claim = f"{who} beats {where}{at_all(len(ratio))}"
    elif len(above) == len(ratio):
        claim = f"{who} does not beat {where}{at_all(len(ratio))}"
    elif open_ == len(ratio):
        claim = f"Whether {who} beats {where} is undecided{at_all(len(ratio))}"
        kind = "undecided"
    else:
        shares = share_phrases(
            {"is better": len(below), "is worse": len(above), "is undecided": open_}
        )
        claim = f"Against {where} {who} {shares}"
    thin = ratio.iloc[0]
    others = [
        f"{restorers.phrase(other)} {quantity(first['value'], first['low'], first['high'])}"
        for other in restorers.ranked(at_dose["restorer"].unique())
        if other != restorer
        for first in first_row(
            by_thickness(at_dose[at_dose["restorer"] == other], f"{metric}_std_over_bound")
        )
    ]
    beside = f" ({', '.join(others)})" if others else ""
    sentences = [
        Sentence(
            f"{claim}: at {thickness_text(thin)} its scatter is "
            f"{quantity(thin['value'], thin['low'], thin['high'])} times the bound{beside}; "
            f"{passed_on}.",
            kind,
        )
    ]
    if len(below):
        sentences.append(
            _bias_below_bound(own, below["image"].tolist(), name=name, metric=metric, who=who)
        )
    return sentences


def _bias_below_bound(
    own: pd.DataFrame, images: list[str], *, name: str, metric: str, who: str
) -> Sentence:
    """What lies below the bound is only worth as much as its bias is small."""
    unit = "pm" if metric == "position" else "pct"
    bias = by_thickness(own, f"{metric}_bias_rms_{unit}").loc[images]
    std = by_thickness(own, f"{metric}_std_{unit}").loc[images]
    rmse = by_thickness(own, f"{metric}_rmse_over_bound").loc[images]
    share = bias["value"] / std["value"]
    # The whole interval has to exceed it: NaN, where there is none, does not.
    large = share[bias["low"] / std["value"] > NEGLIGIBLE_BIAS]
    also = int((rmse["high"] < 1).sum())
    count = len(images)
    total = (
        f"counting bias, its RMSE is below the bound too{at_all(count)}"
        if also == count
        else f"counting bias, its RMSE is below the bound at {also} of {count} of them"
    )
    if len(large):
        image = large.idxmax()
        biased, scatter = bias.loc[[image]].iloc[0], std.loc[[image]].iloc[0]
        return Sentence(
            f"The bias of {who} in {name} is not negligible where its scatter is below the "
            f"bound: at {len(large)} of {count} thicknesses it exceeds a third of the scatter "
            f"(largest such share at {thickness_text(biased)}: rms bias "
            f"{metric_text(biased)} beside a scatter of {metric_text(scatter)}). "
            f"The bound holds for unbiased estimators, so this is no proof of accuracy; {total}.",
            "warning",
        )
    excluded = int((bias["high"] / std["value"] <= NEGLIGIBLE_BIAS).sum())
    return Sentence(
        "The bound holds for unbiased estimators without prior knowledge. Where "
        f"{who} is below it, no bias in {name} beyond a third of the scatter is shown; its "
        f"interval excludes one at {excluded} of {count} thicknesses; {total}.",
        "finding" if excluded == count else "undecided",
    )


def _meeting_over_thickness(
    pairs: pd.DataFrame, *, restorer: str, restorers: Restorers, name: str, metric: str, dose: float
) -> list[Sentence]:
    ratio = by_thickness(pairs[pairs["restorer"] == restorer], metric)
    if ratio.empty:
        return []
    states = [meeting(low, high) for low, high in zip(ratio["low"], ratio["high"], strict=True)]
    met, better, worse = (states.count(s) for s in ("met", "better", "worse"))
    open_ = states.count("undecided")
    shares = share_phrases(
        {
            "they have converged (within 10 %)": met,
            f"{restorers.phrase(restorer)} is still better": better,
            "raw is better": worse,
            "it is undecided": open_,
        }
    )
    thin, thick = ratio.iloc[0], ratio.iloc[-1]
    span = f"{quantity(thin['value'], thin['low'], thin['high'])} at {thickness_text(thin)}"
    if len(ratio) > 1:
        span += (
            f", {quantity(thick['value'], thick['low'], thick['high'])} at {thickness_text(thick)}"
        )
    return [
        Sentence(
            f"Whether {name} of {restorers.phrase(restorer)} and of raw meet at "
            f"{dose_text(dose)} e/Å²: {shares}; the ratio is {span}.",
            "undecided" if open_ == len(states) else "finding",
        )
    ]
