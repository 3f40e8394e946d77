"""A particle with adatoms: where they sit, which columns they make or lengthen, and their twins.

The particle looks the same under the eight operations of 4mm about its centre, so that every column
has up to seven twins: of a column with an adatom they show what it would be without.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from cases.specimens.atoms import LayeredAtoms
from cases.specimens.kinds.nanoparticle import Nanoparticle
from cases.specimens.sites import PERFECT, Change, Site, SitesOnHost
from cases.specimens.specimen import Material, Specimen
from cases.specimens.symmetry import POINT_GROUP
from stembench.arrays import Floats, Integers

#: A slice: its layer, and whether the adatom in it is there.
Slice = tuple[int, bool]


@dataclass(frozen=True)
class AdatomSite:
    """One adatom on a particle, or a column without one for control.

    Attributes
    ----------
    kind : str
        'adatom' and the number of atoms that its column has without it, as in 'adatom3'; or
        'perfect' for a control.
    place : tuple of int
        Where the adatom sits, x, y and z in half lattice parameters from the particle's centre: a
        lattice place outside the particle. Of a control x and y alone.
    """

    kind: str
    place: tuple[int, ...]

    def __post_init__(self) -> None:
        wanted = 2 if self.kind == PERFECT else 3
        if len(self.place) != wanted or (wanted == 3 and sum(self.place) % 2):
            raise ValueError("an adatom needs a lattice place (x, y, z), a control (x, y)")

    @property
    def i(self) -> int:
        """Place of the column along x in half lattice parameters."""
        return self.place[0]

    @property
    def j(self) -> int:
        """Place of the column along y in half lattice parameters."""
        return self.place[1]


@dataclass(frozen=True)
class ParticleAdatoms(Specimen):
    """A particle with one adatom at each of several distant places of its surface, not relaxed.

    Attributes
    ----------
    material : Material
    radius : float
        Of the particle, in lattice parameters.
    sites : tuple of AdatomSite
    host_case : str
        Case that images the particle without adatoms.
    """

    material: Material
    radius: float
    sites: tuple[AdatomSite, ...]
    host_case: str
    kind: Literal["particle_adatoms"] = "particle_adatoms"

    scan_meaning: ClassVar[str] = "what one adatom adds to the fraction of the beam on the detector"
    change: ClassVar[Change] = "difference"
    equal_blocks: ClassVar[int] = 1
    site_labels: ClassVar[Mapping[str, str]] = {
        "adatom0": "isolated adatom",
        "adatom3": "adatom on 3 atoms",
        "adatom6": "adatom on 6 atoms",
        "adatom9": "adatom on 9 atoms",
    }

    @property
    def particle(self) -> Nanoparticle:
        """The particle without adatoms."""
        return Nanoparticle(material=self.material, radius=self.radius)

    @property
    def adatoms(self) -> tuple[AdatomSite, ...]:
        """Sites with an adatom, controls left out."""
        return tuple(site for site in self.sites if site.kind != PERFECT)

    @property
    def pitch(self) -> float:
        """Half the lattice parameter in Å."""
        return self.material.lattice_parameter / 2

    @property
    def sites_on_host(self) -> SitesOnHost:
        """The adatoms on the particle."""
        return self

    @property
    def blocks_per_configuration(self) -> int:
        """One block round each adatom."""
        return len(self.adatoms)

    def atoms(self, *, cells: int | None = None, repeats: int = 6) -> LayeredAtoms:
        """Atoms at rest of the particle without adatoms."""
        return self.particle.atoms(cells=cells, repeats=repeats)

    def columns(self, thickness: int, *, extent: float) -> tuple[Floats, Integers]:
        """Columns of the particle with its adatoms, and the empty twins of new columns.

        A twin of a column that only the adatom makes is a column of no atoms.
        """
        half = self.pitch
        centres, counts = self.particle.columns(thickness, extent=extent)
        count_at = {
            (int(i), int(j)): int(n)
            for (i, j), n in zip(np.rint(centres / half), counts, strict=True)
        }
        for site in self.adatoms:
            place = (site.i, site.j)
            if place not in count_at:
                count_at |= {(int(i), int(j)): 0 for i, j in twins(site)}
            count_at[place] = count_at.get(place, 0) + 1
        places = sorted(count_at, key=lambda place: (place[1], place[0]))
        return (
            half * np.array(places, dtype=np.float64),
            np.array([count_at[place] for place in places]),
        )

    def scan_labels(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Labels of the stored changes: image and adatom, as in ``particle-adatom3``."""
        return tuple(f"{label}-{site.kind}" for label in labels for site in self.adatoms)

    def is_host(self, specimen: object) -> bool:
        """Whether a specimen is the particle without adatoms."""
        return specimen == self.particle

    def all_sites(self) -> tuple[Site, ...]:
        """Every site, controls too, in the order of the description."""
        return tuple(
            Site(site.kind, self.pitch * site.i, self.pitch * site.j) for site in self.sites
        )

    def references(self, places: Integers) -> list[str]:
        """A site's twins are references for its kind; see `SitesOnHost`."""
        kinds = [""] * len(places)
        # Places that the operations of 4mm make equal have the same |i| and |j|, in either order.
        orbits = np.sort(np.abs(places), axis=1)
        for site in self.sites:
            alike = (orbits == sorted((abs(site.i), abs(site.j)))).all(axis=1)
            kinds = [site.kind if like else kind for like, kind in zip(alike, kinds, strict=True)]
        return kinds

    def adatom_position(self, site: AdatomSite) -> Floats:
        """Position (x, y, z) in Å of an adatom, in the coordinates of `atoms`."""
        particle = self.atoms()
        # The particle's middle plane is that of its centre.
        middle = (particle.planes // 2 + 0.5) * particle.plane_distance
        x, y, z = (self.pitch * number for number in site.place)
        return np.array([x, y, z + middle])

    def compared_rows(self, labels: Sequence[str]) -> tuple[tuple[int, int], ...]:
        """Rows of a configuration with and without each adatom; they follow each other."""
        return tuple((row, row + 1) for row in range(0, 2 * len(self.scan_labels(labels)), 2))

    def blocks(
        self,
        thicknesses: Mapping[str, int],  # noqa: ARG002 - a particle has one
        *,
        reach: float,  # noqa: ARG002 - the whole particle is displaced
        displace: Callable[[Floats], Floats],
    ) -> tuple["ParticleBlock", ...]:
        """One block round each adatom, of the same displaced particle."""
        particle = self.atoms()
        ideal = [self.adatom_position(site) for site in self.adatoms]
        moved = displace(np.concatenate([particle.positions, np.stack(ideal)]))
        displaced, adatoms = np.split(moved, [len(particle.positions)])
        distance = particle.plane_distance
        return tuple(
            ParticleBlock(
                positions=displaced[:, :2],
                layer=np.floor(displaced[:, 2] / distance).astype(np.int64),
                planes=particle.planes,
                element=particle.element,
                adatom=adatom[:2],
                adatom_layer=int(np.floor(adatom[2] / distance)),
                slice_thickness=distance,
                centre=(float(place[0]), float(place[1])),
            )
            for adatom, place in zip(adatoms, ideal, strict=True)
        )


@dataclass(frozen=True)
class ParticleBlock:
    """Displaced atoms of a particle and one adatom; see `cases.specimens.sites.SiteBlock`.

    Attributes
    ----------
    positions : ndarray, shape (n, 2)
        x and y in Å of the particle's atoms.
    layer : ndarray, shape (n,)
        Layer of each along the beam.
    planes : int
        Layers of the particle.
    element : str
    adatom : ndarray, shape (2,)
        x and y in Å.
    adatom_layer : int
    """

    positions: Floats
    layer: Integers
    planes: int
    element: str
    adatom: Floats
    adatom_layer: int
    slice_thickness: float
    centre: tuple[float, float]

    @property
    def specimens(self) -> dict[str, tuple[Slice, ...]]:
        """Slices of the particle 'with' and 'without' the adatom."""
        layers = range(max(self.planes, self.adatom_layer + 1))
        return {
            "with": tuple((layer, layer == self.adatom_layer) for layer in layers),
            "without": tuple((layer, False) for layer in layers),
        }

    def atoms(self, key: Slice) -> tuple[Floats, list[str]]:
        """Positions (n, 2) in Å and elements of a slice's atoms."""
        layer, occupied = key
        places = self.positions[self.layer == layer]
        if occupied:
            places = np.concatenate([places, self.adatom[None]])
        return places, [self.element] * len(places)


def twins(site: AdatomSite) -> Integers:
    """Other columns that look like the site's without its adatom, shape (n, 2).

    In half lattice parameters along x and y from the particle's centre.
    """
    places = np.unique(POINT_GROUP @ np.array([site.i, site.j]), axis=0)
    others: Integers = places[(places != (site.i, site.j)).any(axis=1)]
    return others
