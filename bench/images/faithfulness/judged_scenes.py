"""Small scenes on which a network in training is judged: what changed in them is known."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from noise import ScanNoise, distort, electrons_per_pixel
from stembench.arrays import Bools, Floats
from training import SceneColumns, SceneLattice, column_image

SceneKind = Literal["perfect", "edited", "defects", "particle"]
KINDS: Final[tuple[SceneKind, ...]] = get_args(SceneKind)

#: Å/px, as of the cases.
SAMPLING: Final = 0.2
SHAPE: Final = (96, 96)
#: Fraction of the beam at the centre of a column: about that of ten cells of Pt.
HEIGHT: Final = 0.2
#: px by which isolated columns are moved, and part by which their SCS changes.
SHIFT: Final = 0.75
CHANGE: Final = 0.25
#: Changed columns are so many lattice steps apart.
_APART: Final = 3
#: Columns nearer to the edge than this, in shortest distances, are not measured.
_EDGE: Final = 1.2
#: A particle's image is larger than the others, and the particle fills it: published CGRDN draws
#: its dark hole into the corners of such images alone, and none around a particle half as wide.
PARTICLE_SHAPE: Final = (192, 192)
#: Radius of the particle as a share of the image's side, and of the vacuum around it.
_RADIUS: Final = 0.46
_VACUUM: Final = 0.5


@dataclass(frozen=True, eq=False)
class JudgedScene:
    """One noise-free scene.

    Attributes
    ----------
    lattice : SceneLattice
    places : ndarray, shape (n, 2)
        Lattice points (x, y) in px, where a fit starts; all columns were there before a change.
    measured : ndarray of bool, shape (n,)
        Columns away from the edges.
    moved : ndarray, shape (n, 2)
        Displacements in px.
    changed : ndarray, shape (n,)
        Relative changes of the SCS: -1 is a vacancy.
    image : ndarray, shape (h, w)
        Fraction of the beam.
    vacuum : ndarray of bool, shape (h, w)
        Pixels far from all columns.
    """

    lattice: SceneLattice
    places: Floats
    measured: Bools
    moved: Floats
    changed: Floats
    image: Floats
    vacuum: Bools

    def counts(self, rng: np.random.Generator, *, dose: float) -> Floats:
        """One image of electrons per pixel at a dose in e/Å²: counting alone."""
        drawn: Floats = distort(self.image, [rng], dose=dose, sampling=SAMPLING, noise=ScanNoise())[
            0
        ]
        return drawn

    def fractions(self, counts: Floats, *, dose: float) -> Floats:
        """Electrons per pixel as fractions of the beam."""
        return np.asarray(counts / electrons_per_pixel(dose, SAMPLING), dtype=np.float64)


def judged_scene(
    lattice: SceneLattice, kind: SceneKind, *, rng: np.random.Generator
) -> JudgedScene:
    """Make a scene of one lattice.

    Parameters
    ----------
    lattice : SceneLattice
    kind : {'perfect', 'edited', 'defects', 'particle'}
        Edited: every third column along both axes is displaced or has another SCS, in turn.
        Defects: such a column is missing or has half of its SCS. A particle nearly fills its
        image, with vacuum in the corners.
    rng : numpy.random.Generator
        Draws where the lattice begins, and directions and signs of the changes.
    """
    shape = PARTICLE_SHAPE if kind == "particle" else SHAPE
    origin = rng.random(2) * lattice.nearest
    places, _ = lattice.columns(shape, origin=origin)
    steps = np.rint((places - origin) @ np.linalg.inv(np.array(lattice.vectors))).astype(int)
    sites = (steps % _APART == 0).all(axis=1)
    first = sites & ((steps // _APART).sum(axis=1) % 2 == 0)
    second = sites & ~first
    count = len(places)
    ways, signs = 2 * np.pi * rng.random(count), np.where(rng.random(count) < 0.5, -1.0, 1.0)
    moved, changed = np.zeros((count, 2)), np.zeros(count)
    heights = np.full(count, HEIGHT)
    if kind == "edited":
        moved[first] = SHIFT * np.stack([np.cos(ways), np.sin(ways)], axis=1)[first]
        changed[second] = CHANGE * signs[second]
    elif kind == "defects":
        changed[first], changed[second] = -1.0, -0.5
    elif kind == "particle":
        away = np.linalg.norm(places - np.array(shape[::-1]) / 2, axis=1) / max(shape)
        heights *= np.sqrt(np.clip(1 - (away / _RADIUS) ** 2, 0.0, 1.0))
    columns = SceneColumns(places + moved, heights * (1 + changed), np.ones(count))
    rows, across = np.indices(shape)
    radius = np.hypot(rows - shape[0] / 2, across - shape[1] / 2) / max(shape)
    inset = _EDGE * lattice.nearest
    far = np.array(shape[::-1]) - 1 - inset
    measured = ((places > inset) & (places < far)).all(axis=1) & (heights > 0)
    return JudgedScene(
        lattice, places, measured, moved, changed, column_image(columns, lattice, shape=shape),
        (radius > _VACUUM) & (kind == "particle"),
    )  # fmt: skip
