"""Sides of a comparison, made of records that are drawn."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from reports.gate.evidence import Evidence, evidence_of_run
from reports.gate.margins import default_margins
from reports.records.run_folder import Examples, Run
from tests.records_factory import Estimator, Layout, make_info, make_records

MARGINS = default_margins()
COUNTS = np.full(16, 5)


def made_records(seed: int = 0) -> pd.DataFrame:
    """Raw and one network in two cases, 12 realizations, the second case counted."""
    how = {"raw": Estimator(std_pm=30.0, scs_std_pct=20.0), "net": Estimator(column_bias_pm=2.0)}
    bulk = make_records(Layout(), how, doses=(500.0, 5000.0), realizations=12, seed=seed)
    particle = make_records(
        Layout(case="nanoparticle", image="particle", counts=COUNTS, bound_pm=None),
        how, realizations=12, seed=seed + 1,
    )  # fmt: skip
    return pd.concat([bulk, particle], ignore_index=True)


def run_of(records: pd.DataFrame, *, seed: int = 0, complete: bool = True, **case: object) -> Run:
    """A run whose cases differ from the registry's in `case`: version, hash or data_hash."""
    version = case.pop("version", 1)
    info = make_info(records, complete=complete)
    cases = {
        name: replace(
            each,
            case=replace(each.case, version=version),
            **{"hash": "h", "data_hash": "d", **case},
        )
        for name, each in info.cases.items()
    }
    info = replace(info, seed=seed, profile="quick", commit="abc", cases=cases)
    return Run(Path("out/made"), records, info, Examples(Path("none.h5")))


def side(records: pd.DataFrame, *, restorer: str = "net", **more: object) -> Evidence:
    return evidence_of_run(run_of(records, **more))[restorer]  # type: ignore[arg-type]


def changed(records: pd.DataFrame, factor: float, *, scatter: float = 0.0) -> pd.DataFrame:
    """Scale every error of the network, each image by its own factor round that."""
    rng = np.random.default_rng(99)
    out = records.copy()
    own = out["restorer"] == "net"
    keys = out.loc[own, ["case", "dose", "realization"]].apply(tuple, axis=1)
    factors = {key: factor * math.exp(scatter * rng.standard_normal()) for key in keys.unique()}
    scale = keys.map(factors).to_numpy()
    for fit, ref in (("x_fit", "x_ref"), ("y_fit", "y_ref"), ("scs", "scs_ref")):
        out.loc[own, fit] = out.loc[own, ref] + scale * (out.loc[own, fit] - out.loc[own, ref])
    return out
