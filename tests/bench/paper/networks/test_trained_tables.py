"""Counterparts that rest on networks trained here: intervals, orders, and what is lacking."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.paper.declared.trained import loss_terms, model_size, table_one, wrong_noise
from bench.paper.declared.trained.trained_tables import FOLDER, crossed_number, trained_table
from bench.paper.networks.trained.compared_networks import NETWORKS
from bench.paper.networks.trained.held_out_psnr import FILTERS
from bench.paper.verdicts import mean_number
from fitting import find_columns
from reports import LackingError, Material

SHAPE = (3, 20)


def draws(count: int) -> list[np.ndarray]:
    """Values (trainings, images) of mean 0: scatter of trainings, of images, and of each."""
    rng = np.random.default_rng(19)
    return [
        0.3 * rng.standard_normal((SHAPE[0], 1))
        + rng.standard_normal((1, SHAPE[1]))
        + 0.5 * rng.standard_normal(SHAPE)
        for _ in range(count)
    ]


def test_intervals_of_crossed_means_hold_what_they_say() -> None:
    """At least 95 % of 1500 intervals hold the mean, within 4 standard errors (0.56 %).

    Intervals that take all values as independent hold it far less often, and must fail.
    """
    many = draws(1500)
    held = np.mean([n.low <= 0 <= n.high for n in map(crossed_number, many)])
    assert held > 0.95 - 4 * np.sqrt(0.95 * 0.05 / len(many))
    naive = np.mean([n.low <= 0 <= n.high for n in (mean_number(v.ravel()) for v in many)])
    assert naive < 0.85


def test_one_training_or_one_image_has_no_interval() -> None:
    for values in (np.ones((1, 4)), np.ones((3, 1)), np.ones((3, 4))):
        number = crossed_number(values)
        assert number.value == 1
        assert np.isnan(number.low)


def networks(psnr: dict[str, float], *, seeds: int = 3, scatter: float = 0.05) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    pairs = rng.standard_normal(30)
    rows = [
        {"name": name, "seed": seed, "parameters": 1000 * seed, "steps": 3000, "pair": k,
         "psnr_db": value + pairs[k] + scatter * rng.standard_normal()}
        for name, value in psnr.items()
        for seed in ((0,) if name in FILTERS else range(1, seeds + 1))
        for k in range(30)
    ]  # fmt: skip
    return pd.DataFrame(rows)


ALONE = dict.fromkeys(FILTERS, 20.0) | {"nlm": 22.0}
BETTER = ALONE | dict.fromkeys(NETWORKS, 24.0) | {"cgrdn-16-4": 24.5, "grdn-16-4": 24.2}
MATERIAL = Material(restored=lambda *_, **__: np.zeros((1, 1)), found=find_columns)


def test_an_order_is_told_where_all_networks_exceed_the_best_filter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table_one, "trained_table", lambda *_: networks(BETTER))
    drawn = table_one._draw(MATERIAL)
    assert "The best filter is nlm" in drawn.caption
    (finding,) = drawn.findings
    assert (finding.claim, finding.outcome) == (3, "confirmed")
    assert "CGRDN 16/4 over GRDN 16/4" in drawn.caption


@pytest.mark.parametrize("worst", ["mr-unet", "cgrdn-16-4"])
def test_no_order_is_told_where_one_does_not(monkeypatch: pytest.MonkeyPatch, worst: str) -> None:
    table = networks(BETTER | {worst: 21.0})
    monkeypatch.setattr(table_one, "trained_table", lambda *_: table)
    drawn = table_one._draw(MATERIAL)
    (finding,) = drawn.findings
    assert (finding.claim, finding.outcome) == (3, "undecided")
    assert "MR-UNET over nlm" in finding.text
    assert " over GRDN" not in finding.text
    assert "no order is printed" in drawn.caption
    assert "Paired" not in drawn.caption


def test_a_single_seed_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_one, "trained_table", lambda *_: networks(BETTER, seeds=1))
    assert table_one._draw(MATERIAL).findings[0].outcome == "undecided"
    monkeypatch.setattr(model_size, "trained_table", lambda *_: networks(BETTER, seeds=1))
    assert model_size._draw(MATERIAL).findings[0].outcome == "undecided"


def test_a_larger_network_that_is_worse_refutes_the_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    table = networks(BETTER | {"cgrdn-8-4": 25.5, "cgrdn-24-4": 23.5})
    monkeypatch.setattr(model_size, "trained_table", lambda *_: table)
    assert model_size._draw(MATERIAL).findings[0].outcome == "refuted"


def test_tables_that_are_not_there_say_what_brings_them(tmp_path: Path) -> None:
    with pytest.raises(LackingError, match="nox -s experiments -- noise"):
        trained_table("noise", ["absolute"], folder=tmp_path)


def test_trainings_that_are_not_there_yet_are_named(tmp_path: Path) -> None:
    networks(ALONE | {"mr-unet": 22.0}, seeds=1).to_csv(tmp_path / "networks.csv", index=False)
    assert len(trained_table("networks", ["mr-unet"], folder=tmp_path)) == 30 * len(ALONE) + 30
    with pytest.raises(LackingError, match=r"grdn-16-4 are not trained yet; .* goes on"):
        trained_table("networks", ["mr-unet", "grdn-16-4"], folder=tmp_path)


def test_a_wrong_noise_model_that_costs_nothing_confirms_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(7)
    rows = [
        {"name": name, "seed": seed, "lacking": lack, "lattice": "square", "realization": k,
         "position_pm": 5 + 0.1 * rng.standard_normal(), "scs_pct": 3 + 0.1 * rng.standard_normal(),
         "fitted": 1.0}
        for lack in wrong_noise._WORDS
        for name, seeds in (("raw", (0,)), ("absolute", (1, 2)), (f"without-{lack}", (1, 2)))
        for seed in seeds
        for k in range(8)
    ]  # fmt: skip
    equal = pd.DataFrame(rows)
    monkeypatch.setattr(wrong_noise, "trained_table", lambda *_: equal)
    assert wrong_noise._draw(MATERIAL).findings[0].outcome in ("undecided", "partly", "refuted")
    wrong = equal["name"].str.startswith("without")
    costly = equal.assign(
        position_pm=equal["position_pm"] + 2.0 * wrong, scs_pct=equal["scs_pct"] + 2.0 * wrong
    )
    monkeypatch.setattr(wrong_noise, "trained_table", lambda *_: costly)
    drawn = wrong_noise._draw(MATERIAL)
    assert drawn.findings[0].outcome == "confirmed"
    assert len(drawn.summary) == 9
    third = costly["realization"] == 3
    for where in (third & (costly["seed"] == 1), third, third & ~wrong):
        lost = costly.copy()
        lost.loc[where, ["position_pm", "scs_pct"]] = np.nan
        monkeypatch.setattr(wrong_noise, "trained_table", lambda *_, lost=lost: lost)
        drawn = wrong_noise._draw(MATERIAL)
        assert {row[7] for row in drawn.summary[1:]} == {"7 of 8"}
        assert drawn.findings[0].outcome == "confirmed"


def test_the_values_of_both_seeds_stand_beside_their_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"name": name, "seed": seed, "measure": measure, "value": seed + 0.5}
        for name in ("absolute", *(f"absolute-and-{term}" for term in loss_terms._TERMS))
        for seed in (1, 2)
        for measure in loss_terms._MEASURES
    ]
    monkeypatch.setattr(loss_terms, "trained_table", lambda *_: pd.DataFrame(rows))
    drawn = loss_terms._draw(MATERIAL)
    assert [row[0] for row in drawn.summary[1:3]] == ["absolute (4) alone", "and square (6)"]
    assert len(drawn.summary) == 8
    assert drawn.summary[1][1] == "2.00 (1.50, 2.50)"


def test_tables_lie_in_the_checkout() -> None:
    assert FOLDER.parts[-2:] == ("results", "training")
