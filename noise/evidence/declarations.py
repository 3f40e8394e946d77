"""Declarations of stages, ranges and probabilities as the tables of docs/noise.md."""

from collections.abc import Iterator, Sequence
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


def drawn_tables(steps: Sequence[tuple[str, Drawn]]) -> str:
    """Ranges and probabilities of some steps, as two Markdown tables.

    Parameters
    ----------
    steps : sequence of (str, Drawn)
        Which images each step is drawn for, and the step.
    """
    ranges = [
        (
            f"`{step.name}.{parameter}`",
            images,
            f"{r.low:.4g} to {r.high:.5g}",
            r.unit or "1",
            _SCALES[r.scale],
            r.reason,
        )
        for images, step in steps
        for parameter, r in step.ranges.items()
    ]
    chances = [
        (f"`{name}`", images, f"{chance.value:g}", chance.reason)
        for images, step in steps
        for name, chance in (
            (step.name, step.chance),
            *((f"{step.name}.{choice}", chance) for choice, chance in step.choices.items()),
        )
        if chance is not None
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
