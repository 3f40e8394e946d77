"""Presets: noise chains by name, and ladders of chains: stage by stage, or one stage stepped."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from noise.chain import Chain
from noise.scan import ScanNoise
from noise.stages.detector import Detector
from noise.stages.fast_scan import FastScan
from noise.stages.jitter import Jitter
from noise.stages.row_lines import RowLines
from noise.stages.stage import Axis
from noise.tem import TemNoise
from stembench.errors import InputError
from stembench.limits import require

#: Scan distortion of the paper's studies 2 and 3, whose settings are not published. Jitter of
#: 0.75 px and phi 0.6 is the paper's own Fig. 12 at 0.2 Å/px. The photomultiplier values are
#: typical of a YAG:P47 scintillator, and the response that of a dwell time of about 1 µs.
STUDY_SCAN: Final = ScanNoise(
    jitter=Jitter(sigma_x=0.15, sigma_y=0.15, phi_x=0.6, phi_y=0.6),
    detector=Detector(photons=100.0, photon_variance=100.0, efficiency=0.2, secondary_gain=4.0),
    fast_scan=FastScan.at_dwell(1.0),
)

#: Distortion of the studies plus row lines: four in 256 scan lines. The top of the ablation ladder.
SCAN_WITH_LINES: Final = replace(
    STUDY_SCAN, row_lines=RowLines(rate=4 / 256, shortest=16, longest=128)
)

#: Every stage of the paper's S(T)EM chain, at the strength that each declares as typical.
FULL_SCAN: Final = ScanNoise(**{s.name: s.typical for s in ScanNoise.stages if s.optional})

#: Every stage of the TEM chain: a scintillator camera, flat-fielded, moderately cooled.
FULL_TEM: Final = TemNoise(**{s.name: s.typical for s in TemNoise.stages if s.optional})

#: Keeps the generator of a random preset apart from those of realizations with the same seed, which
#: are `SeedSequence`s of the seed alone. Another number would give other random presets.
_PRESET_STREAM: Final = 4


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


def _at_dwell(dwell: float) -> ScanNoise:
    return replace(STUDY_SCAN, fast_scan=FastScan.at_dwell(dwell))


def _figure_12(sampling: float) -> ScanNoise:
    sigma = 0.75 * sampling
    return ScanNoise(jitter=Jitter(sigma_x=sigma, sigma_y=sigma, phi_x=0.6, phi_y=0.6))


_ALL: Final = (
    Preset("poisson", "electron counting alone (study 1)", lambda *_: ScanNoise()),
    Preset("study", "counting, detector, jitter, fast scan (studies 2, 3)", lambda *_: STUDY_SCAN),
    Preset(
        "dwell-0.2us",
        "the studies' detector and response at 0.2 µs dwell time (Fig. 6a)",
        lambda *_: _at_dwell(0.2),
    ),
    Preset(
        "dwell-0.05us",
        "the studies' detector and response at 0.05 µs dwell time (Fig. 6b)",
        lambda *_: _at_dwell(0.05),
    ),
    Preset(
        "jitter-0.75px",
        "jitter of 0.75 px and φ 0.6 in x and y, and counting (Fig. 12)",
        lambda sampling, _: _figure_12(sampling),
    ),
    Preset("full", "every stage of the paper's S(T)EM chain", lambda *_: FULL_SCAN),
    Preset("tem", "every stage of the TEM chain", lambda *_: FULL_TEM),
    Preset(
        "random-stem",
        "an S(T)EM chain drawn by the seed over the ranges of docs/noise.md",
        lambda _, rng: ScanNoise.sample(rng),
    ),
    Preset(
        "random-sem",
        "the same for SEM: no black pixels",
        lambda _, rng: ScanNoise.sample(rng, modality="sem"),
    ),
    Preset(
        "random-tem",
        "a TEM chain drawn by the seed over the ranges of docs/noise.md",
        lambda _, rng: TemNoise.sample(rng),
    ),
)

#: Name -> chain of noise that has a name.
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
    return PRESETS[name].build(sampling, np.random.default_rng([seed, _PRESET_STREAM]))


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


def noise_axes() -> dict[str, Axis[Any]]:
    """Return the axes that stages of the S(T)EM chain declare, by name."""
    return {stage.axis.name: stage.axis for stage in ScanNoise.stages if stage.axis is not None}


def axis_ladder(noise: ScanNoise, axis: str) -> dict[float, ScanNoise]:
    """Chains that differ in the strength of one stage alone.

    All rungs share their draws: jitter of twice the strength displaces each line twice as far.

    Parameters
    ----------
    noise : ScanNoise
        What the other stages are.
    axis : str
        A key of `noise_axes`.

    Returns
    -------
    dict of float to ScanNoise
        By value in the unit of the axis.

    Raises
    ------
    InputError
        If the axis is unknown.
    """
    for stage in ScanNoise.stages:
        if stage.axis is not None and stage.axis.name == axis:
            steps = stage.axis.settings.items()
            return {value: replace(noise, **{stage.name: settings}) for value, settings in steps}
    raise InputError(f"there is no noise axis {axis!r}; axes: {', '.join(noise_axes())}")
