"""Growth of the distance from a target: false alarms, power, and what is not an improvement."""

import numpy as np
import pytest

from reports.statistics.paired import target_effect

N, DRAWS = 12, 4000


def _alarms(old: float, new: float, *, scatter: float, shared: float, level: float) -> float:
    """Share of comparisons whose interval lies wholly above 0: 'worse'."""
    rng = np.random.default_rng(17)
    count = 0
    for _ in range(DRAWS):
        common = shared * rng.normal(size=N)
        values = [
            mean + scatter * (common + np.sqrt(1 - shared**2) * rng.normal(size=N))
            for mean in (old, new)
        ]
        effect = target_effect(values[0], values[1], target=1.0)
        count += effect.interval(level)[0] > 0
    return count / DRAWS


@pytest.mark.parametrize("mean", [0.1, 0.5, 1.0, 1.2])
def test_no_change_is_called_worse_no_more_often_than_stated(mean: float) -> None:
    share = _alarms(mean, mean, scatter=0.05, shared=0.7, level=0.95)
    # 2.5 % on one side; k = 4 standard errors at 4000 draws. At the target both distances are
    # those of noise, and alarms are no more frequent.
    assert share < 0.025 + 4 * np.sqrt(0.025 * 0.975 / DRAWS)


def test_a_loss_of_a_twentieth_is_found_at_the_scatter_of_a_network() -> None:
    """Scatter 0.02 over realizations, as CGRDN's response to 15 pm at 500 e/Å² (0.023)."""
    assert _alarms(0.45, 0.40, scatter=0.02, shared=0.0, level=0.95) > 0.95
    assert _alarms(0.45, 0.45, scatter=0.02, shared=0.0, level=0.95) < 0.04


def test_a_response_beyond_the_target_is_no_improvement() -> None:
    rng = np.random.default_rng(3)
    old = 1.0 + 0.02 * rng.normal(size=N)
    assert target_effect(old, old + 0.3, target=1.0).interval()[0] > 0
    assert target_effect(old - 0.5, old - 0.4, target=1.0).interval()[1] < 0
    same = target_effect(old, old, target=1.0)
    assert same.value == 0
    assert same.error == 0
    assert not target_effect(np.empty(0), np.empty(0), target=1.0).known
