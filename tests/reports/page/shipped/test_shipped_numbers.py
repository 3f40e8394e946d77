"""Single numbers of shipped tables, as sentences quote them."""

from pathlib import Path

import pandas as pd
import pytest

from reports import ShippedNumbers
from stembench.errors import InputError

CELL = {"case": "edge_dislocation", "image": "core", "dose": 500.0, "restorer": "cgrdn"}

PLACE = "edge_dislocation / core / 500 / cgrdn"


def row(value: float, half: float, **where: object) -> dict[str, object]:
    return {**where, "value": value, "low": value - half, "high": value + half}


@pytest.fixture
def number(tmp_path: Path) -> ShippedNumbers:
    tables = {
        "claims": [
            row(0.57, 0.03, claim=22, verdict="refuted", unit="", at="5 over 500"),
            row(153.0, 0.0, claim=2, verdict="refuted", unit="", at=""),
            {"claim": 3, "verdict": "no data"},
        ],
        "claim_numbers": [
            row(0.2, 0.01, claim=23, condition="small, 50\u202f000 e/Å²", unit="", at="a"),
            row(0.4, 0.01, claim=23, condition="small, 50\u202f000 e/Å²", unit="", at="b"),
        ],
        "summary": [row(14.2, 0.6, **CELL, metric="position_mae_pm")],
        "paired_comparisons": [row(0.62, 0.02, **CELL, metric="position_mae_pm")],
        "coverage": [row(0.1, 0.02, **CELL, metric="position_coverage")],
        "axes": [
            row(2.7, 0.1, case="nanoparticle", axis="jitter", axis_value=0.0, restorer="cgrdn",
                metric="position_mae_pm"),
        ],
        "bounds": [{**CELL, "kind": "hybrid", "distance_pm": 17.04, "scs_pct": 7.1}],
    }  # fmt: skip
    for name, rows in tables.items():
        pd.DataFrame(rows).to_csv(tmp_path / f"{name}.csv", index=False)
    return ShippedNumbers(tmp_path)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("verdict / 22", "refuted"),
        ("claim / 22", "0.57 (0.54 to 0.60)"),
        ("at / 22", "5 over 500"),
        ("claim / 2", "153"),
        ("claim / 3", "not run yet"),
        ("tally", "0 confirmed, 0 partly true, 0 undecided, 2 refuted, 1 without data"),
        ("part / 23 / small, 50 000 e/Å² / least", "0.200 (0.190 to 0.210)"),
        ("part / 23 / small, 50 000 e/Å² / most", "0.400 (0.390 to 0.410)"),
        ("part / 23 / large", "not run yet"),
        (f"metric / {PLACE} / position_mae_pm", "14.2 (13.6 to 14.8) pm"),
        (f"metric / {PLACE.replace('500', '501')} / position_mae_pm", "not run yet"),
        (f"paired / {PLACE} / position_mae_pm", "0.620 (0.600 to 0.640)"),
        (f"coverage / {PLACE} / position_coverage", "10.0 (8.0 to 12.0) %"),
        (f"intensity / {PLACE} / vacuum_low", "not run yet"),
        ("axis / nanoparticle / jitter / 0 / cgrdn / position_mae_pm", "2.70 (2.60 to 2.80) pm"),
        ("bound / edge_dislocation / core / 500 / hybrid / distance_pm", "17.0 pm"),
        ("bound / edge_dislocation / core / 500 / hybrid / scs_pct", "7.10 %"),
    ],
)  # fmt: skip
def test_a_key_gives_its_number(number: ShippedNumbers, key: str, text: str) -> None:
    assert number(key) == text


@pytest.mark.parametrize(
    "key",
    [
        "median / 22",
        "claim / 99",
        "claim / 22 / more",
        "part / 23 / small, 50 000 e/Å²",
        "part / 23 / small, 50 000 e/Å² / middle",
        "metric / core / 500 / cgrdn / position_mae_pm",
        "bound / edge_dislocation / core / 500 / hybrid / dose",
    ],
)
def test_a_key_that_names_no_number_is_refused(number: ShippedNumbers, key: str) -> None:
    """A sentence must not stand with a number that nobody asked for."""
    with pytest.raises(InputError, match=key.split(" / ")[0]):
        number(key)
