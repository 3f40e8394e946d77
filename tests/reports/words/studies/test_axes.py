"""Axes of noise in a report: paired change of the gain, table, sentences, tidy tables, figure."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.plan.ladders import ONE_STEP, axes
from reports.figures.ladders.axes import write_axes_figure
from reports.records.ladder_records import LadderRecords, with_rung
from reports.records.run_folder import Run
from reports.summaries.ladder_summary import LadderSummary, summarise_ladder
from reports.words.studies.axes import axes_gains, axes_rows, axes_sentences, axes_table
from tests.records_factory import Estimator, Layout, as_run, make_records

LAYOUT = Layout(case="edge_dislocation", image="core", thickness=6, bound_pm=None,
                scs_bound_pct=None)  # fmt: skip
(JITTER, *_) = axes("edge_dislocation", "core", dose=5e3, realizations=6, steps=ONE_STEP)


def made(*, still: tuple[float, float], moving: tuple[float, float]) -> tuple[Run, LadderSummary]:
    """Errors per axis in pm of raw and network at either end, with common random numbers."""
    frames = []
    for rung, stds in zip(JITTER.rungs, (still, moving), strict=True):
        how = dict(zip(("raw", "cgrdn"), (Estimator(std_pm=std) for std in stds), strict=True))
        rows = make_records(LAYOUT, how, doses=(5000.0,), realizations=6, seed=4)
        frames.append(with_rung(rows, rung.label))
    records = pd.concat(frames, ignore_index=True)
    summary = summarise_ladder(LadderRecords(JITTER, JITTER.rungs, records))
    return as_run(frames[0].drop(columns="noise")), summary


class TestGain:
    def test_it_is_the_ratio_of_paired_ratios(self) -> None:
        _, axis = made(still=(10.0, 8.0), moving=(20.0, 12.0))
        gain = axis.gain.set_index("metric").loc["position_mae_unshifted_pm"]
        assert gain["restorer"] == "cgrdn"
        assert gain["value"] == pytest.approx((12 / 20) / (8 / 10))
        # Errors of the two ends are proportional, so that pairing leaves no doubt.
        assert [gain["low"], gain["high"]] == pytest.approx([0.75, 0.75])
        ends = axis.end_to_end.query("metric == 'position_mae_unshifted_pm'").set_index("restorer")
        assert ends["value"].to_dict() == pytest.approx({"raw": 2.0, "cgrdn": 1.5})

    @pytest.mark.parametrize(
        ("moving", "words", "kind"),
        [
            ((20.0, 12.0), "a part of the gain of CGRDN is that it takes away", "finding"),
            ((20.0, 18.0), "does not take away what the axis adds, and bears it worse", "finding"),
            ((20.0, 16.5), "does not take away what the axis adds (within 10 %)", "finding"),
            ((10.1, 6.0), "the axis costs raw less than 10 %", "finding"),
        ],
    )
    def test_the_sentence_follows_from_its_intervals(
        self, moving: tuple[float, float], words: str, kind: str
    ) -> None:
        run, axis = made(still=(10.0, 8.0), moving=moving)
        (sentence,) = axes_sentences(run, axis)
        assert words in sentence.text
        assert sentence.kind == kind
        assert "from 0 to 0.15 Å" in sentence.text

    def test_a_gain_that_comes_with_the_axis_alone_is_called_so(self) -> None:
        run, axis = made(still=(10.0, 10.0), moving=(20.0, 12.0))
        (sentence,) = axes_sentences(run, axis)
        assert "without it no gain of CGRDN is shown" in sentence.text

    def test_an_interval_that_holds_one_decides_nothing(self) -> None:
        run, axis = made(still=(10.0, 8.0), moving=(20.0, 16.0))
        wide = axis.gain.assign(low=0.8, high=1.2)
        (sentence,) = axes_sentences(run, replace(axis, gain=wide))
        assert "is undecided" in sentence.text
        assert sentence.kind == "undecided"

    def test_an_end_without_fitted_columns_is_named_in_place_of_numbers(self) -> None:
        run, axis = made(still=(10.0, 8.0), moving=(20.0, 12.0))
        there = (axis.summary["restorer"] == "cgrdn") & (
            axis.summary["noise"] == axis.rungs[-1].label
        )
        lost = axis.summary.assign(value=axis.summary["value"].mask(there))
        (sentence,) = axes_sentences(run, replace(axis, summary=lost))
        assert sentence.kind == "warning"
        assert "no column could be fitted in the images of CGRDN at 0.15 Å" in sentence.text
        assert "n/a" not in sentence.text

    def test_one_end_alone_says_nothing(self) -> None:
        run, axis = made(still=(10.0, 8.0), moving=(20.0, 12.0))
        rung = axis.ladder.rungs[0]
        rows = with_rung(
            make_records(LAYOUT, {"raw": Estimator(), "cgrdn": Estimator()}), rung.label
        )
        alone = summarise_ladder(LadderRecords(JITTER, (rung,), rows))
        assert alone.gain.empty
        assert axes_sentences(run, alone) == []


def test_tables_and_figure(tmp_path: Path) -> None:
    run, axis = made(still=(10.0, 8.0), moving=(20.0, 12.0))
    table = axes_table(run, [axis])
    assert [row[:4] for row in table.rows] == [
        ("jitter", "5000", f"{value} Å", name)
        for value in ("0", "0.15") for name in ("raw", "CGRDN")
    ]  # fmt: skip
    assert all(len(row) == len(table.header) for row in table.rows)
    tidy = axes_rows([axis])
    assert list(tidy)[:8] == [
        "case", "image", "dose", "axis", "axis_value", "unit", "restorer", "metric",
    ]  # fmt: skip
    assert {"value", "low", "high", "n_realizations"} <= set(tidy)
    keys = ["case", "dose", "axis", "axis_value", "restorer", "metric"]
    assert not tidy.duplicated(keys).any()
    gains = axes_gains([axis])
    assert np.array_equal(gains[["from_value", "to_value"]].drop_duplicates(), [[0.0, 0.15]])
    other = replace(axis, ladder=replace(axis.ladder, axis="other"))
    figure = write_axes_figure(run, [axis, other], tmp_path)
    assert figure.png.name == "figure_axes_edge_dislocation_5000.png"
    assert "jitter" in figure.settings
