"""Pairs of scenes with a weight for each pixel: a function of seed and index."""

import zlib
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from noise import (
    STUDY_SCAN,
    Chain,
    FastScan,
    Jitter,
    PostProcessing,
    ScanNoise,
    distort,
    electrons_per_pixel,
)
from stembench.limits import require
from training.pairs.modalities import correlation_distance
from training.pairs.pair import Alteration, Image
from training.specimens.held_out.exclusion import Exclusion
from training.specimens.simulation_box import Box
from training.tuning.judged_lattices import exclusion_of_tuning
from training.tuning.scene_columns import (
    cell_weights,
    column_image,
    draw_columns,
    with_surroundings,
)
from training.tuning.scene_lattice import SceneLattice
from training.tuning.scene_ranges import JITTERED, LATTICE, RECORDING

_TUNING: Final = zlib.crc32(b"tuning")


@dataclass(frozen=True, eq=False)
class ScenePair:
    """A distorted image, what it should be restored to, and how much each pixel counts.

    Attributes
    ----------
    distorted, clean : ndarray of float32, shape (h, w)
        Electrons per pixel, and their expectation.
    weights : ndarray of float32, shape (h, w)
        1, and more on the cells of defects and of columns that moved alone.
    lattice : SceneLattice
    noise : Chain
    electrons : float
        Expected electrons per pixel on average.
    """

    distorted: Image
    clean: Image
    weights: Image
    lattice: SceneLattice
    noise: Chain
    electrons: float


def scene_generator(seed: int, index: int, purpose: str) -> np.random.Generator:
    """Random generator of one purpose within one pair of scenes."""
    key = (_TUNING, index, zlib.crc32(purpose.encode()))
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def make_scene_pair(
    seed: int,
    index: int,
    *,
    shape: tuple[int, int] = (128, 128),
    exclude: Exclusion | None = None,
    alter: Alteration | None = None,
    jittered: bool = False,
) -> ScenePair:
    """Make a pair of a scene of columns with defects and displacements.

    Parameters
    ----------
    seed : int
        Of the whole set of pairs, >= 0.
    index : int
        Number of the pair, >= 0.
    shape : tuple of two int
        Rows and columns in px, at least 16.
    exclude : Exclusion, optional
        Distances that no lattice has: by default those of the benchmark's cases and of the
        lattices on which a tuning is validated.
    alter : callable, optional
        Takes the noise that was drawn, and no post-processing, and returns that of the pair.
    jittered : bool
        Whether the scene is recorded by the studies' stages, jitter along both axes above all
        (`JITTERED`), instead of by noise of all kinds.

    Returns
    -------
    ScenePair

    Raises
    ------
    InputError
        If seed or index are negative, or the shape is smaller than 16 px.
    """
    require(seed, "seed", low=0)
    require(index, "index of a pair", low=0)
    require(min(shape), "side of a pair's images", low=16, unit="px")

    def stream(purpose: str) -> np.random.Generator:
        return scene_generator(seed, index, purpose)

    left_out = exclusion_of_tuning() if exclude is None else exclude
    lattice = SceneLattice.sample(stream("lattice"), exclude=left_out)
    recording = stream("recording")
    ranges = RECORDING.ranges
    electrons = (JITTERED if jittered else RECORDING).ranges["electrons"].draw(recording)
    weights = ranges["defect_weight"].draw(recording), ranges["shift_weight"].draw(recording)
    sampling = LATTICE.ranges["sampling"].draw(recording)
    drawn = stream("noise")
    noise: Chain = _jittered_noise(drawn, sampling) if jittered else draw_noise(drawn)
    if alter is not None:
        noise, _ = alter(noise, PostProcessing())
    box = Box(shape, sampling, correlation_distance(noise))
    columns, _ = draw_columns(stream("columns"), lattice, shape=box.extended, weights=weights)
    image = column_image(columns, lattice, shape=box.extended)
    image = with_surroundings(stream("surroundings"), image)
    counted = cell_weights(columns, radius=lattice.nearest / 2, shape=box.extended)
    margin = box.margin
    frame = (slice(margin, margin + shape[0]), slice(margin, margin + shape[1]))
    # A frame beside a particle is all vacuum: the dose is that of the image it belongs to.
    dose = electrons / (max(float(image[frame].mean()), 0.01) * sampling**2)
    distorted = distort(
        image, [stream("distortion")], dose=dose, sampling=sampling, noise=noise, margin=margin,
        counting="tables",
    )[0]  # fmt: skip
    clean = image[frame] * electrons_per_pixel(dose, sampling)
    return ScenePair(
        distorted.astype(np.float32), clean.astype(np.float32),
        counted[frame].astype(np.float32), lattice, noise, electrons,
    )  # fmt: skip


def draw_noise(rng: np.random.Generator) -> ScanNoise:
    """Draw counting alone, the studies' stages with other numbers, or the whole chain."""
    alone, study = (RECORDING.choices[name].draw(rng) for name in ("poisson", "study"))
    if alone:
        return ScanNoise()
    whole = ScanNoise.sample(rng)
    if not study:
        return whole
    jitter = Jitter.sample(rng)
    sizes = [RECORDING.ranges["jitter"].draw(rng) for _ in range(2)]
    return replace(
        STUDY_SCAN,
        jitter=replace(
            jitter,
            sigma_x=sizes[0] if jitter.sigma_x else 0.0,
            sigma_y=sizes[1] if jitter.sigma_y else 0.0,
        ),
        fast_scan=FastScan.at_dwell(RECORDING.ranges["dwell"].draw(rng)),
    )


def _jittered_noise(rng: np.random.Generator, sampling: float) -> ScanNoise:
    """Draw the studies' stages with jitter along both axes, of a size in px."""
    size_x, size_y = (sampling * JITTERED.ranges["jitter"].draw(rng) for _ in range(2))
    phi_x, phi_y = (JITTERED.ranges["phi"].draw(rng) for _ in range(2))
    return replace(
        STUDY_SCAN,
        jitter=Jitter(sigma_x=size_x, sigma_y=size_y, phi_x=phi_x, phi_y=phi_y),
        fast_scan=FastScan.at_dwell(RECORDING.ranges["dwell"].draw(rng)),
    )
