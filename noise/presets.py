"""Chains by name, and the ladder that leaves their stages out one after the other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from noise.scan import STUDY_SCAN, ScanNoise
from noise.stages.camera import DarkCurrent, FixedPattern
from noise.stages.digitiser import Clip, Quantisation
from noise.stages.fast_scan import FastScan
from noise.stages.jitter import Jitter
from noise.stages.mtf import Mtf
from noise.stages.point_defects import PointDefects
from noise.stages.readout import ReadoutNoise
from noise.stages.row_lines import RowLines
from noise.tem import TemNoise
from stembench.errors import InputError
from stembench.limits import require

Chain = ScanNoise | TemNoise

#: Distortion of the studies plus row lines: four in 256 scan lines. The top of the ablation ladder.
SCAN_WITH_LINES: Final = replace(
    STUDY_SCAN, row_lines=RowLines(rate=4 / 256, shortest=16, longest=128)
)

#: Every stage of the S(T)EM chain.
FULL_SCAN: Final = replace(
    SCAN_WITH_LINES,
    black_pixels=PointDefects(density=2e-4, low=0.0, high=0.25),
    zingers=PointDefects(density=1e-4, low=2.0, high=12.0),
    clip=Clip(level=2.0),
    quantisation=Quantisation(levels=4096.0),
)

#: Every stage of the TEM chain: a scintillator camera, flat-fielded, moderately cooled.
FULL_TEM: Final = TemNoise(
    mtf=Mtf(a=0.7, b=0.35, c=1.2),
    fixed_pattern=FixedPattern(sigma=0.01),
    dark_current=DarkCurrent(mean=0.5, sigma=0.25, hot_fraction=1e-4),
    thermal=ReadoutNoise(sigma=1.0),
    flicker=ReadoutNoise(sigma=0.5),
    reset=ReadoutNoise(sigma=0.2),
    black_pixels=PointDefects(density=5e-5, low=0.0, high=0.25, steps=6),
    zingers=PointDefects(density=3e-5, low=2.0, high=12.0, steps=3),
    clip=Clip(level=2.0),
    quantisation=Quantisation(levels=4096.0),
)


@dataclass(frozen=True)
class Preset:
    """A chain by name.

    Attributes
    ----------
    name : str
    summary : str
        One line for a listing.
    build : callable
        Takes the sampling in Å/px and a generator, which only random presets use.
    """

    name: str
    summary: str
    build: Callable[[float, np.random.Generator], Chain]


def _figure_12(sampling: float) -> ScanNoise:
    sigma = 0.75 * sampling
    return ScanNoise(jitter=Jitter(sigma_x=sigma, sigma_y=sigma, phi_x=0.6, phi_y=0.6))


_ALL: Final = (
    Preset("poisson", "electron counting alone (study 1)", lambda *_: ScanNoise()),
    Preset("study", "counting, detector, jitter, fast scan (studies 2, 3)", lambda *_: STUDY_SCAN),
    Preset(
        "dwell-0.2us", "the studies' detector and response at 0.2 µs dwell time (Fig. 6a)",
        lambda *_: replace(STUDY_SCAN, fast_scan=FastScan.at_dwell(0.2)),
    ),
    Preset(
        "dwell-0.05us", "the studies' detector and response at 0.05 µs dwell time (Fig. 6b)",
        lambda *_: replace(STUDY_SCAN, fast_scan=FastScan.at_dwell(0.05)),
    ),
    Preset(
        "jitter-0.75px", "jitter of 0.75 px and φ 0.6 in x and y, and counting (Fig. 12)",
        lambda sampling, _: _figure_12(sampling),
    ),
    Preset("full", "every stage of the S(T)EM chain", lambda *_: FULL_SCAN),
    Preset("tem", "every stage of the TEM chain", lambda *_: FULL_TEM),
    Preset(
        "random-stem", "an S(T)EM chain drawn by the seed over the ranges of docs/noise.md",
        lambda _, rng: ScanNoise.sample(rng),
    ),
    Preset(
        "random-sem", "the same for SEM: no black pixels",
        lambda _, rng: ScanNoise.sample(rng, modality="sem"),
    ),
    Preset(
        "random-tem", "a TEM chain drawn by the seed over the ranges of docs/noise.md",
        lambda _, rng: TemNoise.sample(rng),
    ),
)  # fmt: skip

PRESETS: Final[dict[str, Preset]] = {preset.name: preset for preset in _ALL}


def chain_named(name: str, *, sampling: float, seed: int = 0) -> Chain:
    """Chain of a preset.

    Parameters
    ----------
    name : str
        A key of `PRESETS`.
    sampling : float
        Pixel size in Å/px; jitter that is declared in px needs it.
    seed : int
        Of the random presets, >= 0.

    Returns
    -------
    ScanNoise or TemNoise

    Raises
    ------
    InputError
        If the name is unknown, or sampling or seed are out of range.
    """
    if name not in PRESETS:
        raise InputError(f"there is no noise preset {name!r}; presets: {', '.join(PRESETS)}")
    require(sampling, "sampling", low=0, open_low=True, unit="Å/px")
    require(seed, "seed", low=0)
    return PRESETS[name].build(sampling, np.random.default_rng([seed, 4]))


def ablation_ladder(noise: ScanNoise) -> dict[str, ScanNoise]:
    """Chains that gain one stage at a time, so that a benchmark can tell what each costs.

    All rungs share the draws of the stages they share.

    Parameters
    ----------
    noise : ScanNoise
        The chain at the top, for instance `SCAN_WITH_LINES`. Its stages after the row lines are
        left out of every rung.

    Returns
    -------
    dict of str to ScanNoise
        'Poisson only', '+ detector', '+ jitter', '+ fast scan' and '+ row lines', in this order;
        a rung whose stage `noise` does not have is left out.
    """
    rungs = {"Poisson only": ScanNoise()}
    chain = ScanNoise()
    for stage in ("detector", "jitter", "fast_scan", "row_lines"):
        if (settings := getattr(noise, stage)) is not None:
            chain = replace(chain, **{stage: settings})
            rungs[f"+ {stage.replace('_', ' ')}"] = chain
    return rungs
