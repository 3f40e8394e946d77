"""Pairs of a data set mixed with scenes of columns: for a network that learns in an hour."""

import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np

from noise import ScanNoise
from stembench.errors import InputError
from stembench.limits import require
from training.pairs.pair import Image, Pair
from training.recipes.lacking_pairs import LackingPairs, lack_named
from training.tuning.scene_pair import draw_noise, make_scene_pair, scene_generator

_MIXTURE: Final = zlib.crc32(b"mixture of pairs")
_JITTER: Final = zlib.crc32(b"jittered scenes")
_REGISTRATION: Final = zlib.crc32(b"registration of scenes")
#: Scenes of which one is taken, the first whose noise is more than counting: half of all scenes are
#: counted only, which no network needs so many images of to learn.
_CANDIDATES: Final = 2
_COUNTING_ALONE: Final = ScanNoise()


def require_scenes_of(modality: str, /) -> None:
    """Refuse a data set that scenes of columns cannot be mixed with.

    Raises
    ------
    InputError
    """
    if modality != "hrstem":
        raise InputError(
            f"scenes of columns are high-resolution STEM and cannot be mixed with pairs of "
            f"'{modality}'; set scenes to 0, or modality to 'hrstem'"
        )


@dataclass(frozen=True)
class MixedPairs(LackingPairs):
    """Pairs of which a share are scenes of columns, as faithful tuning draws them.

    Which ones are is a function of seed and index; the others are those that the plain sequence
    has at their place. Scenes are of high-resolution STEM.

    Attributes
    ----------
    scenes : float
        Share of the scenes, in [0, 1].
    registered : float
        Share of the scenes of which both images are moved by a part of a pixel by linear
        interpolation, as registration does; unless what they lack is interpolation.
    jittered : float
        Share of the scenes with jitter above all (`JITTERED`).
    """

    scenes: float = 0.0
    registered: float = 0.0
    jittered: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.scenes, "share of the scenes", low=0, high=1)
        require(self.registered, "share of the registered scenes", low=0, high=1)
        require(self.jittered, "share of the jittered scenes", low=0, high=1)
        require_scenes_of(self.modality)

    def is_scene(self, number: int) -> bool:
        """Whether pair `number`, counted from the first, is a scene of columns."""
        return bool(self._stream(_MIXTURE, number).random() < self.scenes)

    def is_jittered(self, number: int) -> bool:
        """Whether pair `number`, if it is a scene, is one with jitter above all."""
        return bool(self._stream(_JITTER, number).random() < self.jittered)

    def scene_index(self, number: int) -> int:
        """Index, among the scenes of the seed, of the one at `number`."""
        begin = (self.first + number) * _CANDIDATES
        if self.is_jittered(number):
            return begin
        for index in range(begin, begin + _CANDIDATES - 1):
            if draw_noise(scene_generator(self.seed, index, "noise")) != _COUNTING_ALONE:
                return index
        return begin + _CANDIDATES - 1

    def __getitem__(self, number: int) -> tuple[Image, Image]:
        """Distorted and undistorted image of pair `number`, counted from the first."""
        place = self._place(number)
        if not self.is_scene(place):
            return super().__getitem__(place)
        lack = self.lacks(place)
        scene = make_scene_pair(
            self.seed,
            self.scene_index(place),
            shape=self.shape,
            exclude=self.exclude,
            alter=lack_named(lack),
            jittered=self.is_jittered(place),
        )
        images = scene.distorted, scene.clean
        moved = self._moved_by(place)
        if moved is not None and lack != "interpolation":
            images = _registered(images[0], moved), _registered(images[1], moved)
        return self._placed(images[0]), self._placed(images[1])

    def _moved_by(self, place: int) -> tuple[float, float] | None:
        """Part of a pixel along y and x by which a scene is moved; None for most."""
        rng = self._stream(_REGISTRATION, place)
        if not rng.random() < self.registered:
            return None
        down, right = rng.uniform(-0.5, 0.5, 2)
        return float(down), float(right)

    def _stream(self, purpose: int, number: int) -> np.random.Generator:
        """Random generator of one purpose at pair `number`."""
        key = (purpose, self.first + number)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))

    def pair(self, number: int) -> Pair:
        """Pair `number` where it is one of the data set.

        Raises
        ------
        InputError
            If it is a scene, which has no specimen of atoms.
        """
        place = self._place(number)
        if self.is_scene(place):
            raise InputError(
                f"pair {place} is a scene of columns and no specimen; take its images, or a "
                "sequence without scenes"
            )
        return super().pair(place)


def _registered(image: Image, moved: tuple[float, float], /) -> Image:
    """Move an image by a part of a pixel by linear interpolation, mirrored at its edges."""
    from scipy.ndimage import shift

    found: Image = shift(image, moved, order=1, mode="mirror")
    return found
