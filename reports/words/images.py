"""Tables of image metrics: the paper's PSNR table on what ships, conservation, empty fields."""

from collections.abc import Iterable
from typing import Final

import pandas as pd

from reports.metrics.table import METRICS, metrics_of
from reports.names import NETWORK
from reports.records.image_folder import ImageRun
from reports.summaries.image_summary import PUBLISHED_DB
from reports.words.numbers import dose_text, plain, tabulated
from reports.words.tables import Table

_MAX_NOTE: Final = (
    "MAX = 65535, the only choice that agrees with the paper. Mean over the 8 published pairs of "
    "a modality (95 % interval over pairs, which are different specimens); CGRDN is the network "
    "trained for that modality."
)


def image_tables(run: ImageRun, summary: pd.DataFrame, gaps: pd.DataFrame) -> list[Table]:
    """All tables for which there are rows.

    Parameters
    ----------
    run : ImageRun
        Gives the rows, for failures and times, and the restorers' names.
    summary : pandas.DataFrame
        `reports.summaries.image_summary.summarise_images`.
    gaps : pandas.DataFrame
        `reports.summaries.image_summary.psnr_gaps`.

    Returns
    -------
    list of Table
    """
    tables = []
    published = summary[summary["kind"] == "published"]
    if len(published):
        tables += [
            _by_source(run, published, metric="psnr_db", title="PSNR on the published test pairs"),
            *_against_the_paper(run, published, gaps),
            _by_source(run, published, metric="ssim", title="SSIM on the published test pairs"),
            _fidelity(
                run, published, title="Published test pairs: agreement, conservation, residual"
            ),
        ]
    cases = summary[summary["kind"] == "case"]
    if len(cases):
        tables.append(_fidelity(run, cases, title="Cases: agreement, conservation, residual"))
    empty = summary[summary["kind"] == "empty"]
    if len(empty):
        tables.append(_empty(run, empty))
    return tables


def _by_source(run: ImageRun, published: pd.DataFrame, *, metric: str, title: str) -> Table:
    """One row per restorer, one column per modality."""
    rows = run.rows
    sources = list(rows[rows["kind"] == "published"]["source"].unique())
    restorers = run.restorers.order(rows["restorer"].unique())
    lines = []
    for restorer in restorers:
        cells = (
            _cell(published, rows, source=s, restorer=restorer, metric=metric) for s in sources
        )
        lines.append((run.restorers.label(restorer), *cells, _seconds(rows, restorer=restorer)))
    counts = published[published["metric"] == metric].groupby("source", sort=False)["n"].max()
    heads = tuple(f"{source} (n = {counts.get(source, 0)})" for source in sources)
    unit = METRICS[metric].unit
    dynamic = "" if unit else " Dynamic range = MAX."
    return Table(
        title=f"{title}{f' ({unit})' if unit else ''}",
        note=_MAX_NOTE + dynamic + " One pair of lrsem is not distorted at all and left out.",
        header=("restorer", *heads, "s per image"),
        rows=tuple(lines),
        n_labels=1,
    )


def _against_the_paper(run: ImageRun, published: pd.DataFrame, gaps: pd.DataFrame) -> list[Table]:
    """Our means on the hrstem pairs beside the paper's, and the gap to CGRDN."""
    here = published[(published["source"] == "hrstem") & (published["metric"] == "psnr_db")]
    if here.empty:
        return []
    gap_to = {row["restorer"]: row for _, row in gaps[gaps["source"] == "hrstem"].iterrows()}
    lines = []
    for restorer in run.restorers.order(here["restorer"].unique()):
        row = here[here["restorer"] == restorer].iloc[0]
        stated = PUBLISHED_DB.get(restorer)
        lines.append(
            (
                run.restorers.label(restorer),
                _interval(row, metric="psnr_db"),
                "" if stated is None else f"{stated:.2f}",
                _interval(gap_to[restorer], metric="psnr_db") if restorer in gap_to else "",
                ""
                if stated is None or restorer == NETWORK
                else f"{PUBLISHED_DB[NETWORK] - stated:.2f}",
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
                "restorer",
                "PSNR here (dB)",
                "PSNR published (dB)",
                "CGRDN less it, here (dB)",
                "CGRDN less it, published (dB)",
            ),
            rows=tuple(lines),
            n_labels=1,
        )
    ]


def _fidelity(run: ImageRun, group: pd.DataFrame, *, title: str) -> Table:
    """One row per source, dose and restorer with every metric against the truth."""
    case = (group["kind"] == "case").all()
    # The published pairs have a table of PSNR of their own; elsewhere MAX is the peak.
    names = _present(group, without="psnr_peak_db" if case else "psnr_db")
    lines = []
    for (source, image, _), point in group.groupby(
        ["source", "image", "dose"], dropna=False, sort=False
    ):
        dose = float(point["dose"].iloc[0])
        label = f"{source} {image}, {dose_text(dose)} e/Å²" if case else str(source)
        for restorer in run.restorers.order(point["restorer"].unique()):
            metrics = point[point["restorer"] == restorer].set_index("metric")
            lines.append((label, run.restorers.label(restorer), *_values(metrics, names)))
    note = (
        "MAX and dynamic range = largest value of the noise-free image. Means over noise "
        "realizations."
        if case
        else "Means over pairs; SSIM with dynamic range 65535."
    )
    return Table(
        title=title,
        note=f"{note} Intervals are in summary.csv.",
        header=("image", "restorer", *(METRICS[name].heading for name in names), "n"),
        rows=tuple(lines),
        n_labels=2,
    )


def _empty(run: ImageRun, group: pd.DataFrame) -> Table:
    """One row per chain, level and restorer."""
    names = _present(group)
    lines = []
    for (image, level), point in group.groupby(["image", "level"], sort=False):
        for restorer in run.restorers.order(point["restorer"].unique()):
            metrics = point[point["restorer"] == restorer].set_index("metric")
            label = f"{image}, {level:g} e/px"
            lines.append((label, run.restorers.label(restorer), *_values(metrics, names)))
    return Table(
        title="Empty fields: residuals in noise without structure",
        note="256 x 256 px of constant expectation, under counting alone or the noise of the "
        "studies. Means over realizations; intervals are in summary.csv.",
        header=("noise", "restorer", *(METRICS[name].heading for name in names), "n"),
        rows=tuple(lines),
        n_labels=2,
    )


def _present(group: pd.DataFrame, *, without: str = "") -> list[str]:
    """Image metrics that a group has, in the order of the registry."""
    present = set(group["metric"]) - {without}
    return [metric.name for metric in metrics_of("images") if metric.name in present]


def _cell(
    summary: pd.DataFrame, rows: pd.DataFrame, *, source: str, restorer: str, metric: str
) -> str:
    row = summary[
        (summary["source"] == source)
        & (summary["restorer"] == restorer)
        & (summary["metric"] == metric)
    ]
    here = rows[(rows["source"] == source) & (rows["restorer"] == restorer)]
    failed = int((here["failure"] != "").sum())
    if row.empty:
        return "failed" if failed else ""
    text = _interval(row.iloc[0], metric=metric)
    return f"{text}, {failed} failed" if failed else text


def _seconds(rows: pd.DataFrame, *, restorer: str) -> str:
    # The median: the first image of a network also pays for its start.
    restored = rows[
        (rows["restorer"] == restorer) & (rows["failure"] == "") & (rows["kind"] == "published")
    ]
    return f"{restored['seconds'].median():.2g}" if len(restored) else ""


def _interval(row: pd.Series, *, metric: str) -> str:
    """As many decimals as the paper's figures have, however wide the interval."""
    decimals = METRICS[metric].decimals
    return tabulated(row["value"], row["low"], row["high"], decimals=decimals)


def _values(metrics: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """Values without intervals, then n."""
    return [*(_value(metrics, name) for name in names), str(int(metrics["n"].max()))]


def _value(metrics: pd.DataFrame, name: str) -> str:
    if name not in metrics.index:
        return ""
    value = float(metrics.loc[[name], "value"].iloc[0])
    decimals = METRICS[name].decimals
    if METRICS[name].unit != "dB" and abs(value) >= 10:
        return plain(value)  # three decimals would feign precision
    return plain(value) if decimals is None else f"{value:.{decimals}f}"
