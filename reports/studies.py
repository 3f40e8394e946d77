"""The studies of a run: which figure, and which headline metrics, show each case."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import pandas as pd

from reports.metrics.sites import with_sites
from reports.records.run_folder import Run

#: Metrics that the table of a case shows, by the kind of its figure, in the order of the paper's
#: studies.
HEADLINES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "precision": (
            "position_std_pm",
            "position_std_over_bound",
            "position_bias_rms_pm",
            "position_rmse_pm",
            "scs_std_pct",
            "scs_std_over_bound",
            "scs_bias_rms_pct",
            "scs_rmse_pct",
            "failure_rate",
        ),
        "dislocation": (
            "position_mae_pm",
            "position_mae_spread_pm",
            "position_mae_true_pm",
            "position_std_pm",
            "position_bias_rms_pm",
            "scs_mpe_pct",
            "scs_mpe_spread_pct",
            "scs_bias_pct",
            "failure_rate",
        ),
        "counting": (
            "count_accuracy",
            "position_mae_pm",
            "position_mae_spread_pm",
            "position_mae_true_pm",
            "scs_mpe_pct",
            "scs_mpe_spread_pct",
            "scs_bias_pct",
            "failure_rate",
        ),
        "defects": (
            "scs_mpe_pct",
            "scs_mpe_spread_pct",
            "scs_std_pct",
            "scs_bias_rms_pct",
            "scs_bias_pct",
            "failure_rate",
        ),
    }
)


def figure_kind(run: Run, summary: pd.DataFrame, *, case: str) -> str:
    """Which figure shows a case: 'precision', 'dislocation', 'counting' or 'defects'.

    The study that the case declares decides; where it declares none, what its records hold. A case
    with defects shows these.
    """
    if case in with_sites(run.info):
        return "defects"
    declared = {1: "precision", 2: "dislocation", 3: "counting"}.get(
        run.case_info(case).get("study", 0)
    )
    metrics = set(summary["metric"][summary["case"] == case])
    if declared == "precision" or (declared is None and "position_bound_pm" in metrics):
        return "precision"
    if "count_accuracy" in metrics and declared != "dislocation":
        return "counting"
    return "dislocation"


def cases_in_order(run: Run, summary: pd.DataFrame) -> dict[str, str]:
    """Cases of a run with the figure that shows each, in the order of the paper's studies."""
    kinds = {
        str(case): figure_kind(run, summary, case=str(case)) for case in summary["case"].unique()
    }
    return dict(sorted(kinds.items(), key=lambda item: (list(HEADLINES).index(item[1]), item[0])))
