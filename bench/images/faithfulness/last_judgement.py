"""What a network does to the specimen that nobody looked at while tuning."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bench.images.faithfulness.unseen_specimen import SAMPLING, UnseenColumns, unseen_columns
from fitting import Bounds, ColumnFit, FitOptions, fit_columns
from noise import ScanNoise, distort, electrons_per_pixel
from restore import Restorer
from stembench.arrays import Floats
from stembench.limits import require

_LAST: Final = zlib.crc32(b"last judgement")
#: Margin over which the periodic image is continued, px.
_MARGIN: Final = 8
_COUNTING: Final = ScanNoise()
_PM_PER_PIXEL: Final = 100 * SAMPLING
_FREE: Final = FitOptions(width="shared", background="none", start_width=2.5)
#: A free position would wander off the vacancy.
_HELD: Final = replace(_FREE, bounds=Bounds(drift=0.0))


@dataclass(frozen=True)
class _Fits:
    """One image, fitted with free positions and with held ones."""

    free: ColumnFit
    held: ColumnFit


@dataclass(frozen=True, kw_only=True)
class LastJudgement:
    """Settings of the last judgement; called with a restorer and the image it returns measures.

    Measures by name, ``NAME@DOSE``, each the mean over noise realizations with ``_se`` the
    standard error of that mean; the noise-free image, fitted likewise, is the truth:

    - ``position_response``: displacement found over true, of the two Sr columns moved by 15 pm;
    - ``vacancy``, ``half``: missing part of the SCS found over true;
    - ``sublattice``: SCS of TiO over that of Sr columns, over the same without noise;
    - ``position_pm``, ``scs_pct``: RMSE of unedited columns inside, pm and % of their SCS;
    - ``position_information``: that RMSE of position over the position response, pm;
    - ``intensity``: total over that of the noise-free image.

    Attributes
    ----------
    seed : int
    doses : tuple of float
        In e/Å².
    realizations : int
        At least 2.
    noise : noise.ScanNoise
        Counting alone by default.
    """

    seed: int = 0
    doses: tuple[float, ...] = (5e2, 5e3)
    realizations: int = 16
    noise: ScanNoise = _COUNTING

    def __post_init__(self) -> None:
        require(self.seed, "seed", low=0)
        require(self.realizations, "realizations", low=2)

    def __call__(self, restorer: Restorer, image: Floats, /) -> Mapping[str, float]:
        """Judge one restorer on the noise-free `image`; the same counts for every restorer."""
        columns = unseen_columns()
        truth = _fits(image, columns)
        out: dict[str, float] = {}
        for dose in self.doses:
            counts = np.stack([self._counts(image, dose, k) for k in range(self.realizations)])
            found: dict[str, list[float]] = {}
            for restored in restorer.restore(counts, sampling=SAMPLING):
                fractions = restored / electrons_per_pixel(dose, SAMPLING)
                measured = _measured(_fits(fractions, columns), truth, columns)
                measured["intensity"] = float(fractions.sum() / image.sum())
                for name, value in measured.items():
                    found.setdefault(name, []).append(value)
            for name, values in found.items():
                out[f"{name}@{dose:g}"] = float(np.mean(values))
                out[f"{name}@{dose:g}_se"] = float(np.std(values, ddof=1) / len(values) ** 0.5)
            _add_information(out, dose)
        return out

    def _counts(self, image: Floats, dose: float, number: int) -> Floats:
        key = (_LAST, zlib.crc32(f"counts {dose:g} {number}".encode()))
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))
        wide = np.pad(image, _MARGIN, mode="wrap")
        drawn: Floats = distort(
            wide, [rng], dose=dose, sampling=SAMPLING, noise=self.noise, margin=_MARGIN
        )[0]
        return drawn


def _fits(image: Floats, columns: UnseenColumns) -> _Fits:
    return _Fits(
        *(
            fit_columns(image, columns.places, sampling=SAMPLING, options=options)
            for options in (_FREE, _HELD)
        )
    )


def _measured(fits: _Fits, truth: _Fits, columns: UnseenColumns) -> dict[str, float]:
    places, true = (each.free.table[["x", "y"]].to_numpy() for each in (fits, truth))
    scs, true_scs = (each.held.table["scs"].to_numpy() for each in (fits, truth))
    plain = columns.inside & (columns.edits == "")
    moved = np.isin(columns.edits, ("right", "up"))
    steps = true[moved] - columns.places[moved]
    away = (places - true)[plain]
    errors = (scs / true_scs - 1)[plain]
    reference = plain & columns.strontium
    titanium = plain & ~columns.strontium
    out = {
        "position_response": float(
            ((places[moved] - columns.places[moved]) * steps).sum() / np.square(steps).sum()
        ),
        "sublattice": float(
            scs[titanium].mean() / scs[reference].mean()
            / (true_scs[titanium].mean() / true_scs[reference].mean())
        ),
        "position_pm": float(np.sqrt(np.square(away).mean()) * _PM_PER_PIXEL),
        "scs_pct": float(100 * np.sqrt(np.square(errors).mean())),
    }  # fmt: skip
    for name in ("vacancy", "half"):
        site = columns.edits == name
        missing, true_missing = (
            1 - values[site].mean() / values[reference].mean() for values in (scs, true_scs)
        )
        out[name] = float(missing / true_missing)
    return out


def _add_information(out: dict[str, float], dose: float) -> None:
    """Add scatter over response, with the errors of both."""
    scatter, response = (f"{name}@{dose:g}" for name in ("position_pm", "position_response"))
    value = out[scatter] / out[response]
    relative = np.hypot(out[f"{scatter}_se"] / out[scatter], out[f"{response}_se"] / out[response])
    out[f"position_information@{dose:g}"] = value
    out[f"position_information@{dose:g}_se"] = float(abs(value) * relative)
