"""Sentences on studies 2 and 3: errors against dose, and columns counted right."""

import pandas as pd

from reports.names import Restorers
from reports.words.numbers import dose_text, quantity
from reports.words.sentences import Sentence, at, meeting, metric_text


def accuracy_sentences(
    rows: pd.DataFrame, pairs: pd.DataFrame, *, restorer: str, restorers: Restorers
) -> list[Sentence]:
    """Say how much smaller the errors are at the lowest dose, and where the curves meet.

    Parameters
    ----------
    rows : pandas.DataFrame
        Summary rows of one image.
    pairs : pandas.DataFrame
        Paired comparisons of that image against raw.
    restorer : str
        Name of the restorer.
    restorers : Restorers
        Of the run.

    Returns
    -------
    list of Sentence
    """
    sentences = []
    for name, metric in (
        ("MAE of position without rigid shift", "position_mae_unshifted_pm"),
        ("MPE of SCS", "scs_mpe_pct"),
    ):
        own = pairs[(pairs["restorer"] == restorer) & (pairs["metric"] == metric)]
        own = own.sort_values("dose").reset_index(drop=True)
        if own.empty:
            continue
        low = own.iloc[0]
        values = {
            who: metric_text(at(rows, restorer=who, dose=low["dose"], metric=metric))
            for who in (restorer, str(low["baseline"]))
        }
        state = meeting(low["low"], low["high"])
        claim = {
            "better": "is smaller than that of raw",
            "worse": "is larger than that of raw",
            "met": "equals that of raw within 10 %",
            "undecided": "cannot be told from that of raw",
        }[state]
        sentences.append(
            Sentence(
                f"At {dose_text(low['dose'])} e/Å² the {name} of {restorers.phrase(restorer)} "
                f"{claim}: {values[restorer]} against {values[str(low['baseline'])]}, a ratio of "
                f"{quantity(low['value'], low['low'], low['high'])}"
                f"{_with_shift(rows, pairs, restorer=restorer, low=low)}. "
                f"{_where_they_meet(own)}".rstrip(),
                "undecided" if state == "undecided" else "finding",
            )
        )
    return sentences


def _with_shift(rows: pd.DataFrame, pairs: pd.DataFrame, *, restorer: str, low: pd.Series) -> str:
    """The absolute error beside one without the image's rigid shift; '' beside another."""
    metric = "position_mae_pm"
    own = pairs[
        (pairs["restorer"] == restorer)
        & (pairs["metric"] == metric)
        & (pairs["dose"] == low["dose"])
    ]
    if low["metric"] != "position_mae_unshifted_pm" or own.empty:
        return ""
    texts = [
        metric_text(at(rows, restorer=name, dose=low["dose"], metric=metric))
        for name in (restorer, str(low["baseline"]))
    ]
    ratio = own.iloc[0]
    return (
        f" (with the shift {texts[0]} against {texts[1]}, "
        f"{quantity(ratio['value'], ratio['low'], ratio['high'])})"
    )


def _where_they_meet(own: pd.DataFrame) -> str:
    """Say from which dose on the curves of restored and raw have met."""
    states = [meeting(low, high) for low, high in zip(own["low"], own["high"], strict=True)]
    doses = [dose_text(dose) for dose in own["dose"]]
    if len(states) == 1:
        return ""
    worse = [dose for dose, state in zip(doses, states, strict=True) if state == "worse"]
    behind = f" Raw does better at {', '.join(worse)} e/Å²." if worse else ""
    last = own.iloc[-1]
    ratio = quantity(last["value"], last["low"], last["high"])
    if states[-1] == "met":
        first = len(states) - 1
        while first > 0 and states[first - 1] == "met":
            first -= 1
        return f"The curves have met at {doses[first]} e/Å² (within 10 %).{behind}"
    if states[-1] == "undecided":
        return f"Whether they have met at {doses[-1]} e/Å² is undecided (ratio {ratio}).{behind}"
    if states[-1] == "worse":
        crossed = "They have crossed" if "better" in states else "They have not met"
        return f"{crossed}: at {doses[-1]} e/Å² the ratio is {ratio}.{behind}"
    return f"They have not met at {doses[-1]} e/Å² (ratio {ratio})."


def counting_sentences(
    rows: pd.DataFrame, pairs: pd.DataFrame, *, restorer: str, restorers: Restorers
) -> list[Sentence]:
    """Say how many more columns are counted right at the lowest and the highest dose.

    Parameters
    ----------
    rows : pandas.DataFrame
        Summary rows of one image.
    pairs : pandas.DataFrame
        Paired comparisons of that image against raw.
    restorer : str
        Name of the restorer.
    restorers : Restorers
        Of the run.

    Returns
    -------
    list of Sentence
    """
    own = pairs[(pairs["restorer"] == restorer) & (pairs["metric"] == "count_accuracy")]
    own = own.sort_values("dose")
    sentences = []
    for position in dict.fromkeys((0, len(own) - 1)) if len(own) else ():
        row = own.iloc[position]
        n = int(row["n_columns"])
        shares = [
            metric_text(at(rows, restorer=name, dose=row["dose"], metric="count_accuracy"))
            for name in (restorer, str(row["baseline"]))
        ]
        decided = row["low"] > 0 or row["high"] < 0
        who, amount = restorers.phrase(restorer), "fewer" if row["high"] < 0 else "more"
        claim = (
            f"{who} counts {amount} columns right than raw"
            if decided
            else f"it is undecided whether {who} counts more columns right than raw"
        )
        difference = quantity(n * row["value"], n * row["low"], n * row["high"])
        sentences.append(
            Sentence(
                f"At {dose_text(row['dose'])} e/Å² {claim}: {shares[0]} of {n} against "
                f"{shares[1]}, a difference of {difference} columns per image.",
                "finding" if decided else "undecided",
            )
        )
    return sentences
