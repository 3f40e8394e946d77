"""Fits that know the scan, in words: their table, and what they reach beside the networks."""

import math
from collections.abc import Callable
from typing import Final

import pandas as pd

from reports.metrics.table import METRICS
from reports.names import LATTICE_FIT, Restorers
from reports.summaries.ladder_summary import ERROR
from reports.words.numbers import dose_text, metric_cell, plain, quantity
from reports.words.sentences import Kind, Sentence, metric_text
from reports.words.tables import Table, sample_size

#: Metrics of the table beside what was found of the lines.
_SHOWN: Final = (ERROR, "scs_mpe_pct", "count_accuracy", "position_coverage", "scs_coverage")
#: What is said of a lattice prior whose response a run did not measure.
UNMEASURED: Final = (
    "its response to a real change was not measured in this run, so that its scatter alone says "
    "nothing of what it would find of a distorted lattice"
)
_NOTE: Final = (
    "Raw images fitted with the displacements of their lines, from the first realizations. The "
    "jitter's σ and φ and the trailing response are taken as known, as the noise chain declares "
    "them; no fit of a restored image is told them. 'lattice 10 pm': each column with opposite "
    "neighbours is held to within 10 pm (standard deviation) of their mean. Bound: the hybrid one,"
    " of the MAE, without lattice. Lines: rms of found less true displacements over the lines that"
    " cross measured columns, beside the rms of the true ones. Misfit: mean squared residual over "
    "the variance of counting and detector. Response: share of an isolated shift of 15 pm, put "
    "into the data, that the fit passes on (mean of the images ± standard error). scan_fit.csv has"
    " all."
)


def scan_table(
    scans: pd.DataFrame, summary: pd.DataFrame, *, title: str, restorers: Restorers
) -> Table:
    """One row per dose and scan fit of a case: errors, bound, lines, misfit and response.

    Parameters
    ----------
    scans : pandas.DataFrame
        `reports.summaries.scan_fit.summarise_scans`, of one case.
    summary : pandas.DataFrame
        Summary rows of the case.
    title : str
        Of the case.
    restorers : Restorers
        Of the run.
    """
    present = [name for name in _SHOWN if (summary["metric"] == name).any()]
    rows = []
    for _, at_dose in scans.groupby(["thickness", "dose"], sort=True):
        by_name = {str(row["restorer"]): row for row in at_dose.to_dict("records")}
        for name in restorers.order(by_name):
            row = by_name[name]
            own = summary[(summary["restorer"] == name) & (summary["dose"] == row["dose"])]
            own = own[own["image"] == row["image"]]
            if own.empty:
                continue
            metrics = own.set_index("metric")
            values = {metric: metric_cell(metrics, metric) for metric in present}
            rows.append(
                (
                    dose_text(float(row["dose"])),
                    restorers.label(name),
                    values[ERROR],
                    plain(row["bound_pm"]),
                    *(values[metric] for metric in present if metric != ERROR),
                    f"{plain(row['lines_x_pm'])} of {plain(row['jitter_x_pm'])}",
                    f"{plain(row['lines_y_pm'])} of {plain(row['jitter_y_pm'])}",
                    plain(row["misfit"]),
                    _response(row["response"], row["response_error"]),
                    f"{row['n_converged']} of {row['n_images']}",
                    plain(row["steps"]),
                    sample_size(metrics),
                )
            )
    return Table(
        title=f"Scan fit: {title}",
        note=_NOTE,
        header=(
            "dose (e/Å²)",
            "fit",
            METRICS[ERROR].heading,
            "bound (pm)",
            *(METRICS[metric].heading for metric in present if metric != ERROR),
            "lines, x (pm)",
            "lines, y (pm)",
            "misfit",
            "response",
            "converged",
            "steps",
            "n: realizations × columns",
        ),
        rows=tuple(rows),
        n_labels=2,
    )


def scan_sentences(
    scans: pd.DataFrame,
    summary: pd.DataFrame,
    *,
    networks: list[str],
    compare: Callable[..., pd.DataFrame],
    restorers: Restorers,
) -> list[Sentence]:
    """Say what a fit that knows the scan reaches beside the best network at each dose.

    Parameters
    ----------
    scans : pandas.DataFrame
        `reports.summaries.scan_fit.summarise_scans`, of one case.
    summary : pandas.DataFrame
        Summary rows of the case.
    networks : list of str
        Names of networks; the best at most doses speaks.
    compare : callable
        ``compare(fit=..., network=...)`` returns `reports.summaries.scan_fit.against_network`.
    restorers : Restorers
        Of the run.

    Returns
    -------
    list of Sentence
        One per fit; with a lattice prior the response stands in the same sentence. A finding if
        the 95 % interval of the paired ratio lies wholly on one side of 1 at some dose.
    """
    mae = summary[(summary["metric"] == ERROR) & summary["value"].notna()]
    best = _best(mae, networks)
    sentences = []
    for name in restorers.order(scans["restorer"].unique()):
        own = mae[mae["restorer"] == name].sort_values("dose")
        if own.empty:
            continue
        ends = own.iloc[sorted({0, len(own) // 2, len(own) - 1})]
        reached = "; ".join(
            _reached(row, mae, best=best, restorers=restorers) for row in _each(ends)
        )
        text = f"Without a network, and told how lines jitter: {restorers.label(name)} has an MAE "
        text += f"of position of {reached}"
        kind: Kind = "finding"
        if best is not None:
            told, kind = _told(compare(fit=name, network=best), who=restorers.phrase(best))
            text += told
        if restorers.by_name[name].fit == LATTICE_FIT:
            passed = _passed_on(scans[scans["restorer"] == name])
            text += f"; {passed or UNMEASURED}"
            kind = kind if passed else "warning"
        sentences.append(Sentence(f"{text}.", kind))
    return sentences


def _each(rows: pd.DataFrame) -> "list[pd.Series]":
    return [rows.iloc[k] for k in range(len(rows))]


def _best(mae: pd.DataFrame, networks: list[str]) -> str | None:
    """Name the network with the smallest geometric mean of MAE; None without any."""
    means = {
        name: float(mae.loc[mae["restorer"] == name, "value"].map(math.log).mean())
        for name in networks
        if (mae["restorer"] == name).any()
    }
    return min(means, key=lambda name: means[name]) if means else None


def _reached(row: pd.Series, mae: pd.DataFrame, *, best: str | None, restorers: Restorers) -> str:
    """MAE of a fit at a dose, beside raw and the network."""
    at_dose = mae[mae["dose"] == row["dose"]].set_index("restorer", drop=False)
    raw = restorers.raw(at_dose.index)
    beside = [
        f"{restorers.phrase(name)} {metric_text(at_dose.loc[name])}"
        for name in (raw, best)
        if name is not None and name in at_dose.index
    ]
    against = f" (beside {', '.join(beside)})" if beside else ""
    return f"{metric_text(row)} at {dose_text(row['dose'])} e/Å²{against}"


def _told(pairs: pd.DataFrame, *, who: str) -> tuple[str, Kind]:
    """Say at which doses a fit lies below a network, and at which above."""
    if pairs.empty:
        return "", "undecided"
    below, above = pairs[pairs["high"] < 1], pairs[pairs["low"] > 1]
    rest = pairs[~pairs.index.isin([*below.index, *above.index])]
    parts = [
        f"{words} at {', '.join(_ratio(row) for row in _each(rows))}"
        for rows, words in (
            (below, "smaller"),
            (above, "larger"),
            (rest, "not told apart"),
        )
        if len(rows)
    ]
    kind: Kind = "finding" if len(rest) < len(pairs) else "undecided"
    return f"; paired with {who} it is {'; '.join(parts)} e/Å²", kind


def _ratio(row: pd.Series) -> str:
    return f"{dose_text(row['dose'])} ({quantity(row['value'], row['low'], row['high'])} times)"


def _passed_on(scans: pd.DataFrame) -> str:
    """Say what share of an isolated shift a fit passes on at each dose; '' if not measured."""
    known = scans[scans["response"].notna()].sort_values("dose")
    shares = [
        f"{_response(row['response'], row['response_error'])} at {dose_text(row['dose'])}"
        for row in _each(known)
    ]
    if not shares:
        return ""
    return f"of an isolated shift of 15 pm it passes on {', '.join(shares)} e/Å²"


def _response(value: float, error: float) -> str:
    """Write a response with its standard error."""
    if math.isnan(value):
        return ""
    return f"{value:.2f}" if math.isnan(error) else f"{value:.2f} ± {error:.2f}"
