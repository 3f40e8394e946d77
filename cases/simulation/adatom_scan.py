"""Multislice of a particle with and without each of its adatoms, in the same displacements.

Each site is scanned by itself: the scan is centred on the adatom, each probe has a window of its
own, and the slices before the adatom are passed once for both.
"""

from collections.abc import Callable

import numpy as np

from cases.case import Case
from cases.simulation.block_functions import BlockFunctions, window_scan
from cases.simulation.defect_scan import scan_specimens
from cases.simulation.multislice import abtem_settings, configuration_rng, displace
from cases.specimens.adatoms import adatom_position, adatoms, particle_of
from cases.specimens.atoms import Specimen, build
from cases.specimens.descriptions import ParticleAdatoms
from cases.truth.scan_plan import deal, scan_plan
from stembench.arrays import Floats, Integers

#: A slice: its layer, and whether the adatom in it is there.
Slice = tuple[int, bool]


def scan_adatoms(
    case: Case,
    configuration: int,
    *,
    device: str = "cpu",
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[Integers, Floats]:
    """Scan round every adatom in one phonon configuration, with it and without.

    Parameters
    ----------
    case : Case
        Its structure is a `ParticleAdatoms`, its simulation a `WindowScan` of symmetry 'p1'.
    configuration : int
        Number of the configuration, >= 0; it fixes displacements and visited points.
    device : {'cpu', 'gpu'}
    advance : callable
        Told the number of probes each time that some are done.

    Returns
    -------
    index : ndarray, shape (m,)
        Numbers of the scan points visited (see `cases.truth.scan_plan`), the same at each site.
    fractions : ndarray, shape (2 sites, m)
        Fraction of the beam on the detector: with, then without the adatom, site after site.
    """
    structure, simulation = particle_of(case), window_scan(case)
    rng = configuration_rng(simulation.seed, configuration)
    found = []
    with abtem_settings(device):
        blocks = displaced_blocks(structure, rng=rng)
        index, places = deal(scan_plan(simulation), configuration, rng=rng, simulation=simulation)
        for particle, adatom, centre in blocks:
            functions = AdatomFunctions(case, particle, adatom, centre=centre)
            detected = scan_specimens(
                case, functions.specimens, functions, places[0], advance=advance
            )
            found += [detected["with"], detected["without"]]
    return index, np.stack(found)


def displaced_blocks(
    structure: ParticleAdatoms, *, rng: np.random.Generator
) -> list[tuple[Specimen, Floats, Floats]]:
    """Displaced particle, displaced adatom (x, y, z) and ideal centre (x, y) of each site, in Å.

    The particle is the same at all sites.
    """
    particle = build(structure.particle)
    ideal = [adatom_position(structure, site) for site in adatoms(structure)]
    whole = Specimen(
        positions=np.concatenate([particle.positions, np.stack(ideal)]),
        element=particle.element,
        plane_distance=particle.plane_distance,
        planes=particle.planes,
    )
    moved = displace(whole, structure.material.rms_displacement, rng)
    atoms = len(particle.positions)
    displaced = Specimen(moved[:atoms], particle.element, particle.plane_distance, particle.planes)
    return [
        (displaced, adatom, place[:2]) for adatom, place in zip(moved[atoms:], ideal, strict=True)
    ]


class AdatomFunctions(BlockFunctions):
    """Transmission functions of the part of a particle round one adatom.

    Parameters
    ----------
    case : Case
    particle : Specimen
        Displaced.
    adatom : ndarray, shape (3,)
        Displaced position in Å.
    centre : ndarray, shape (2,)
        Where the scan is centred, in Å.
    reach : float, optional
        See `BlockFunctions`.

    Attributes
    ----------
    specimens : dict
        Slices of the particle 'with' and 'without' the adatom.
    """

    def __init__(
        self,
        case: Case,
        particle: Specimen,
        adatom: Floats,
        *,
        centre: Floats,
        reach: float | None = None,
    ) -> None:
        super().__init__(case, thickness=particle.plane_distance, site=centre, reach=reach)
        self._element = particle.element
        kept = self.within(particle.positions[:, :2])
        self._particle = particle.positions[kept, :2]
        self._layer = np.floor(particle.positions[kept, 2] / self.thickness).astype(np.int64)
        self._adatom = adatom[:2]
        own = int(np.floor(adatom[2] / self.thickness))
        layers = range(max(particle.planes, own + 1))
        self.specimens: dict[str, tuple[Slice, ...]] = {
            "with": tuple((layer, layer == own) for layer in layers),
            "without": tuple((layer, False) for layer in layers),
        }

    def atoms(self, key: Slice) -> tuple[Floats, list[str]]:
        """Positions (n, 2) in Å and elements of a slice's atoms."""
        layer, occupied = key
        places = self._particle[self._layer == layer]
        if occupied:
            places = np.concatenate([places, self._adatom[None]])
        return places, [self._element] * len(places)
