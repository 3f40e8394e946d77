"""The figure of defects and adatoms: fidelity of each kind against dose, and one of them."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cases import SITE, site_labels
from reports.figures import panels
from reports.figures.figure import Figure
from reports.metrics.defects import fidelity_of
from reports.metrics.kept.image_intensity import intensity_of
from reports.metrics.table import metrics_of
from reports.names import RestorerStyle
from reports.records.run_folder import Run
from reports.summaries.cells_of_run import cells_of, columns_of
from reports.words.captions import case_settings
from reports.words.numbers import dose_text
from stembench.arrays import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing


#: Half the side of an example in Å: the defect and the columns round it.
_REACH = 5.2
#: The grey scale round an adatom ends at this many times its brightness.
_FAINT = 4.0
_RED = "#D40000"
_LETTERS = "abcdefghijklmnop"


def figure_defects(run: Run, summary: pd.DataFrame, *, case: str) -> "Drawing":
    """Draw examples round one defect and the fidelity of each kind of defect against dose.

    Parameters
    ----------
    run : Run
        Gives settings, records and example images.
    summary : pandas.DataFrame
        Summary of its records.
    case : str
        Name of the case; of several thicknesses the curves show the middle one.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = summary[summary["case"] == case]
    fidelity = run.once(fidelity_of)
    fidelity = fidelity[fidelity["case"] == case]
    thicknesses = np.unique(fidelity["thickness"].to_numpy())
    thickness = int(thicknesses[(len(thicknesses) - 1) // 2])
    shown = fidelity[(fidelity["thickness"] == thickness) & (fidelity["kind"] != "perfect")]
    kinds = [kind for kind in site_labels() if kind in set(shown["kind"])]
    names = list(rows["restorer"].unique())
    styles = run.restorers.styles(run.restorers.ranked(names))
    figure, bottom, top = panels.new_figure(
        6.75,
        footer=_curves_shown(thickness, thicknesses) + defect_settings(run, summary, case=case),
        title=f"What happens to defects: {run.title(case)}",
        complete=run.complete,
    )
    height = float(figure.get_size_inches()[1])
    split = top - 2.15 / height
    first = _examples(figure, run, case=case, styles=styles, area=(split, top - 0.16 / height))
    columns = 3 if len(kinds) < 6 else 4
    lines = -(-(len(kinds) + 1) // columns)
    grid = figure.add_gridspec(
        lines,
        columns,
        left=0.082,
        right=0.985,
        bottom=bottom + 0.4 / height,
        top=split - 0.42 / height,
        wspace=0.24,
        hspace=0.34,
    )
    doses = np.unique(shown["dose"].to_numpy())
    reach = _limits(shown)
    for number, kind in enumerate(kinds):
        axes = figure.add_subplot(grid[number // columns, number % columns])
        own = shown[shown["kind"] == kind]
        _curves(axes, own, styles=styles, limits=reach)
        panels.dose_axis(axes, doses)
        if number + columns < len(kinds):
            axes.set_xlabel("")
        if number % columns == 0:
            axes.set_ylabel("defect fidelity")
        else:
            axes.tick_params(labelleft=False)
        true = float(own["true_deviation_pct"].iloc[0])
        letter = _LETTERS[first + number]
        deviation = f" ({true:+.0f} %)".replace("-", "\N{MINUS SIGN}") if np.isfinite(true) else ""
        panels.heading(axes, letter, site_labels()[kind] + deviation)
    _key(figure.add_subplot(grid[-1, -1]), styles)
    return figure


def _curves_shown(thickness: int, thicknesses: NDArray[np.int64]) -> str:
    """Which thickness the curves show, where there are several."""
    return f"Curves: {thickness} atoms thick. " if len(thicknesses) > 1 else ""


def defect_settings(run: Run, summary: pd.DataFrame, *, case: str) -> str:
    """Put the declared settings of a case with defects in sentences, for the foot of its figure.

    Parameters
    ----------
    run : Run
    summary : pandas.DataFrame
        Summary of its records.
    case : str
        Name of the case.
    """
    # Fidelity is taken from the records themselves, of the restorers that are drawn.
    fidelity = run.once(fidelity_of)
    names = list(summary.loc[summary["case"] == case, "restorer"].unique())
    drawn = fidelity["restorer"].isin(run.restorers.ranked(names))
    fidelity = fidelity[(fidelity["case"] == case) & drawn]
    n = sorted({int(number) for number in fidelity["n_realizations"]})
    number = f"{n[0]}" if len(n) == 1 else f"{n[0]} to {n[-1]}"
    lone = ""
    if (fidelity["kind"] == "adatom0").any():
        lone = (
            "The isolated adatom is measured against equivalent empty sites: a vacuum drawn too "
            "dark raises its fidelity. "
        )
    return (
        "Fidelity: deviation of a site's SCS from like columns without a defect in the same image, "
        f"found over true (noise-free image). {lone}"
        f"n = {number} realizations per point, one site each; bars: 95 % confidence "
        f"intervals of the mean. {case_settings(run.case(case))} "
        "Example images: realization 0, on the grey scale of the noise-free one but for the raw "
        "image; brighter columns may be saturated."
    )


def _limits(shown: pd.DataFrame) -> tuple[float, float]:
    """Common limits of fidelity, so wide as 1 atom in noise may need but no wider."""
    low = np.nanmin(shown[["value", "low"]].to_numpy(dtype=np.float64), initial=0.0)
    high = np.nanmax(shown[["value", "high"]].to_numpy(dtype=np.float64), initial=1.0)
    return max(-3.0, low - 0.08), min(4.0, high + 0.08)


def _curves(
    axes: "Axes",
    rows: pd.DataFrame,
    *,
    styles: dict[str, RestorerStyle],
    limits: tuple[float, float],
) -> None:
    for level, style in ((1.0, "-"), (0.0, ":")):
        axes.axhline(level, color="#333333", linewidth=0.8, linestyle=style, zorder=1)
    for place, (name, look) in enumerate(styles.items()):
        own = rows[rows["restorer"] == name].sort_values("dose")
        if own.empty:
            continue
        value = own["value"].to_numpy(dtype=np.float64)
        bars = np.stack([value - own["low"].to_numpy(), own["high"].to_numpy() - value])
        # Side by side, or the intervals of equal values would hide each other.
        beside = 1.06 ** (place - (len(styles) - 1) / 2)
        axes.errorbar(
            own["dose"].to_numpy() * beside,
            value,
            yerr=np.nan_to_num(bars),
            label=look.label,
            color=look.colour,
            marker=look.marker,
            markersize=4,
            markeredgecolor="white",
            markeredgewidth=0.4,
            linewidth=1.2,
            elinewidth=0.9,
            capsize=2.0,
            capthick=0.8,
        )
    axes.set_ylim(*limits)


def _key(axes: "Axes", styles: dict[str, RestorerStyle]) -> None:
    from matplotlib.lines import Line2D

    axes.set_axis_off()
    handles: list[Any] = [
        Line2D(
            [],
            [],
            color=look.colour,
            marker=look.marker,
            linestyle=look.line,
            markersize=4,
            label=look.label,
        )
        for look in styles.values()
    ]
    handles += [
        Line2D([], [], color="#333333", linewidth=0.8, label="faithful"),
        Line2D([], [], color="#333333", linewidth=0.8, linestyle=":", label="erased"),
    ]
    axes.legend(
        handles=handles,
        loc="upper left",
        frameon=False,
        bbox_to_anchor=(-0.08, 1.04),
        title="in brackets: true deviation\nof the SCS from a column's",
        alignment="left",
        fontsize=7,
        labelspacing=0.35,
        title_fontsize=7,
    )


def _examples(
    figure: "Drawing",
    run: Run,
    *,
    case: str,
    styles: dict[str, RestorerStyle],
    area: tuple[float, float],
) -> int:
    """Show the noise-free image, raw and restored at the lowest dose, and the worst restored."""
    image, low, worst = _kept(run, case)
    sampling = run.case(case).sampling
    kind, centre = _first_defect(run, case)
    best = run.restorers.main(styles)
    raw = run.restorers.raw(styles)
    restorers = run.restorers
    mains = [name for name in restorers.ranked(styles) if not restorers.is_variant(name)]
    rest = [name for name in mains if name not in (raw, best)]
    chosen = [(name, low) for name in (raw, best) if name is not None]
    if best is not None and worst != low:
        chosen.append((best, worst))
    chosen = (chosen + [(name, low) for name in rest])[:3]
    grid = figure.add_gridspec(
        1, 4, left=0.02, right=0.985, bottom=area[0], top=area[1], wspace=0.06
    )
    clean = run.examples.clean(case, image)
    reach = _REACH / sampling
    scale = None if clean is None else (0.0, _white(clean, centre, kind=kind, reach=reach))
    pictures = [("noise-free", clean)]
    for name, dose in chosen:
        made = run.examples.image(case, image, dose=dose, restorer=name)
        pictures.append((f"{styles[name].label}, {dose_text(dose)} e/Å²", made))
    for number, (title, pixels) in enumerate(pictures):
        axes = figure.add_subplot(grid[0, number])
        crop = None if pixels is None else _crop(pixels, centre, reach=reach)
        panels.picture(axes, crop, sampling=sampling, bar=2.0)
        if crop is not None:
            _same_scale(
                axes, scale, noisy=number > 0 and run.restorers.is_raw(chosen[number - 1][0])
            )
            _mark(axes, centre - _corner(centre, reach=reach), sampling=sampling)
        panels.heading(axes, _LETTERS[number], title)
    return len(pictures)


def _same_scale(axes: "Axes", scale: tuple[float, float] | None, *, noisy: bool) -> None:
    """Restored images share the noise-free one's grey scale; single electrons need their own."""
    if scale is not None and not noisy:
        for shown in axes.get_images():
            shown.set_clim(*scale)


def _white(clean: Floats, centre: Floats, *, kind: str, reach: float) -> float:
    """Brightest value of the grey scale: a faint adatom beside bright columns must be seen."""
    if kind.startswith("adatom"):
        x, y = np.rint(centre).astype(int)
        return _FAINT * float(clean[y, x])
    return float(np.percentile(_crop(clean, centre, reach=reach), 99.8))


def _mark(axes: "Axes", place: Floats, *, sampling: float) -> None:
    from matplotlib.patches import Circle

    circle = Circle(
        (float(place[0]), float(place[1])), 0.95 / sampling, fill=False, color=_RED, linewidth=1.1
    )
    axes.add_patch(circle)


def _kept(run: Run, case: str) -> tuple[str, float, float]:
    """Image of the examples, the lowest dose kept of it, and the dose where most is amiss.

    The latter is where the first restorer's images are farthest from what they should be in
    contrast, intensity or vacuum; the lowest again if none is known.
    """
    rows = run.once(cells_of)
    rows = rows[rows["case"] == case]
    pairs = rows[["image", "dose", "restorer"]].sort_values("dose", kind="stable")
    kept = [
        (str(image), float(dose))
        for image, dose, restorer in pairs.itertuples(index=False)
        if run.examples.image(case, image, dose=dose, restorer=restorer) is not None
    ]
    if not kept:
        lowest = float(pairs["dose"].iloc[0])
        return str(pairs["image"].iloc[0]), lowest, lowest
    image, low = kept[0]
    amiss = _amiss(run, case, image=image)
    doses = sorted({dose for other, dose in kept if other == image})
    return image, low, max(doses, key=lambda dose: amiss.get(dose, -1.0))


def _amiss(run: Run, case: str, *, image: str) -> dict[float, float]:
    """Largest distance of a metric of intensity from its target by dose, of the first restorer."""
    kept = run.once(intensity_of)
    if kept.empty:
        return {}
    best = run.restorers.main(kept["restorer"].unique())
    own = kept[(kept["case"] == case) & (kept["image"] == image) & (kept["restorer"] == best)]
    targets = {m.name: m.gate.target for m in metrics_of("intensity") if m.gate is not None}
    own = own[own["metric"].isin(targets)]
    away = (own["value"] - own["metric"].map(targets).astype(np.float64)).abs()
    return {float(str(dose)): float(most) for dose, most in away.groupby(own["dose"]).max().items()}


def _first_defect(run: Run, case: str) -> tuple[str, Floats]:
    """Kind and position (x, y) in px of the first defect that the case has."""
    rows = run.once(columns_of)
    rows = rows[rows["case"] == case]
    sites = rows[rows["role"] == SITE]
    for kind in site_labels():
        here = sites[sites["site"] == kind]
        if len(here):
            place: Floats = here[["x_true", "y_true"]].to_numpy(dtype=np.float64)[0]
            return kind, place
    raise ValueError("a case with sites has at least one defect")


def _corner(centre: Floats, *, reach: float) -> Floats:
    """First pixel (x, y) of the crop round a place."""
    first: Floats = np.maximum(0, np.rint(centre) - round(reach))
    return first


def _crop(pixels: Floats, centre: Floats, *, reach: float) -> Floats:
    x, y = np.rint(centre).astype(int)
    left, top = _corner(centre, reach=reach).astype(int)
    half = round(reach)
    crop: Floats = pixels[top : y + half + 1, left : x + half + 1]
    return crop


FIGURE: Final = Figure(
    name="defects",
    title="What happens to defects",
    reading="The first defect (circled) in the noise-free image, raw and restored at the lowest "
    "dose, and restored where contrast, intensity or vacuum are worst; below, "
    "defect fidelity against dose with 95 % intervals for each kind: the deviation of a site's "
    "scattering cross-section from like columns without a defect, found over true; 1 (line) is "
    "faithful, 0 (dotted) erased.",
    draw=figure_defects,
    settings=defect_settings,
)
