"""Declarations of stages, ranges and probabilities as the tables of docs/noise.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from noise.chain import Chain
from noise.dose import DRAWN as DOSE_DRAWN
from noise.post_processing.apply import STEPS
from noise.ranges import Drawn
from noise.scan import ScanNoise
from noise.tem import TemNoise

_SCALES: Final = {"linear": "uniform", "log": "log-uniform", "low": "log-exponential"}


def stage_table(chain: type[Chain]) -> str:
    """Stages of a chain in the order in which they happen, as a Markdown table.

    Parameters
    ----------
    chain : type
        ScanNoise or TemNoise.
    """
    rows = [(f"`{stage.name}`", stage.summary, stage.equations) for stage in chain.stages]
    return _markdown(("stage", "what it does", "equations"), rows)


def range_table() -> str:
    """Ranges and probabilities that random chains are drawn from, as two Markdown tables."""
    return drawn_tables(tuple(_steps()))


@dataclass(frozen=True, kw_only=True)
class DrawnRange:
    """Range that a parameter is drawn over.

    Attributes
    ----------
    parameter, images : str
        ``STEP.PARAMETER``, and which images it is drawn for.
    low, high : float
        In `unit`.
    unit : str
        '1' for a number without one.
    drawn : str
        How values lie between the ends.
    reason : str
        Source, or reason.
    """

    parameter: str
    images: str
    low: float
    high: float
    unit: str
    drawn: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class DrawnChance:
    """Probability that something happens to an image.

    Attributes
    ----------
    step, images : str
        What happens, and which images it is drawn for.
    probability : float
    reason : str
        Source, or reason.
    """

    step: str
    images: str
    probability: float
    reason: str


def drawn_declarations(
    steps: Sequence[tuple[str, Drawn]] | None = None,
) -> tuple[tuple[DrawnRange, ...], tuple[DrawnChance, ...]]:
    """Ranges and probabilities of some steps; of all that random chains draw by default.

    Parameters
    ----------
    steps : sequence of (str, Drawn), optional
        Which images each step is drawn for, and the step.
    """
    declared = tuple(_steps()) if steps is None else steps
    ranges = tuple(
        DrawnRange(
            parameter=f"{step.name}.{parameter}",
            images=images,
            low=r.low,
            high=r.high,
            unit=r.unit or "1",
            drawn=_SCALES[r.scale],
            reason=r.reason,
        )
        for images, step in declared
        for parameter, r in step.ranges.items()
    )
    chances = tuple(
        DrawnChance(step=name, images=images, probability=chance.value, reason=chance.reason)
        for images, step in declared
        for name, chance in (
            (step.name, step.chance),
            *((f"{step.name}.{choice}", chance) for choice, chance in step.choices.items()),
        )
        if chance is not None
    )
    return ranges, chances


def drawn_tables(steps: Sequence[tuple[str, Drawn]]) -> str:
    """Ranges and probabilities of some steps, as two Markdown tables.

    Parameters
    ----------
    steps : sequence of (str, Drawn)
        Which images each step is drawn for, and the step.
    """
    declared_ranges, declared_chances = drawn_declarations(steps)
    ranges = [
        (f"`{r.parameter}`", r.images, f"{r.low:.4g} to {r.high:.5g}", r.unit, r.drawn, r.reason)
        for r in declared_ranges
    ]
    chances = [
        (f"`{chance.step}`", chance.images, f"{chance.probability:g}", chance.reason)
        for chance in declared_chances
    ]
    return "\n\n".join(
        (
            _markdown(
                ("parameter", "images", "range", "unit", "drawn", "source or reason"), ranges
            ),
            _markdown(
                ("happens to an image", "images", "probability", "source or reason"), chances
            ),
        )
    )


def _steps() -> Iterator[tuple[str, Drawn]]:
    """Everything that is drawn, with the images that it is drawn for."""
    yield "all", DOSE_DRAWN
    for stage in ScanNoise.stages:
        yield "all" if stage in TemNoise.stages else "S(T)EM", stage
    for stage in TemNoise.stages:
        if stage not in ScanNoise.stages:
            yield "TEM", stage
    for step in STEPS:
        yield "all", step


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
