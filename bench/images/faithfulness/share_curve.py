"""Figure of weights between published and tuned: measures against the share of the tuned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.images.faithfulness.targets import TARGETS
from reports import area, even_grid, journal_letters, letter, new_page

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class _Panel:
    """One panel: its ordinate, its curves by measure, and what they are multiplied by."""

    title: str
    unit: str
    curves: tuple[tuple[str, str], ...]
    factor: float = 1.0
    bars: bool = True


def _at_both_doses(measure: str) -> tuple[tuple[str, str], ...]:
    return (f"{measure}@500", "500 e/Å²"), (f"{measure}@5000", "5000 e/Å²")


#: A curve is a measure and what it is called.
PANELS: Final = (
    _Panel(
        "Defects at 500 e/Å²", "kept part of the missing SCS",
        (("vacancy@500", "vacancy"), ("half@500", "half column")),
    ),
    _Panel("Moved by 0.75 px", "response", _at_both_doses("position_response")),
    _Panel("SCS changed by 25 %", "response", _at_both_doses("scs_response")),
    _Panel(
        "Vacuum at 5000 e/Å²", "lowest value (% of the peak)", (("vacuum@5000", ""),), factor=100,
    ),
    _Panel("Information, position", "RMSE / bound / response",
           _at_both_doses("position_information")),
    _Panel("Information, SCS", "RMSE / bound / response", _at_both_doses("scs_information")),
    _Panel("Intensity at 5000 e/Å²", "sum over true sum", (("intensity@5000", ""),)),
    # The mean of the same eight pairs at every share: how they differ from each other is no error.
    _Panel("Eight published pairs", "mean PSNR (dB)", (("psnr", ""),), bars=False),
)  # fmt: skip
#: Okabe and Ito's blue and vermilion.
_COLOURS: Final = ("#0072B2", "#D55E00")
_MARKERS: Final = ("o", "s", "^", "D")
_HALF: Final = 4
Judged = Mapping[tuple[str, float], Mapping[str, float]]


def share_figure(
    judged: Judged,
    published: Mapping[str, float],
    /,
    *,
    marked: float | None = None,
    note: str = "",
) -> "Figure":
    """Draw the curves of all tuned networks, from the published network on.

    Parameters
    ----------
    judged : mapping of (name, share) to measures
        Of tuned networks; shares above 0.
    published : mapping of str to float
        Measures of the published network: all curves begin there.
    marked : float, optional
        Share that a grey line stands at: that of the chosen network.
    note : str
        How the measures were made, for the foot.

    Returns
    -------
    matplotlib.figure.Figure
        Eight panels; bars are standard errors, dotted lines the targets.
    """
    with journal_letters():
        page = new_page(100.0)
        grid = page.add_gridspec(
            2, _HALF, wspace=0.52, hspace=0.42, **area(page, left=12, right=3, top=7, bottom=86)
        )
        names = sorted({name for name, _ in judged})
        for place, panel in enumerate(PANELS):
            axes = page.add_subplot(grid[place // _HALF, place % _HALF])
            _draw(axes, panel, judged, published=published, names=names)
            if marked is not None:
                axes.axvline(marked, color="0.75", linewidth=0.8, zorder=0)
            letter(axes, "abcdefgh"[place], panel.title)
            if place >= _HALF:
                axes.set_xlabel("share of the tuned weights")
        for line, text in enumerate(_foot(names, marked=marked, note=note)):
            page.text(0.01, 0.045 - 0.03 * line, text, fontsize=6)
    return page


def _foot(names: Sequence[str], *, marked: float | None, note: str) -> tuple[str, str]:
    """Two lines below the panels: what is drawn, and of which networks."""
    chosen = "" if marked is None else f" Grey: share {marked:g}, which is chosen."
    of = ", ".join(
        f"{_MARKERS[k % len(_MARKERS)]} {name}" if len(names) > 1 else name
        for k, name in enumerate(names)
    )
    return (
        "Share 0: published weights; 1: tuned ones. Bars: ± one standard error. Dotted: targets, "
        f"in the colour of their curve.{chosen}",
        f"Network{'s' if len(names) > 1 else ''}: {of}. {note}",
    )


def _draw(
    axes: "Axes",
    panel: _Panel,
    judged: Judged,
    *,
    published: Mapping[str, float],
    names: Sequence[str],
) -> None:
    targets = {target.measure: target for target in TARGETS}
    for (measure, words), colour in zip(panel.curves, _COLOURS, strict=False):
        for k, name in enumerate(names):
            shares = sorted(share for each, share in judged if each == name)
            rows = [published, *(judged[name, share] for share in shares)]
            axes.errorbar(
                [0.0, *shares],
                [panel.factor * row[measure] for row in rows],
                yerr=[panel.factor * row[f"{measure}_se"] for row in rows] if panel.bars else None,
                color=colour, marker=_MARKERS[k % len(_MARKERS)], markersize=2.5, capsize=1.5,
                linewidth=0.8, label=words if k == 0 else None,
            )  # fmt: skip
        if measure in targets:
            for limit in targets[measure].limits(published):
                if limit is not None:
                    axes.axhline(panel.factor * limit, color=colour, linestyle=":", linewidth=0.9)
    axes.set_ylabel(panel.unit)
    axes.set_xlim(-0.05, 1.05)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
    even_grid(axes)
    # Room for the legend above what is drawn.
    if panel.curves[0][1]:
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.3 * (high - low))
        axes.legend(frameon=False, handlelength=1.2, loc="upper left", ncols=1, borderpad=0.1)
