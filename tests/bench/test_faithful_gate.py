"""The script that asks of the cases what the tuned network was to reach: answers and verdicts."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.plan.profiles import get_profile, narrow
from reports.metrics.response.scatter_over_response import Information
from tests.loaded_script import loaded_script

RAW, OLD, NEW = "raw", "cgrdn@onnx", "cgrdn-faithful@onnx"
COUNT, COLUMNS, SAMPLING = 6, 10, 0.2


@pytest.fixture(scope="module")
def script():
    return loaded_script("bench/shipped/faithful_gate.py")


@dataclass
class MadeRun:
    """What of a run is read."""

    records: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(
            columns=["case", "image", "dose", "restorer", "measured"]
        ).astype({"measured": bool})
    )
    intensity: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["case", "image", "dose", "restorer"])
    )
    edited: pd.DataFrame = field(default_factory=pd.DataFrame)
    told: dict[Any, Any] = field(default_factory=dict)

    def once(self, _):
        return self.told


def columns(*, away, right, case="nanoparticle"):
    """Fits of both networks: `away` px to the left and right in turn, `right` counted right.

    Every image is shifted as a whole too, which is no error.
    """
    rows = []
    away, right = {RAW: 0.2, **away}, {RAW: 5, **right}
    for restorer in (RAW, OLD, NEW):
        for k in range(COUNT):
            for column in range(COLUMNS):
                step = away[restorer] * (1 + 0.01 * (k % 2))
                rows.append(
                    {
                        "case": case, "image": "particle", "dose": 5e3, "restorer": restorer,
                        "realization": k, "column": column, "measured": True,
                        "sampling": SAMPLING, "x_ref": 8.0 * column, "y_ref": 5.0,
                        "x_fit": 8.0 * column + 0.7 * k + step * (-1) ** column,
                        "y_fit": 5.0 - 0.3 * k, "count_true": 4.0,
                        "count_fit": 4.0 if column < right[restorer] else 5.0,
                    }
                )  # fmt: skip
    # An edge column is not measured: it must not weigh.
    edge = {**rows[0], "column": COLUMNS, "measured": False, "x_fit": 99.0, "count_fit": 9.0}
    return MadeRun(records=pd.DataFrame([*rows, edge]))


def told(script, run):
    return {answer.question: answer for answer in script.answers(run, OLD, NEW)}


@pytest.mark.parametrize(
    ("away", "right", "verdicts"),
    [
        (0.11, 8, ("met", "met")),  # 0.2 pm more
        (0.12, 7, ("missed", "missed")),  # 0.4 pm more, a tenth of the columns fewer
        (0.09, 9, ("met", "met")),
    ],
)
def test_errors_and_counts_of_the_particle(script, away, right, verdicts):
    run = columns(away={OLD: 0.1, NEW: away}, right={OLD: 8, NEW: right})
    found = told(script, run)
    counted, error = (
        found["columns counted right"],
        found["MAE of position without rigid shift"],
    )
    assert (counted.verdict, error.verdict) == verdicts
    assert counted.value == pytest.approx(10 * (right - 8))
    # The shift of the whole image is no error: what is left is the step, 1.005 of it on average.
    assert error.old == pytest.approx(0.1 * SAMPLING * 100 * 1.005)
    assert error.raw == pytest.approx(2 * error.old)
    assert counted.raw == pytest.approx(50)
    assert error.value == pytest.approx((away - 0.1) * SAMPLING * 100 * 1.005)
    assert error.low < error.value < error.high
    assert error.row["n"] == COUNT


def test_a_few_columns_fewer_within_the_interval_are_no_miss(script):
    run = columns(away={OLD: 0.1, NEW: 0.1}, right={OLD: 8, NEW: 8})
    own = run.records["restorer"] == NEW
    one = own & (run.records["realization"] == 2) & (run.records["column"] == 3)
    run.records.loc[one, "count_fit"] = 7.0  # one column of one image
    counted = told(script, run)["columns counted right"]
    assert counted.value == pytest.approx(-10 / COUNT)
    assert counted.low < counted.value < 0 < counted.high
    assert counted.verdict == "met"


def test_the_dislocation_has_no_room(script):
    found = told(
        script,
        columns(away={OLD: 0.1, NEW: 0.11}, right={OLD: 8, NEW: 8}, case="edge_dislocation"),
    )
    assert set(found) == {"MAE of position without rigid shift"}  # it is not counted
    assert found["MAE of position without rigid shift"].verdict == "missed"


@pytest.mark.parametrize(
    ("vacuum", "total", "verdicts"),
    [
        (-0.002, 1.001, ("met", "met")),
        (-0.02, 0.99, ("missed", "missed")),
        (-0.02, 1.01, ("missed", "missed")),
        (-0.0101, 0.9945, ("missed, within the interval", "missed, within the interval")),
        (-0.0099, 1.0045, ("met, within the interval", "met, within the interval")),
    ],
)
def test_vacuum_and_intensity_of_images(script, vacuum, total, verdicts):
    scatter = np.resize([-1.0, 1.0], COUNT)
    rows = pd.concat(
        pd.DataFrame(
            {
                "case": "nanoparticle", "image": "particle", "dose": 5e3, "restorer": restorer,
                "realization": range(COUNT), "vacuum_low": vacuum + 0.0005 * scatter,
                "total_intensity": total + 0.001 * scatter,
            }
        )
        for restorer in (RAW, OLD, NEW)
    )  # fmt: skip
    found = told(script, MadeRun(intensity=rows))
    low, sums = found["vacuum low"], found["total intensity"]
    assert (low.verdict, sums.verdict) == verdicts
    assert low.value == pytest.approx(100 * vacuum)
    assert sums.value == pytest.approx(100 * (total - 1))
    assert low.low < low.value < low.high
    # Held against raw images of the same noise nothing is lost.
    beside = found["total intensity less raw's"]
    assert (beside.verdict, beside.value, beside.raw) == ("met", 0.0, 0.0)


def test_information_is_a_ratio_on_the_same_noise(script):
    def information(scatter):
        wander = 1 + 0.01 * np.sin(np.arange(COUNT + 1))
        return Information(
            quantity="position", edit="shift15", realizations=tuple(range(COUNT)),
            scatter=scatter * wander, response=np.full(COUNT + 1, 0.5), bound=1.0,
        )  # fmt: skip

    place = ("response", "z10", 5e2)
    run = MadeRun(
        edited=pd.DataFrame({"case": ["response"]}),
        told={
            (*place, RAW, "position"): information(5.0),
            (*place, OLD, "position"): information(4.0),
            (*place, NEW, "position"): information(3.0),
        },
    )  # fmt: skip
    (answer,) = script.answers(run, OLD, NEW)
    assert (answer.raw, answer.old, answer.new) == pytest.approx((10.0, 8.0, 6.0))
    assert answer.value == pytest.approx(0.75)
    assert answer.verdict == "met"
    (other,) = script.answers(run, NEW, OLD)
    assert other.value == pytest.approx(4 / 3)
    assert other.verdict == "missed"


def test_parts_are_of_profile_quick_and_one_of_each_case(script):
    names = [part.case for part in script.PARTS]
    assert len(set(names)) == len(names)
    for part in script.PARTS:
        (selection,) = narrow(
            get_profile("quick"), cases=(part.case,), images=part.images, doses=part.doses,
            realizations=2,
        ).selections  # fmt: skip
        assert selection.doses == part.doses
        assert not part.images or selection.images == part.images
