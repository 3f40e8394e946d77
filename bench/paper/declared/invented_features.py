"""Counterpart of Supplementary Fig. 2: what is invented under Gaussian noise and under counting."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from bench.paper.verdicts import judged, mean_number, rate_number
from cases import get_case, load_ground_truth
from fitting import median_spacing, score_detection
from noise import electrons_per_pixel
from reports import (
    Drawn,
    Finding,
    Material,
    PaperFigure,
    above,
    area,
    even_grid,
    letter,
    new_page,
    picture,
    rule,
    side_label,
    tag,
)
from stembench.arrays import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

_CASE: Final = "nanoparticle"
_DOSES: Final = (5.0, 15.0, 50.0, 150.0, 500.0)
#: Where noise is far above the signal.
_DROWNED: Final = 5.0
_REALIZATIONS: Final = 3
_SEED: Final = 102
#: Of the spacing: a found column is that of a true one; of no true one farther away: in vacuum.
_REACH: Final = 0.4
_VACUUM: Final = 1.5
_NOISES: Final = ("Gaussian", "Poisson")
_COLOURS: Final = {"Gaussian": "#D55E00", "Poisson": "#0072B2"}
_HEIGHT: Final = 154.0


@dataclass(frozen=True)
class Scene:
    """Clean image (h, w) in fractions of the beam, true columns (n, 2), Å/px, spacing in px."""

    clean: Floats
    columns: Floats
    sampling: float
    spacing: float


def particle_scene() -> Scene:
    """Return the nanoparticle's noise-free image and its columns."""
    case = get_case(_CASE)
    truth = load_ground_truth(case)
    label = case.labels[0]
    columns = truth.columns(label)[["x", "y"]].to_numpy(dtype=np.float64)
    return Scene(truth.image(label), columns, case.sampling, float(median_spacing(columns)))


def noisy(clean: Floats, kind: str, rng: np.random.Generator) -> Floats:
    """Counts (h, w) about expected ones with Poisson noise, or with Gaussian noise of one variance.

    The variance of the Gaussian noise is the mean one of Poisson noise, so that both have the same
    energy; it hangs on no pixel's signal and is there in vacuum too.
    """
    if kind == "Poisson":
        return rng.poisson(clean).astype(np.float64)
    return np.asarray(clean + rng.normal(size=clean.shape) * np.sqrt(clean.mean()))


def _draw(material: Material) -> Drawn:
    scene = particle_scene()
    page = new_page(_HEIGHT)
    grid = page.add_gridspec(
        2, 5, **area(page, left=5, right=2, top=5, bottom=77), wspace=0.05, hspace=0.13
    )
    rows = []
    for i, kind in enumerate(_NOISES):
        for dose in _DOSES:
            expected = scene.clean * electrons_per_pixel(dose, scene.sampling)
            for number in range(_REALIZATIONS):
                rng = np.random.default_rng([_SEED, _NOISES.index(kind), round(dose), number])
                counts = noisy(expected, kind, rng)
                images = {
                    "raw": counts,
                    "CGRDN": material.restored(counts, "cgrdn", sampling=scene.sampling),
                }
                for restorer, image in images.items():
                    found = material.found(image)
                    told = scored(found, scene)
                    rows.append(
                        {"noise": kind, "dose": dose, "number": number, "restorer": restorer} | told
                    )
                    place = _place(dose, restorer) if number == 0 else None
                    if place is not None:
                        axes = page.add_subplot(grid[i, place])
                        _marked(axes, image, found, scene)
                        letter(axes, "abcdefghij"[5 * i + place], f"{restorer}, {dose:g} e/Å²")
        axes = page.add_subplot(grid[i, 4])
        picture(axes, scene.clean, sampling=scene.sampling, bar=10.0)
        letter(axes, "abcdefghij"[5 * i + 4], "noise-free")
        side_label(page.axes[5 * i], f"{kind} noise")
    table = pd.DataFrame(rows)
    _curves(page, table)
    return Drawn(
        drawing=page,
        caption=_caption(),
        tables={"": table},
        findings=_findings(table),
    )


def _place(dose: float, restorer: str) -> int | None:
    """Column of the grid that an image is shown in; None for one that is not shown."""
    shown = {(_DOSES[1], "raw"): 0, (_DOSES[1], "CGRDN"): 1, (_DOSES[3], "raw"): 2,
             (_DOSES[3], "CGRDN"): 3}  # fmt: skip
    return shown.get((dose, restorer))


def _invented(found: Floats, scene: Scene) -> Floats:
    """Found places (n, 2) that are those of no true column."""
    score = score_detection(found, scene.columns, radius=_REACH * scene.spacing)
    matched = set(score.matches[:, 0].tolist())
    return np.array([place for k, place in enumerate(found) if k not in matched]).reshape(-1, 2)


def scored(found: Floats, scene: Scene) -> dict[str, float]:
    """Share of true columns found, and columns invented, among them in vacuum.

    Parameters
    ----------
    found : ndarray, shape (n, 2)
        Columns that a search found, as (x, y) in px.
    scene : Scene

    Returns
    -------
    dict of str to float
        'found', a share; 'invented' and 'in_vacuum', numbers.
    """
    false = _invented(found, scene)
    away = np.full(len(false), np.inf)
    for k, place in enumerate(false):
        away[k] = float(np.hypot(*(scene.columns - place).T).min())
    return {
        "found": (len(found) - len(false)) / len(scene.columns),
        "invented": len(false),
        "in_vacuum": int((away > _VACUUM * scene.spacing).sum()),
    }


def _marked(axes: "Axes", image: Floats, found: Floats, scene: Scene) -> None:
    """An image with the columns that were found in it and are none."""
    picture(axes, image)
    false = _invented(found, scene)
    if len(false):
        x, y = false.T
        axes.plot(x, y, marker="o", markersize=4, markerfacecolor="none", linestyle="none",
                  markeredgecolor="#FFC20A", markeredgewidth=0.7)  # fmt: skip
    tag(axes, f"{len(found) - len(false)} found, {len(false)} invented")


def _curves(page: "Drawing", table: pd.DataFrame) -> None:
    grid = page.add_gridspec(
        1, 3, **area(page, left=12, right=2, top=93, bottom=_HEIGHT - 9), wspace=0.3
    )
    panes = (
        ("found", "true columns found (%)", 100.0),
        ("invented", "invented columns per image", 1.0),
        ("in_vacuum", "invented in vacuum per image", 1.0),
    )
    first = None
    for k, (name, label, factor) in enumerate(panes):
        axes = page.add_subplot(grid[0, k])
        for kind in _NOISES:
            for restorer, line, face in (("CGRDN", "-", "full"), ("raw", (0, (3, 1.5)), "none")):
                own = table[(table["noise"] == kind) & (table["restorer"] == restorer)]
                mean = rate_number if k else mean_number
                numbers = [mean(factor * rows[name]) for _, rows in own.groupby("dose")]
                value = np.array([number.value for number in numbers])
                ends = np.array([[n.value - n.low, n.high - n.value] for n in numbers]).T
                ends = np.nan_to_num(ends)
                axes.errorbar(
                    _DOSES, value, yerr=ends, color=_COLOURS[kind], linestyle=line,
                    marker="s" if kind == "Poisson" else "o", markersize=3.5, fillstyle=face,
                    elinewidth=0.7, capsize=2, label=f"{kind}, {restorer}",
                )  # fmt: skip
        axes.set_xscale("log")
        axes.set_xticks(_DOSES, [f"{dose:g}" for dose in _DOSES])
        axes.minorticks_off()
        axes.set_xlabel("dose, or Gaussian of its energy (e/Å²)")
        axes.set_ylabel(label)
        if k:
            axes.set_yscale("symlog", linthresh=1.0)
            axes.set_ylim(bottom=0)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        else:
            axes.set_ylim(0, 105)
        even_grid(axes)
        letter(axes, "klm"[k])
        first = first or axes
    if first is not None:
        first.legend(
            frameon=False, ncols=4, fontsize=6.5, loc="lower left", bbox_to_anchor=(0.1, 1.1)
        )


def _findings(table: pd.DataFrame) -> tuple[Finding, ...]:
    own = table[(table["restorer"] == "CGRDN") & (table["noise"] == "Gaussian")]
    drowned = own[own["dose"] == _DROWNED]
    many = rate_number(
        drowned["in_vacuum"],
        at=f"columns invented in vacuum under Gaussian noise, {_DROWNED:g} e/Å², "
        f"n = {len(drowned)} images",
    )
    # Claim 36 is about correlated noise; both of these are not.
    return (judged(35, rule(above(0.5)), [many]),)


def _caption() -> str:
    return (
        f"Nanoparticle at {len(_DOSES)} doses. (a–e) Gaussian noise, which hangs on no signal, of "
        "the mean variance of the Poisson noise of that dose; (f–j) Poisson noise. Rings: columns "
        "that a search finds in that image and that are none (farther than 0.4 of the spacing "
        "from every true one). (k) Share of the true columns found; (l) columns invented per "
        "image; (m) those in vacuum, farther than 1.5 spacings from every true one. Open marks: "
        f"the same search in the raw image. n = {_REALIZATIONS} images per point; 95 % intervals, "
        f"of Poisson rates in l and m. The claim is judged in vacuum at {_DROWNED:g} e/Å² alone, "
        "where noise is far above the signal; a first ladder of 50 to 1500 e/Å² was lowered to get "
        "there after it had been drawn."
    )


FIGURES: Final = (
    PaperFigure(
        number="s2",
        title="Invented features: a dose ladder of Gaussian and of Poisson noise",
        theirs="An image drowned in Gaussian noise, in which the network draws features that are "
        "not there.",
        claims=(35,),
        needs="nothing but this program; "
        f"restores {len(_NOISES) * len(_DOSES) * _REALIZATIONS} images",
        draw=_draw,
    ),
)
