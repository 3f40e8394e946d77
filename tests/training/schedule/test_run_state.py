"""State of a training: sums, and what counts as diverged."""

import math

import pytest

from stembench.describe import as_plain
from stembench.errors import InputError
from training.schedule.run_state import RunState, Tally, check_converging, state_of


def run(losses: list[float], state: RunState | None = None) -> RunState:
    state = state or RunState()
    for loss in losses:
        check_converging(state, {"loss": loss}, stage=0)
        state = state.after({"loss": loss})
    return state


def test_means_are_over_the_steps_that_were_added() -> None:
    tally = Tally().added({"a": 1.0, "b": 4.0}).added({"a": 3.0, "b": 0.0})
    assert tally.means == {"a": 2.0, "b": 2.0}
    assert Tally().means == {}


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_stops_the_training(loss: float) -> None:
    state = run([1.0, 1.0])
    with pytest.raises(InputError, match=r"diverged at step 3 in stage 3: the loss 'std' is no"):
        check_converging(state, {"loss": 1.0, "std": loss}, stage=2)


def test_a_loss_that_explodes_stops_the_training_and_a_bad_batch_does_not() -> None:
    calm = run([1.0] * 50)
    run([300.0] + [1.0] * 49, calm)
    with pytest.raises(InputError, match="more than 100 times its lowest mean"):
        run([101.0] * 50, calm)
    run([99.0] * 50, calm)


def test_another_stage_has_another_loss() -> None:
    state = run([0.01] * 50 + [0.01] * 10).at_new_stage()
    assert run([10.0] * 50, state).lowest == 10.0


def test_a_state_is_read_back_to_the_last_bit() -> None:
    state = run([0.1, 1 / 3, 2e-7] * 20)
    assert state_of(as_plain(state)) == state
    with pytest.raises(InputError, match="must be of type int"):
        state_of({"step": "1"})
