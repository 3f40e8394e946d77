"""The legend above a figure's panels."""

from typing import TYPE_CHECKING, Any, Final

from reports.figures.panels.parts import DPI

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Sizes of a legend's letters, of which the first that fits the figure's width is taken.
_LEGEND_SIZES: Final = (8, 6.5, 6.2, 5.9, 5.6, 5.3, 5.0)


def legend(figure: "Figure", *axes: "Axes", at: tuple[float, float]) -> None:
    """Put the legend of some axes above a figure's panels, in one or two lines.

    Its letters are the largest that fit the figure's width; a legend that would still reach over
    an edge of the figure is centred on it.
    """
    named: dict[Any, Any] = {}
    for each in axes:
        drawn, texts = each.get_legend_handles_labels()
        named |= {text: handle for handle, text in zip(drawn, texts, strict=True)}
    handles, labels = list(named.values()), list(named)
    several = len(labels) > 5
    sizes = _LEGEND_SIZES[1:] if several else _LEGEND_SIZES
    resolution = figure.dpi
    figure.set_dpi(DPI)  # letters are some percent wider there than at the resolution of a screen
    for size in sizes:
        drawn_legend = figure.legend(
            handles,
            labels,
            loc="upper center",
            ncols=-(-len(labels) // 2) if several else len(labels),
            fontsize=size,
            labelspacing=0.2,
            columnspacing=0.7 if several else 1.4,
            borderpad=0.1,
            handlelength=2.6,  # shows the dashes of the bound
            frameon=False,
            bbox_to_anchor=at,
        )
        reach = drawn_legend.get_window_extent()
        width = figure.bbox.width
        if reach.width <= width or size == sizes[-1]:
            if reach.x0 < 0 or reach.x1 > width:
                drawn_legend.set_bbox_to_anchor((0.5, at[1]))
            break
        drawn_legend.remove()
    figure.set_dpi(resolution)
