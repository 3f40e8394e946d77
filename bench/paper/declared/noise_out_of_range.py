"""Counterpart of Fig. 6: distortions within and beyond the range of training, simulated."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from bench.paper.networks.trained.lacking_judge import moved_there_and_back
from bench.paper.verdicts import mean_number
from cases import get_case, load_ground_truth
from fitting import FAILED, FitOptions, fit_columns
from noise import Detector, FastScan, Jitter, ScanNoise, distort
from reports import (
    Drawn,
    Material,
    PaperFigure,
    area,
    even_grid,
    letter,
    new_page,
    picture,
    shared_grey,
    side_label,
    tag,
)
from stembench.arrays import Bools, Floats

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_CASE: Final = "nanoparticle"
_DOSE: Final = 5000.0
_REALIZATIONS: Final = 6
_SEED: Final = 106
#: Corner and side of the part that is restored, and what of its columns is not measured, px.
_CORNER: Final = 36
_SIDE: Final = 128
_EDGE: Final = 12
_HEIGHT: Final = 203.0
_PM: Final = 100.0
_LOOKS: Final = {"raw": ("#6E6E6E", "o"), "CGRDN": ("#0072B2", "s")}


@dataclass(frozen=True, kw_only=True)
class _Distortion:
    """A distortion of the paper's Fig. 6 at two strengths.

    Attributes
    ----------
    title : str
    within, beyond : callable
        ``within(clean, rng)`` gives counts over the dose's electrons per px, in fractions of the
        beam: within the ranges of docs/noise.md, and beyond them.
    said : tuple of str
        The two strengths in words.
    """

    title: str
    within: Callable[[Floats, np.random.Generator], Floats]
    beyond: Callable[[Floats, np.random.Generator], Floats]
    said: tuple[str, str]


def _scanned(noise: ScanNoise) -> Callable[[Floats, np.random.Generator], Floats]:
    """Distort by a chain, at the dose and pixel size of the figure."""
    sampling = get_case(_CASE).sampling

    def apply(clean: Floats, rng: np.random.Generator) -> Floats:
        counts = distort(clean, [rng], dose=_DOSE, sampling=sampling, noise=noise)[0]
        return np.asarray(counts / (_DOSE * sampling**2))

    return apply


def _registered(clean: Floats, rng: np.random.Generator) -> Floats:
    return moved_there_and_back(_scanned(ScanNoise())(clean, rng))


def _enlarged(clean: Floats, rng: np.random.Generator) -> Floats:
    """Count every second px of every second line alone, and fill in the others linearly."""
    from scipy.ndimage import map_coordinates

    coarse = clean[::2, ::2]
    sampling = 2 * get_case(_CASE).sampling
    counts = distort(coarse, [rng], dose=_DOSE, sampling=sampling, noise=ScanNoise())[0]
    places = np.indices(clean.shape) / 2
    filled: Floats = map_coordinates(
        counts / (_DOSE * sampling**2), places, order=1, mode="nearest"
    )
    return filled


def _distortions() -> tuple[_Distortion, ...]:
    half = np.pi / 2
    return (
        _Distortion(
            title="fast scan, 0.2 µs",
            within=_scanned(ScanNoise(fast_scan=FastScan(alpha=5, beta=2, gamma=40, theta=half))),
            beyond=_scanned(ScanNoise(fast_scan=FastScan(alpha=5, beta=6, gamma=40, theta=half))),
            said=("α 5, β 2, γ 40 px", "β 6 px"),
        ),
        _Distortion(
            title="fast scan, 0.05 µs",
            within=_scanned(
                ScanNoise(fast_scan=FastScan(alpha=20, beta=2, gamma=40, theta=half, length=320))
            ),
            beyond=_scanned(ScanNoise(fast_scan=FastScan.at_dwell(0.05))),
            said=("α 20, β 2, γ 40 px", "β 10, γ 160 px"),
        ),
        _Distortion(
            title="interpolation",
            within=_registered,
            beyond=_enlarged,
            said=("½ px there and back", "every 2nd px filled in"),
        ),
        _Distortion(
            title="Y jitter",
            within=_scanned(ScanNoise(jitter=_y_jitter(0.3))),
            beyond=_scanned(ScanNoise(jitter=_y_jitter(1.2))),
            said=("σy 0.3 Å", "σy 1.2 Å"),
        ),
        _Distortion(
            title="detector noise",
            within=_scanned(ScanNoise(detector=_detector(20.0, 0.1))),
            beyond=_scanned(ScanNoise(detector=_detector(1.0, 0.01))),
            said=("20 photons/e, η 0.1", "1 photon/e, η 0.01"),
        ),
    )


def _y_jitter(sigma: float) -> Jitter:
    return Jitter(sigma_x=0.0, sigma_y=sigma, phi_x=0.0, phi_y=0.5)


def _detector(photons: float, efficiency: float) -> Detector:
    return Detector(
        photons=photons, photon_variance=photons, efficiency=efficiency, secondary_gain=4.0
    )


@dataclass(frozen=True)
class _Part:
    """Clean image (h, w) in fractions of the beam, and the columns of the part that is restored."""

    clean: Floats
    places: Floats
    measured: Bools
    sampling: float

    def cut(self, image: Floats) -> Floats:
        """Part of an image that is restored."""
        return image[_CORNER : _CORNER + _SIDE, _CORNER : _CORNER + _SIDE]

    def fitted(self, image: Floats) -> Floats:
        """Positions (n, 2) of the columns of a part, px; NaN where a fit fails."""
        fit = fit_columns(
            image, self.places, sampling=self.sampling, options=FitOptions(background="constant")
        )
        found = fit.table[["x", "y"]].to_numpy(dtype=np.float64)
        failed = (fit.table["flags"].to_numpy() & FAILED) > 0
        return np.where(failed[:, np.newaxis], np.nan, found)


def _part() -> _Part:
    case = get_case(_CASE)
    truth = load_ground_truth(case)
    label = case.labels[0]
    places = truth.columns(label)[["x", "y"]].to_numpy(dtype=np.float64) - _CORNER
    inside = ((places > 1) & (places < _SIDE - 2)).all(axis=1)
    places = places[inside]
    measured = ((places > _EDGE) & (places < _SIDE - _EDGE)).all(axis=1)
    return _Part(truth.image(label), places, np.asarray(measured), case.sampling)


def _error(found: Floats, reference: Floats, part: _Part) -> float:
    """Mean distance in pm of measured columns from the reference, the rigid shift taken off."""
    away = (found - reference)[part.measured]
    away = away[np.isfinite(away).all(axis=1)]
    away = away - away.mean(axis=0)
    return float(np.hypot(*away.T).mean()) * part.sampling * _PM


def _draw(material: Material) -> Drawn:
    part = _part()
    reference = part.fitted(part.cut(part.clean))
    page = new_page(_HEIGHT)
    grid = page.add_gridspec(
        4, 5, **area(page, left=5, right=2, top=5, bottom=157), wspace=0.04, hspace=0.12
    )
    limits = shared_grey([part.cut(part.clean)])
    rows = []
    for column, distortion in enumerate(_distortions()):
        for beyond, apply in enumerate((distortion.within, distortion.beyond)):
            for number in range(_REALIZATIONS):
                rng = np.random.default_rng([_SEED, column, beyond, number])
                raw = part.cut(apply(part.clean, rng))
                electrons = _DOSE * part.sampling**2
                restored = material.restored(raw * electrons, "cgrdn", sampling=part.sampling)
                for k, (name, image) in enumerate((("raw", raw), ("CGRDN", restored / electrons))):
                    error = _error(part.fitted(image), reference, part)
                    rows.append(
                        {
                            "distortion": distortion.title, "strength": distortion.said[beyond],
                            "range": ("within", "beyond")[beyond], "number": number,
                            "restorer": name, "mae_pm": error,
                        }
                    )  # fmt: skip
                    if number == 0:
                        row = 2 * beyond + k
                        axes = page.add_subplot(grid[row, column])
                        picture(axes, image, limits=limits)
                        title = distortion.title if row == 0 else ""
                        letter(axes, "abcdefghijklmnopqrst"[5 * row + column], title)
                        tag(axes, f"{distortion.said[beyond]}: {error:.0f} pm")
                        if column == 0:
                            side_label(axes, f"{name}, {('within', 'beyond')[beyond]}")
    table = pd.DataFrame(rows)
    _bars(page, table)
    return Drawn(drawing=page, caption=_caption(), tables={"": table})


def _bars(page: "Drawing", table: pd.DataFrame) -> None:
    axes = page.add_axes((12 / 180, 10 / _HEIGHT, 166 / 180, 30 / _HEIGHT))
    titles = list(dict.fromkeys(table["distortion"]))
    for restorer, (colour, mark) in _LOOKS.items():
        for beyond, where in enumerate(("within", "beyond")):
            own = table[(table["restorer"] == restorer) & (table["range"] == where)]
            numbers = [mean_number(own[own["distortion"] == t]["mae_pm"]) for t in titles]
            places = np.arange(len(titles)) + 0.3 * beyond - 0.15
            places = places + (0.06 if restorer == "CGRDN" else -0.06)
            axes.errorbar(
                places, [n.value for n in numbers],
                yerr=[[n.value - n.low for n in numbers], [n.high - n.value for n in numbers]],
                color=colour, marker=mark, markersize=4, linestyle="none", capsize=2,
                elinewidth=0.8, fillstyle="none" if beyond else "full",
                label=f"{restorer}, {where} the range",
            )  # fmt: skip
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:e}"[0] in "25" else "")
    axes.tick_params(axis="y", which="minor", labelsize=5.5)
    axes.set_xticks(range(len(titles)), titles)
    axes.set_ylabel("MAE of position (pm)")
    axes.legend(frameon=False, fontsize=6, ncols=4, loc="lower left", bbox_to_anchor=(0.1, 1.0))
    even_grid(axes)
    letter(axes, "u")


def _caption() -> str:
    return (
        f"Part of a simulated nanoparticle at {_DOSE:g} e/Å² with one distortion at a time and "
        "counting noise. Rows: raw and restored, within and beyond the ranges of docs/noise.md, "
        "which follow the paper where it states them and are ours elsewhere; all on one grey "
        "scale, that of the noise-free image. In the corners the strength and the mean absolute "
        "error of position of that image. (u) The same over "
        f"{_REALIZATIONS} realizations with 95 % intervals (t), each image's rigid shift taken "
        "off, against the fit of the noise-free image. The published network is one and the same "
        "throughout: what it was trained on is known from the paper's text alone. Networks that "
        "were trained on wrong and on right noise have a figure of their own, wrong-noise."
    )


FIGURES: Final = (
    PaperFigure(
        number="6",
        title="Distortions within and beyond the range of training",
        theirs="Experimental images of fast scan (0.2 and 0.05 µs), interpolation, Y jitter and "
        "detector noise, restored by networks trained on wrong and on right noise models.",
        claims=(33,),
        needs="nothing but this program; restores 60 small images",
        draw=_draw,
    ),
)
