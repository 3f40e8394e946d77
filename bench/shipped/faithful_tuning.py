"""Tunings of several seeds by one recipe, one after the other: what `faithful_results.py` judges.

    python bench/shipped/faithful_tuning.py [--seeds 1 2 3] [--steps 300]
        [--learning-rate 3e-4] [--side 96] [--size 4] [--distilled 1] [--start FILE ...]
        [--precision mixed_bfloat16] [--out out/faithful]

Each seed gets the folder ``OUT/seedN``, with a checkpoint every ten minutes: a stopped call goes on
from the last one, and a seed that is done is left as it is. With ``--start`` each goes on from the
mean of differences that were written before, with pairs of its seed: name seeds that none of these
had, or the same pairs come again.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Final

import typer

from restore import combined_difference, read_difference
from stembench.errors import InputError
from training import FusionTuning, TuningBatches, tune_fusions

ROOT: Final = Path(__file__).parents[2]
#: Fewer and larger steps than by default: their product is the same, and the mean over seeds takes
#: out what larger steps scatter.
STEPS: Final = 300
RATE: Final = 3e-4
#: px: a step takes little more than half the time of one of 128 px.
SIDE: Final = 96
#: Steps between two lines of progress.
_EVERY: Final = 10


class _Progress:
    """Prints the mean loss and the time of the last steps."""

    def __init__(self, seed: int, steps: int) -> None:
        self._seed, self._steps = seed, steps
        self._losses: list[float] = []
        self._begun = time.monotonic()

    def __call__(self, done: int, loss: float) -> None:
        self._losses.append(loss)
        if done % _EVERY and done != self._steps:
            return
        now = time.monotonic()
        mean = sum(self._losses) / len(self._losses)
        seconds = (now - self._begun) / len(self._losses)
        typer.echo(
            f"seed {self._seed}: step {done} of {self._steps}, loss {mean:.4f}, "
            f"{seconds:.2f} s a step"
        )
        self._losses, self._begun = [], now


def main(arguments: list[str]) -> int:
    """Tune what is not done; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--learning-rate", type=float, default=RATE)
    parser.add_argument("--side", type=int, default=SIDE)
    parser.add_argument("--size", type=int, default=TuningBatches.size)
    parser.add_argument("--distilled", type=int, default=TuningBatches.distilled)
    parser.add_argument("--start", nargs="+", type=Path, default=[])
    parser.add_argument(
        "--precision", choices=("float32", "mixed_bfloat16"), default=FusionTuning.precision
    )
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "faithful")
    told = parser.parse_args(arguments)
    try:
        parts = [(read_difference(path), 1 / len(told.start)) for path in told.start]
        start = combined_difference(parts, origin={}) if parts else None
        for seed in told.seeds:
            tuning = FusionTuning(
                batches=TuningBatches(
                    seed=seed,
                    size=told.size,
                    distilled=told.distilled,
                    shape=(told.side, told.side),
                ),
                steps=told.steps,
                learning_rate=told.learning_rate,
                precision=told.precision,
            )
            tune_fusions(
                tuning,
                told.out / f"seed{seed}",
                start=start,
                progress=_Progress(seed, told.steps),
            )
    except InputError as error:
        typer.echo(str(error), err=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
