"""Adatoms on the particle: where they sit, their columns and twins."""

import numpy as np
import pytest

from cases import get_case
from cases.specimens.kinds.particle_adatoms import AdatomSite
from cases.specimens.sites import column_roles

STRUCTURE = get_case("particle_adatoms").structure
A = STRUCTURE.material.lattice_parameter
#: Atoms of each adatom's column without it, and of the particle it touches.
SITES = {"adatom0": (0, 4), "adatom3": (3, 3), "adatom6": (6, 3), "adatom9": (9, 3)}


@pytest.mark.parametrize("site", STRUCTURE.adatoms, ids=lambda site: site.kind)
def test_each_adatom_sits_in_a_hollow_at_the_end_of_its_column(site):
    particle = STRUCTURE.particle.atoms()
    place = STRUCTURE.adatom_position(site)
    column, touched = SITES[site.kind]
    apart = np.linalg.norm(particle.positions - place, axis=1)
    assert (apart < 1.01 * A / np.sqrt(2)).sum() == touched
    assert apart.min() == pytest.approx(A / np.sqrt(2), rel=1e-9)
    own = np.hypot(*(particle.positions[:, :2] - place[:2]).T) < 0.01
    assert own.sum() == column
    # the beam runs along +z
    assert (particle.positions[own, 2] < place[2]).all()
    # on a plane of atoms and not beyond them: the entrance surface stays where it is
    layers = np.unique(particle.positions[:, 2])
    assert np.abs(layers - place[2]).min() < 1e-9


def test_sites_are_apart_and_none_is_the_twin_of_another():
    places = np.array([(site.i, site.j) for site in STRUCTURE.sites])
    apart = np.abs(places[:, None] - places[None]).max(axis=-1)
    np.fill_diagonal(apart, 99)
    assert apart.min() >= 5
    orbits = {tuple(sorted(np.abs(place))) for place in places}
    assert len(orbits) == len(places)


def test_an_adatom_off_the_lattice_is_refused():
    with pytest.raises(ValueError, match="lattice place"):
        AdatomSite("adatom1", (11, 1, 1))
    with pytest.raises(ValueError, match="lattice place"):
        AdatomSite("perfect", (5, 3, 0))


def test_the_host_is_the_particle_without_adatoms():
    assert STRUCTURE.is_host(get_case("nanoparticle").structure)
    assert not STRUCTURE.is_host(get_case("pt_bulk").structure)


def test_each_adatom_is_compared_with_the_particle_alone():
    blocks = STRUCTURE.blocks({"particle": 11}, reach=1.0, displace=lambda positions: positions)
    simulated = [name for block in blocks for name in block.specimens]
    assert len(blocks) == STRUCTURE.blocks_per_configuration == len(SITES)
    for changed, unchanged in STRUCTURE.compared_rows(("particle",)):
        assert (simulated[changed], simulated[unchanged]) == ("with", "without")


def test_references_are_the_twins_away_from_other_adatoms():
    centres, counts = STRUCTURE.columns(11, extent=60.0)
    site, serves = map(np.array, column_roles(STRUCTURE, centres))
    # Of seven twins of the adatom on six atoms one is its own neighbour; (0, -4) has three twins.
    wanted = {"adatom0": 7, "adatom3": 7, "adatom6": 6, "adatom9": 3, "perfect": 7}
    assert {kind: (serves == kind).sum() for kind in wanted} == wanted
    assert (serves != "").sum() == sum(wanted.values())
    for kind in wanted:
        (with_site,) = counts[site == kind]
        assert (counts[serves == kind] == with_site - (kind != "perfect")).all()
