"""Figures of the noise model: each distortion alone, whitening, and ours against published pairs.

``stembench noise-figures`` writes them to out/figures/noise/.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from noise import (
    MODALITIES,
    STATISTICS,
    Demonstration,
    drawn_statistics,
    jitter_demonstrations,
    published_pairs,
    random_distortion,
    scan_demonstrations,
    tem_demonstrations,
    whitening_demonstrations,
)
from reports.figures import panels
from stembench.arrays import Floats
from stembench.errors import InputError
from stembench.surroundings.leftovers import staging_folder
from stembench.surroundings.refusals import not_written

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Pairs = dict[str, list[tuple[dict[str, float], dict[str, Floats]]]]

_SEED: Final = 13


@dataclass(frozen=True, kw_only=True)
class NoiseGrid:
    """Images of single distortions, and how they are shown.

    Attributes
    ----------
    shown : sequence of Demonstration
    columns : int
        Images side by side.
    sampling : float
        Å/px.
    title, footer : str
    bar : float
        Length of the scale bar in Å.
    shared : bool
        Whether all images have the grey scale of the undistorted one, from zero to its maximum.
    """

    shown: Sequence[Demonstration]
    columns: int
    sampling: float
    title: str
    footer: str
    bar: float
    shared: bool

    @property
    def limits(self) -> tuple[float, float] | None:
        """Grey values of black and white of all images; None if each has its own."""
        if not self.shared:
            return None
        return 0.0, float(next(one.image for one in self.shown if not one.strength).max())


def draw_grid(grid: NoiseGrid) -> "Figure":
    """Draw images in a grid, each with its label and the first with a scale bar."""
    shown, columns = grid.shown, grid.columns
    rows = -(-len(shown) // columns)
    side = panels.WIDTH / columns
    figure, low, high = panels.new_figure(
        rows * (side + 0.05), footer=grid.footer, title=grid.title, complete=True
    )
    cells = figure.add_gridspec(
        rows,
        columns,
        left=0.012,
        right=0.988,
        bottom=low + 0.01,
        top=high - 0.03,
        wspace=0.06,
        hspace=0.14,
    )
    for k, one in enumerate(shown):
        axes = figure.add_subplot(cells[k // columns, k % columns])
        panels.picture(axes, one.image, sampling=grid.sampling, bar=grid.bar)
        if k:  # one scale bar holds for all
            for mark in [*axes.patches, *axes.texts]:
                mark.remove()
        if grid.limits is not None:
            axes.get_images()[0].set_clim(*grid.limits)
        panels.heading(axes, chr(ord("a") + k), one.label)
        if one.strength:
            axes.text(
                0.03,
                0.97,
                one.strength,
                transform=axes.transAxes,
                color="white",
                fontsize=7,
                va="top",
                bbox={"facecolor": "black", "alpha": 0.65, "linewidth": 0, "pad": 1.5},
            )
    return figure


def draw_pairs(pairs: Pairs, *, draws: int) -> "Figure":
    """Draw the statistics of published pairs over those of random distortions of ours.

    Parameters
    ----------
    pairs : dict
        Modality to what `noise.evidence.coverage.drawn_statistics` returned for each of its pairs.
    draws : int
        Random distortions of each pair.
    """
    total = sum(len(found) for found in pairs.values())
    outside = sum(
        not drawn[name].min() <= value <= drawn[name].max()
        for found in pairs.values()
        for theirs, drawn in found
        for name, value in theirs.items()
    )
    cells = total * len(STATISTICS)
    figure, low, high = panels.new_figure(
        5.6,
        footer=(
            f"Points: the {total} published pairs of tk_r_em 1.0.4 that are distorted. Bars: "
            f"{draws} random distortions of the same clean image by our chain over the ranges of "
            "docs/noise.md; thin from minimum to maximum, thick between the quartiles. Statistics "
            "of x - y outside cropped and annotated areas; outliers are more than 5 robust "
            "standard deviations away; bright and dark are the upper and lower fifth of y. "
            f"{outside} of {cells} points (orange) lie outside their bar; if the pairs "
            f"were draws of our chain, {2 * cells / (draws + 1):.0f} would be expected to. "
            "Ranges that the paper leaves open were chosen with these pairs in view; no blind test."
        ),
        title="Published pairs against our random chains",
        complete=True,
    )
    grid = figure.add_gridspec(
        3, 2, left=0.075, right=0.99, bottom=low + 0.045, top=high - 0.03, wspace=0.2, hspace=0.34
    )
    for k, (name, label) in enumerate(STATISTICS.items()):
        axes = figure.add_subplot(grid[k // 2, k % 2])
        _draw_statistic(axes, pairs, name=name)
        panels.heading(axes, chr(ord("a") + k), label)
    return figure


def _draw_statistic(axes: "Axes", pairs: Pairs, *, name: str) -> None:
    place, ticks = 0.0, list[float]()
    for found in pairs.values():
        start = place
        for theirs, drawn in found:
            low, first, third, high = np.quantile(drawn[name], (0, 0.25, 0.75, 1))
            axes.plot([place, place], [low, high], color="#56B4E9", linewidth=0.9)
            axes.plot([place, place], [first, third], color="#56B4E9", linewidth=3.2)
            inside = low <= theirs[name] <= high
            axes.plot(
                place,
                theirs[name],
                marker="o",
                markersize=3.2,
                color="black" if inside else "#D55E00",
                markeredgewidth=0.3,
                markeredgecolor="white",
                zorder=3,
            )
            place += 1
        ticks.append((start + place - 1) / 2)
        place += 1.5
    axes.set_xticks(ticks, [modality.upper().replace("R", "R-", 1) for modality in pairs])
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-1.2, place - 1.3)
    axes.grid(axis="y", color="#E3E3E3", linewidth=0.6)
    axes.set_axisbelow(True)
    if name == "outliers":
        axes.set_yscale("symlog", linthresh=1e-4, linscale=0.4)
        axes.set_ylim(-1e-5, 0.3)
        axes.set_yticks([0, 1e-4, 1e-3, 1e-2, 1e-1], ["0", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹"])
        axes.minorticks_off()
    elif name != "variance_ratio":
        axes.set_ylim(-0.75, 1.0)


def _example() -> tuple[Floats, float]:
    """Clean image of the nanoparticle and its sampling in Å/px."""
    from cases import get_case, load_ground_truth

    case = get_case("nanoparticle")
    return load_ground_truth(case).image(case.labels[0]), case.sampling


_HAADF: Final = (
    "Clean image: simulated HAADF image of case nanoparticle, 0.2 Å/px. Each distortion acts alone,"
    " on the noise-free image, at the strength stated"
)


def _grid_10(clean: Floats, sampling: float) -> NoiseGrid:
    return NoiseGrid(
        shown=whitening_demonstrations(clean),
        columns=5,
        sampling=sampling,
        bar=10.0,
        shared=False,
        title="Whitening transform (counterpart of the paper's Fig. 10)",
        footer="Equation (7) of the clean image of case nanoparticle, 0.2 Å/px; smallest standard "
        "deviation divided by: 0.001 of the image's range. Each image on its own grey scale, cut "
        "at its quantiles 0.002 and 0.998.",
    )


def _grid_11(clean: Floats, sampling: float) -> NoiseGrid:
    return NoiseGrid(
        shown=tem_demonstrations(_detail(clean), sampling=sampling),
        sampling=sampling,
        columns=4,
        bar=5.0,
        shared=True,
        title="Distortions of the TEM chain, each alone (counterpart of the paper's Fig. 11)",
        footer=f"{_HAADF}; the HAADF image serves as a test pattern, the distortions are those of "
        "a TEM camera. Equation numbers are the paper's. All on one grey scale, from zero to the "
        "undistorted maximum.",
    )


def _grid_12(clean: Floats, sampling: float) -> NoiseGrid:
    return NoiseGrid(
        shown=jitter_demonstrations(_detail(clean)),
        columns=3,
        sampling=sampling,
        bar=5.0,
        shared=True,
        title="Scan jitter (counterpart of the paper's Fig. 12)",
        footer="Innovations of 0.75 px and φ 0.6, equations (41) and (42). Clean image: simulated "
        "HAADF image of case nanoparticle, 0.2 Å/px. One grey scale.",
    )


def _grid_13(clean: Floats, sampling: float) -> NoiseGrid:
    return NoiseGrid(
        shown=scan_demonstrations(_detail(clean), sampling=sampling),
        sampling=sampling,
        columns=4,
        bar=5.0,
        shared=True,
        title="Distortions of the S(T)EM chain, each alone (counterpart of the paper's Fig. 13)",
        footer=f"{_HAADF}. Equation numbers are the paper's. All on one grey scale, from zero to "
        "the undistorted maximum.",
    )


def _detail(clean: Floats) -> Floats:
    """Part of the upper left quarter of the particle: vacuum, edge and thick part in one."""
    start, stop = (round(share * min(clean.shape)) for share in (0.14, 0.51))
    return np.ascontiguousarray(clean[start:stop, start:stop])


def _figure_pairs(*, draws: int = 60) -> "Figure":
    found: Pairs = {}
    for modality in MODALITIES:
        found[modality] = [
            drawn_statistics(
                x,
                y,
                draw=random_distortion(modality),
                draws=draws,
                rng=np.random.default_rng([_SEED, k]),
            )
            for k, (x, y) in enumerate(zip(*published_pairs(modality), strict=True))
            if not np.array_equal(x, y)  # one pair is not distorted
        ]
    return draw_pairs(found, draws=draws)


_GRIDS: Final[dict[str, Callable[[Floats, float], NoiseGrid]]] = {
    "whitening": _grid_10,
    "tem": _grid_11,
    "jitter": _grid_12,
    "scan": _grid_13,
}
#: Every figure of the noise model by name.
FIGURES: Final = (*_GRIDS, "pairs")


def noise_grid(name: str, clean: Floats | None = None, *, sampling: float = 0.2) -> NoiseGrid:
    """Images of the single distortions of a figure: 'whitening', 'tem', 'jitter' or 'scan'.

    Of a clean image (h, w) in fractions of the beam, with its Å/px; the nanoparticle by default.
    """
    return _GRIDS[name](*(_example() if clean is None else (clean, sampling)))


def _draw(name: str) -> "Figure":
    return draw_grid(noise_grid(name)) if name in _GRIDS else _figure_pairs()


def write_noise_figures(folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """Draw figures of the noise model and write each as PNG and PDF.

    Parameters
    ----------
    folder : pathlib.Path
        Made if absent.
    names : sequence of str
        Keys of `FIGURES`; none draws all of them.

    Returns
    -------
    list of pathlib.Path
        The PNG files.

    Raises
    ------
    InputError
        If a name is unknown, or the folder cannot be written.
    """
    import matplotlib as mpl

    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        raise InputError(
            f"there is no noise figure {', '.join(unknown)}; figures: {', '.join(FIGURES)}"
        )
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with mpl.rc_context(panels.RC), staging_folder(folder) as made:
            for name in names or FIGURES:
                png, pdf = panels.save(_draw(name), made / f"noise-{name}")
                pdf.replace(folder / pdf.name)
                written.append(png.replace(folder / png.name))
    except OSError as error:
        raise InputError(not_written(folder, error)) from error
    return written
