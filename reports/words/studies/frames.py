"""Another acquisition in words: frames aligned and summed beside the one shot, restored or not."""

from typing import Final

import numpy as np
import pandas as pd

from reports.metrics.table import METRICS
from reports.records.run_folder import Run
from reports.summaries.ladder_summary import ERROR, SHOWN
from reports.words.numbers import dose_text, metric_cell, metric_quantity
from reports.words.sentences import Sentence
from reports.words.tables import Table, failures, sample_size

TITLE: Final = "The same dose in frames"


def frames_table(run: Run, summary: pd.DataFrame) -> Table | None:
    """One row per case, dose and way to spend the dose; None if the run has one way alone.

    Parameters
    ----------
    run : Run
    summary : pandas.DataFrame
        Of the whole run.
    """
    rows = []
    for point in _points(run, summary):
        names = run.restorers.order(point["restorer"].unique())
        judged = run.restorers.judged(names)
        for restorer in names:
            kept = run.restorers.is_raw(restorer) or run.restorers.is_acquisition(restorer)
            if not kept and restorer not in judged:
                continue
            metrics = point[point["restorer"] == restorer].set_index("metric")
            rows.append(
                (
                    run.title(str(point["case"].iloc[0])),
                    dose_text(float(point["dose"].iloc[0])),
                    run.restorers.label(restorer),
                    *(metric_cell(metrics, name) for name in SHOWN),
                    failures(metrics),
                    sample_size(metrics),
                )
            )
    if not rows:
        return None
    return Table(
        title=TITLE,
        note="One shot of the whole dose, as it is and restored, beside frames of a part of the "
        "dose, each with a scan and counts of its own and without drift, rigidly aligned by "
        "cross-correlation and summed. The dwell time of a frame is that of the shot. "
        "Value (95 % interval); the noise of shot and frames is independent.",
        header=(
            "case",
            "dose (e/Å²)",
            "image",
            *(METRICS[name].heading for name in SHOWN),
            METRICS["failure_rate"].label,
            "n: realizations × columns",
        ),
        rows=tuple(rows),
        n_labels=3,
    )


def frames_sentences(run: Run, summary: pd.DataFrame) -> list[Sentence]:
    """Compare frames aligned and summed with the one shot restored.

    Parameters
    ----------
    run : Run
    summary : pandas.DataFrame
        Of the whole run.

    Returns
    -------
    list of Sentence
        One per case and dose; a finding if the 95 % intervals of the two errors lie apart.
    """
    sentences = []
    for point in _points(run, summary):
        mae = point[point["metric"] == ERROR].set_index("restorer")
        names = list(mae.index)
        raw = run.restorers.raw(names)
        frames = next(name for name in names if run.restorers.is_acquisition(name))
        for restorer in run.restorers.judged(names):
            ours, theirs = mae.loc[frames], mae.loc[restorer]
            who = run.restorers.phrase(restorer)
            if ours["high"] < theirs["low"]:
                claim, apart = f"a smaller MAE of position than one shot restored by {who}", True
            elif ours["low"] > theirs["high"]:
                claim, apart = f"a larger MAE of position than one shot restored by {who}", True
            else:
                claim, apart = f"an MAE that cannot be told from that of one shot with {who}", False
            beside = "" if raw is None else f", one raw shot {_text(point, raw)}"
            sentences.append(
                Sentence(
                    f"At {dose_text(float(point['dose'].iloc[0]))} e/Å², on "
                    f"{run.title(str(point['case'].iloc[0]))}, {run.restorers.label(frames)} have "
                    f"{claim}: {_text(point, frames)} against {_text(point, restorer)}{beside}.",
                    "finding" if apart else "undecided",
                    TITLE,
                )
            )
    return sentences


def _points(run: Run, summary: pd.DataFrame) -> list[pd.DataFrame]:
    """Summary rows of each case and dose at which another acquisition was made."""
    acquired = [n for n in summary["restorer"].unique() if run.restorers.is_acquisition(str(n))]
    points = [rows for _, rows in summary.groupby(["case", "image", "dose"], sort=False)]
    return [rows for rows in points if rows["restorer"].isin(acquired).any()]


def _text(point: pd.DataFrame, restorer: str) -> str:
    rows = point[(point["restorer"] == restorer) & (point["metric"] == ERROR)]
    value, low, high = rows[["value", "low", "high"]].to_numpy(dtype=np.float64)[0]
    return metric_quantity(ERROR, value, low, high)
