"""Defects of a ladder: what each layer and column holds, and what is simulated of them."""

import dataclasses

import numpy as np
import pytest

from cases import get_case
from cases.specimens.kinds.defect_ladder import DEFECTS, DefectSite, atoms_of, slices
from cases.specimens.sites import column_roles

LADDER = get_case("defect_ladder").structure


@pytest.mark.parametrize("kind", DEFECTS)
@pytest.mark.parametrize("cells", [5, 10, 20])
def test_each_layer_holds_what_the_kind_says(kind, cells):
    passed = slices(kind, cells)
    assert [layer for _, layer in passed] == list(range(len(passed)))
    there = [(content, layer % 2) for content, layer in passed]
    at_site = [c for c, odd in there if c in ("guest", "adatom") or (c, odd) == ("host", 0)]
    assert len(at_site) == atoms_of(kind, cells)
    assert len(passed) == 2 * cells + {"plus1": 1, "plus2": 3}.get(kind, 0)
    # Neighbouring columns keep their atoms.
    assert [passed[layer] for layer in range(1, 2 * cells, 2)] == [
        ("host", layer) for layer in range(1, 2 * cells, 2)
    ]


def test_what_is_missing_is_missing_where_the_beam_leaves():
    assert [c for c, _ in slices("half", 5)[::2]] == ["host", "host", "empty", "empty", "empty"]
    assert slices("minus1", 5)[8] == ("empty", 8)
    assert slices("plus2", 5)[10:] == (("adatom", 10), ("vacuum", 11), ("adatom", 12))


def test_a_site_off_its_sublattice_is_refused():
    with pytest.raises(ValueError, match="must be even"):
        DefectSite("vacancy", 1, 0)


def test_each_change_is_compared_with_the_perfect_crystal_of_its_thickness():
    thicknesses = {"z05": 5, "z10": 10}
    simulated = list(LADDER.simulated(thicknesses))
    labels = LADDER.scan_labels(tuple(thicknesses))
    rows = LADDER.compared_rows(tuple(thicknesses))
    assert len(labels) == len(rows) == 14
    for label, (changed, unchanged) in zip(labels, rows, strict=True):
        assert simulated[changed] == label
        assert simulated[unchanged] == f"{label[:3]}-perfect"


def test_the_host_is_a_perfect_crystal_of_the_same_material():
    bulk = get_case("pt_bulk").structure
    assert LADDER.is_host(bulk)
    gold = dataclasses.replace(bulk.material, element="Au")
    assert not LADDER.is_host(dataclasses.replace(bulk, material=gold))
    assert not LADDER.is_host(get_case("nanoparticle").structure)


def test_columns_hold_what_the_defects_leave():
    centres, counts = LADDER.columns(10, extent=30.0)
    perfect, full = get_case("pt_bulk").structure.columns(10, extent=30.0)
    np.testing.assert_array_equal(centres, perfect)
    assert (full == 10).all()
    assert sorted(counts[counts != 10]) == [0, 5, 8, 9, 11, 12]


def test_references_are_perfect_columns_of_the_sublattice_away_from_defects():
    centres, _ = LADDER.columns(10, extent=30.0)
    site, serves = map(np.array, column_roles(LADDER, centres))
    places = np.rint(centres / LADDER.pitch)
    for declared in LADDER.sites:
        (here,) = np.flatnonzero((places == (declared.i, declared.j)).all(axis=1))
        assert (site[here], serves[here]) == (declared.kind, "")
    assert (site != "").sum() == len(LADDER.sites)
    reference = serves == "*"
    assert set(serves) == {"*", ""}
    assert (places[reference].sum(axis=1) % 2 == 0).all()
    changed = np.array([(s.i, s.j) for s in LADDER.sites if s.kind != "perfect"])
    apart = np.abs(places[:, None] - changed[None]).max(axis=-1).min(axis=1)
    assert apart[reference].min() == 2
    alone = (places.sum(axis=1) % 2 == 0) & (apart >= 2) & (site == "")
    np.testing.assert_array_equal(reference, alone)


def test_columns_beside_the_lattice_and_sites_without_a_column_are_refused():
    centres, _ = LADDER.columns(10, extent=30.0)
    with pytest.raises(ValueError, match="beside the lattice"):
        column_roles(LADDER, centres + 0.2)
    with pytest.raises(ValueError, match="no column stands at the site minus1"):
        column_roles(LADDER, centres[np.hypot(*centres.T) < 5.0])
