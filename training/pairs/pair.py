"""One pair of a distorted and an undistorted image: a function of seed and index."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from noise import Chain, PostProcessing, distort, draw_counts, electrons_per_pixel, post_process
from stembench.arrays import Floats
from stembench.limits import require
from training.images.image_contrast import Contrast
from training.images.low_resolution.low_resolution_image import draw_kinds, low_resolution_image
from training.images.radial_functions import RadialFunctions
from training.images.superposition import atomic_image
from training.pairs.modalities import PAIR, Modality, correlation_distance
from training.specimens.held_out.exclusion import Exclusion, exclusion_of_cases
from training.specimens.random_specimen import Specimen, draw_specimen
from training.specimens.simulation_box import Box
from training.specimens.specimen_ranges import BOX

_TRAINING: Final = zlib.crc32(b"training")
#: Sides that the images of a pair may have, px; a specimen for larger ones takes all memory.
SMALLEST: Final = 16
LARGEST: Final = 8192

Image = NDArray[np.float32]
Alteration = Callable[[Chain, PostProcessing], tuple[Chain, PostProcessing]]
"""What makes other noise and post-processing of those that were drawn."""


@dataclass(frozen=True, eq=False)
class Pair:
    """A distorted image, what it should be restored to, and what they show.

    Attributes
    ----------
    distorted, clean : ndarray of float32, shape (h, w)
        Electrons per pixel, and their expectation, both post-processed alike.
    kind : str
        'crystal', 'amorphous' or 'points', or the kinds of objects at low resolution.
    sampling : float
        Pixel size in Å/px of these images: a transform of the post-processing magnifies.
    electrons : float
        Expected electrons per pixel on average, as recorded, before post-processing.
    noise : Chain
    post : PostProcessing
    """

    distorted: Image
    clean: Image
    kind: str
    sampling: float
    electrons: float
    noise: Chain
    post: PostProcessing


def generator(seed: int, index: int, *, modality: str, purpose: str) -> np.random.Generator:
    """Random generator of one purpose within one pair.

    It depends on the arguments alone: what is drawn for one purpose never changes another.
    """
    key = (_TRAINING, zlib.crc32(modality.encode()), index, zlib.crc32(purpose.encode()))
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def make_pair(
    seed: int,
    index: int,
    *,
    modality: Modality,
    shape: tuple[int, int] = (256, 256),
    exclude: Exclusion | None = None,
    alter: Alteration | None = None,
) -> Pair:
    """Make a pair, the same whatever was made before it, in whichever process.

    Parameters
    ----------
    seed : int
        Of the whole set of pairs, >= 0.
    index : int
        Number of the pair, >= 0.
    modality : Modality
    shape : tuple of two int
        Rows and columns in px.
    exclude : Exclusion, optional
        Elements and lattices that no specimen has; by default those of the benchmark's cases.
    alter : callable, optional
        Takes the noise and post-processing that were drawn and returns those of the pair.

    Returns
    -------
    Pair

    Raises
    ------
    InputError
        If seed or index are negative, or a side is below `SMALLEST` or above `LARGEST`.
    """
    drawn = draw_pair(seed, index, modality=modality, shape=shape, exclude=exclude, alter=alter)

    def stream(purpose: str) -> np.random.Generator:
        return generator(seed, index, modality=modality.name, purpose=purpose)

    box = drawn.box
    if drawn.specimen is not None:
        kind = drawn.specimen.kind
        atoms = drawn.specimen.atoms(stream("atoms"), box)
        elements = [int(number) for number in np.unique(atoms.numbers)]
        functions = RadialFunctions.sample(stream("functions"), elements)
        plain = atomic_image(atoms, box, functions)
    else:
        kind = " ".join(drawn.kinds)
        plain = low_resolution_image(stream("objects"), box.extended, kinds=drawn.kinds)
    image = Contrast.sample(stream("contrast")).applied(plain)
    return _distorted(
        image, box, drawn.noise, kind=kind, electrons=draw_counts(stream("electrons")),
        post=drawn.post, rng=stream("distortion"),
    )  # fmt: skip


@dataclass(frozen=True)
class PairDescription:
    """What a pair shows, before an atom is placed or a pixel is made.

    Attributes
    ----------
    box : Box
    noise : Chain
    post : PostProcessing
    specimen : Specimen or None
        None for objects at low resolution.
    kinds : tuple of str
        Kinds of such objects.
    """

    box: Box
    noise: Chain
    post: PostProcessing
    specimen: Specimen | None = None
    kinds: tuple[str, ...] = ()

    @property
    def pixel(self) -> float:
        """Pixel size in Å/px of the images."""
        return self.box.sampling / _magnification(self.post)


def require_shape(shape: tuple[int, int], /) -> None:
    """Refuse a size of images that pairs cannot have.

    Raises
    ------
    InputError
    """
    for side in shape:
        require(side, "side of a pair's images", low=SMALLEST, high=LARGEST, unit="px")


def draw_pair(
    seed: int,
    index: int,
    *,
    modality: Modality,
    shape: tuple[int, int] = (256, 256),
    exclude: Exclusion | None = None,
    alter: Alteration | None = None,
) -> PairDescription:
    """Draw what pair `index` shows; arguments and errors are those of `make_pair`."""
    require(seed, "seed", low=0)
    require(index, "index of a pair", low=0)
    require_shape(shape)

    def stream(purpose: str) -> np.random.Generator:
        return generator(seed, index, modality=modality.name, purpose=purpose)

    noise, post = modality.noise(stream("noise")), PostProcessing.sample(stream("post"))
    if alter is not None:
        noise, post = alter(noise, post)
    sampling = BOX.ranges["sampling"].draw(stream("sampling"))
    box = Box(shape, sampling, correlation_distance(noise))
    kind_stream = stream("kind")
    atoms_at_all = PAIR.choices["atoms"].draw(kind_stream)
    if not modality.high_resolution and not atoms_at_all:
        return PairDescription(box, noise, post, kinds=tuple(draw_kinds(kind_stream)))
    specimen = draw_specimen(
        stream("specimen"),
        box,
        magnification=_magnification(post),
        exclude=exclusion_of_cases() if exclude is None else exclude,
    )
    return PairDescription(box, noise, post, specimen)


def _magnification(post: PostProcessing) -> float:
    return post.transform.scale if post.transform else 1.0


def _distorted(
    image: Floats,
    box: Box,
    noise: Chain,
    *,
    kind: str,
    electrons: float,
    post: PostProcessing,
    rng: np.random.Generator,
) -> Pair:
    """Distort an undistorted image of maximum 1 and the extended shape of its box."""
    margin = box.margin
    height, width = image.shape
    frame = (slice(margin, height - margin), slice(margin, width - margin))
    dose = electrons / (float(image[frame].mean()) * box.sampling**2)
    distorted = distort(
        image,
        [rng],
        dose=dose,
        sampling=box.sampling,
        noise=noise,
        margin=margin,
        counting="tables",
    )[0]
    clean = noise.ground_truth(image)[frame] * electrons_per_pixel(dose, box.sampling)
    x, y = post_process(distorted, clean, post=post)
    sampling = box.sampling / _magnification(post)
    return Pair(x.astype(np.float32), y.astype(np.float32), kind, sampling, electrons, noise, post)
