"""Adatoms in reports: twins as references, fidelity of made records, table, sentences, figure."""

import re

import numpy as np
import pandas as pd
import pytest

from cases import get_case
from cases.truth.column_roles import REFERENCE, SITE, column_roles
from cases.truth.columns import case_columns
from reports.figures.defects import figure_defects
from reports.metrics.defects import site_deviations, summarise_defects
from reports.summaries.per_realization import realization_statistics
from reports.summaries.summary import summarise
from reports.words.defects import defect_sentences, defect_table
from tests.records_factory import as_run, restorers_named

CASE = get_case("particle_adatoms")
COLUMNS = case_columns(CASE, "particle").rename(columns={"x": "x_true", "y": "y_true"})
ROLES = column_roles(CASE, COLUMNS[["x_true", "y_true"]].to_numpy())
RESTORERS = restorers_named("raw", "eraser", "cgrdn")
ATOM = 0.01


def make_records(keep, *, noise=0.0, realizations=6, vacuum=0.0):
    """Records in which each restorer keeps the share `keep[restorer]` of every adatom.

    Empty places show `vacuum` atoms.
    """
    rng = np.random.default_rng(3)
    adatom = ROLES["site"].str.startswith("adatom") & (ROLES["role"] == SITE)
    adatom = adatom.to_numpy()
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
                        "site": ROLES["site"], "role": ROLES["role"],
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
    held, references = ROLES[ROLES["role"] == SITE], ROLES[ROLES["role"] == REFERENCE]
    assert all((held["site"] == site.kind).sum() == 1 for site in CASE.structure.sites)
    serves = references["site"].value_counts()
    # Of seven twins of the adatom on six atoms one is its own neighbour; (0, -4) has three twins.
    wanted = {"adatom0": 7, "adatom3": 7, "adatom6": 6, "adatom9": 3, "perfect": 7}
    assert serves.to_dict() == wanted
    assert (ROLES["site"][ROLES["role"] == ""] == "").all()
    for site in CASE.structure.sites:
        count = COLUMNS["count"][held.index[held["site"] == site.kind]].item()
        twins = COLUMNS["count"][references.index[references["site"] == site.kind]]
        assert (twins == count - (site.kind != "perfect")).all()


def test_fidelity_is_the_share_of_the_adatom_that_is_kept():
    records = make_records({"raw": 1.0, "eraser": 0.25})
    found = summarise_defects(records).set_index(["restorer", "kind"])
    for kind, atoms in (("adatom0", 0), ("adatom3", 3), ("adatom6", 6), ("adatom9", 9)):
        assert found.loc[("raw", kind), "value"] == pytest.approx(1)
        assert found.loc[("eraser", kind), "value"] == pytest.approx(0.25)
        share = found.loc[("raw", kind), "true_deviation_pct"]
        # A isolated adatom stands beside nothing that it could be a part of.
        assert share == pytest.approx(100 / atoms) if atoms else np.isnan(share)
    assert found.loc[("eraser", "perfect"), "value"] == pytest.approx(0, abs=1e-12)


def test_the_gate_sees_the_error_at_adatoms():
    records = make_records({"raw": 1.0, "eraser": 0.25})
    found = realization_statistics(records, sites=site_deviations(records))
    (cell,) = found["eraser"].values()
    np.testing.assert_allclose(cell.by_metric["defect_error"], 0.75**2)
    assert "position_rmse" not in cell.by_metric


def test_table_and_sentences_speak_of_adatoms():
    fidelity = summarise_defects(make_records({"raw": 1.0, "cgrdn": 0.25}, noise=1e-4))
    table = defect_table(fidelity, title="Adatoms", restorers=RESTORERS)
    assert "isolated adatom" in table.header
    true = table.rows[0]
    assert true[table.header.index("isolated adatom")] == ""
    assert true[table.header.index("adatom on 3 atoms")] == "+33.3"
    (said,) = defect_sentences(fidelity, restorer="cgrdn", restorers=RESTORERS)
    assert said.text.startswith("At 500 e/Å², of 4 adatoms after CGRDN: 4 weakened.")
    assert "unit cells" not in said.text
    assert said.kind == "warning"


def test_a_vacuum_that_is_off_is_told_from_an_adatom_that_is():
    """The adatom itself is right; its empty twins are 0.9 atoms below zero."""
    fidelity = summarise_defects(make_records({"raw": 1.0}, noise=1e-4, vacuum=-0.9))
    lone = fidelity.set_index("kind").loc["adatom0"]
    assert lone["value"] == pytest.approx(1.9, abs=0.01)
    assert lone["reference_shift"] == pytest.approx(-0.9, abs=0.01)
    (said,) = defect_sentences(fidelity, restorer="raw", restorers=RESTORERS)
    assert "1 exaggerated" in said.text
    assert re.search(
        r"empty sites, which are restored too dark by (89|90)\.\d+ \(.*\) % of an atom", said.text
    )
    clean = summarise_defects(make_records({"raw": 1.0}, noise=1e-4))
    (said,) = defect_sentences(clean, restorer="raw", restorers=RESTORERS)
    assert "empty sites" not in said.text


def test_the_figure_names_every_adatom(tmp_path):
    records = make_records({"raw": 1.0, "cgrdn": 0.25}, noise=1e-4)
    run = as_run(records, tmp_path)
    figure = figure_defects(run, summarise(records), case=CASE.name)
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "isolated adatom" in texts
    assert "adatom on 9 atoms (+11 %)" in texts
    footer = " ".join(text.get_text() for text in figure.texts)
    assert "Curves" not in footer
    assert "measured against equivalent empty sites" in footer.replace("\n", " ")
