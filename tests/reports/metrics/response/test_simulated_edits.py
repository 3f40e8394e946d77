"""Columns moved and made brighter in the image respond as those that multislice changes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.executor.placement import Placement
from bench.plan.profiles import Profile, Selection
from bench.run.run import run_benchmark
from reports.metrics.response.edited_pairs import edited_pairs
from reports.metrics.response.responses import responses
from reports.records.run_folder import load_run

pytestmark = pytest.mark.slow

#: So many that the standard error of raw's response is below 3 %.
N = 24


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder: Path = tmp_path_factory.mktemp("simulated")
    profile = Profile(
        name="made",
        summary="",
        selections=(
            Selection(
                case="response",
                images=("z10", "z10-edited", "z10-simulated"),
                doses=(5e3,),
                realizations=N,
            ),
        ),
        restorers=("raw",),
    )
    run_benchmark(profile, folder / "run", seed=5, placement=Placement(jobs=2))
    run = load_run(folder / "run")
    cases = {name: run.case(name) for name in run.info.cases}
    return pd.DataFrame(
        [
            {
                "restorer": pairs.restorer,
                "quantity": response.quantity,
                "pattern": response.pattern,
                "mean": response.per_realization.mean(),
                "error": response.per_realization.std(ddof=1) / np.sqrt(N),
            }
            for pairs in edited_pairs(run.records, run.edited, cases)
            for response in responses(pairs)
        ]
    ).set_index(["restorer", "quantity", "pattern"])


def _differ(found: pd.DataFrame, restorer: str, quantity: str) -> tuple[float, float]:
    """Difference of the two responses, and its standard error."""
    edited, simulated = (
        found.loc[(restorer, quantity, pattern)] for pattern in ("edited", "simulated")
    )
    return edited["mean"] - simulated["mean"], float(np.hypot(edited["error"], simulated["error"]))


@pytest.mark.parametrize("quantity", ["position", "scs"])
def test_both_edits_have_one_response_in_raw_images(found: pd.DataFrame, quantity: str) -> None:
    for pattern in ("edited", "simulated"):
        assert found.loc[("raw", quantity, pattern), "error"] < 0.03
    difference, error = _differ(found, "raw", quantity)
    assert abs(difference) < 2 * error
    # A response of nine tenths to one of them would be told apart.
    assert error < 0.05
