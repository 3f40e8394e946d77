"""Fidelity, detection and the dislocation's core: against made-up records with known answers."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cases import get_case
from cases.specimens.kinds.defect_ladder import DefectSite
from cases.truth.column_roles import REFERENCE, SITE, column_roles
from cases.truth.columns import to_pixels
from reports.figures.defects import figure_defects
from reports.metrics.column_search import summarise_detection
from reports.metrics.defects import site_deviations, summarise_defects
from reports.metrics.dislocation import summarise_burgers, summarise_core
from reports.summaries.summary import summarise
from reports.words.defects import defect_sentences, defect_table
from reports.words.kept.column_search import detection_table
from reports.words.studies.dislocation import burgers_sentences, core_table
from tests.records_factory import as_run, dislocated_columns, restorers_named

SITES = {"vacancy": (-4, 0), "minus1": (0, 0), "plus1": (4, 0), "perfect": (0, 4)}
#: SCS in Å² of a perfect column of each sublattice, and what each defect takes from or adds to it.
PERFECT = {0: 0.17, 1: 0.18}
CHANGE = {"vacancy": -0.17, "minus1": -0.017, "plus1": 0.015, "perfect": 0.0}
_SHIPPED = get_case("defect_ladder")
LADDER = replace(
    _SHIPPED,
    structure=replace(
        _SHIPPED.structure, sites=tuple(DefectSite(k, i, j) for k, (i, j) in SITES.items())
    ),
)
RESTORERS = restorers_named("raw", "filler", "x")


def lattice():
    """Columns (i, j), their positions in px and their kind."""
    i, j = (axis.ravel() for axis in np.meshgrid(np.arange(-6, 7), np.arange(-6, 7)))
    half = LADDER.structure.material.lattice_parameter / 2
    places = to_pixels(LADDER, half * np.stack([i, j], axis=1))
    kinds = {place: kind for kind, place in SITES.items()}
    return i, j, places, [kinds.get(place, "") for place in zip(i, j, strict=True)]


def make_records(keep, *, noise=0.0, scale=1.0, realizations=12, seed=0):
    """Records in which each restorer keeps the share `keep[restorer]` of every deviation."""
    rng = np.random.default_rng(seed)
    i, j, places, kinds = lattice()
    x, y = places.T
    roles = column_roles(LADDER, places)
    perfect = np.array([PERFECT[n % 2] for n in np.abs(i + j)])
    change = np.array([CHANGE.get(kind, 0.0) for kind in kinds])
    frames = []
    for restorer, share in keep.items():
        for realization in range(realizations):
            scs = scale * (perfect + share * change) + noise * rng.normal(size=len(x))
            frames.append(
                pd.DataFrame(
                    {
                        "case": LADDER.name, "case_version": 1, "image": "z10", "thickness": 10,
                        "dose": 500.0, "realization": realization, "restorer": restorer,
                        "column": np.arange(len(x)), "measured": True,
                        "site": roles["site"], "role": roles["role"], "sampling": 0.2,
                        "x_true": x, "y_true": y, "x_ref": x, "y_ref": y, "x_init": x,
                        "y_init": y, "x_fit": x, "y_fit": y, "x_err": 0.0, "y_err": 0.0,
                        "count_true": [0 if kind == "vacancy" else 10 for kind in kinds],
                        "scs_ref": perfect + change, "scs": scs, "scs_err": 0.0, "height": 0.1,
                        "sigma": 2.4, "background": 0.0, "count_ref": np.nan, "flags": 0,
                        "count_fit": np.nan, "x_crb": np.nan, "y_crb": np.nan, "scs_crb": np.nan,
                    }
                )
            )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def test_sites_and_references_are_told_from_where_they_stand():
    i, j, places, kinds = lattice()
    roles = column_roles(LADDER, places)
    for place, kind in enumerate(kinds):
        near = min(
            max(abs(i[place] - a), abs(j[place] - b))
            for name, (a, b) in SITES.items()
            if name != "perfect"
        )
        clear = near >= 2 and (i[place] + j[place]) % 2 == 0
        role = SITE if kind else REFERENCE if clear else ""
        assert (roles["site"][place], roles["role"][place]) == (kind, role)


def test_a_case_without_sites_has_no_roles():
    _, _, places, _ = lattice()
    assert (column_roles(get_case("pt_bulk"), places) == "").all(axis=None)


def test_fidelity_is_the_share_of_the_deviation_that_is_kept():
    records = make_records({"raw": 1.0, "filler": 0.25}, scale=0.9)
    found = summarise_defects(records).set_index(["restorer", "kind"])
    for kind in ("vacancy", "minus1", "plus1"):
        # A factor common to all columns of an image scales deviation and column alike.
        assert found.loc[("filler", kind), "value"] == pytest.approx(0.9 * 0.25)
        assert found.loc[("raw", kind), "value"] == pytest.approx(0.9)
        assert found.loc[("filler", kind), "difference"] == pytest.approx(-0.9 * 0.75)
        truth = 100 * CHANGE[kind] / PERFECT[0]
        assert found.loc[("raw", kind), "true_deviation_pct"] == pytest.approx(truth)
    assert found.loc[("filler", "perfect"), "value"] == pytest.approx(0, abs=1e-12)
    assert np.isnan(found.loc[("raw", "vacancy"), "difference"])


def test_intervals_hold_the_truth_as_often_as_they_say():
    """100 runs of 6 realizations; 95 % ± 5 standard errors √(0.95 x 0.05 / 100) = ± 11 %."""
    records = make_records({"x": 0.4}, noise=0.01, realizations=600)
    sites = records[records["column"].isin([0, 2, 4, 80, 84, 88, 136])]  # four sites, references
    # Every six realizations stand as a dose of their own.
    sites = sites.assign(dose=1.0 + sites["realization"] // 6)
    found = summarise_defects(sites)
    found = found[found["kind"] == "minus1"]
    assert len(found) == 100
    held = ((found["low"] <= 0.4) & (found["high"] >= 0.4)).mean()
    assert abs(held - 0.95) < 5 * np.sqrt(0.95 * 0.05 / 100)
    # Negative control: intervals half as wide.
    half = (found["high"] - found["low"]) / 4
    assert ((found["value"] - 0.4).abs() <= half).mean() < 0.95 - 5 * np.sqrt(0.95 * 0.05 / 100)


def test_failed_fits_are_counted_and_left_out():
    records = make_records({"raw": 1.0}, realizations=4)
    records.loc[records["realization"] == 2, ["scs", "x_fit", "y_fit"]] = np.nan
    found = summarise_defects(records).set_index("kind").loc["vacancy"]
    assert (found["n_realizations"], found["n_failed"]) == (3, 1)
    assert found["value"] == pytest.approx(1.0)


def test_a_run_without_defects_has_no_fidelity():
    records = make_records({"raw": 1.0}, realizations=1).assign(site="", role="")
    assert summarise_defects(records).empty
    assert site_deviations(records).empty


def test_each_record_of_a_site_has_its_deviations():
    records = make_records({"x": 0.5}, realizations=2)
    found = site_deviations(records)
    assert len(found) == 2 * len(SITES)
    assert found.index.isin(records.index).all()
    defects = found[found["kind"] != "perfect"]
    np.testing.assert_allclose(defects["deviation"] / defects["true_deviation"], 0.5)
    np.testing.assert_allclose(found["true_reference"], PERFECT[0])


def test_an_empty_site_has_no_relative_error_and_held_positions_no_precision():
    summary = summarise(make_records({"raw": 1.0}, noise=0.001, realizations=4))
    names = set(summary["metric"])
    assert "scs_std_pct" in names
    assert not any(name.startswith("position_") for name in names)
    values = summary.set_index("metric")["value"]
    # 0.001 of 0.17 to 0.18 Å²: the vacancy, of SCS zero, would make it infinite.
    assert values["scs_rmse_pct"] == pytest.approx(0.57, rel=0.2)


def test_table_and_sentences_say_what_happens():
    records = make_records({"raw": 1.0, "filler": 0.3}, noise=5e-4)
    fidelity = summarise_defects(records)
    table = defect_table(fidelity, title="Defects", restorers=RESTORERS)
    assert table.rows[0][2:4] == ("true deviation (% of a column)", "-100.0")
    assert [row[2] for row in table.rows[1:]] == ["raw", "filler"]
    assert all(len(row) == len(table.header) for row in table.rows)
    (said,) = defect_sentences(fidelity, restorer="filler", restorers=RESTORERS)
    assert said.kind == "warning"
    assert "3 kinds of defect after filler: 3 weakened" in said.text
    assert re.search(r"filler retains (29|30)\.\d+ \(", said.text)
    assert "of the vacancy's intensity deficit" in said.text
    assert re.search(r"\(raw (99|100)\.\d+ \(", said.text)
    (fine,) = defect_sentences(fidelity, restorer="raw", restorers=RESTORERS)
    assert fine.kind == "finding"
    assert "3 faithful within 10 %" in fine.text


def test_the_figure_shows_every_kind(tmp_path):
    records = make_records({"raw": 1.0, "filler": 0.3}, noise=1e-3)
    run = as_run(records, tmp_path)
    figure = figure_defects(run, summarise(records), case=LADDER.name)
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "vacancy column (\N{MINUS SIGN}100 %)" in texts
    assert sum("no example image" in text for text in texts) == 3


def searches(**counts):
    base = {
        "case": LADDER.name, "image": "z10", "thickness": 10, "dose": 500.0, "restorer": "raw",
        "n_true": 100, "n_found": 100, "n_missed": 0, "n_false": 0, "n_at_empty": 0,
        "n_in_vacuum": 0, "n_empty": 1,
    }  # fmt: skip
    return pd.DataFrame([{**base, **counts, "realization": k} for k in range(4)])


def test_detection_counts_hits_misses_and_inventions():
    rows = searches(n_missed=10, n_found=95)
    rows["n_false"] = [5, 5, 4, 6]
    rows["n_at_empty"] = [1, 0, 1, 1]
    found = summarise_detection(rows).set_index("metric")
    assert found.loc["recall", "value"] == pytest.approx(0.9)
    assert found.loc["precision", "value"] == pytest.approx(90 / 95)
    assert found.loc["f1", "value"] == pytest.approx(2 * 90 / (2 * 90 + 5 + 10))
    assert found.loc["false_per_image", "value"] == 5
    # Student's t over 4 images: 5 ± 3.182 x 0.8165 / 2.
    assert found.loc["false_per_image", "high"] == pytest.approx(5 + 3.1824 * 0.81650 / 2, rel=1e-4)
    assert found.loc["empty_filled", "value"] == 0.75
    assert np.isnan(found.loc["missed_per_image", "low"])
    table = detection_table(summarise_detection(rows), title="Defects", restorers=RESTORERS)
    assert table.rows[0][:6] == ("10", "500", "raw", "92.3 (91.7–92.9)", "5.0 (3.7–6.3)", "10.0")


def test_a_case_without_empty_sites_tells_nothing_of_them():
    found = summarise_detection(searches(n_empty=0))
    assert "empty_filled" not in set(found["metric"])


def core_records(std, realizations=8, seed=0):
    rng = np.random.default_rng(seed)
    columns = dislocated_columns()
    columns = columns[np.hypot(*columns.T) < 8] / 0.2 + 63.5
    frames = []
    for k in range(realizations):
        moved = columns + std * rng.normal(size=columns.shape)
        frames.append(
            pd.DataFrame(
                {
                    "case": "edge", "image": "core", "thickness": 6, "dose": 500.0,
                    "restorer": "raw", "realization": k, "column": np.arange(len(columns)),
                    "x_ref": columns[:, 0], "y_ref": columns[:, 1], "x_fit": moved[:, 0],
                    "y_fit": moved[:, 1],
                }
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


EDGE = {"edge": replace(get_case("edge_dislocation"), offset=(0.0, 0.0))}


def circuits(closures):
    return pd.DataFrame(
        {
            "case": "edge", "image": "core", "thickness": 6, "dose": 500.0, "restorer": "raw",
            "realization": np.arange(len(closures)), "closure_x": closures, "closure_y": 0.0,
            "closure_x_ref": 2.775, "closure_y_ref": 0.0,
        }
    )  # fmt: skip


def test_strain_error_goes_with_the_error_of_positions():
    none = circuits([])
    small, large = (
        summarise_core(core_records(std), EDGE, circuits=none).iloc[0] for std in (0.02, 0.1)
    )
    assert small["metric"] == "strain_rmse_pct"
    assert large["value"] / small["value"] == pytest.approx(5, rel=1e-6)
    assert small["low"] < small["value"] < small["high"]
    assert summarise_core(core_records(0.0), EDGE, circuits=none)["value"].iloc[0] < 1e-9


def test_a_burgers_vector_is_kept_if_its_circuit_closes_alike():
    found = summarise_core(
        core_records(0.01, realizations=4), EDGE, circuits=circuits([2.775, 2.3, 0.0, np.nan])
    ).set_index("metric")
    assert found.loc["burgers_read", "value"] == 0.75
    assert found.loc["burgers_kept", "value"] == pytest.approx(2 / 3)
    assert found.loc["burgers_kept", "n_realizations"] == 3
    assert found.loc["burgers_right", "value"] == 0.5
    assert found.loc["burgers_right", "n_realizations"] == 4
    table = core_table(found.reset_index(), title="Edge", restorers=RESTORERS)
    assert table.rows[0][3].startswith("75 (")
    assert table.rows[0][4].startswith("67 (")


def test_where_nothing_can_be_read_nothing_is_said_of_the_burgers_vector():
    found = summarise_core(
        core_records(0.01, realizations=2), EDGE, circuits=circuits([np.nan, np.nan])
    )
    assert set(found["metric"]) == {"strain_rmse_pct", "burgers_read", "burgers_right"}
    assert core_table(found, title="Edge", restorers=RESTORERS).rows[0][4] == ""


def test_the_verdict_says_in_how_many_images_the_burgers_vector_is_right():
    records = core_records(0.01, realizations=4)
    read = circuits([2.775, 2.3, 0.0, np.nan])
    both = [
        frame.assign(restorer=name, dose=dose)
        for frame in (read,)
        for name in ("raw", "cgrdn")
        for dose in (500.0, 5000.0)
    ]
    whole = pd.concat(both)
    whole.loc[(whole["restorer"] == "cgrdn") & (whole["dose"] == 5000.0), "closure_x"] = 2.775
    found = summarise_core(
        pd.concat(
            [records.assign(restorer=n, dose=d) for n in ("raw", "cgrdn") for d in (500.0, 5000.0)]
        ),
        EDGE,
        circuits=whole,
    )
    restorers = restorers_named("raw", "cgrdn")
    (sentence,) = burgers_sentences(found, title="Edge", restorer="cgrdn", restorers=restorers)
    assert "2 of 4 images at 500 e/Å², 3 of them readable; 4 of 4 images at 5000" in sentence.text
    assert sentence.kind == "finding"
    counted = summarise_burgers(whole, EDGE["edge"], case="edge").set_index(["dose", "restorer"])
    assert counted.loc[(500.0, "cgrdn")].tolist() == [4, 3, 2]
    assert counted.loc[(5000.0, "cgrdn")].tolist() == [4, 4, 4]
