"""Random specimens: what is drawn, and the atoms that follow from it."""

from dataclasses import dataclass, field

import numpy as np

from training.specimens.amorphous import Amorphous
from training.specimens.atom_set import AtomSet
from training.specimens.crystals.crystal import Crystal
from training.specimens.cuts import Cut, draw_shape, draw_wedge
from training.specimens.disorder import Disorder
from training.specimens.held_out.exclusion import NOTHING_EXCLUDED, Exclusion
from training.specimens.random_points import Points
from training.specimens.simulation_box import Box
from training.specimens.specimen_ranges import KIND, SUPPORT, draw_choice, draw_whether

Body = Crystal | Amorphous | Points


@dataclass(frozen=True)
class Layer:
    """One body with its surfaces: the specimen itself, or its support.

    Attributes
    ----------
    body : Crystal, Amorphous or Points
    thickness : float
        Along the beam in Å.
    cuts : tuple of Cut
        Wedges, then a shape.
    disorder : Disorder or None
    """

    body: Body
    thickness: float
    cuts: tuple[Cut, ...] = ()
    disorder: Disorder | None = None

    def atoms(self, rng: np.random.Generator, box: Box) -> AtomSet:
        """Atoms of the layer, from z = 0; `rng` draws their places."""
        sides = np.array([*box.sides[:2], self.thickness])
        if isinstance(self.body, Points):
            atoms = self.body.atoms(rng, sides, sampling=box.sampling)
        else:
            atoms = self.body.atoms(rng, sides)
        for cut in self.cuts:
            atoms = cut.applied(atoms)
        return self.disorder.applied(atoms, rng) if self.disorder else atoms


@dataclass(frozen=True)
class Specimen:
    """Description of a specimen.

    Attributes
    ----------
    layer : Layer
    support : Layer or None
        Below it along the beam.
    """

    layer: Layer
    support: Layer | None = field(default=None)

    @property
    def kind(self) -> str:
        """'crystal', 'amorphous' or 'points'."""
        return type(self.layer.body).__name__.lower()

    def atoms(self, rng: np.random.Generator, box: Box) -> AtomSet:
        """All atoms; those of the support lie below z = 0.

        Parameters
        ----------
        rng : numpy.random.Generator
            Draws the places that the description leaves open.
        box : Box
        """
        atoms = self.layer.atoms(rng, box)
        if self.support is None:
            return atoms
        below = self.support.atoms(rng, box)
        lowered = below.positions - [0.0, 0.0, self.support.thickness]
        return atoms.joined(AtomSet(below.numbers, lowered))


def draw_specimen(
    rng: np.random.Generator,
    box: Box,
    *,
    exclude: Exclusion = NOTHING_EXCLUDED,
    magnification: float = 1.0,
) -> Specimen:
    """Draw a specimen over the ranges of `SPECIMEN_DRAWN`.

    Parameters
    ----------
    rng : numpy.random.Generator
    box : Box
    exclude : Exclusion
        Elements and lattices that must not be used; others are drawn then.
    magnification : float
        By which the image is magnified after it is made: pixels are as much smaller in Å.
    """
    pixel = box.sampling / magnification
    kind = draw_choice(KIND, ("crystal", "amorphous", "points"), rng)
    sides = box.sides
    layer = Layer(
        body=_body(kind, rng, pixel=pixel, exclude=exclude),
        thickness=float(sides[2]),
        cuts=(*draw_wedge(rng, sides), *draw_shape(rng, box)),
        disorder=Disorder.sample(rng),
    )
    if not draw_whether(SUPPORT, rng):
        return Specimen(layer)
    thickness = SUPPORT.ranges["thickness"].draw(rng)
    kind = "crystal" if SUPPORT.choices["crystal"].draw(rng) else "amorphous"
    support = Layer(
        body=_body(kind, rng, pixel=pixel, exclude=exclude),
        thickness=thickness,
        cuts=draw_wedge(rng, np.array([*sides[:2], thickness])),
        disorder=Disorder.sample(rng),
    )
    return Specimen(layer, support)


def _body(kind: str, rng: np.random.Generator, *, pixel: float, exclude: Exclusion) -> Body:
    if kind == "crystal":
        return Crystal.sample(rng, pixel=pixel, exclude=exclude)
    if kind == "amorphous":
        return Amorphous.sample(rng, exclude=exclude)
    return Points.sample(rng, exclude=exclude)
