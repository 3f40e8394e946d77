"""Findings of the scoreboard, one function a question, each by what the report judges already."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from cases import site_labels
from reports.metrics.column_search import detection_of
from reports.metrics.defects import fidelity_of
from reports.metrics.kept.image_intensity import intensity_of
from reports.metrics.kept.resolution import CONTRAST_FLOOR, contrast_of, unresolved_cells
from reports.page.scoreboard.tile import Finding, State
from reports.records.run_folder import Run
from reports.summaries.information_rank import log_ratio
from reports.summaries.response import information_of_run, summarise_response
from reports.words.defects import fidelity_verdict
from reports.words.kept.losses import HOLE, LOSS, holes, losses
from reports.words.numbers import metric_quantity, quantity
from reports.words.verdict.response import passed_on

_QUANTITIES: Final = {"position": "position", "scs": "SCS"}
_RIGHT: Final = "e2e_right_share"
_AT: Final = ["case", "image", "dose"]
_Row = Mapping[Any, Any]


def resolved_findings(run: Run, restorer: str) -> list[Finding]:
    """Whether columns keep the contrast that a fit needs: with their whole interval."""
    unresolved = unresolved_cells(run.once(contrast_of), run.restorers)
    kept = run.once(intensity_of)
    rows = kept[(kept["restorer"] == restorer) & (kept["metric"] == "contrast_kept")]
    findings = []
    for row in rows.to_dict("records"):
        key = (str(row["case"]), str(row["image"]), float(row["dose"]), restorer)
        certain = row["low"] >= CONTRAST_FLOOR  # never so without an interval
        state: State = "no" if key in unresolved else "yes" if certain else "undecided"
        text = metric_quantity("contrast_kept", row["value"], row["low"], row["high"])
        findings.append(_finding(row, state, f"contrast kept {text}", badness=-row["value"]))
    return findings


def response_findings(run: Run, restorer: str) -> list[Finding]:
    """Whether changes of single columns are passed on whole."""
    findings = []
    told = run.once(summarise_response).information
    for row in told[told["restorer"] == restorer].to_dict("records"):
        low, high = row["response_low"], row["response_high"]
        states: dict[str, State] = {"whole": "yes", "part": "no", "exaggerated": "no"}
        state = states.get(passed_on(low, high), "undecided")
        drawn = math.isinf(row["over_bound"])
        text = f"{_QUANTITIES[row['quantity']]}: {quantity(row['response'], low, high)} passed on"
        # Without scatter, or without a response, nothing of what was changed is measured.
        findings.append(
            _finding(row, "no" if drawn else state, text, badness=abs(row["response"] - 1))
        )
    return findings


def information_findings(run: Run, restorer: str) -> list[Finding]:
    """Whether scatter over response is smaller than that of raw images of the same noise."""
    told = run.once(summarise_response).information
    if told.empty:
        return []
    raw = run.restorers.raw(told["restorer"].unique())
    if raw is None:
        return []
    cells = run.once(information_of_run)
    beside = _by_place(told[told["restorer"] == raw], [*_AT, "quantity"])
    findings = []
    for row in told[told["restorer"] == restorer].to_dict("records"):
        place = (row["case"], row["image"], row["dose"], row["quantity"])
        if place not in beside:
            continue
        other = beside[place]
        own, of_raw = (cells[*place[:3], name, place[3]] for name in (restorer, raw))
        what = _QUANTITIES[row["quantity"]]
        text = f"{what}: {_over_bound(row)}"
        badness = math.inf
        if own.none:
            state: State = "no"
        elif of_raw.none:
            state = "undecided"
        else:
            effect = log_ratio(of_raw, own)
            low, high = effect.interval()
            state = "yes" if low > 0 else "no" if high < 0 else "undecided"
            badness = -effect.value
        if restorer == raw:
            state = "reference"
        else:
            text += f"; raw {_over_bound(other)}"
        findings.append(_finding(row, state, text, badness=badness))
    return findings


def _by_place(rows: pd.DataFrame, names: Sequence[str]) -> dict[tuple[Any, ...], _Row]:
    return {tuple(row[name] for name in names): row for row in rows.to_dict("records")}


def _over_bound(row: _Row) -> str:
    """Scatter over response beside the bound."""
    if math.isinf(row["over_bound"]):
        return "none"
    value = quantity(row["over_bound"], row["over_bound_low"], row["over_bound_high"])
    return f"{value} × bound"


def intensity_findings(run: Run, restorer: str) -> list[Finding]:
    """Whether images hold the intensity and a vacuum that is not below zero."""
    kept = run.once(intensity_of)
    raw = run.restorers.is_raw(restorer)
    findings = []
    for case, of_case in kept[kept["restorer"] == restorer].groupby("case", sort=False):
        warned = {*holes(of_case).index, *losses(run, of_case, kept, case=str(case)).index}
        shown = of_case[of_case["metric"].isin(("total_intensity", "vacuum_low"))]
        for index, row in shown.to_dict("index").items():
            total = row["metric"] == "total_intensity"
            inside = (
                row["low"] >= 1 - LOSS and row["high"] <= 1 + LOSS if total else row["low"] >= HOLE
            )
            state: State = "no" if index in warned else "yes" if inside else "undecided"
            value = metric_quantity(row["metric"], row["value"], row["low"], row["high"])
            text = f"intensity {value}" if total else f"darkest vacuum {value} of the peak"
            # in units of what is warned of, so that the two can be told the worse of
            badness = abs(row["value"] - 1) / LOSS if total else row["value"] / HOLE
            findings.append(_finding(row, "reference" if raw else state, text, badness=badness))
    return findings


def counts_findings(run: Run, restorer: str) -> list[Finding]:
    """Whether more columns are found and counted right from the image alone than in raw."""
    shares = run.once(detection_of)
    shares = shares[shares["metric"] == _RIGHT]
    raw = run.restorers.raw(shares["restorer"].unique()) if len(shares) else None
    if raw is None:
        return []
    beside = _by_place(shares[shares["restorer"] == raw], _AT)
    findings = []
    for row in shares[shares["restorer"] == restorer].to_dict("records"):
        place = (row["case"], row["image"], row["dose"])
        if place not in beside:
            continue
        text = f"{metric_quantity(_RIGHT, row['value'], row['low'], row['high'])} right"
        other = beside[place]
        state: State = "reference"
        if restorer != raw:
            text += f"; raw {metric_quantity(_RIGHT, other['value'], other['low'], other['high'])}"
            state = _apart(row, other)
            # A single search has no interval, and nothing is told from it: a reader sees why.
            if math.isnan(row["low"]) or math.isnan(other["low"]):
                searches = int(min(row["n_realizations"], other["n_realizations"]))
                text += f"; n = {searches}: no interval"
        findings.append(_finding(row, state, text, badness=other["value"] - row["value"]))
    return findings


def _apart(own: _Row, raw: _Row) -> State:
    """Whether a share lies above that of raw; intervals that touch, or that are none, do not tell.

    Not paired: a pack keeps shares with their intervals, not the searches of single images, and a
    run must not be judged otherwise than its pack.
    """
    if own["low"] > raw["high"]:
        return "yes"
    return "no" if own["high"] < raw["low"] else "undecided"


def defect_findings(run: Run, restorer: str) -> list[Finding]:
    """Whether each kind of defect and adatom keeps its contrast."""
    fidelity = run.once(fidelity_of)
    own = fidelity[(fidelity["restorer"] == restorer) & (fidelity["kind"] != "perfect")]
    states: dict[str, State] = {"faithful": "yes", "weakened": "no", "exaggerated": "no"}
    labels = site_labels()
    return [
        _finding(
            row,
            states.get(fidelity_verdict(row["low"], row["high"]), "undecided"),
            f"{labels[row['kind']]}: {quantity(row['value'], row['low'], row['high'])} of its"
            " contrast",
            badness=abs(row["value"] - 1),
        )
        for row in own[own["low"].notna() & own["high"].notna()].to_dict("records")
    ]


def _finding(row: _Row, state: State, text: str, *, badness: float) -> Finding:
    return Finding(
        case=str(row["case"]),
        image=str(row["image"]),
        dose=float(row["dose"]),
        state=state,
        text=text,
        badness=float(badness),
        n=int(row["n_realizations"]),
    )
