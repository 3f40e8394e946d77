"""What a wrong noise model costs: columns under the distortion that a network did not learn."""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from bench.images.faithfulness.judged_scenes import SAMPLING, JudgedScene, judged_scene
from fitting import FitOptions, fit_columns
from noise import Detector, FastScan, Jitter, ScanNoise, distort
from restore import Restorer
from stembench.arrays import Floats
from training import JUDGED_LATTICES

_NOISE: Final = zlib.crc32(b"lacking noise")
#: e/Å²; of one lattice and distortion.
DOSE: Final = 5e3
REALIZATIONS: Final = 8
_PM: Final = 100 * SAMPLING

Distorting = Callable[[Floats, np.random.Generator], Floats]


def _scanned(noise: ScanNoise) -> Distorting:
    """Electrons per pixel (h, w) of an image in fractions of the beam."""
    return lambda image, rng: distort(image, [rng], dose=DOSE, sampling=SAMPLING, noise=noise)[0]


def moved_there_and_back(counts: Floats, /) -> Floats:
    """Move counts (h, w) by half a px there and back by linear interpolation, as registration."""
    from scipy.ndimage import shift

    moved = shift(counts, (0.5, 0.5), order=1, mode="mirror")
    back: Floats = shift(moved, (-0.5, -0.5), order=1, mode="mirror")
    return back


def _registered(image: Floats, rng: np.random.Generator) -> Floats:
    return moved_there_and_back(_scanned(ScanNoise())(image, rng))


#: By what training noise lacks: that distortion alone with counting, within the range of `whole`
#: training and, where a part of the range is lacking, beyond what is left.
DISTORTIONS: Final[Mapping[str, Distorting]] = {
    "response": _scanned(
        ScanNoise(fast_scan=FastScan(alpha=20.0, beta=2.0, gamma=40.0, theta=np.pi / 2, length=320))
    ),
    "interpolation": _registered,
    "y-jitter": _scanned(ScanNoise(jitter=Jitter(sigma_x=0.0, sigma_y=0.5, phi_x=0.0, phi_y=0.5))),
    "pulses": _scanned(ScanNoise(detector=Detector.of_sigma(5.0))),
}


def errors_under(lack: str, restorer: Restorer | None) -> pd.DataFrame:
    """Errors of the columns of perfect lattices under one distortion.

    Parameters
    ----------
    lack : str
        A key of `DISTORTIONS`.
    restorer : Restorer or None
        None for the distorted images as they are.

    Returns
    -------
    pandas.DataFrame
        Columns lacking, lattice, realization, position_pm (root mean square distance from the
        truth, the image's mean shift taken off), scs_pct (root mean square error of the scattering
        cross-section relative to the noise-free image), fitted (share of the columns that have
        numbers, of which alone the errors are; NaN where no column could be fitted).
    """
    rows: list[dict[str, object]] = []
    for lattice, scene in _scenes():
        images = np.stack(
            [DISTORTIONS[lack](scene.image, _stream(lack, lattice, k)) for k in range(REALIZATIONS)]
        )
        restored = images if restorer is None else restorer.restore(images, sampling=SAMPLING)
        whole = _table(scene, scene.image)["scs"].to_numpy()
        for k, image in enumerate(restored):
            table = _table(scene, scene.fractions(image, dose=DOSE))
            away = (table[["x", "y"]].to_numpy() - scene.places)[scene.measured]
            away = away[np.isfinite(away).all(axis=1)]
            relative = (table["scs"].to_numpy() / whole - 1)[scene.measured]
            kept = relative[np.isfinite(relative)]
            rows.append(
                {"lacking": lack, "lattice": lattice, "realization": k,
                 "position_pm": _PM * _scatter(away),
                 "scs_pct": 100 * _root_mean_square(kept),
                 "fitted": len(kept) / len(relative)}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _scatter(away: Floats) -> float:
    """Root mean square distance (n, 2) from their mean; NaN for none."""
    if len(away) == 0:
        return float("nan")
    return float(np.sqrt(np.square(away - away.mean(axis=0)).sum(axis=1).mean()))


def _root_mean_square(values: Floats) -> float:
    return float(np.sqrt(np.square(values).mean())) if len(values) else float("nan")


def _scenes() -> Iterable[tuple[str, JudgedScene]]:
    for name, lattice in JUDGED_LATTICES.items():
        yield name, judged_scene(lattice, "perfect", rng=_stream("scene", name, 0))


def _stream(what: str, lattice: str, number: int) -> np.random.Generator:
    key = (_NOISE, zlib.crc32(f"{what} {lattice}".encode()), number)
    return np.random.default_rng(np.random.SeedSequence(0, spawn_key=key))


def _table(scene: JudgedScene, image: Floats) -> pd.DataFrame:
    options = replace(
        FitOptions(width="shared", background="none"), start_width=scene.lattice.width
    )
    return fit_columns(image, scene.places, sampling=SAMPLING, options=options).table
