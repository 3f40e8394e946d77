"""The figure of responses: how much of a change is passed on, by its size and by its wavelength."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from reports.figures import panels
from reports.figures.figure import Figure
from reports.names import RestorerStyle
from reports.records.run_folder import Run
from reports.summaries.cells_of_run import cells_of
from reports.summaries.response import ResponseSummary, summarise_response
from reports.words.captions import case_settings
from reports.words.numbers import dose_text

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_GREY: Final = "#333333"
#: Shares of the bound below this are not drawn.
_LEAST: Final = 0.02
#: Restorers that one line of the legend names.
_NAMES_A_LINE: Final = 4
#: (quantity, heading, abscissa, its label)
_COLUMNS: Final = (
    ("position", "columns moved", "amplitude", "displacement (pm)"),
    ("position", "waves of displacement", "wavelength", "wavelength (columns)"),
    ("scs", "columns brighter, darker", "amplitude", "change of SCS (%)"),
    ("scs", "waves of brightness", "wavelength", "wavelength (columns)"),
)


def figure_response(run: Run, summary: pd.DataFrame, *, case: str) -> "Drawing":
    """Draw responses against the size of a change and against the wavelength of waves.

    Parameters
    ----------
    run : Run
        Gives settings and records.
    summary : pandas.DataFrame
        Summary of its records.
    case : str
        Name of the case; of several thicknesses the middle one is shown.

    Returns
    -------
    matplotlib.figure.Figure
        A row of panels per dose; the last row shows scatter over response over the bound.
    """
    del summary  # responses are taken from the records themselves
    told = _of_case(run.once(summarise_response), case)
    rows, information = told.responses, told.information
    doses = [float(dose) for dose in np.unique(rows["dose"].to_numpy())]
    columns = [column for column in _COLUMNS if len(_panel_rows(rows, column))]
    styles = run.restorers.styles(run.restorers.ranked(rows["restorer"].unique()))
    lines = len(doses)
    head = 0.5 + 0.14 * max(0, -(-(len(styles) + 2) // _NAMES_A_LINE) - 2)
    foot = 0.1 if information.empty else 1.95
    figure, bottom, top = panels.new_figure(
        1.62 * lines + 0.05 + head + foot,
        footer=response_settings(run, pd.DataFrame(), case=case),
        title=f"How much of a real change is passed on: {run.title(case)}",
        complete=run.complete,
    )
    height = float(figure.get_size_inches()[1])
    split = bottom + foot / height
    grid = figure.add_gridspec(
        lines,
        len(columns),
        left=0.075,
        right=0.99,
        bottom=split + 0.36 / height,
        top=top - head / height,
        wspace=0.24,
        hspace=0.5,
    )
    letters = iter(_LETTERS)
    for i, dose in enumerate(doses):
        for j, column in enumerate(columns):
            _, title, x, label = column
            axes = figure.add_subplot(grid[i, j])
            own = _panel_rows(rows[rows["dose"] == dose], column)
            _response_panel(axes, own, x=x, styles=styles)
            axes.set_xlabel(label if i == lines - 1 else "")
            if j == 0:
                axes.set_ylabel(f"response, {dose_text(dose)} e/Å²")
            panels.heading(axes, next(letters), title if i == 0 else "")
    handles, labels = _key(figure)
    figure.legend(
        handles,
        labels,
        loc="upper center",
        ncols=min(len(labels), _NAMES_A_LINE),
        fontsize=7,
        labelspacing=0.25,
        frameon=False,
        bbox_to_anchor=(0.53, top + 0.03 / height),
        columnspacing=1.2,
        handlelength=1.6,
    )
    if information.empty:
        return figure
    under = figure.add_gridspec(
        1,
        2,
        left=0.075,
        right=0.99,
        bottom=bottom + 0.24 / height,
        top=split - 0.34 / height,
        wspace=0.16,
    )
    for j, (quantity, name) in enumerate((("position", "position"), ("scs", "SCS"))):
        axes = figure.add_subplot(under[0, j])
        own = information[information["quantity"] == quantity]
        _information_panel(axes, own, styles=styles, doses=doses)
        panels.heading(axes, next(letters), f"scatter of {name} over response over bound")
        if j == 0:
            axes.set_ylabel("over the bound")
    return figure


def _of_case(told: ResponseSummary, case: str) -> ResponseSummary:
    """Part of one case at its middle thickness, waves in both polarisations together."""
    rows = told.responses[told.responses["case"] == case]
    thicknesses = np.unique(rows["thickness"].to_numpy())
    middle = thicknesses[(len(thicknesses) - 1) // 2]
    information = told.information
    return ResponseSummary(
        responses=rows[(rows["thickness"] == middle) & (rows["polarisation"] == "")],
        information=information[
            (information["case"] == case) & (information["thickness"] == middle)
        ],
    )


def _panel_rows(rows: pd.DataFrame, column: tuple[str, str, str, str]) -> pd.DataFrame:
    """Rows of a column of panels: of its quantity, of single columns or of waves."""
    quantity, _, x, _ = column
    pattern = "isolated" if x == "amplitude" else "wave"
    return rows[(rows["quantity"] == quantity) & (rows["pattern"] == pattern)]


def _response_panel(
    axes: "Axes", rows: pd.DataFrame, *, x: str, styles: dict[str, RestorerStyle]
) -> None:
    """Responses of every restorer against the size or the wavelength of changes."""
    for level, style in ((1.0, "-"), (0.0, ":")):
        axes.axhline(level, color=_GREY, linewidth=0.8, linestyle=style, zorder=1)
    # Waves along x, y and the diagonal are averaged: the crystal has the same columns along each.
    places = np.unique(rows[x].to_numpy())
    for number, (name, look) in enumerate(styles.items()):
        own = rows[rows["restorer"] == name]
        if own.empty:
            continue
        means = own.groupby(x)[["value", "low", "high"]].mean().reset_index()
        value = means["value"].to_numpy()
        bars = np.stack([value - means["low"].to_numpy(), means["high"].to_numpy() - value])
        beside = 1.03 ** (number - (len(styles) - 1) / 2)
        axes.errorbar(
            means[x].to_numpy() * beside,
            value,
            yerr=np.nan_to_num(bars),
            label=look.label,
            color=look.colour,
            marker=look.marker,
            markersize=3.6,
            markeredgecolor="white",
            markeredgewidth=0.4,
            linewidth=1.1,
            elinewidth=0.8,
            capsize=1.6,
            capthick=0.7,
        )
    if places.size:
        _log_ticks(axes, places)
    axes.set_ylim(-0.35, 1.65)


def _log_ticks(axes: "Axes", places: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> None:
    """Logarithmic abscissa with a tick at each place."""
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log")
    axes.set_xticks(places, [f"{place:g}" for place in places])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(places.min() / 1.25, places.max() * 1.25)


def _information_panel(
    axes: "Axes", rows: pd.DataFrame, *, styles: dict[str, RestorerStyle], doses: list[float]
) -> None:
    """Scatter over response over the bound, of scatter alone hollow; none as an arrow."""
    axes.axhline(1.0, color=_GREY, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    seen = rows[np.isfinite(rows["over_bound"].astype(np.float64))]
    ceiling = 2.0 * float(max(seen["over_bound"].max(), 2.0)) if len(seen) else 4.0
    width = 0.8 / max(len(styles), 1)
    for number, (name, look) in enumerate(styles.items()):
        for place, dose in enumerate(doses):
            own = rows[(rows["restorer"] == name) & (rows["dose"] == dose)]
            if own.empty:
                continue
            row = own.iloc[0]
            at = place + (number - (len(styles) - 1) / 2) * width
            axes.plot(
                [at],
                [row["scatter"] / row["bound"]],
                marker=look.marker,
                markersize=4,
                markerfacecolor="none",
                markeredgecolor=look.colour,
                linestyle="none",
            )
            if not np.isfinite(row["over_bound"]):
                axes.plot([at], [ceiling * 0.85], marker="^", color=look.colour, markersize=4)
                axes.annotate(
                    "none",
                    (at, ceiling * 0.85),
                    xytext=(0, -11),
                    textcoords="offset points",
                    ha="center",
                    fontsize=6.5,
                    color=look.colour,
                )
                continue
            ends = [[row["over_bound"] - row["over_bound_low"]],
                    [row["over_bound_high"] - row["over_bound"]]]  # fmt: skip
            axes.errorbar(
                [at],
                [row["over_bound"]],
                yerr=np.nan_to_num(ends),
                color=look.colour,
                marker=look.marker,
                markersize=4,
                capsize=2,
                elinewidth=0.9,
            )
            if np.isfinite(row["held_bound"]):
                level = row["held_bound"] / row["bound"]
                axes.plot(
                    [at - 0.4 * width, at + 0.4 * width], [level, level],
                    color=look.colour, linewidth=1.6,
                )  # fmt: skip
    axes.set_yscale("log")
    shares = rows[["scatter", "held_bound"]].div(rows["bound"], axis=0).to_numpy(dtype=np.float64)
    drawn = shares[np.isfinite(shares) & (shares > _LEAST)]
    axes.set_ylim(float(min(drawn.min(initial=0.5), 0.5)) / 1.5, ceiling)
    panels.plain_log_ticks(axes.yaxis)
    axes.set_xticks(range(len(doses)), [f"{dose_text(dose)} e/Å²" for dose in doses])
    axes.set_xlim(-0.5, len(doses) - 0.5)


def _key(figure: "Drawing") -> "tuple[list[Artist], list[str]]":
    """Handles and labels of all panels, each once, with what the lines mean."""
    from matplotlib.lines import Line2D

    named: dict[str, Artist] = {}
    for axes in figure.axes:
        drawn, texts = axes.get_legend_handles_labels()
        named = dict(zip(texts, drawn, strict=True)) | named
    lines = [
        Line2D([], [], color=_GREY, linewidth=0.8),
        Line2D([], [], color=_GREY, linewidth=0.8, linestyle=":"),
    ]
    return [*named.values(), *lines], [*named, "faithful", "erased"]


def response_settings(run: Run, summary: pd.DataFrame, *, case: str) -> str:
    """Put the declared settings of a case with edited images in sentences.

    Parameters
    ----------
    run : Run
    summary : pandas.DataFrame
        Not needed.
    case : str
        Name of the case.
    """
    del summary
    rows = run.once(cells_of)
    rows = rows[(rows["case"] == case) & rows["edited"]]
    thicknesses = np.unique(rows["thickness"].to_numpy())
    shown = int(thicknesses[(len(thicknesses) - 1) // 2])
    # References and further fits have fewer.
    number = f"{rows['n_realizations'].max()}"
    return (
        f"{shown} atoms thick. Response: change of the fit between an edited and the unedited "
        "restored image of the same noise, over the change between the noise-free ones. Edits: "
        "eight columns, three apart, moved along ±x and ±y or made brighter and darker by turns; "
        "waves of six wavelengths in one image, mean over directions and polarisations. Below: "
        "scatter over the bound (hollow), that of the unedited image or of the changed columns "
        "where it is shown to be larger; the same scatter over the response to the smaller edit "
        "(filled, 'none' where the response cannot be told from 0 or nothing scatters); and the "
        "bound that an estimator of this response has (thick level lines). "
        f"n = {number} realizations; error bars: 95 % confidence intervals. "
        f"{case_settings(run.case(case))}"
    )


def _has_responses(run: Run, case: str) -> bool:
    """Whether a run has edited images of a case whose study shows them, beside the host."""
    if run.case(case).study.figure != FIGURE.name:
        return False
    responses = run.once(summarise_response).responses
    return bool((responses["case"] == case).any())


FIGURE: Final = Figure(
    name="response",
    title="How much of a real change is passed on",
    reading="Response to columns moved or made brighter, by the size of the change, and to waves "
    "by their wavelength: 1 (line) is faithful, 0 (dotted) erased. Below, scatter alone (hollow) "
    "and over the response (filled), both over the Cramér-Rao bound; thick level lines: the "
    "bound at this response.",
    draw=figure_response,
    settings=response_settings,
    applies=_has_responses,
)
