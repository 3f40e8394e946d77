"""Claims on dislocation, particle and noise: true, false, open and untold."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cases import get_case
from reports.claims.judgement import judge_claims
from reports.claims.run_tables import RunTables
from reports.metrics.dislocation import summarise_core
from reports.summaries.ladder_summary import ERROR
from reports.summaries.summary import summarise
from tests.claims_factory import (
    BULK,
    CORE,
    ENDS,
    PARTICLE,
    Frames,
    both,
    judge,
    response,
    verdicts,
)
from tests.records_factory import Estimator, as_run, make_records

#: Of studies 2 and 3.
DOSES = get_case("nanoparticle").doses


def circuits(kept: int, other: int, unread: int) -> pd.DataFrame:
    """Burgers circuits of images that show the right vector, another one, and none."""
    closures = [2.775] * kept + [0.0] * other + [np.nan] * unread
    return pd.DataFrame(
        {
            "case": "edge_dislocation", "image": "core", "thickness": 6, "dose": 500.0,
            "restorer": "cgrdn", "realization": np.arange(len(closures)),
            "closure_x": closures, "closure_y": np.where(np.isnan(closures), np.nan, 0.0),
            "closure_x_ref": 2.775, "closure_y_ref": 0.0,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ((16, 0, 0), "confirmed"),
        ((14, 1, 1), "confirmed"),
        ((1, 15, 0), "refuted"),
        ((2, 0, 14), "refuted"),
        ((8, 8, 0), "undecided"),
        ((2, 0, 0), "undecided"),
    ],
)
def test_the_burgers_vector_is_kept(images: tuple[int, int, int], expected: str) -> None:
    records = both(CORE, Estimator(), realizations=3)
    cases = {CORE.case: get_case(CORE.case)}
    core = summarise_core(records, cases, circuits=circuits(*images))
    assert judge(records, dislocation_core=core)[19].verdict == expected
    assert judge(records)[19].verdict == "no data"


def near_core(ratio: float, *, half: float = 0.05) -> pd.DataFrame:
    """Errors within 3.5 Å as a run tells them, the ring beyond them beside."""
    rings = ((0.0, 3.5, ratio), (3.5, 8.0, 0.1))
    return pd.DataFrame(
        [
            {
                "case": "edge_dislocation", "image": "core", "thickness": 6, "dose": 500.0,
                "restorer": "cgrdn", "from_A": low, "to_A": high, "metric": "core_mae_pm",
                "value": 50.0, "low": 40.0, "high": 60.0, "ratio": value,
                "ratio_low": value - half, "ratio_high": value + half,
            }
            for low, high, value in rings
        ]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("near", "around", "expected"),
    [
        (0.95, 1.0, "confirmed"),
        (0.5, 0.5, "refuted"),
        (0.95, 0.5, "partly"),
        (0.8, 1.0, "undecided"),
    ],
)
def test_raw_is_comparatively_good_near_the_core(near: float, around: float, expected: str) -> None:
    how = Estimator(std_pm=7.0 * around)
    records = both(CORE, how, realizations=20, seed=2)
    assert judge(records, core_distance=near_core(near))[20].verdict == expected
    assert judge(records)[20].verdict == "undecided"


@pytest.mark.parametrize(("flat", "expected"), [(7.0, "confirmed"), (1.0, "refuted")])
def test_the_start_explains_the_error_of_raw_fits(flat: float, expected: str) -> None:
    """One flat image, as a run has it, against many raw ones."""
    records = both(CORE, Estimator(), realizations=60, seed=2)
    layout = replace(CORE, positions=np.repeat(CORE.positions, 40, axis=0))
    single = make_records(layout, {"flat": Estimator(std_pm=flat)}, realizations=1, seed=9)
    summary = pd.concat([summarise(records), summarise(single)])
    tables = RunTables.of(as_run(records), {"summary.csv": summary})
    judged = {one.claim.number: one.verdict for one in judge_claims(tables)}
    assert judged[21] == expected
    assert judge(records)[21].verdict == "no data"


@pytest.mark.parametrize(
    ("exponent", "realizations", "expected"),
    [(-0.4, 12, "confirmed"), (0.0, 12, "refuted"), (-0.15, 2, "undecided")],
)
def test_the_error_drops_with_dose(exponent: float, realizations: int, expected: str) -> None:
    how = Estimator(std_pm=30.0, dose_exponent=exponent)
    records = both(CORE, how, doses=ENDS, realizations=realizations, seed=5)
    assert judge(records)[22].verdict == expected
    assert judge(both(CORE, how, realizations=12))[22].verdict == "no data"


@pytest.mark.parametrize(
    ("values", "half", "expected"),
    [
        ({500.0: (0.9, 1.0), 5e3: (1.0, 1.0), 5e4: (1.0, 1.0)}, 0.05, "confirmed"),
        ({500.0: (0.1, 0.2), 5e3: (0.2, 0.3), 5e4: (0.3, 0.4)}, 0.05, "refuted"),
        ({500.0: (0.1, 0.3), 5e3: (0.4, 0.8), 5e4: (0.9, 1.0)}, 0.05, "partly"),
        ({500.0: (0.5, 0.5), 5e3: (0.5, 0.5), 5e4: (0.5, 0.5)}, 0.6, "undecided"),
        ({500.0: (0.9, 1.0), 5e3: (1.0, 1.0)}, 0.05, "undecided"),
    ],
)
def test_what_is_not_periodic_is_recovered(
    values: Mapping[float, tuple[float, float]], half: float, expected: str
) -> None:
    records = both(BULK, Estimator())
    assert judge(records, response=response(values, half))[23].verdict == expected
    assert judge(records)[23].verdict == "no data"


@pytest.mark.parametrize(
    ("factor", "realizations", "expected"),
    [(0.5, 12, "confirmed"), (2.0, 12, "refuted"), (1.0, 3, "undecided")],
)
def test_errors_restored_over_raw(factor: float, realizations: int, expected: str) -> None:
    how = Estimator(std_pm=7.0 * factor, scs_std_pct=8.0 * factor)
    amount = {"doses": DOSES, "realizations": realizations, "seed": 6}
    assert judge(both(CORE, how, **amount))[24].verdict == expected
    particle = verdicts(judge(both(PARTICLE, how, **amount)))
    assert particle[25] == particle[26] == expected
    assert particle[24] == "no data"
    # Of all doses, so that some alone may refute but not confirm.
    few = verdicts(judge(both(PARTICLE, how, **amount | {"doses": ENDS})))
    assert few[25] == few[26] == expected.replace("confirmed", "undecided")


def test_more_columns_are_counted_right_and_most_at_the_lowest_dose() -> None:
    def verdict(raw: Estimator, ours: Estimator, realizations: int = 20) -> str:
        records = make_records(
            PARTICLE, {"raw": raw, "cgrdn": ours}, doses=DOSES,
            realizations=realizations, seed=7,
        )  # fmt: skip
        return judge(records)[27].verdict

    exact = Estimator(scs_std_pct=1.0)
    falling = Estimator(scs_std_pct=40.0, dose_exponent=-0.5)
    assert verdict(falling, exact) == "confirmed"
    rising = Estimator(scs_std_pct=3.0, dose_exponent=0.5)
    # More are right, but the more so the higher the dose.
    assert verdict(rising, Estimator(scs_std_pct=1.0)) == "partly"
    # Fewer are right, above all at the higher dose, or no more at all.
    assert verdict(exact, falling) == "refuted"
    assert verdict(falling, falling, realizations=3) == "undecided"
    assert judge(both(CORE, exact))[27].verdict == "no data"


def gains(jitter: float, dwell: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "case": "nanoparticle", "dose": 5000.0, "restorer": "cgrdn",
            "metric": ERROR, "axis": ["jitter", "dwell"], "value": [jitter, dwell],
            "low": [jitter - 0.1, dwell - 0.1], "high": [jitter + 0.1, dwell + 0.1],
            "to_value": [0.15, 0.05], "unit": ["Å", "µs"],
        }
    )  # fmt: skip


def test_distortion_is_corrected_along_axes_or_rungs() -> None:
    records = both(PARTICLE, Estimator())
    for values, expected in (
        ((0.5, 0.6), "confirmed"), ((1.5, 1.2), "refuted"), ((0.5, 1.2), "partly"),
        ((0.5, 1.0), "undecided"),
    ):  # fmt: skip
        assert judge(records, axes_gains=gains(*values))[28].verdict == expected
    rungs = pd.DataFrame(
        {
            "noise": ["+ detector", "+ jitter", "+ fast scan"], "baseline": "raw",
            "restorer": "cgrdn", "metric": ERROR, "case": "nanoparticle",
            "thickness": 11, "dose": 5000.0,
            "value": [0.9, 0.4, 0.2], "low": [0.85, 0.38, 0.19], "high": [0.95, 0.42, 0.21],
        }
    )  # fmt: skip
    assert judge(records, ablation_comparisons=rungs)[28].verdict == "confirmed"
    assert judge(records)[28].verdict == "no data"


def vacuum(invented: tuple[float, float], dark: tuple[float, float]) -> Frames:
    base = {"case": "particle_adatoms", "thickness": 11, "dose": 5000.0, "restorer": "cgrdn"}
    (few, many), (low, high) = invented, dark
    detection = {
        **base, "metric": "vacuum_per_image", "value": (few + many) / 2, "low": few,
        "high": many, "n_realizations": 8,
    }  # fmt: skip
    intensity = {
        **base, "metric": "vacuum_low", "value": (low + high) / 2, "low": low, "high": high,
        "n_realizations": 8,
    }  # fmt: skip
    return {"detection": pd.DataFrame([detection]), "intensity": pd.DataFrame([intensity])}


def test_features_are_invented_in_vacuum() -> None:
    records = both(PARTICLE, Estimator())
    none = (0.0, 0.0)
    assert judge(records, **vacuum((1.0, 3.0), (-0.3, -0.2)))[35].verdict == "confirmed"
    assert judge(records, **vacuum(none, (-0.3, -0.2)))[35].verdict == "partly"
    # Not one in eight images: below 3/8 per image.
    assert judge(records, **vacuum(none, (-0.02, -0.01)))[35].verdict == "refuted"
    assert judge(records, **vacuum((0.0, 2.0), (-0.02, -0.01)))[35].verdict == "undecided"
    assert judge(records)[35].verdict == "no data"
