"""Tables of image metrics: the paper's PSNR table on what ships, conservation, empty fields."""

import math
from typing import Final

import pandas as pd

from reports.figures.panels import dose_text
from reports.names import order, styles
from reports.summaries.image_summary import IMAGE_METRICS, NETWORK, PUBLISHED_DB
from reports.words.numbers import plain
from reports.words.tables import Table

_MAX_NOTE: Final = (
    "MAX = 65535, the only choice that agrees with the paper. Mean over the 8 published pairs of "
    "a modality (95 % interval over pairs, which are different specimens); CGRDN is the network "
    "trained for that modality."
)
_FIDELITY: Final = (
    "psnr_peak_db", "ssim", "cutoff_seventh", "cutoff_half_bit", "mean_shift", "variance_ratio",
    "colour", "colour_of_truth",
)  # fmt: skip
_LEAKAGE: Final = ("leak_spread", "leak_peak", "leak_mean_shift")


def image_tables(summary: pd.DataFrame, gaps: pd.DataFrame, rows: pd.DataFrame) -> list[Table]:
    """All tables for which there are rows.

    Parameters
    ----------
    summary : pandas.DataFrame
        `reports.summaries.image_summary.summarise_images`.
    gaps : pandas.DataFrame
        `reports.summaries.image_summary.psnr_gaps`.
    rows : pandas.DataFrame
        `reports.records.image_folder.ImageRun.rows`, for failures and times.

    Returns
    -------
    list of Table
    """
    made = []
    published = summary[summary["kind"] == "published"]
    if len(published):
        made += [
            _by_source(published, rows, metric="psnr_db", title="PSNR on the published test pairs"),
            *_against_the_paper(published, gaps),
            _by_source(published, rows, metric="ssim", title="SSIM on the published test pairs"),
            _fidelity(
                published, rows, title="Published test pairs: agreement, conservation, residual"
            ),
        ]
    cases = summary[summary["kind"] == "case"]
    if len(cases):
        made.append(_fidelity(cases, rows, title="Cases: agreement, conservation, residual"))
    empty = summary[summary["kind"] == "empty"]
    if len(empty):
        made.append(_empty(empty, rows))
    return made


def _by_source(published: pd.DataFrame, rows: pd.DataFrame, *, metric: str, title: str) -> Table:
    """One row per restorer, one column per modality."""
    named = list(rows[rows["kind"] == "published"]["source"].unique())
    restorers = order(rows["restorer"].unique())
    looks = styles(restorers)
    made = []
    for restorer in restorers:
        cells = [_cell(published, rows, source=s, restorer=restorer, metric=metric) for s in named]
        made.append((looks[restorer].label, *cells, _seconds(rows, restorer=restorer)))
    counts = published[published["metric"] == metric].groupby("source", sort=False)["n"].max()
    heads = tuple(f"{source} (n = {counts.get(source, 0)})" for source in named)
    unit = IMAGE_METRICS[metric].unit
    dynamic = "" if unit else " Dynamic range = MAX."
    return Table(
        title=f"{title}{f' ({unit})' if unit else ''}",
        note=_MAX_NOTE + dynamic + " One pair of lrsem is not distorted at all and left out.",
        header=("restorer", *heads, "s per image"),
        rows=tuple(made),
        n_labels=1,
    )


def _against_the_paper(published: pd.DataFrame, gaps: pd.DataFrame) -> list[Table]:
    """Our means on the hrstem pairs beside the paper's, and the gap to CGRDN."""
    own = published[(published["source"] == "hrstem") & (published["metric"] == "psnr_db")]
    if own.empty:
        return []
    looks = styles(own["restorer"].unique())
    apart = gaps[gaps["source"] == "hrstem"].set_index("restorer")
    made = []
    for restorer in order(own["restorer"].unique()):
        row = own[own["restorer"] == restorer].iloc[0]
        known = PUBLISHED_DB.get(restorer)
        gap = known is not None and restorer != NETWORK
        made.append(
            (
                looks[restorer].label,
                _interval(row["value"], row["low"], row["high"]),
                "" if known is None else f"{known:.2f}",
                _interval(*apart.loc[restorer, ["value", "low", "high"]])
                if restorer in apart.index
                else "",
                f"{PUBLISHED_DB[NETWORK] - known:.2f}" if gap and known is not None else "",
            )
        )
    return [
        Table(
            title="Beside the paper's figures (hrstem)",
            note="The paper's means are over a validation set of 100 000 images that is not "
            "published; 8 pairs ship with the weights, so its figures can be approached, not "
            "reproduced. Filters are given the scale of the noise from the truth. Gaps are "
            "paired over pairs. MAX = 65535.",
            header=(
                "restorer", "PSNR here (dB)", "PSNR published (dB)", "CGRDN less it, here (dB)",
                "CGRDN less it, published (dB)",
            ),
            rows=tuple(made),
            n_labels=1,
        )
    ]  # fmt: skip


def _fidelity(group: pd.DataFrame, rows: pd.DataFrame, *, title: str) -> Table:
    """One row per source, dose and restorer with every metric against the truth."""
    looks = styles(rows["restorer"].unique())
    case = (group["kind"] == "case").all()
    names = ("psnr_db", *(n for n in _FIDELITY if n != "psnr_peak_db")) if case else _FIDELITY
    made = []
    for (source, image, _), own in group.groupby(["source", "image", "dose"], dropna=False,
                                                    sort=False):  # fmt: skip
        number = float(own["dose"].iloc[0])
        for restorer in order(own["restorer"].unique()):
            cell = own[own["restorer"] == restorer].set_index("metric")
            label = f"{source} {image}, {dose_text(number)} e/Å²" if case else str(source)
            made.append(
                (
                    label,
                    looks[restorer].label,
                    *(_value(cell, name) for name in names),
                    str(int(cell["n"].max())),
                )
            )
    note = (
        "MAX and dynamic range = largest value of the noise-free image. Means over noise "
        "realizations."
        if case
        else "Means over pairs; SSIM with dynamic range 65535."
    )
    return Table(
        title=title,
        note=f"{note} Intervals are in summary.csv.",
        header=("image", "restorer", *map(_head, names), "n"),
        rows=tuple(made),
        n_labels=2,
    )


def _empty(group: pd.DataFrame, rows: pd.DataFrame) -> Table:
    """One row per chain, level and restorer."""
    looks = styles(rows["restorer"].unique())
    made = []
    for (image, level), own in group.groupby(["image", "level"], sort=False):
        for restorer in order(own["restorer"].unique()):
            cell = own[own["restorer"] == restorer].set_index("metric")
            made.append(
                (
                    f"{image}, {level:g} e/px",
                    looks[restorer].label,
                    *(_value(cell, name) for name in _LEAKAGE),
                    str(int(cell["n"].max())),
                )
            )
    return Table(
        title="Empty fields: what is put out for noise without structure",
        note="256 x 256 px of constant expectation, under counting alone or the noise of the "
        "studies. Means over realizations; intervals are in summary.csv.",
        header=("noise", "restorer", *map(_head, _LEAKAGE), "n"),
        rows=tuple(made),
        n_labels=2,
    )


def _cell(
    summary: pd.DataFrame, rows: pd.DataFrame, *, source: str, restorer: str, metric: str
) -> str:
    own = summary[
        (summary["source"] == source) & (summary["restorer"] == restorer)
        & (summary["metric"] == metric)
    ]  # fmt: skip
    here = rows[(rows["source"] == source) & (rows["restorer"] == restorer)]
    failed = int((here["failure"] != "").sum())
    if own.empty:
        return "failed" if failed else ""
    text = _interval(*own.iloc[0][["value", "low", "high"]], places=2 if metric == "psnr_db" else 3)
    return f"{text}, {failed} failed" if failed else text


def _seconds(rows: pd.DataFrame, *, restorer: str) -> str:
    # The median: the first image of a network also pays for its start.
    own = rows[(rows["restorer"] == restorer) & (rows["failure"] == "")
               & (rows["kind"] == "published")]  # fmt: skip
    return f"{own['seconds'].median():.2g}" if len(own) else ""


def _interval(value: float, low: float, high: float, *, places: int = 2) -> str:
    """As many decimals as the paper's figures have, however wide the interval."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{value:.{places}f}"
    to = "–" if low > 0 else " to "
    return f"{value:.{places}f} ({low:.{places}f}{to}{high:.{places}f})"


def _value(cell: pd.DataFrame, name: str) -> str:
    if name not in cell.index:
        return ""
    value = float(cell.loc[[name], "value"].iloc[0])
    if name.startswith("psnr"):
        return f"{value:.2f}"
    return f"{value:.3f}" if abs(value) < 10 else plain(value)


def _head(name: str) -> str:
    metric = IMAGE_METRICS[name]
    return f"{metric.label} ({metric.unit})" if metric.unit else metric.label
