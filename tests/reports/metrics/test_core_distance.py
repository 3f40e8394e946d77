"""Errors by distance from the core: means and paired ratios, and the sentence on them."""

import numpy as np
import pandas as pd
import pytest

from reports.metrics.core_distance import summarise_distances
from reports.words.studies.dislocation import distance_sentences, distance_table
from tests.records_factory import restorers_named

N = 16
RINGS = ((0.0, 3.5), (3.5, 8.0), (8.0, np.inf))


def distances(*ratios: float, noise: float = 0.05) -> pd.DataFrame:
    """Errors of raw about 20 pm, and of CGRDN those times a ratio in each ring."""
    rng = np.random.default_rng(4)
    rows = []
    for (low, high), ratio in zip(RINGS, ratios, strict=True):
        for realization in range(N):
            raw = 20 * np.exp(0.3 * rng.normal())
            own = raw * ratio * np.exp(noise * rng.normal())
            for restorer, mae in (("raw", raw), ("cgrdn", own)):
                rows.append(
                    {
                        "case": "edge_dislocation", "image": "core", "thickness": 6, "dose": 500.0,
                        "restorer": restorer, "realization": realization, "from_A": low,
                        "to_A": high, "n_columns": 12, "n_fitted": 12, "mae_pm": mae + 1,
                        "mae_unshifted_pm": mae, "mpe_pct": mae / 2,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def said(frame: pd.DataFrame):
    (sentence,) = distance_sentences(
        summarise_distances(frame, baseline="raw"), title="D", restorer="cgrdn",
        restorers=restorers_named("raw", "cgrdn"),
    )  # fmt: skip
    return sentence


def test_ratios_are_paired() -> None:
    frame = distances(0.9, 0.7, 0.5)
    found = summarise_distances(frame, baseline="raw")
    own = found[(found["restorer"] == "cgrdn") & (found["metric"] == "core_mae_unshifted_pm")]
    # Noise of 5 % in 16 pairs: 1.25 % standard error, k = 4; unpaired it would be 7.5 %.
    np.testing.assert_allclose(own["ratio"], [0.9, 0.7, 0.5], rtol=4 * 0.0125)
    assert (own["ratio_high"] / own["ratio_low"] < np.exp(2 * 2.13 * 0.0125 * 1.6)).all()
    raw = found[(found["restorer"] == "raw") & (found["metric"] == "core_mae_pm")]
    assert raw["ratio"].isna().all()
    inner = frame[(frame["restorer"] == "raw") & (frame["from_A"] == 0)]
    assert raw["value"].iloc[0] == pytest.approx(inner["mae_pm"].mean())


def test_images_without_a_fit_near_the_core_are_left_out() -> None:
    frame = distances(0.9, 0.7, 0.5)
    lost = (frame["realization"] == 3) & (frame["from_A"] == 0) & (frame["restorer"] == "cgrdn")
    frame.loc[lost, ["mae_pm", "mae_unshifted_pm", "mpe_pct"]] = np.nan
    found = summarise_distances(frame, baseline="raw")
    assert found["value"].notna().all()


def test_the_sentence_follows_the_ring_at_the_core() -> None:
    gain = said(distances(0.8, 0.6, 0.4))
    assert gain.kind == "finding"
    assert "CGRDN improves on" in gain.text
    assert "within 3.5 Å of the core" in gain.text
    assert "The gain is the smaller near the core" in gain.text
    none = said(distances(1.0, 0.6, 0.4, noise=0.4))
    assert none.kind == "undecided"
    assert "undecided whether CGRDN improves" in none.text
    loss = said(distances(1.3, 1.3, 1.3))
    assert "does worse than" in loss.text
    assert "smaller near" not in loss.text


def test_the_table_has_a_row_for_each_ring_and_restorer() -> None:
    summary = summarise_distances(distances(0.9, 0.7, 0.5), baseline="raw")
    table = distance_table(summary, title="D", restorers=restorers_named("raw", "cgrdn"))
    assert [row[1] for row in table.rows] == [
        "0 to 3.5", "0 to 3.5", "3.5 to 8", "3.5 to 8", "beyond 8", "beyond 8",
    ]  # fmt: skip
    assert table.rows[0][-2] == ""
    assert table.rows[1][-2].startswith("0.9")
