"""Figure of weights between published and tuned: measures against the share of the tuned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reports import area, even_grid, letter, new_page

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class _Panel:
    """One panel: its ordinate, its curves by measure, and the limits that are drawn."""

    title: str
    unit: str
    curves: tuple[tuple[str, str], ...]
    limits: tuple[float, ...] = ()


#: A curve is a measure and what it is called.
PANELS: Final = (
    _Panel(
        "Defects at 500 e/Å²", "kept part",
        (("vacancy@500", "vacancy"), ("half@500", "half column")), (0.97, 0.8),
    ),
    _Panel(
        "Isolated displacement", "response",
        (("position_response@500", "500 e/Å²"), ("position_response@5000", "5000 e/Å²")),
        (0.27, 0.7),
    ),
    _Panel(
        "SCS of ±25 %", "response",
        (("scs_response@500", "500 e/Å²"), ("scs_response@5000", "5000 e/Å²")),
    ),
    _Panel(
        "Vacuum at 5000 e/Å²", "lowest value over peak",
        (("vacuum@5000", "particle's corners"),), (-0.01,),
    ),
    _Panel(
        "Information on position", "RMSE over bound / response",
        (("position_information@500", "500 e/Å²"), ("position_information@5000", "5000 e/Å²")),
    ),
    _Panel("Published pairs", "PSNR (dB)", (("psnr", "8 pairs"),)),
)  # fmt: skip
#: Okabe and Ito's blue and vermilion.
_COLOURS: Final = ("#0072B2", "#D55E00")
_MARKERS: Final = ("o", "s", "^", "D")
Judged = Mapping[tuple[str, float], Mapping[str, float]]


def share_figure(judged: Judged, published: Mapping[str, float], /) -> "Figure":
    """Draw the curves of all tuned networks, from the published network on.

    Parameters
    ----------
    judged : mapping of (name, share) to measures
        Of tuned networks; shares above 0.
    published : mapping of str to float
        Measures of the published network: all curves begin there.

    Returns
    -------
    matplotlib.figure.Figure
        Six panels; bars are standard errors, dotted lines the targets.
    """
    page = new_page(105.0)
    grid = page.add_gridspec(
        2, 3, wspace=0.42, hspace=0.5, **area(page, left=13, right=3, top=8, bottom=94)
    )
    names = sorted({name for name, _ in judged})
    for place, panel in enumerate(PANELS):
        axes = page.add_subplot(grid[place // 3, place % 3])
        _draw(axes, panel, judged, published=published, names=names)
        letter(axes, "abcdef"[place], panel.title)
    page.text(
        0.01, 0.012, "Share 0: published weights; 1: tuned ones. Bars: standard errors; dotted: "
        f"targets. {', '.join(f'{_MARKERS[k % 4]} {name}' for k, name in enumerate(names))}",
        fontsize=5.5,
    )  # fmt: skip
    return page


def _draw(
    axes: "Axes",
    panel: _Panel,
    judged: Judged,
    *,
    published: Mapping[str, float],
    names: Sequence[str],
) -> None:
    for (measure, words), colour in zip(panel.curves, _COLOURS, strict=False):
        for k, name in enumerate(names):
            shares = sorted(share for each, share in judged if each == name)
            rows = [published, *(judged[name, share] for share in shares)]
            axes.errorbar(
                [0.0, *shares],
                [row[measure] for row in rows],
                yerr=[row[f"{measure}_se"] for row in rows],
                color=colour, marker=_MARKERS[k % 4], markersize=3, capsize=1.5, linewidth=0.9,
                label=words if k == 0 else None,
            )  # fmt: skip
    for limit, colour in zip(panel.limits, _COLOURS, strict=False):
        axes.axhline(limit, color=colour, linestyle=":", linewidth=0.8)
    axes.set_xlabel("share of the tuned weights")
    axes.set_ylabel(panel.unit)
    axes.set_xlim(-0.05, 1.05)
    even_grid(axes)
    axes.legend(frameon=False, handlelength=1.2)
