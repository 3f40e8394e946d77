"""Ranges and probabilities of undistorted images: everything that the other files here draw.

A reason that begins with "paper" is stated in the section 'Undistorted data generation'; "ours"
fills in what the text leaves open. The text names bands, boxes and cracks and says no more of them.
"""

from typing import Final

from noise import Chance, Drawn, Range

_UNDISTORTED: Final = "paper, Undistorted data generation"

RADIAL: Final = Drawn(
    name="radial",
    ranges={
        "alpha": Range(0.75, 1.25, "", "linear", "paper, (18)"),
        "exponent": Range(4.0, 16.0, "", "linear", "paper, (17)"),
        "height": Range(0.5, 1.0, "", "linear", "paper, (17) and (22)"),
    },
)
INVERSION: Final = Drawn(name="inversion", chance=Chance(0.5, "paper, (23)"))
NONLINEARITY: Final = Drawn(
    name="nonlinearity",
    chance=Chance(0.5, "paper, (24)"),
    ranges={"beta": Range(0.5, 1.5, "", "linear", "paper, (24)")},
)
BACKGROUND: Final = Drawn(
    name="background",
    ranges={
        "height": Range(0.0, 0.5, "of max(y)", "linear", "paper for a plane; ours for a Gaussian"),
        "width": Range(0.2, 0.6, "of min(n_x, n_y)", "linear", _UNDISTORTED),
    },
    choices={"plane": Chance(0.5, "paper: otherwise a Gaussian")},
)
CONTRAST: Final = Drawn(
    name="contrast",
    ranges={
        "ratio": Range(0.01, 0.35, "std / mean", "linear", "paper, (25); ours: drawn if outside"),
    },
)

#: Kinds of objects at low resolution.
KINDS: Final = ("soft", "sharp", "grains", "bands", "boxes", "cracks")

_OPEN: Final = "ours: the paper states no range"
OBJECTS: Final = Drawn(
    name="objects",
    ranges={
        "kinds": Range(1, 3, "", "linear", "ours: the paper chooses a set of kinds"),
        "weight": Range(0.2, 1.0, "", "linear", "ours: of each kind in the sum"),
        "distance": Range(1.0, 20.0, "px", "linear", "paper, individual points"),
    },
)
SOFT: Final = Drawn(
    name="soft",
    ranges={
        "count": Range(15, 85, "", "linear", _UNDISTORTED),
        "size": Range(0.01, 0.1, "of min(n_x, n_y)", "log", _OPEN),
        "aspect": Range(0.8, 1.2, "", "linear", _UNDISTORTED),
    },
)
SHARP: Final = Drawn(
    name="sharp",
    ranges={
        "count": Range(15, 40, "", "linear", _UNDISTORTED),
        "vertices": Range(3, 5, "", "linear", _UNDISTORTED),
        "size": Range(0.02, 0.15, "of min(n_x, n_y)", "log", _OPEN),
        "aspect": Range(0.5, 1.0, "", "linear", _OPEN),
    },
    choices={"polygon": Chance(0.5, "paper: otherwise an ellipse")},
)
GRAINS: Final = Drawn(
    name="grains",
    ranges={
        "count": Range(15, 175, "", "linear", _UNDISTORTED),
        "border": Range(0.5, 1.5, "of the grain's mean", "linear", _UNDISTORTED),
        "border_width": Range(1.0, 4.0, "px", "linear", _OPEN),
    },
    choices={"border": Chance(0.5, _UNDISTORTED)},
)
BANDS: Final = Drawn(
    name="bands",
    ranges={
        "count": Range(1, 20, "", "log", _OPEN),
        "width": Range(0.02, 0.2, "of min(n_x, n_y)", "log", _OPEN),
    },
)
BOXES: Final = Drawn(
    name="boxes",
    ranges={
        "count": Range(5, 30, "", "linear", _OPEN),
        "size": Range(0.02, 0.25, "of min(n_x, n_y)", "log", _OPEN),
        "aspect": Range(0.2, 1.0, "", "linear", _OPEN),
    },
)
CRACKS: Final = Drawn(
    name="cracks",
    ranges={
        "count": Range(1, 60, "", "log", "ours: published images show one to a web of them"),
        "width": Range(1.0, 5.0, "px", "log", _OPEN),
        "step": Range(0.02, 0.08, "of min(n_x, n_y)", "linear", _OPEN),
        "bend": Range(0.05, 0.4, "rad", "linear", _OPEN),
        "steps": Range(8, 39, "", "linear", _OPEN),
        "level": Range(0.2, 1.0, "of the brightest", "linear", _OPEN),
    },
)

#: Everything that is drawn for an undistorted image.
IMAGE_DRAWN: Final = (
    RADIAL, INVERSION, NONLINEARITY, BACKGROUND, CONTRAST,
    OBJECTS, SOFT, SHARP, GRAINS, BANDS, BOXES, CRACKS,
)  # fmt: skip
