"""Ranges and probabilities of the scenes of columns that faithful fine-tuning draws; all ours.

They are wide rather than like any specimen: what is to be learned is that no column is like its
neighbours until the counts say so.
"""

from typing import Final

from noise import Chance, Drawn, Range

_WIDE: Final = "ours: wider than what the tuned network is judged on"

LATTICE: Final = Drawn(
    name="lattice",
    ranges={
        "pitch": Range(4.0, 20.0, "px", "log", "ours: shortest distance of lattice points"),
        "ratio": Range(1.05, 1.8, "", "linear", "ours: of the sides of a rectangle"),
        "angle": Range(65.0, 85.0, "°", "linear", "ours: of an oblique cell"),
        "second": Range(0.15, 1.0, "of the first", "linear", "ours: of a second sublattice"),
        "dumbbell": Range(0.3, 0.5, "of the pitch", "linear", "ours: distance of its two columns"),
        "width": Range(0.17, 0.34, "of the nearest distance", "linear", "ours: of a column"),
        "tail": Range(0.0, 0.35, "of the height", "linear", "ours: of a second, wider Gaussian"),
        "tail_width": Range(1.5, 3.0, "of the width", "linear", "ours: of that Gaussian"),
        "sampling": Range(0.08, 0.4, "Å/px", "log", "ours: what jitter in Å becomes in px"),
    },
    choices={
        "sublattice": Chance(0.25, "ours"),
        "pairs": Chance(0.15, "ours: dumbbells"),
        "tailed": Chance(0.6, "ours"),
    },
)
#: Kinds of lattice, each as likely.
LATTICE_KINDS: Final = ("square", "hexagonal", "rectangular", "centred", "oblique")

THICKNESS: Final = Drawn(
    name="thickness",
    ranges={
        "atoms": Range(1.5, 60.0, "", "log", "ours: of the thickest column"),
        "gamma": Range(0.7, 1.0, "", "linear", "ours: a column's height grows with such a power"),
        "wedge": Range(0.0, 0.6, "of the thickest", "linear", "ours: its thin end"),
        "terraces": Range(2.0, 5.0, "", "linear", "ours: of a stepped surface"),
        "radius": Range(0.25, 0.55, "of the side", "linear", "ours: of a particle"),
        "flatness": Range(1.5, 4.0, "", "linear", "ours: exponent of its outline along the beam"),
    },
)
#: Thickness profiles with their probabilities.
PROFILES: Final = {"flat": 0.4, "wedge": 0.15, "steps": 0.15, "particle": 0.3}

SURROUNDINGS: Final = Drawn(
    name="surroundings",
    ranges={
        "level": Range(0.01, 0.4, "of the highest", "log", "ours: of an even background"),
        "support": Range(0.01, 0.2, "of the highest", "log", "ours: of an amorphous support"),
        "grain": Range(0.8, 3.5, "px", "linear", "ours: width of its grain"),
    },
    choices={
        "level": Chance(0.4, "ours: otherwise vacuum is dark"),
        "support": Chance(0.35, "ours"),
        "inversion": Chance(0.15, "ours: dark columns, as in bright field"),
    },
)

CHANGES: Final = Drawn(
    name="changes",
    ranges={
        "share": Range(0.01, 0.06, "of the columns", "linear", "ours: with each kind of defect"),
        "moderate": Range(0.1, 0.25, "of the height", "linear", _WIDE),
        "substituted": Range(0.3, 1.7, "of the height", "linear", _WIDE),
        "isolated": Range(0.02, 0.12, "of the columns", "linear", "ours: moved alone"),
        "shift": Range(0.15, 3.0, "px", "log", "ours: below a third of the pitch"),
        "everywhere": Range(0.05, 0.8, "px", "log", "ours: standard deviation of all places"),
        "wave": Range(0.1, 1.5, "px", "log", "ours: amplitude of a strain wave"),
        "period": Range(20.0, 120.0, "px", "log", "ours: of that wave"),
        "roughness": Range(0.01, 0.15, "of the height", "log", "ours: of all heights"),
        "adatoms": Range(1.0, 8.0, "", "linear", "ours: of one atom, anywhere"),
    },
    choices={
        "vacancies": Chance(0.5, "ours"),
        "half": Chance(0.4, "ours: half of the atoms"),
        "moderate": Chance(0.4, "ours: one or two atoms more or less"),
        "substituted": Chance(0.3, "ours"),
        "isolated": Chance(0.65, "ours"),
        "everywhere": Chance(0.5, "ours"),
        "wave": Chance(0.25, "ours"),
        "roughness": Chance(0.4, "ours"),
        "adatoms": Chance(0.2, "ours"),
    },
)

RECORDING: Final = Drawn(
    name="recording",
    ranges={
        "electrons": Range(0.15, 500.0, "e/px", "log", "ours: from 2 cells of Pt at 5e2 e/Å² on"),
        "defect_weight": Range(7.0, 8.0, "", "linear", "ours: of the pixels of a defect"),
        "shift_weight": Range(15.0, 22.0, "", "linear", "ours: of those of an isolated shift"),
        "dwell": Range(0.5, 2.0, "µs", "linear", "ours: about the studies' 1 µs"),
        "jitter": Range(0.02, 0.2, "Å", "log", "ours: about the studies' 0.15 Å"),
    },
    choices={
        "poisson": Chance(0.5, "ours: counting alone"),
        "study": Chance(0.5, "ours: of the others the studies' stages; else the whole chain"),
    },
)

#: In place of what `RECORDING` has of both, where undoing jitter is to be learned first.
JITTERED: Final = Drawn(
    name="jittered",
    ranges={
        "electrons": Range(3.0, 500.0, "e/px", "log", "ours: enough to see where a line lies"),
        "jitter": Range(0.2, 1.5, "px", "log", "ours: along both axes, about the studies' 0.75 px"),
        "phi": Range(0.0, 0.7, "", "linear", "as noise.stages.jitter: of consecutive lines"),
    },
)

#: Everything that is drawn for a scene.
SCENE_DRAWN: Final = (LATTICE, THICKNESS, SURROUNDINGS, CHANGES, RECORDING, JITTERED)
