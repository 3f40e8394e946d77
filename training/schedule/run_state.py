"""Where a training stands: finished steps, and sums of what is told later."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from stembench.errors import InputError

#: Steps whose mean loss is looked at for an explosion.
_WINDOW: Final = 50
#: A mean so many times the lowest one of its stage is an explosion: batches differ far less.
_EXPLODED: Final = 100.0


@dataclass(frozen=True)
class Tally:
    """Sums over steps."""

    sums: Mapping[str, float] = field(default_factory=dict)
    count: int = 0

    def added(self, values: Mapping[str, float], /) -> "Tally":
        """Tally with one step more."""
        sums = dict(self.sums)
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + value
        return Tally(sums, self.count + 1)

    @property
    def means(self) -> dict[str, float]:
        """Means over the steps; empty without any."""
        return {name: total / self.count for name, total in self.sums.items()}


@dataclass(frozen=True)
class RunState:
    """All that a training has to know beside its weights, to go on as if it had not stopped."""

    step: int = 0
    """Finished steps."""
    logged: Tally = field(default_factory=Tally)
    """Losses since the last row of the log."""
    seen: Tally = field(default_factory=Tally)
    """Loss pixel by pixel since the last validation."""
    window: Tally = field(default_factory=Tally)
    """Losses of the window that explosions are looked for in."""
    lowest: float | None = None
    """Lowest mean of a window of this stage."""

    def after(self, values: Mapping[str, float], /) -> "RunState":
        """State after one more step with these losses."""
        window = self.window.added({"loss": values["loss"]})
        lowest = self.lowest
        if window.count == _WINDOW:
            mean = window.means["loss"]
            lowest = mean if lowest is None else min(lowest, mean)
            window = Tally()
        return RunState(
            step=self.step + 1,
            logged=self.logged.added(values),
            seen=self.seen.added({"loss": values.get("pixel_wise", values["loss"])}),
            window=window,
            lowest=lowest,
        )

    def exploded(self, loss: float, /) -> bool:
        """Whether the window's mean, with this loss at its end, is far above the stage's lowest."""
        whole = self.window.count + 1 == _WINDOW
        if self.lowest is None or not whole:
            return False
        mean = (self.window.sums["loss"] + loss) / _WINDOW
        return mean > _EXPLODED * self.lowest

    def at_new_stage(self) -> "RunState":
        """State at the beginning of a stage, whose loss is another."""
        return replace(self, window=Tally(), lowest=None)


def check_converging(state: RunState, values: Mapping[str, float], /, *, stage: int) -> None:
    """Refuse to go on from a step whose losses are no numbers, or have exploded.

    Parameters
    ----------
    state : RunState
        Before the step.
    values : mapping of str to float
        Losses of the step.
    stage : int
        Counted from 0.

    Raises
    ------
    InputError
    """
    wrong = [name for name, value in values.items() if not abs(value) < float("inf")]
    if wrong:
        what = f"the loss '{wrong[0]}' is no finite number any more"
    elif state.exploded(values["loss"]):
        what = f"the loss is more than {_EXPLODED:g} times its lowest mean of {_WINDOW} steps"
    else:
        return
    raise InputError(
        f"training diverged at step {state.step + 1} in stage {stage + 1}: {what}; lower that "
        "stage's learning_rate in a new recipe and train in another folder (the last checkpoint is "
        "kept)"
    )


def state_of(plain: Mapping[str, Any], /) -> RunState:
    """Build a state from what a checkpoint tells."""
    from stembench.describe import from_dict

    return from_dict(RunState, plain, source="state of a training")
