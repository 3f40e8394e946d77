"""The legend above a figure's panels."""

from typing import TYPE_CHECKING, Any, Final

from reports.figures.panels.parts import DPI

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Sizes of a legend's letters and its lines; the first that fits the figure's width is taken.
_LEGENDS: Final = ((8, 1), (6.5, 2), (6.2, 2), (6.2, 3), (5.9, 3), (5.6, 3), (5.3, 3))


def legend(figure: "Figure", *axes: "Axes", at: tuple[float, float]) -> None:
    """Put the legend of some axes above a figure's panels, in one to three lines.

    Its letters are the largest that fit the figure's width; a legend that would still reach over
    an edge of the figure is centred on it.
    """
    named: dict[Any, Any] = {}
    for each in axes:
        drawn, texts = each.get_legend_handles_labels()
        named |= {text: handle for handle, text in zip(drawn, texts, strict=True)}
    handles, labels = list(named.values()), list(named)
    several = len(labels) > 5
    inch = 1 / float(figure.get_size_inches()[1])
    resolution = figure.dpi
    figure.set_dpi(DPI)  # letters are some percent wider there than at the resolution of a screen
    for size, lines in _LEGENDS[several:]:
        # Three lines begin a little higher, and end above the headings of the panels.
        place = (at[0], at[1] + 0.05 * inch) if lines > 2 else at
        drawn_legend = figure.legend(
            handles,
            labels,
            loc="upper center",
            ncols=-(-len(labels) // lines),
            fontsize=size,
            labelspacing=0.1 if lines > 2 else 0.2,
            columnspacing=0.7 if several else 1.4,
            borderpad=0.1,
            handlelength=2.6,  # shows the dashes of the bound
            frameon=False,
            bbox_to_anchor=place,
        )
        reach = drawn_legend.get_window_extent()
        width = figure.bbox.width
        if reach.width <= 0.98 * width or (size, lines) == _LEGENDS[-1]:
            if reach.x0 < 0 or reach.x1 > width:
                drawn_legend.set_bbox_to_anchor((0.5, place[1]))
            break
        drawn_legend.remove()
    figure.set_dpi(resolution)
