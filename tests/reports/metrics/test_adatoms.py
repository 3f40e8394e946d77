"""Adatoms in reports: twins as references, fidelity of made records, table, sentences, figure."""

import re

import numpy as np
import pandas as pd
import pytest

from cases import get_case
from cases.truth.columns import case_columns
from reports.figures.defects import figure_defects
from reports.metrics.defects import site_deviations, summarise_defects
from reports.metrics.sites import OTHER, REFERENCE, column_roles
from reports.records.run_folder import Examples, Run
from reports.summaries.per_realization import realization_statistics
from reports.summaries.summary import summarise
from reports.words.defects import defect_sentences, defect_table
from stembench.errors import InputError

CASE = get_case("particle_adatoms")
INFO = {"cases": {CASE.name: {**CASE.as_dict(), "title": CASE.title}}}
COLUMNS = case_columns(CASE, "particle").rename(columns={"x": "x_true", "y": "y_true"})
ATOM = 0.01


def make_records(keep, *, noise=0.0, realizations=6, vacuum=0.0):
    """Records in which each restorer keeps the share `keep[restorer]` of every adatom.

    Empty places show `vacuum` atoms.
    """
    rng = np.random.default_rng(3)
    roles = column_roles(INFO["cases"][CASE.name], COLUMNS)
    adatom = roles["kind"].str.startswith("adatom").to_numpy()
    truth = ATOM * COLUMNS["count"].to_numpy(dtype=float)
    empty = (COLUMNS["count"] == 0).to_numpy()
    frames = []
    for restorer, share in keep.items():
        for realization in range(realizations):
            scs = (
                truth
                + ATOM * ((share - 1) * adatom + vacuum * empty)
                + noise * rng.normal(size=len(truth))
            )
            frames.append(
                pd.DataFrame(
                    {
                        "case": CASE.name, "case_version": 1, "image": "particle",
                        "thickness": 11, "dose": 500.0, "realization": realization,
                        "restorer": restorer, "column": COLUMNS.index, "measured": True,
                        "sampling": 0.2, "x_true": COLUMNS["x_true"], "y_true": COLUMNS["y_true"],
                        "x_ref": COLUMNS["x_true"], "y_ref": COLUMNS["y_true"],
                        "x_init": COLUMNS["x_true"], "y_init": COLUMNS["y_true"],
                        "x_fit": COLUMNS["x_true"], "y_fit": COLUMNS["y_true"],
                        "x_err": 0.0, "y_err": 0.0, "count_true": COLUMNS["count"],
                        "scs_ref": truth, "scs": scs, "scs_err": 0.0, "height": 0.1,
                        "sigma": 2.4, "background": 0.0, "count_ref": np.nan, "flags": 0,
                        "count_fit": np.nan, "x_crb": np.nan, "y_crb": np.nan, "scs_crb": np.nan,
                    }
                )
            )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def test_references_are_the_twins_away_from_other_adatoms():
    roles = column_roles(INFO["cases"][CASE.name], COLUMNS)
    number = roles["kind"].value_counts()
    assert all(number[site.kind] == 1 for site in CASE.structure.sites)
    serves = roles["serves"].value_counts()
    # Of seven twins of the adatom on six atoms one is its own neighbour; (0, -4) has three twins.
    wanted = {"adatom0": 7, "adatom3": 7, "adatom6": 6, "adatom9": 3, "perfect": 7}
    assert {kind: int(serves[kind]) for kind in wanted} == wanted
    assert (roles["kind"] == REFERENCE).sum() == sum(wanted.values())
    assert (roles["serves"][roles["kind"] == OTHER] == "").all()
    for site in CASE.structure.sites:
        own = COLUMNS["count"][roles["kind"] == site.kind].item()
        twins = COLUMNS["count"][roles["serves"] == site.kind]
        assert (twins == own - (site.kind != "perfect")).all()


def test_fidelity_is_the_share_of_the_adatom_that_is_kept():
    records = make_records({"raw": 1.0, "eraser": 0.25})
    found = summarise_defects(records, INFO).set_index(["restorer", "kind"])
    for kind, atoms in (("adatom0", 0), ("adatom3", 3), ("adatom6", 6), ("adatom9", 9)):
        assert found.loc[("raw", kind), "value"] == pytest.approx(1)
        assert found.loc[("eraser", kind), "value"] == pytest.approx(0.25)
        share = found.loc[("raw", kind), "true_deviation_pct"]
        # A lone adatom stands beside nothing that it could be a part of.
        assert share == pytest.approx(100 / atoms) if atoms else np.isnan(share)
    assert found.loc[("eraser", "perfect"), "value"] == pytest.approx(0, abs=1e-12)


def test_the_gate_sees_the_error_at_adatoms():
    records = make_records({"raw": 1.0, "eraser": 0.25})
    found = realization_statistics(records, sites=site_deviations(records, INFO))
    (cell,) = found["eraser"].values()
    np.testing.assert_allclose(cell.by_metric["defect_error"], 0.75**2)
    assert "position_rmse" not in cell.by_metric


def test_a_kind_that_reports_do_not_know_is_refused():
    case = INFO["cases"][CASE.name]
    first, *rest = case["structure"]["sites"]
    structure = case["structure"] | {"sites": [first | {"kind": "adatom5"}, *rest]}
    with pytest.raises(InputError, match="adatom5"):
        column_roles(case | {"structure": structure}, COLUMNS)


def test_table_and_sentences_speak_of_adatoms():
    fidelity = summarise_defects(make_records({"raw": 1.0, "cgrdn": 0.25}, noise=1e-4), INFO)
    table = defect_table(fidelity, title="Adatoms")
    assert "lone adatom" in table.header
    true = table.rows[0]
    assert true[table.header.index("lone adatom")] == ""
    assert true[table.header.index("adatom on 3 atoms")] == "+33.3"
    (said,) = defect_sentences(fidelity, restorer="cgrdn")
    assert said.text.startswith("At 500 e/Å², of 4 adatoms after CGRDN: 4 weakened.")
    assert "unit cells" not in said.text
    assert said.kind == "warning"


def test_a_vacuum_that_is_off_is_told_from_an_adatom_that_is():
    """The adatom itself is right; its empty twins are 0.9 atoms below zero."""
    fidelity = summarise_defects(make_records({"raw": 1.0}, noise=1e-4, vacuum=-0.9), INFO)
    lone = fidelity.set_index("kind").loc["adatom0"]
    assert lone["value"] == pytest.approx(1.9, abs=0.01)
    assert lone["reference_shift"] == pytest.approx(-0.9, abs=0.01)
    (said,) = defect_sentences(fidelity, restorer="raw")
    assert "1 exaggerated" in said.text
    assert re.search(
        r"empty sites, which are restored too dark by (89|90)\.\d+ \(.*\) % of an atom", said.text
    )
    clean = summarise_defects(make_records({"raw": 1.0}, noise=1e-4), INFO)
    (said,) = defect_sentences(clean, restorer="raw")
    assert "empty sites" not in said.text


def test_the_figure_names_every_adatom(tmp_path):
    records = make_records({"raw": 1.0, "cgrdn": 0.25}, noise=1e-4)
    run = Run(tmp_path, records, INFO, True, Examples(tmp_path / "examples.h5"))
    figure = figure_defects(run, summarise(records), case=CASE.name)
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "lone adatom" in texts
    assert "adatom on 9 atoms (+11 %)" in texts
    footer = " ".join(text.get_text() for text in figure.texts)
    assert "Curves" not in footer
    assert "held against empty places" in footer.replace("\n", " ")
