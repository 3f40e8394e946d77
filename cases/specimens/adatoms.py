"""Adatoms on a particle: where they sit, which columns they make or lengthen, and their twins.

The particle looks the same under the eight operations of 4mm about its centre, so that every column
has up to seven twins: of a column with an adatom they show what it would be without.
"""

import numpy as np

from cases.case import Case
from cases.specimens.atoms import build
from cases.specimens.descriptions import AdatomSite, ParticleAdatoms
from cases.truth.scan_plan import POINT_GROUP
from stembench.arrays import Floats, Integers


def particle_of(case: Case) -> ParticleAdatoms:
    """Structure of a case of adatoms; TypeError for another one."""
    if not isinstance(case.structure, ParticleAdatoms):
        raise TypeError(f"case '{case.name}' has no adatoms")
    return case.structure


def adatoms(structure: ParticleAdatoms) -> tuple[AdatomSite, ...]:
    """Sites with an adatom, controls left out."""
    return tuple(site for site in structure.sites if site.kind != "perfect")


def site_centre(structure: ParticleAdatoms, site: AdatomSite) -> Floats:
    """Place (x, y) in Å of a site's column from the particle's centre."""
    half = structure.material.lattice_parameter / 2
    return half * np.array([site.i, site.j], dtype=np.float64)


def adatom_position(structure: ParticleAdatoms, site: AdatomSite) -> Floats:
    """Position (x, y, z) in Å of an adatom, in the coordinates of `cases.specimens.atoms.build`."""
    half = structure.material.lattice_parameter / 2
    specimen = build(structure.particle)
    # The particle's middle plane is that of its centre.
    middle = (specimen.planes // 2 + 0.5) * specimen.plane_distance
    x, y, z = (half * number for number in site.place)
    return np.array([x, y, z + middle])


def twins(site: AdatomSite) -> Integers:
    """Other columns that look like the site's without its adatom, shape (n, 2).

    In half lattice parameters along x and y from the particle's centre.
    """
    places = np.unique(POINT_GROUP @ np.array([site.i, site.j]), axis=0)
    others: Integers = places[(places != (site.i, site.j)).any(axis=1)]
    return others


def columns_with_adatoms(
    structure: ParticleAdatoms, centres: Floats, counts: Integers
) -> tuple[Floats, Integers]:
    """Columns of the particle with its adatoms, and the empty twins of new columns.

    Parameters
    ----------
    structure : ParticleAdatoms
    centres : ndarray, shape (n, 2)
        Columns of the particle alone, in Å from its centre.
    counts : ndarray, shape (n,)
        Their atoms.

    Returns
    -------
    centres, counts : ndarray
        Ordered by y, then x. A twin of a column that only the adatom makes is a column of no
        atoms.
    """
    half = structure.material.lattice_parameter / 2
    found = {
        (int(i), int(j)): int(n) for (i, j), n in zip(np.rint(centres / half), counts, strict=True)
    }
    for site in adatoms(structure):
        place = (site.i, site.j)
        if place not in found:
            found |= {(int(i), int(j)): 0 for i, j in twins(site)}
        found[place] = found.get(place, 0) + 1
    places = sorted(found, key=lambda place: (place[1], place[0]))
    return half * np.array(places, dtype=np.float64), np.array([found[p] for p in places])
