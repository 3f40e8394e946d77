"""Two runs side by side: each metric of each cell, old and new, with its interval."""

from typing import Any, Final

import pandas as pd

from noise.errors import InputError
from reports.run_folder import Run
from reports.summary import SUMMARY_KEYS, summarise

#: Metrics shown unless all are asked for: precision, accuracy, counting, failures.
SHOWN: Final = (
    "position_std_pm", "position_mae_pm", "scs_std_pct", "scs_mpe_pct", "count_accuracy",
    "failure_rate",
)  # fmt: skip


def compare_runs(
    old: Run, new: Run, *, restorer: str | None = None, metrics: tuple[str, ...] = SHOWN
) -> pd.DataFrame:
    """Join the summaries of two runs.

    Parameters
    ----------
    old, new : Run
    restorer : str, optional
        Compare this restorer alone. Without it every restorer that both runs have is compared;
        if they share none beside raw, raw is left out and the runs' single restorers are paired.
    metrics : tuple of str
        Names of the metrics kept.

    Returns
    -------
    pandas.DataFrame
        One row per cell and metric with old, old_low, old_high, new, new_low, new_high, n_old,
        n_new (realizations), restorer_old, restorer_new, comparable and why. A cell whose case
        differs in version, hash or ground truth, or whose noise seed differs, is kept and marked.

    Raises
    ------
    InputError
        If the runs have no cell in common.
    """
    left, right = summarise(old.records), summarise(new.records)
    pairs = _pairs(left, right, restorer=restorer)
    keys = [key for key in SUMMARY_KEYS if key != "restorer"]
    tables = []
    for before, after in pairs:
        joined = left[left["restorer"] == before].merge(
            right[right["restorer"] == after], on=keys, suffixes=("_old", "_new"), how="inner"
        )
        tables.append(joined)
    table = pd.concat(tables) if tables else pd.DataFrame()
    if table.empty:
        raise InputError(
            f"{old.folder} and {new.folder} have no case, image, dose and restorer in common"
        )
    table = table[table["metric"].isin(metrics)]
    why = table["case"].map(lambda case: not_comparable(old.info, new.info, case=case))
    return pd.DataFrame(
        {
            **{key: table[key] for key in keys},
            "restorer_old": table["restorer_old"],
            "restorer_new": table["restorer_new"],
            "old": table["value_old"],
            "old_low": table["low_old"],
            "old_high": table["high_old"],
            "new": table["value_new"],
            "new_low": table["low_new"],
            "new_high": table["high_new"],
            "n_old": table["n_realizations_old"],
            "n_new": table["n_realizations_new"],
            "comparable": why == "",
            "why": why,
        }
    ).reset_index(drop=True)


def not_comparable(old: Any, new: Any, *, case: str) -> str:
    """Why numbers of a case from two runs cannot be compared; empty if they can."""
    before, after = old["cases"][case], new["cases"][case]
    if before["version"] != after["version"]:
        return f"case version {before['version']} against {after['version']}"
    if before["hash"] != after["hash"]:
        return "the case description differs"
    if before["data_hash"] != after["data_hash"]:
        return "the ground truth differs"
    if old["seed"] != new["seed"]:
        return f"other noise: seed {old['seed']} against {new['seed']}"
    return ""


def _pairs(
    left: pd.DataFrame, right: pd.DataFrame, *, restorer: str | None
) -> list[tuple[str, str]]:
    before, after = list(left["restorer"].unique()), list(right["restorer"].unique())
    if restorer is not None:
        for names, which in ((before, "old"), (after, "new")):
            if restorer not in names:
                raise InputError(
                    f"the {which} run has no restorer {restorer!r}; it has {', '.join(names)}"
                )
        return [(restorer, restorer)]
    shared = [name for name in before if name in after]
    if set(shared) <= {"raw"}:
        only_before = [name for name in before if name != "raw"]
        only_after = [name for name in after if name != "raw"]
        if len(only_before) == len(only_after) == 1:
            return [(only_before[0], only_after[0])]
    return [(name, name) for name in shared]
