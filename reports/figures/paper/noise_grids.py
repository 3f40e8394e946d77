"""Counterparts of Figs. 10 to 13: whitening, and each distortion of the noise model alone."""

from typing import Final

from reports.figures.acquisition.noise import noise_grid
from reports.figures.paper.column_width import COLUMNS, letter, new_page, picture, tag
from reports.figures.paper.paper_figure import Drawn, Material, PaperFigure

#: Above each row of images, for its letters, and beside them, mm.
_HEAD: Final = 4.5
_GAP: Final = 1.5


def _drawn(name: str) -> Drawn:
    grid = noise_grid(name)
    width = COLUMNS[2]
    side = (width - _GAP * (grid.columns + 1)) / grid.columns
    rows = -(-len(grid.shown) // grid.columns)
    height = rows * (side + _HEAD) + _GAP
    page = new_page(height)
    for k, one in enumerate(grid.shown):
        row, column = divmod(k, grid.columns)
        left, top = _GAP + column * (side + _GAP), row * (side + _HEAD) + _HEAD
        axes = page.add_axes((left / width, 1 - (top + side) / height, side / width, side / height))
        bar = None if k else grid.sampling
        picture(axes, one.image, limits=grid.limits, sampling=bar, bar=grid.bar)
        letter(axes, chr(ord("a") + k), one.label)
        if one.strength:
            tag(axes, one.strength)
    return Drawn(drawing=page, caption=grid.footer)


def _whitening(material: Material) -> Drawn:
    del material
    return _drawn("whitening")


def _tem(material: Material) -> Drawn:
    del material
    return _drawn("tem")


def _jitter(material: Material) -> Drawn:
    del material
    return _drawn("jitter")


def _scan(material: Material) -> Drawn:
    del material
    return _drawn("scan")


_NEEDS: Final = "nothing but this program and its nanoparticle"

FIGURES: Final = (
    PaperFigure(
        number="10",
        title="Whitening transform for windows of several sizes",
        theirs="Whitening of an image for different sizes of the window.",
        claims=(38,),
        needs=_NEEDS,
        draw=_whitening,
    ),
    PaperFigure(
        number="11",
        title="Distortions of the TEM chain, each alone",
        theirs="The various types of noise in TEM.",
        claims=(38, 40),
        needs=_NEEDS,
        draw=_tem,
    ),
    PaperFigure(
        number="12",
        title="Scan jitter",
        theirs="Jitter along the fast and the slow axis of the scan.",
        claims=(38, 40),
        needs=_NEEDS,
        draw=_jitter,
    ),
    PaperFigure(
        number="13",
        title="Distortions of the STEM chain, each alone",
        theirs="The various types of noise in STEM.",
        claims=(38, 40),
        needs=_NEEDS,
        draw=_scan,
    ),
)
