"""Scenes: columns of a lattice with their thickness, changes, weights and undistorted image."""

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from stembench.arrays import Floats
from training.tuning.scene_lattice import SceneLattice
from training.tuning.scene_ranges import CHANGES, PROFILES, SURROUNDINGS, THICKNESS

#: Isolated shifts stay below this share of the shortest distance.
_FARTHEST: Final = 0.35
#: px beyond a Gaussian's centre, in its standard deviations, at which it is cut off.
_CUT: Final = 6.0


@dataclass(frozen=True, eq=False)
class SceneColumns:
    """Columns of a scene.

    Attributes
    ----------
    places : ndarray, shape (n, 2)
        Where they are, (x, y) in px.
    heights : ndarray, shape (n,)
    weights : ndarray, shape (n,)
        Of the pixels of their cells in the loss.
    """

    places: Floats
    heights: Floats
    weights: Floats


def column_image(columns: SceneColumns, lattice: SceneLattice, *, shape: tuple[int, int]) -> Floats:
    """Superimpose Gaussian columns at sub-pixel places; pixels hold values at their centres.

    Parameters
    ----------
    columns : SceneColumns
    lattice : SceneLattice
        Of it the columns' width and tail.
    shape : tuple of two int
        Rows and columns in px.

    Returns
    -------
    ndarray, shape `shape`
        In units of the heights.
    """
    image = np.zeros(shape)
    parts = [(1.0, lattice.width)]
    if lattice.tail:
        parts.append((lattice.tail, lattice.tail_width))
    for share, width in parts:
        across = _profile(columns.places[:, 0], width, size=shape[1])
        down = _profile(columns.places[:, 1], width, size=shape[0])
        image += (down * (share * columns.heights)[:, None]).T @ across
    return image


def _profile(centres: Floats, width: float, *, size: int) -> Floats:
    """Values (n, size) of Gaussians along one axis."""
    away = (np.arange(size) - centres[:, None]) / width
    return np.where(np.abs(away) < _CUT, np.exp(-(away**2) / 2), 0.0)


def draw_columns(
    rng: np.random.Generator,
    lattice: SceneLattice,
    *,
    shape: tuple[int, int],
    weights: tuple[float, float],
) -> tuple[SceneColumns, float]:
    """Draw thickness, defects and displacements of a lattice's columns.

    Parameters
    ----------
    rng : numpy.random.Generator
    lattice : SceneLattice
    shape : tuple of two int
        Of the extended image in px.
    weights : tuple of two float
        Of the cells of defects, and of isolated shifts.

    Returns
    -------
    columns : SceneColumns
        The highest about 1.
    atom : float
        Height of a column of one atom.
    """
    origin = rng.random(2) * np.abs(np.array(lattice.vectors)).max()
    places, strengths = lattice.columns(shape, origin=origin)
    thickest = THICKNESS.ranges["atoms"].draw(rng)
    gamma = THICKNESS.ranges["gamma"].draw(rng)
    atoms = np.round(thickest * _profile_of(rng, places, shape))
    atom = 1.0 / max(1.0, round(thickest)) ** gamma
    heights = strengths * atoms**gamma * atom
    plain = SceneColumns(places, heights, np.ones(len(places)))
    changed = _displaced(rng, _with_defects(rng, plain, weights[0]), lattice.nearest, weights[1])
    return _with_adatoms(rng, changed, shape, height=atom, weight=weights[0]), atom


def _profile_of(rng: np.random.Generator, places: Floats, shape: tuple[int, int]) -> Floats:
    """Thickness at places (n, 2) in units of the thickest, in [0, 1]."""
    names = tuple(PROFILES)
    kind = names[int(rng.choice(len(names), p=list(PROFILES.values())))]
    ranges = THICKNESS.ranges
    way = 2 * math.pi * rng.random()
    thin, terraces = ranges["wedge"].draw(rng), round(ranges["terraces"].draw(rng))
    radius, flatness = ranges["radius"].draw(rng), ranges["flatness"].draw(rng)
    centre = (0.5 + 0.3 * (rng.random(2) - 0.5)) * [shape[1], shape[0]]
    if kind == "flat":
        return np.ones(len(places))
    if kind == "particle":
        away = np.linalg.norm(places - centre, axis=1) / (radius * max(shape))
        return np.asarray(np.clip(1 - away**flatness, 0.0, 1.0) ** (1 / flatness))
    along = (places - [shape[1] / 2, shape[0] / 2]) @ [math.cos(way), math.sin(way)]
    rising = np.clip(0.5 + along / max(shape), 0.0, 1.0)
    if kind == "steps":
        rising = np.floor(rising * terraces) / max(1, terraces - 1)
    return np.asarray(np.clip(thin + (1 - thin) * rising, 0.0, 1.0))


def _with_defects(rng: np.random.Generator, columns: SceneColumns, weight: float) -> SceneColumns:
    """Vacancies, half and substituted columns, moderate changes, and rough heights."""
    ranges, choices = CHANGES.ranges, CHANGES.choices
    heights, weights = columns.heights.copy(), columns.weights.copy()
    if choices["roughness"].draw(rng):
        heights *= np.clip(1 + ranges["roughness"].draw(rng) * rng.standard_normal(len(heights)),
                           0.0, 2.0)  # fmt: skip
    count = len(heights)
    for kind in ("moderate", "substituted", "half", "vacancies"):
        if not choices[kind].draw(rng):
            continue
        some = rng.random(count) < ranges["share"].draw(rng)
        if kind == "moderate":
            sizes = ranges["moderate"].low + rng.random(count) * (
                ranges["moderate"].high - ranges["moderate"].low
            )
            factor = 1 + np.where(rng.random(count) < 0.5, -sizes, sizes)
        else:
            factor = np.full(
                count,
                {"half": 0.5, "vacancies": 0.0}.get(kind, ranges["substituted"].draw(rng)),
            )
        weights[some & (heights > 0)] = weight
        heights[some] *= factor[some]
    return replace(columns, heights=heights, weights=weights)


def _displaced(
    rng: np.random.Generator, columns: SceneColumns, nearest: float, weight: float
) -> SceneColumns:
    """Strain waves, disorder of all places, and columns moved alone."""
    ranges, choices = CHANGES.ranges, CHANGES.choices
    count = len(columns.heights)
    limit = _FARTHEST * nearest
    moved = np.zeros((count, 2))
    weights = columns.weights.copy()
    if choices["wave"].draw(rng):
        way, along, phase = 2 * math.pi * rng.random(3)
        size = min(ranges["wave"].draw(rng), limit / 2)
        place = columns.places @ [math.cos(along), math.sin(along)]
        wave = size * np.sin(2 * math.pi * place / ranges["period"].draw(rng) + phase)
        moved += wave[:, None] * [math.cos(way), math.sin(way)]
    if choices["everywhere"].draw(rng):
        size = min(ranges["everywhere"].draw(rng), limit / 2)
        moved += size * rng.standard_normal((count, 2))
    if choices["isolated"].draw(rng):
        some = rng.random(count) < ranges["isolated"].draw(rng)
        shift = ranges["shift"]
        sizes = np.minimum(shift.low * (shift.high / shift.low) ** rng.random(count), limit)
        ways = 2 * math.pi * rng.random(count)
        steps = sizes[:, None] * np.stack([np.cos(ways), np.sin(ways)], axis=1)
        moved[some] += steps[some]
        weights[some & (columns.heights > 0)] = weight
    return replace(columns, places=columns.places + moved, weights=weights)


def _with_adatoms(
    rng: np.random.Generator,
    columns: SceneColumns,
    shape: tuple[int, int],
    *,
    height: float,
    weight: float,
) -> SceneColumns:
    """Single atoms anywhere in the frame."""
    happens, count = (
        CHANGES.choices["adatoms"].draw(rng),
        round(CHANGES.ranges["adatoms"].draw(rng)),
    )
    if not happens:
        return columns
    places = rng.random((count, 2)) * [shape[1], shape[0]]
    return SceneColumns(
        np.concatenate([columns.places, places]),
        np.concatenate([columns.heights, np.full(count, height)]),
        np.concatenate([columns.weights, np.full(count, weight)]),
    )


def cell_weights(columns: SceneColumns, *, radius: float, shape: tuple[int, int]) -> Floats:
    """Weight of each pixel: the largest of the columns whose centre is within `radius` px."""
    image = np.ones(shape)
    reach = math.ceil(radius)
    for (x, y), weight in zip(columns.places, columns.weights, strict=True):
        if weight == 1.0:
            continue
        row, column = round(y), round(x)
        rows = slice(max(0, row - reach), max(0, row + reach + 1))
        some = slice(max(0, column - reach), max(0, column + reach + 1))
        part = image[rows, some]
        down = np.arange(rows.start, rows.start + part.shape[0])[:, None] - y
        across = np.arange(some.start, some.start + part.shape[1])[None] - x
        np.maximum(part, np.where(down**2 + across**2 <= radius**2, weight, 1.0), out=part)
    return image


def with_surroundings(rng: np.random.Generator, image: Floats) -> Floats:
    """Put columns on an even background or an amorphous support, or invert their contrast.

    Parameters
    ----------
    rng : numpy.random.Generator
    image : ndarray, shape (h, w)

    Returns
    -------
    ndarray, shape (h, w)
        Not negative, of maximum 1.
    """
    from scipy import ndimage

    ranges, choices = SURROUNDINGS.ranges, SURROUNDINGS.choices
    highest = max(float(image.max()), 1e-9)
    level, support = choices["level"].draw(rng), choices["support"].draw(rng)
    inverted = choices["inversion"].draw(rng)
    sizes = {name: ranges[name].draw(rng) for name in ranges}
    grain = rng.standard_normal(image.shape)
    if level:
        image = image + sizes["level"] * highest
    if support:
        smooth = ndimage.gaussian_filter(grain, sizes["grain"])
        image = image + sizes["support"] * highest * np.maximum(
            0.0, 1 + 0.5 * smooth / smooth.std()
        )
    if inverted:
        image = (1.0 + sizes["level"]) * float(image.max()) - image
    return np.asarray(image / max(float(image.max()), 1e-9), dtype=np.float64)
