"""What a network in training does to numbers: responses, vacancies, vacuum, errors over bounds."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bench.images.faithfulness.judged_scenes import (
    KINDS,
    SAMPLING,
    JudgedScene,
    SceneKind,
    judged_scene,
)
from fitting import Bounds, ColumnFit, FitOptions, cramer_rao, fit_columns
from restore import Restorer
from stembench.arrays import Floats
from stembench.limits import require
from training import JUDGED_LATTICES

_VALIDATION: Final = zlib.crc32(b"validation")
#: Side in px of the square over which the vacuum is averaged before its lowest value is taken.
_SQUARE: Final = 5

_FREE: Final = FitOptions(width="shared", background="none")
#: A free position would wander off an empty site to the next bright spot.
_HELD: Final = replace(_FREE, bounds=Bounds(drift=0.0))


@dataclass(frozen=True, kw_only=True)
class Faithfulness:
    """Settings of a validation; called with a restorer it returns the measures.

    Measures by name, each as mean over images, with ``_se`` the standard error of that mean, for
    every dose as ``NAME@DOSE``; NaN where no column of an image could be fitted:

    - ``position_response``: displacement found over true, of columns moved alone by 0.75 px;
    - ``scs_response``: change of SCS found over true, of columns changed alone by ±25 %;
    - ``vacancy``, ``half``: the same of missing columns and of columns of half the SCS;
    - ``position_over_bound``, ``scs_over_bound``: RMSE of a perfect lattice over the Cramér-Rao
      bound;
    - ``fitted``: share of the columns of these scenes that could be fitted: the measures above are
      of them alone;
    - ``vacuum``: lowest mean of 1 Å² beside a particle, over the particle's peak;
    - ``intensity``: total over that of the noise-free image.

    Attributes
    ----------
    seed : int
    doses : tuple of float
        In e/Å².
    realizations : int
        Of each scene and dose; there are three lattices.
    """

    seed: int = 0
    doses: tuple[float, ...] = (5e2, 5e3)
    realizations: int = 2

    def __post_init__(self) -> None:
        require(self.seed, "seed", low=0)
        require(self.realizations, "realizations", low=1)

    def __call__(self, restorer: Restorer) -> Mapping[str, float]:
        """Judge one restorer; the same scenes and counts for every restorer."""
        found: dict[str, list[float]] = {}
        for dose in self.doses:
            for name in JUDGED_LATTICES:
                for kind in KINDS:
                    for measure, values in self._measured(restorer, name, kind, dose=dose):
                        found.setdefault(f"{measure}@{dose:g}", []).extend(values)
        out: dict[str, float] = {}
        for measure, values in found.items():
            out[measure] = float(np.mean(values))
            out[f"{measure}_se"] = (
                float(np.std(values, ddof=1) / np.sqrt(len(values)))
                if len(values) > 1
                else float("nan")
            )
        return out

    def _measured(
        self, restorer: Restorer, name: str, kind: SceneKind, *, dose: float
    ) -> Iterable[tuple[str, list[float]]]:
        scene = judged_scene(
            JUDGED_LATTICES[name], kind, rng=self._generator(f"scene {name} {kind}")
        )
        counts = np.stack(
            [
                scene.counts(self._generator(f"counts {name} {kind} {dose:g} {k}"), dose=dose)
                for k in range(self.realizations)
            ]
        )
        restored = restorer.restore(counts, sampling=SAMPLING)
        images = [scene.fractions(image, dose=dose) for image in restored]
        if kind == "perfect":
            yield from _errors(scene, images, dose=dose)
        elif kind == "edited":
            yield from _responses(scene, images)
        elif kind == "defects":
            yield from _kept_defects(scene, images)
        else:
            yield from _vacuum(scene, images)

    def _generator(self, what: str) -> np.random.Generator:
        key = (_VALIDATION, zlib.crc32(what.encode()))
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))


def _fit(scene: JudgedScene, image: Floats, options: FitOptions = _FREE) -> ColumnFit:
    start = replace(options, start_width=scene.lattice.width)
    return fit_columns(image, scene.places, sampling=SAMPLING, options=start)


def _fitted(scene: JudgedScene, scs: Floats) -> float:
    """Share of the measured columns with a number."""
    return float(np.isfinite(scs[scene.measured]).mean())


def _errors(
    scene: JudgedScene, images: list[Floats], *, dose: float
) -> Iterable[tuple[str, list[float]]]:
    """RMSE of position and SCS over their bounds, of each image of a perfect lattice."""
    true = _fit(scene, scene.image)
    bound = cramer_rao(true, dose=dose)
    some = scene.measured
    least = float(np.sqrt(np.mean(np.square(bound.loc[some, ["x_crb", "y_crb"]].to_numpy()))))
    least_scs = float(np.sqrt(np.mean(np.square(bound.loc[some, "scs_crb"].to_numpy()))))
    scs = true.table.loc[some, "scs"].to_numpy()
    position, strength, fitted = [], [], []
    for image in images:
        whole = _fit(scene, image).table
        fitted.append(_fitted(scene, whole["scs"].to_numpy()))
        table = whole[some]
        away = table[["x", "y"]].to_numpy() - scene.places[some]
        position.append(_mean(away**2) ** 0.5 / least)
        error = table["scs"].to_numpy() - scs
        strength.append(_mean(error**2) ** 0.5 / least_scs)
    yield "position_over_bound", position
    yield "scs_over_bound", strength
    yield "fitted", fitted


def _slope(found: Floats, true: Floats) -> float:
    """Least-squares slope through the origin; values that are not finite are left out."""
    known = np.isfinite(found)
    if not known.any():
        return float("nan")
    return float((found[known] * true[known]).sum() / np.square(true[known]).sum())


def _mean(values: Floats) -> float:
    """Mean of the columns that could be fitted; NaN where none could."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _relative(scs: Floats, mean: float) -> Floats:
    """Relative differences to the mean of unchanged columns; NaN where there is no signal."""
    return scs / mean - 1 if mean else np.full_like(scs, np.nan)


def _responses(scene: JudgedScene, images: list[Floats]) -> Iterable[tuple[str, list[float]]]:
    moved = scene.measured & (np.abs(scene.moved) > 0).any(axis=1)
    changed = scene.measured & (scene.changed != 0)
    plain = scene.measured & ~moved & ~changed
    position, strength, fitted = [], [], []
    for image in images:
        table = _fit(scene, image).table
        away = table[["x", "y"]].to_numpy() - scene.places
        position.append(_slope(away[moved], scene.moved[moved]))
        scs = table["scs"].to_numpy()
        fitted.append(_fitted(scene, scs))
        relative = _relative(scs, _mean(scs[plain]))
        strength.append(_slope(relative[changed], scene.changed[changed]))
    yield "position_response", position
    yield "scs_response", strength
    yield "fitted", fitted


def _kept_defects(scene: JudgedScene, images: list[Floats]) -> Iterable[tuple[str, list[float]]]:
    plain = scene.measured & (scene.changed == 0)
    kept: dict[str, list[float]] = {"vacancy": [], "half": [], "fitted": []}
    for image in images:
        scs = _fit(scene, image, _HELD).table["scs"].to_numpy()
        kept["fitted"].append(_fitted(scene, scs))
        relative = _relative(scs, _mean(scs[plain]))
        for name, change in (("vacancy", -1.0), ("half", -0.5)):
            some = scene.measured & (scene.changed == change)
            kept[name].append(_mean(relative[some]) / change)
    yield from kept.items()


def _vacuum(scene: JudgedScene, images: list[Floats]) -> Iterable[tuple[str, list[float]]]:
    from scipy.ndimage import uniform_filter

    lowest, total = [], []
    for image in images:
        smooth = uniform_filter(image, _SQUARE)
        lowest.append(float(smooth[scene.vacuum].min() / scene.image.max()))
        total.append(float(image.sum() / scene.image.sum()))
    yield "vacuum", lowest
    yield "intensity", total
