"""Table: moments of what the noise model draws over those that the printed equations give."""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from bench.paper.verdicts import judged, mean_number
from noise import Detector, FastScan, Jitter, ScanNoise, TemNoise, distort, jitter_displacements
from reports import Drawn, Material, Number, PaperFigure, rule, within
from stembench.arrays import Floats

_SHAPE: Final = (256, 256)
#: Many short lines, where a line is what is drawn.
_TALL: Final = (8192, 16)
_LINES: Final = 8192
_REALIZATIONS: Final = 12
_SEED: Final = 140
#: Expected electrons per pixel: few where a stage adds little, many where it scales the signal.
_FEW: Final = 2.0
_MANY: Final = 1000.0
_DRAWN: Final = "moments drawn"
_PRINTED: Final = "normalisation as printed"
#: What counts as equal.
_EQUAL: Final = (0.97, 1.03)

_DETECTOR: Final = Detector(photons=4.0, photon_variance=4.0, efficiency=0.2, secondary_gain=4.0)
_JITTER: Final = Jitter(sigma_x=0.75, sigma_y=0.75, phi_x=0.6, phi_y=0.6)
_TEM: Final[Mapping[str, dict[str, Any]]] = {
    "fixed_pattern": {"sigma": 0.05},
    "dark_current": {"mean": 5.0, "sigma": 1.0},
    "thermal": {"sigma": 1.5},
    "reset": {"sigma": 1.0},
}


def equation_44(detector: Detector) -> float:
    """Standard deviation of the pulse as it is printed, in pulses of one electron.

    The printed one is in the unit of the anode; (46) adds it to counted electrons, so that it is
    divided by the mean pulse m_c η G.
    """
    spread = (1 - detector.efficiency + 1 / (detector.secondary_gain - 1)) / (
        detector.photons * detector.efficiency
    )
    return math.sqrt(spread + detector.photon_variance / detector.photons**2)


def integrals(scan: FastScan) -> tuple[float, float]:
    """Integrals of (48), and of (49) with the factor (50), as they are printed but for the sign.

    The printed exponential grows for x <= 0, where the response is. Taken to decay,
    the integrals are known in closed form.

    Parameters
    ----------
    scan : FastScan
        Its α drops out of the first.
    """
    beta, gamma, theta = scan.beta, scan.gamma, scan.theta
    factor = beta * gamma * (gamma * math.sin(theta) + 4 * math.pi * beta * math.cos(theta))
    factor /= gamma**2 + 16 * math.pi**2 * beta**2
    wave = beta * gamma * (gamma * math.sin(theta) + 2 * math.pi * beta * math.cos(theta))
    wave /= gamma**2 + 4 * math.pi**2 * beta**2
    return 0.25, factor * wave


def _draw(material: Material) -> Drawn:
    del material
    rows = []
    for number in range(_REALIZATIONS):
        for equation, quantity, ratio in _of_realization(number):
            rows.append(
                {"equation": equation, "quantity": quantity, "number": number, "ratio": ratio}
            )
    table = pd.DataFrame(rows)
    numbers = [
        mean_number(own["ratio"], at=f"({equation}), {quantity}", condition=_DRAWN)
        for (equation, quantity), own in table.groupby(["equation", "quantity"], sort=False)
    ]
    scan = FastScan.at_dwell(1.0)
    printed = [
        Number(value=value, low=value, high=value, at=f"({equation})", condition=_PRINTED)
        for equation, value in zip(("48", "49, 50"), integrals(scan), strict=True)
    ]
    verdict = rule(within(*_EQUAL, name=_DRAWN), within(*_EQUAL, name=_PRINTED))
    return Drawn(
        caption="Moments of what this program draws, over the same by the printed equation: mean "
        f"over {_REALIZATIONS} realizations of {_SHAPE[0]} x {_SHAPE[1]} px of one grey value "
        f"({_LINES} lines for jitter, {_TALL[0]} of {_TALL[1]} px for reset noise), with 95 % "
        "intervals, each stage added to counting alone. What counting does on its own is taken "
        "off. Below: the integrals of (48), and of (49) with its factor (50), for the response of "
        "the studies (β 0.5 px, γ 8 px, θ π/2), which the paper says are 1; here each sampled "
        "response is brought to the sum 1. Equations that name a procedure and no moment (27 to "
        "29, 35, 37 to 39, 51 to 55) are left to tests. Equal is within 3 %.",
        tables={"": table},
        summary=(
            ("quantity", "drawn over printed"),
            *(
                (number.at, number.text.removeprefix(f"{number.at}: "))
                for number in (*numbers, *printed)
            ),
        ),
        findings=(judged(40, verdict, [*numbers, *printed]),),
    )


def _of_realization(number: int) -> list[tuple[str, str, float]]:
    """Equation, quantity and drawn over printed value of one realization."""
    sigma = equation_44(_DETECTOR)
    few = _counts(ScanNoise(), number, electrons=_FEW)
    pulses = _counts(ScanNoise(detector=_DETECTOR), number, electrons=_FEW)
    found = [
        ("45", "variance over mean", few.var() / few.mean()),
        ("43, 44, 46", "variance added", (pulses.var() - few.var()) / sigma**2),
    ]
    lines = jitter_displacements(_JITTER, ScanNoise.streams(_rng(number)), lines=_LINES)[:, 0]
    phi, innovation = _JITTER.phi_x, _JITTER.sigma_x
    shared = float(np.mean(lines[1:] * lines[:-1]) / np.mean(lines**2))
    found += [
        ("41", "variance of displacements", np.mean(lines**2) * (1 - phi**2) / innovation**2),
        ("41", "correlation of lines", shared / phi),
    ]
    many = _counts(TemNoise(), number, electrons=_MANY)
    pattern = _tem(number, "fixed_pattern", electrons=_MANY)
    level = _TEM["fixed_pattern"]["sigma"]
    dark = _tem(number, "dark_current", electrons=_FEW)
    plain = _counts(TemNoise(), number, electrons=_FEW)
    told = _TEM["dark_current"]
    thermal = _tem(number, "thermal", electrons=_FEW)
    reset, rows = (
        _counts(chain, number, electrons=_FEW, shape=_TALL).mean(axis=1).var(ddof=1)
        for chain in (TemNoise.from_dict({"reset": _TEM["reset"]}), TemNoise())
    )
    found += [
        ("30", "variance over mean", plain.var() / plain.mean()),
        (
            "31",
            "variance added",
            (pattern.var() - many.var()) / (level**2 * float(np.mean(many**2))),
        ),
        ("32, 33", "mean added", (dark.mean() - plain.mean()) / told["mean"]),
        (
            "32, 33",
            "variance added",
            (dark.var() - plain.var()) / (told["mean"] + told["sigma"] ** 2),
        ),
        ("34", "variance added", (thermal.var() - plain.var()) / _TEM["thermal"]["sigma"] ** 2),
        ("36", "variance added between rows", (reset - rows) / _TEM["reset"]["sigma"] ** 2),
    ]
    return [(equation, quantity, float(ratio)) for equation, quantity, ratio in found]


def _tem(number: int, stage: str, *, electrons: float) -> Floats:
    return _counts(TemNoise.from_dict({stage: _TEM[stage]}), number, electrons=electrons)


def _counts(
    noise: ScanNoise | TemNoise,
    number: int,
    *,
    electrons: float,
    shape: tuple[int, int] = _SHAPE,
) -> Floats:
    """One realization (h, w) of an image of one grey value, electrons per pixel."""
    flat = np.ones(shape)
    drawn: Floats = distort(flat, [_rng(number)], dose=electrons, sampling=1.0, noise=noise)[0]
    return drawn


def _rng(number: int) -> np.random.Generator:
    return np.random.default_rng([_SEED, number])


FIGURES: Final = (
    PaperFigure(
        number="noise-equations",
        title="Table: the noise model against its equations",
        theirs="The text gives the noise model in equations (27) to (55).",
        claims=(40,),
        needs="nothing but this program; takes seconds",
        draw=_draw,
    ),
)
