"""Ranges and probabilities of random specimens: everything that the other files of this room draw.

A reason that begins with "paper" is stated in the section 'Specimen generation' or 'Undistorted
data generation'; "ours" fills in what the text leaves open.
"""

from typing import Final

import numpy as np

from noise import Chance, Drawn, Range

_GENERATION: Final = "paper, Specimen generation"

BOX: Final = Drawn(
    name="box",
    ranges={
        "sampling": Range(
            0.025,
            0.9,
            "Å/px",
            "log",
            "paper; ours: even in the logarithm, as atoms 30 px wide in published pairs ask for",
        ),
    },
)
KIND: Final = Drawn(
    name="kind",
    choices={
        "crystal": Chance(1 / 3, "ours: the paper chooses at random among three"),
        "amorphous": Chance(1 / 3, "ours: the paper chooses at random among three"),
        "points": Chance(1 / 3, "ours: the paper chooses at random among three"),
    },
)
CRYSTAL: Final = Drawn(
    name="crystal",
    ranges={
        "elements": Range(1, 16, "", "linear", "paper: up to 16; ours: one site of each"),
        "number": Range(1, 103, "Z", "linear", _GENERATION),
        "space_group": Range(1, 230, "", "linear", _GENERATION),
        "length": Range(3.1, 25.0, "Å", "linear", _GENERATION),
        "angle": Range(45.0, 120.0, "°", "linear", _GENERATION),
        "distance": Range(0.95, 7.0, "Å", "linear", "paper: allowed shortest distance"),
        "special": Range(0.95, 2.5, "Å", "linear", "ours: copies nearer than this are one atom"),
    },
    choices={
        "special_site": Chance(0.5, "ours: sites on symmetry elements, where real atoms lie"),
    },
)
AMORPHOUS: Final = Drawn(
    name="amorphous",
    ranges={
        "number": Range(1, 103, "Z", "linear", _GENERATION),
        "distance": Range(0.95, 1.6, "Å", "linear", _GENERATION),
        "density": Range(2.0, 7.0, "g/cm³", "linear", _GENERATION),
        "filling": Range(0.0, 0.2, "", "linear", "ours: what random placement reaches in time"),
    },
)
POINTS: Final = Drawn(
    name="points",
    ranges={
        "count": Range(10, 1000, "", "log", "ours: the paper states no range"),
        "elements": Range(1, 16, "", "linear", "ours: as crystals"),
        "number": Range(1, 103, "Z", "linear", _GENERATION),
        "distance": Range(1.0, 20.0, "px", "linear", _GENERATION),
    },
)
ORIENTATION: Final = Drawn(
    name="orientation",
    ranges={"mistilt": Range(0.0, 5.0, "°", "linear", "paper: standard deviation 5°")},
    choices={"zone_axis": Chance(0.75, _GENERATION)},
)
WEDGE: Final = Drawn(
    name="wedge",
    chance=Chance(0.75, _GENERATION),
    ranges={"angle": Range(5.0, 45.0, "°", "linear", _GENERATION)},
    choices={side: Chance(1 / 3, "paper: 0.33") for side in ("top", "bottom", "both")},
)
SHAPE: Final = Drawn(
    name="shape",
    chance=Chance(0.5, _GENERATION),
    ranges={
        "rod_vertices": Range(3, 15, "", "linear", _GENERATION),
        "polyhedron_vertices": Range(4, 20, "", "linear", _GENERATION),
        "radius": Range(0.01, 0.5, "of the longest side", "linear", _GENERATION),
    },
    choices={
        **{kind: Chance(1 / 3, "paper: 0.33") for kind in ("rod", "polyhedron", "half")},
        "kept": Chance(0.5, "paper: atoms inside are kept, otherwise removed"),
    },
)
DISORDER: Final = Drawn(
    name="disorder",
    chance=Chance(0.8, _GENERATION),
    ranges={"share": Range(0.0, 0.25, "of atoms", "linear", _GENERATION)},
    choices={
        "displaced": Chance(0.5, "paper: moved by its radius; ours: otherwise taken out"),
    },
)
SUPPORT: Final = Drawn(
    name="support",
    chance=Chance(0.95, _GENERATION),
    ranges={"thickness": Range(10.0, 300.0, "Å", "linear", "paper: 1 to 30 nm")},
    choices={"crystal": Chance(0.5, "paper: otherwise amorphous")},
)

#: Everything that is drawn for a specimen, in order.
SPECIMEN_DRAWN: Final = (
    BOX, KIND, CRYSTAL, AMORPHOUS, POINTS, ORIENTATION, WEDGE, SHAPE, DISORDER, SUPPORT,
)  # fmt: skip


def draw_whether(step: Drawn, rng: np.random.Generator) -> bool:
    """Draw whether a step happens to an image."""
    return step.chance is None or step.chance.draw(rng)


def draw_whole(extent: Range, rng: np.random.Generator) -> int:
    """Draw a whole number of a range, its ends included, each as likely (log: by size)."""
    if extent.scale == "linear":
        return int(rng.integers(round(extent.low), round(extent.high), endpoint=True))
    return round(extent.draw(rng))


def draw_choice(step: Drawn, names: tuple[str, ...], rng: np.random.Generator) -> str:
    """Draw one of the alternatives `names` of a step by their probabilities, which sum to 1."""
    weights = np.array([step.choices[name].value for name in names])
    return names[int(np.searchsorted(np.cumsum(weights / weights.sum()), rng.random(), "right"))]
