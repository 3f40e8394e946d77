"""Legends above panels lie within the picture that is written."""

import pytest
from matplotlib.figure import Figure

from reports.figures import panels

NAMES = (
    "raw", "CGRDN", "Gaussian", "hybrid bound without rigid shift", "patch-PCA", "Bragg filter",
    "Cramér-Rao bound", "flat image", "mean along x", "10 frames aligned and summed", "BM3D",
    "total variation", "non-local means",
)  # fmt: skip


@pytest.mark.parametrize("count", [3, 9, 13])
def test_a_legend_lies_within_the_written_picture(count: int) -> None:
    figure = Figure(figsize=(panels.WIDTH, 3))
    axes = figure.add_subplot()
    for name in NAMES[:count]:
        axes.plot([0, 1], [0, 1], label=name)
    panels.legend(figure, axes, at=(0.53, 0.98))
    figure.set_dpi(panels.DPI)
    figure.draw_without_rendering()
    (drawn,) = figure.legends
    reach = drawn.get_window_extent()
    assert reach.x0 >= 0
    assert reach.x1 <= figure.bbox.width
    assert [text.get_text() for text in drawn.get_texts()] == list(NAMES[:count])
