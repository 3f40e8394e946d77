"""Claims judged by made records, and tables that a report would have beside them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from reports.claims.judgement import JudgedClaim, judge_claims
from reports.claims.run_tables import RunTables
from reports.summaries.response import summarise_response
from reports.summaries.summary import paired_comparisons, summarise
from tests.records_factory import Estimator, Layout, as_run, make_records

BULK = Layout(bound_pm=5.0, scs_bound_pct=6.0)
CORE = Layout(case="edge_dislocation", image="core", thickness=6, bound_pm=None, scs_bound_pct=None)
PARTICLE = Layout(
    case="nanoparticle", image="particle", counts=np.arange(1, 17), bound_pm=None,
    scs_bound_pct=None,
)  # fmt: skip
ENDS = (500.0, 50_000.0)
RAW = Estimator(std_pm=7.0, scs_std_pct=8.0)
Frames = Mapping[str, pd.DataFrame]


def judge(records: pd.DataFrame, **frames: pd.DataFrame) -> dict[int, JudgedClaim]:
    """Every claim by a run's records and further tables."""
    run = as_run(records)
    tables = {
        "summary.csv": summarise(records),
        "paired_comparisons.csv": paired_comparisons(records),
        **{f"{name}.csv": frame for name, frame in frames.items()},
    }
    return {one.claim.number: one for one in judge_claims(RunTables.of(run, tables))}


def verdicts(judged: Mapping[int, JudgedClaim]) -> dict[int, str]:
    return {number: one.verdict for number, one in judged.items()}


def both(layout: Layout, how: Estimator, **amount: object) -> pd.DataFrame:
    return make_records(layout, {"raw": RAW, "cgrdn": how}, **amount)  # type: ignore[arg-type]


def untold() -> pd.DataFrame:
    return make_records(replace(BULK, case="defect_ladder", image="z10"), {"raw": RAW})


def information(over: float, *, raw: float = 1.1, spread: float = 1.05) -> pd.DataFrame:
    """Scatter over response over the bound of position and SCS, as a run tells it."""
    columns = summarise_response(as_run(untold())).information.columns
    rows = [
        {
            "case": "response", "image": "z10", "thickness": 10, "dose": dose,
            "restorer": restorer, "quantity": quantity, "over_bound": value,
            "over_bound_low": value / spread, "over_bound_high": value * spread,
            "scatter": 4.0, "bound": 5.0, "response": 0.1, "response_low": -0.1,
            "response_high": 0.3,
        }
        for dose in ENDS for quantity in ("position", "scs")
        for restorer, value in (("cgrdn", over), ("raw", raw))
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    assert set(frame) <= set(columns)
    return frame.reindex(columns=columns)


def response(values: Mapping[float, tuple[float, float]], half: float = 0.05) -> pd.DataFrame:
    """Responses to small and to large isolated changes, by dose."""
    columns = summarise_response(as_run(untold())).responses.columns
    rows = [
        {
            "case": "response", "image": "z10", "thickness": 10, "dose": dose,
            "restorer": "cgrdn", "quantity": quantity, "pattern": "isolated",
            "amplitude": amplitude, "value": value, "low": value - half, "high": value + half,
        }
        for dose, (small, large) in values.items()
        for quantity, amplitude, value in (
            ("position", 15.0, small), ("position", 60.0, large),
            ("scs", 10.0, small), ("scs", 25.0, large),
        )
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    assert set(frame) <= set(columns)
    return frame.reindex(columns=columns)
