"""Bounds in words: what each takes as known, and where restorers stand to them."""

from typing import Final

import pandas as pd

from reports.records.bounds import BOUND_KINDS, BOUNDS_FILE, BoundKind
from reports.records.run_folder import Run
from reports.studies import cases_in_order
from reports.summaries.bounds import drawn_bounds, summarise_bounds
from reports.words.numbers import dose_text, plain
from reports.words.sentences import Kind, Sentence, metric_text, thickness_text
from reports.words.tables import Table

TOPIC: Final = "Bounds"
#: Columns of a summary of bounds as the table calls them.
_QUANTITIES: Final = {
    "position_pm": "precision of position, per axis (pm)",
    "distance_pm": "MAE of position (pm)",
    "scs_pct": "precision of SCS (%)",
}


def bound_caption(run: Run, *, case: str, metric: str) -> str:
    """Say what the bounds drawn beside a metric take as known; '' where none is drawn."""
    drawn = drawn_bounds(run.once(summarise_bounds), case=case, metric=metric)
    return "".join(
        f" {_capital(kind.label)}: taken as known is {_small(kind.known)}" for kind in _kinds(drawn)
    )


def bound_table(bounds: pd.DataFrame, *, title: str) -> Table:
    """Table of all bounds of a case, the assumptions beside each.

    Parameters
    ----------
    bounds : pandas.DataFrame
        `reports.summaries.bounds.summarise_bounds`, of one case.
    title : str
        Of the case.
    """
    thinnest, thickest = bounds["thickness"].min(), bounds["thickness"].max()
    several = thinnest < thickest
    rows = bounds[bounds["thickness"].isin([thinnest, thickest])]
    doses = sorted(rows["dose"].unique())
    lines = []
    for (thickness, kind), own in rows.groupby(["thickness", "kind"], sort=False):
        at = own.groupby("dose").first()
        beside = BOUND_KINDS[str(kind)].known
        for column, quantity in _QUANTITIES.items():
            if at[column].isna().all():
                continue
            labels = [BOUND_KINDS[str(kind)].label, quantity]
            if several:
                labels.insert(0, str(thickness))
            values = (plain(float(at[column].get(dose, float("nan")))) for dose in doses)
            lines.append((*labels, *values, beside))
            beside = ""
    return Table(
        title=f"Bounds: {title}",
        note="What an unbiased estimator that knows no more than is stated reaches at best, "
        "averaged over measured columns"
        + ("; thinnest and thickest image. " if several else ". ")
        + "bounds.csv has all.",
        header=(
            *(["thickness (atoms)"] if several else []),
            "bound",
            "quantity",
            *(f"{dose_text(float(dose))} e/Å²" for dose in doses),
            "taken as known",
        ),
        rows=tuple(lines),
        n_labels=3 if several else 2,
    )


def bound_sentences(run: Run, summary: pd.DataFrame) -> list[Sentence]:
    """Say how bounds depend on their assumptions, and where restorers stand to hybrid ones.

    Parameters
    ----------
    run : Run
    summary : pandas.DataFrame
        `reports.summaries.summary.summarise` of its records.

    Returns
    -------
    list of Sentence
    """
    if not run.listed(BOUNDS_FILE):
        return [
            Sentence(
                f"This run folder holds no {BOUNDS_FILE}: bounds under other assumptions and under "
                "scan jitter are not shown. The command that made the run adds them.",
                "finding",
                topic=TOPIC,
            )
        ]
    bounds = run.once(summarise_bounds)
    sentences: list[Sentence] = []
    for case in cases_in_order(run, summary):
        own = bounds[bounds["case"] == case]
        sentences += _of_assumptions(own, title=run.title(case))
        rows = summary[summary["case"] == case]
        present = set(rows["metric"])
        for metric in ("position_mae_unshifted_pm", "position_mae_pm"):
            drawn = drawn_bounds(bounds, case=case, metric=metric)
            if metric in present and len(drawn):
                sentences += _against_hybrid(run, rows, drawn, case=case, metric=metric)
                break
    return sentences


def _of_assumptions(bounds: pd.DataFrame, *, title: str) -> list[Sentence]:
    """How the bound of SCS of the thickest image grows as less is taken as known."""
    rows = bounds[bounds["kind"].isin(["recorded", "constant-background", "column-widths"])]
    if rows["kind"].nunique() < 3:
        return []
    rows = rows[rows["dose"] == rows["dose"].min()]
    thick = rows[rows["thickness"] == rows["thickness"].max()].set_index("kind")
    values = {kind: f"{plain(float(thick['scs_pct'][kind]))} %" for kind in thick.index}
    return [
        Sentence(
            f"{title}: the bound of SCS hangs on what is taken as known. At "
            f"{thickness_text(thick.iloc[0])} and {dose_text(float(thick['dose'].iloc[0]))} e/Å² "
            f"it is {values['recorded']} with one width and no background, "
            f"{values['constant-background']} if a constant background is unknown too, and "
            f"{values['column-widths']} with a width for each column.",
            "finding",
            topic=TOPIC,
        )
    ]


def _against_hybrid(
    run: Run, rows: pd.DataFrame, drawn: pd.DataFrame, *, case: str, metric: str
) -> list[Sentence]:
    """Where each restorer lies below the hybrid bound, and where above."""
    label = _kinds(drawn)[0].label
    first = drawn["image"] == drawn["image"].iloc[0]
    bound = drawn[first].set_index("dose")["value"]
    sentences = []
    names = rows["restorer"].unique()
    for restorer in (*run.restorers.judged(names), *run.restorers.beside(names)):
        own = rows[(rows["restorer"] == restorer) & (rows["metric"] == metric)]
        own = own[own["image"] == drawn["image"].iloc[0]].set_index("dose").sort_index()
        own = own[own.index.isin(bound.index)]
        if own.empty:
            continue
        against = bound[own.index]
        below = own[own["high"] < against]
        above = own[own["low"] > against]
        who = run.restorers.phrase(restorer)
        parts = []
        kind: Kind = "finding"
        if len(below):
            parts.append(
                f"below it at {_doses(below.index)} e/Å² ({_beside(below.iloc[0], bound)}), which "
                "takes knowledge of where columns belong, right or wrong"
            )
        if len(above):
            parts.append(
                f"above it at {_doses(above.index)} e/Å² ({_beside(above.iloc[-1], bound)}), so "
                "that the image holds more than is taken from it"
            )
        if not parts:
            parts, kind = ["not told apart from it at any dose"], "undecided"
        sentences.append(
            Sentence(
                f"{run.title(case)}: held against the {label}, the best of a fit that knows how "
                f"scan lines jitter and nothing of the lattice, the MAE of position of {who} is "
                f"{'; and '.join(parts)}.",
                kind,
                topic=TOPIC,
            )
        )
    return sentences


def _beside(row: "pd.Series[float]", bound: "pd.Series[float]") -> str:
    dose = float(row.name)  # type: ignore[arg-type]
    return f"at {dose_text(dose)} {metric_text(row)} beside {plain(float(bound[dose]))} pm"


def _doses(doses: "pd.Index[float]") -> str:
    return ", ".join(dose_text(float(dose)) for dose in doses)


def _kinds(drawn: pd.DataFrame) -> list[BoundKind]:
    return [BOUND_KINDS[name] for name in dict.fromkeys(drawn["kind"].astype("str"))]


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _small(text: str) -> str:
    return text[0].lower() + text[1:]
