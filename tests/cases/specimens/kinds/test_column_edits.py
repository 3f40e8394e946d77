"""Edited columns: where they stand, what they hold, and what is simulated of them."""

import numpy as np
import pytest

from cases import get_case
from cases.specimens.kinds.column_edits import EDITS, EditSite, edited_slices
from cases.specimens.sites import column_roles

STRUCTURE = get_case("simulated_edits").structure


def identity(positions):
    return positions.copy()


def shaken(positions):
    """Displaced along x by an amount that depends on the place, of mean 0.02 Å."""
    moved = positions.copy()
    moved[:, 0] += 0.02 + 0.03 * np.sin(positions[:, 0] + 2 * positions[:, 1] + positions[:, 2])
    return moved


def test_columns_stand_where_they_were_moved_to_and_hold_what_they_were_given():
    centres, counts = STRUCTURE.columns(10, extent=30.0)
    perfect, full = get_case("pt_bulk").structure.columns(10, extent=30.0)
    moved = centres - perfect
    assert STRUCTURE.shift == 0.3
    assert len(STRUCTURE.sites) == 9
    for site in STRUCTURE.sites:
        here = np.hypot(*(perfect - STRUCTURE.pitch * np.array([site.i, site.j])).T) < 0.01
        assert here.sum() == 1
        wanted = [0.3, 0.0] if site.kind == "displaced" else [0.0, 0.0]
        np.testing.assert_allclose(moved[here][0], wanted, atol=1e-12)
        assert counts[here] == (12 if site.kind == "plus2" else 10)
    assert (np.abs(moved).max(axis=1) > 0).sum() == 4
    assert (counts != full).sum() == 3


def test_a_displaced_column_is_still_the_column_of_its_site():
    centres, _ = STRUCTURE.columns(10, extent=30.0)
    site, serves = map(np.array, column_roles(STRUCTURE, centres))
    kinds = [each.kind for each in STRUCTURE.sites]
    assert sorted(site[site != ""]) == sorted(kinds)
    assert set(serves) == {"*", ""}
    places = np.rint(centres / STRUCTURE.pitch)
    changed = np.array([(s.i, s.j) for s in STRUCTURE.sites if s.kind != "perfect"])
    apart = np.abs(places[:, None] - changed[None]).max(axis=-1).min(axis=1)
    assert apart[serves == "*"].min() == 2
    # Negative control: another column off the lattice is refused as before.
    elsewhere = centres.copy()
    elsewhere[np.flatnonzero((site == "") & (apart > 1))[0], 0] += 0.3
    with pytest.raises(ValueError, match="beside the lattice"):
        column_roles(STRUCTURE, elsewhere)


def test_a_site_off_its_sublattice_is_refused():
    with pytest.raises(ValueError, match="must be even"):
        EditSite("displaced", 1, 0)


def test_a_displaced_column_is_the_crystal_with_that_column_moved():
    """Slice by slice against the atoms of the whole crystal, no thermal displacements."""
    first, second = STRUCTURE.blocks({"z10": 10}, reach=4.0, displace=identity)
    assert list(first.specimens) == [f"z10-{kind}" for kind in ("perfect", "displaced", "plus2")]
    assert set(EDITS) == {"displaced", "plus2", "perfect"}
    perfect, displaced, longer = first.specimens.values()
    assert len(perfect) == len(displaced) == 20
    assert len(longer) == 23
    assert longer[:20] == perfect
    for block in (first, second):
        moved = 0
        for key, other in zip(perfect, displaced, strict=True):
            here, there = block.atoms(key)[0], block.atoms(other)[0]
            shift = there - here
            column = np.hypot(*here.T) < 0.1
            np.testing.assert_allclose(shift[column] - [0.3, 0.0], 0.0, atol=1e-12)
            assert not shift[~column].any()
            moved += column.sum()
        assert moved == 10


def test_the_second_block_has_the_mirrored_thermal_displacements():
    first, second = STRUCTURE.blocks({"z10": 10}, reach=4.0, displace=shaken)
    middle = 5.0
    for key in edited_slices("perfect", 10):
        one, other = (block.atoms(key)[0] for block in (first, second))
        one, other = (each[np.abs(each).max(axis=1) < middle] for each in (one * [-1, 1], other))
        assert len(one) > 10
        for each in one:
            assert np.hypot(*(other - each).T).min() < 1e-12
    # The column's mean displacement along x is of opposite sign, its shift of the same.
    keys = [key for key in edited_slices("displaced", 10) if key[0] == "moved"]
    means = []
    for block in (first, second):
        near = [block.atoms(key)[0] for key in keys]
        column = np.concatenate([each[np.hypot(*(each - [0.3, 0]).T) < 0.2] for each in near])
        assert len(column) == 10
        means.append(column.mean(axis=0) - [0.3, 0])
    assert abs(means[0][0]) > 1e-3
    np.testing.assert_allclose(means[0] * [-1, 1], means[1], atol=1e-12)


def test_each_change_is_compared_with_the_perfect_crystal():
    labels = STRUCTURE.scan_labels(("z10",))
    assert labels == ("z10-displaced", "z10-plus2")
    assert STRUCTURE.compared_rows(("z10",)) == ((1, 0), (2, 0))
    assert STRUCTURE.compared_rows(("z05", "z10")) == ((1, 0), (2, 0), (4, 3), (5, 3))
    assert STRUCTURE.is_host(get_case("pt_bulk").structure)
    assert not STRUCTURE.is_host(get_case("pt_112").structure)
