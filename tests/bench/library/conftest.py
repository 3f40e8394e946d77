"""A small synthetic run, whose records have known errors."""

from pathlib import Path

import pytest

from tests.made_run import make_run
from tests.records_factory import Estimator


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    estimators = {"raw": Estimator(std_pm=30.0, scs_std_pct=20.0), "net": Estimator(std_pm=6.0)}
    return make_run(
        tmp_path_factory.mktemp("library") / "run",
        realizations=6, thicknesses=(5,), cases=("pt_bulk",), estimators=estimators,
    )  # fmt: skip
