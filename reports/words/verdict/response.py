"""Responses in words: the table of changes and information, and the sentences of the verdict."""

import math
from typing import Final, Literal

import numpy as np
import pandas as pd

from reports.names import Restorers
from reports.words.numbers import dose_text, quantity, tabulated
from reports.words.sentences import Sentence, edit_size
from reports.words.tables import Table

#: Written where no information is left.
NONE: Final = "none"
_NAMES: Final = {"position": "position", "scs": "SCS"}
_UNITS: Final = {"position": "pm", "scs": "%"}
#: A response whose whole interval lies within this distance of 1 is called faithful.
FAITHFUL: Final = 0.1
PassedOn = Literal["whole", "part", "exaggerated", "unknown"]
_VERBS: Final[dict[PassedOn, str]] = {
    "whole": "passes on the whole of",
    "part": "passes on a part of",
    "exaggerated": "exaggerates",
    "unknown": "may or may not pass on the whole of",
}


def response_tables(
    responses: pd.DataFrame, information: pd.DataFrame, *, title: str, restorers: Restorers
) -> list[Table]:
    """Tables of one case with edited images.

    Parameters
    ----------
    responses, information : pandas.DataFrame
        Of `reports.summaries.response.summarise_response`, of one case.
    title : str
        Of the case.
    restorers : Restorers
        Of the run.

    Returns
    -------
    list of Table
        Information, then responses: a row per thickness, dose and restorer.
    """
    return [
        _information_table(information, title=title, restorers=restorers),
        *(
            table
            for name in ("position", "scs")
            for table in [_response_table(responses, name, title=title, restorers=restorers)]
            if table.rows
        ),
    ]


def _information_table(information: pd.DataFrame, *, title: str, restorers: Restorers) -> Table:
    rows = []
    for _, point in information.groupby(["thickness", "dose"]):
        thickness, dose = point["thickness"].iloc[0], point["dose"].iloc[0]
        for restorer in restorers.shown(point["restorer"].unique()):
            own = point[point["restorer"] == restorer]
            cells: list[str] = []
            for name in ("position", "scs"):
                rows_of = own[own["quantity"] == name]
                cells += _information_cells(rows_of.iloc[0]) if len(rows_of) else [""] * 5
            n = str(own["n_realizations"].min())
            rows.append(
                (str(thickness), dose_text(float(dose)), restorers.label(restorer), *cells, n)
            )
    header = ["thickness (atoms)", "dose (e/Å²)", "restorer"]
    for name in ("position", "scs"):
        header += [
            f"{_NAMES[name]}: response",
            f"scatter ({_UNITS[name]})",
            f"scatter / response ({_UNITS[name]})",
            "over the bound",
            "bound at this response / bound",
        ]
    return Table(
        title=f"Information that is left: {title}",
        note="Scatter of the unedited image, or of the changed columns where it is shown to be "
        "larger, divided by the response to single columns displaced or made brighter: the change "
        "that equals the scatter (95 % interval). 'none': the response cannot be told from 0, or "
        "nothing scatters. The last column of each is the least scatter, over that "
        "of an unbiased estimator, that an estimator which follows its own and its neighbours' "
        "changes as measured can have. response.csv and information.csv have all.",
        header=(*header, "n: realizations"),
        rows=tuple(rows),
        n_labels=3,
    )


def _information_cells(row: "pd.Series") -> list[str]:
    held = [
        row[name] / row["bound"] for name in ("held_bound", "held_bound_low", "held_bound_high")
    ]
    return [
        tabulated(row["response"], row["response_low"], row["response_high"]),
        tabulated(row["scatter"], math.nan, math.nan) if math.isfinite(row["scatter"]) else "",
        _information_text(row["value"], row["low"], row["high"]),
        _information_text(row["over_bound"], row["over_bound_low"], row["over_bound_high"]),
        "" if math.isnan(held[0]) else tabulated(*held),
    ]


def _information_text(value: float, low: float, high: float) -> str:
    return NONE if math.isinf(value) else tabulated(value, low, high)


def _response_table(
    responses: pd.DataFrame, name: str, *, title: str, restorers: Restorers
) -> Table:
    """Responses of one quantity: isolated changes by size, waves by wavelength."""
    own = responses[(responses["quantity"] == name) & (responses["polarisation"] == "")]
    single = own[own["pattern"] == "isolated"]
    waves = own[own["pattern"] == "wave"]
    sizes = sorted(single["amplitude"].unique())
    lengths = sorted(waves["wavelength"].unique())
    rows = []
    for _, point in own.groupby(["thickness", "dose"]):
        thickness, dose = point["thickness"].iloc[0], point["dose"].iloc[0]
        for restorer in restorers.shown(point["restorer"].unique()):
            mine = point[point["restorer"] == restorer]
            cells = [
                _mean_cell(mine[(mine["pattern"] == "isolated") & (mine["amplitude"] == size)])
                for size in sizes
            ]
            cells += [
                _mean_cell(mine[(mine["pattern"] == "wave") & (mine["wavelength"] == length)])
                for length in lengths
            ]
            rows.append(
                (
                    str(thickness),
                    dose_text(float(dose)),
                    restorers.label(restorer),
                    *cells,
                    str(mine["n_realizations"].min()),
                )
            )
    unit = _UNITS[name]
    return Table(
        title=f"Response of {_NAMES[name]}: {title}",
        note="Change found over true change (95 % interval): 1 is faithful, 0 erased. Single "
        "columns by the size of the change; waves by their wavelength in columns, mean over "
        "directions.",
        header=(
            "thickness (atoms)",
            "dose (e/Å²)",
            "restorer",
            *(f"single, {size:g} {unit}" for size in sizes),
            *(f"wave, {length:g}" for length in lengths),
            "n: realizations",
        ),
        rows=tuple(rows),
        n_labels=3,
    )


def _mean_cell(rows: pd.DataFrame) -> str:
    """Mean over directions; its interval is the mean of theirs, which is no narrower."""
    if rows.empty:
        return ""
    return tabulated(rows["value"].mean(), rows["low"].mean(), rows["high"].mean())


def passed_on(low: float, high: float) -> PassedOn:
    """Decide how much of a change is passed on, from the ends of the interval of a response.

    Parameters
    ----------
    low, high : float
        NaN where there is no interval.

    Returns
    -------
    {'whole', 'part', 'exaggerated', 'unknown'}
        'whole' if all of the interval lies within `FAITHFUL` of 1; else 'part' or 'exaggerated' if
        all of it lies on one side of 1.
    """
    if low > 1 - FAITHFUL and high < 1 + FAITHFUL:
        return "whole"
    if high < 1:
        return "part"
    return "exaggerated" if low > 1 else "unknown"


def response_sentences(
    information: pd.DataFrame, *, restorer: str, restorers: Restorers, title: str = ""
) -> list[Sentence]:
    """Say how much of a change a restorer passes on at the lowest and at the highest dose.

    Parameters
    ----------
    information : pandas.DataFrame
        Of `reports.summaries.response.summarise_response`, of one case.
    restorer : str
    restorers : Restorers
        Of the run.
    title : str
        Topic of the sentences.

    Returns
    -------
    list of Sentence
    """
    own = information[information["restorer"] == restorer]
    sentences = []
    for name in ("position", "scs"):
        rows = own[own["quantity"] == name].sort_values(["thickness", "dose"])
        if rows.empty:
            continue
        middle = sorted(rows["thickness"].unique())[(rows["thickness"].nunique() - 1) // 2]
        rows = rows[rows["thickness"] == middle]
        sentences += [
            _sentence(row, who=restorers.phrase(restorer), title=title)
            for row in (rows.iloc[0], rows.iloc[-1])[: len(rows)]
        ]
    return sentences


def response_phrases(information: pd.DataFrame, *, dose: float) -> dict[tuple[str, str], str]:
    """Say what each restorer passes on, for a sentence that sets its scatter against the bound.

    Parameters
    ----------
    information : pandas.DataFrame
        Of `reports.summaries.response.summarise_response`, of the case that measures it.
    dose : float
        e/Å², of the sentence.

    Returns
    -------
    dict of (restorer, quantity) to str
        At the middle thickness, and at the dose that is nearest by its ratio.
    """
    phrases = {}
    for _, rows in information.groupby(["restorer", "quantity"]):
        thicknesses = sorted(rows["thickness"].unique())
        rows = rows[rows["thickness"] == thicknesses[(len(thicknesses) - 1) // 2]]
        row = rows.iloc[int(np.abs(np.log(rows["dose"].to_numpy() / dose)).argmin())]
        response = quantity(row["response"], row["response_low"], row["response_high"])
        change = "a displacement" if row["quantity"] == "position" else "a change of SCS"
        over = (
            "and nothing can be said of a column that differs"
            if math.isinf(row["over_bound"])
            else "and its scatter over this response is "
            + quantity(row["over_bound"], row["over_bound_low"], row["over_bound_high"])
            + " times the bound"
        )
        phrases[str(row["restorer"]), str(row["quantity"])] = (
            f"of {change} of single columns it passes on {response} ({row['thickness']} atoms, "
            f"{dose_text(row['dose'])} e/Å²), {over}"
        )
    return phrases


def _sentence(row: "pd.Series", *, who: str, title: str) -> Sentence:
    """One dose of one quantity."""
    change = "displacement" if row["quantity"] == "position" else "change of SCS"
    response = quantity(row["response"], row["response_low"], row["response_high"])
    where = f"At {dose_text(row['dose'])} e/Å²"
    size = edit_size(row["edit"])
    if math.isinf(row["over_bound"]) and row["response_low"] > 0:
        return Sentence(
            f"{where} {who} does not scatter at all where single columns are changed: what it "
            f"passes on of a {change} of {size} ({response}) is drawn, not measured.",
            "warning",
            title,
        )
    if math.isinf(row["over_bound"]):
        return Sentence(
            f"{where} no response of {who} to a {change} of {size} of single columns can "
            f"be told from 0 ({response}): its scatter says nothing about columns that differ "
            "from what it expects.",
            "warning",
            title,
        )
    over = quantity(row["over_bound"], row["over_bound_low"], row["over_bound_high"])
    verb = _VERBS[passed_on(row["response_low"], row["response_high"])]
    return Sentence(
        f"{where} {who} {verb} a {change} of {size} of single columns: its response is "
        f"{response}, and its scatter over this response is {over} times the Cramér-Rao bound.",
        "undecided" if verb.startswith("may") else "finding",
        title,
    )
