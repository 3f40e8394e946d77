"""Post-processing of a pair of images before restoration, as users do it.

The paper's section 'Post-processing distortions' says what meets which image of a training pair:
interpolation, annotations and cropping meet both alike, since restoration shall keep them;
blurring meets the distorted image alone, since restoration shall undo it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from noise.post_processing.annotations import ANNOTATIONS_DRAWN, Annotation, annotate
from noise.post_processing.crop import CROP_DRAWN, Crop, cut
from noise.post_processing.linear_transform import TRANSFORM_DRAWN, LinearTransform, transform
from noise.ranges import Chance, Drawn, Range
from stembench.arrays import Floats
from stembench.describe import from_dict
from stembench.errors import InputError
from stembench.limits import require

_BLUR: Final = Drawn(
    name="blur",
    chance=Chance(0.25, "column autocorrelation in a quarter of the published pairs"),
    ranges={"sigma": Range(0.0, 1.0, "px", "linear", "paper, Post-processing distortions")},
)

#: What random post-processing draws, in the order in which it draws whether each step happens.
STEPS: Final = (TRANSFORM_DRAWN, _BLUR, CROP_DRAWN, ANNOTATIONS_DRAWN)


@dataclass(frozen=True)
class PostProcessing:
    """Post-processing in the order in which it happens; None, 0 or () leaves a step out.

    Positions and sizes are fractions of the image, so that one description fits any size.

    Attributes
    ----------
    transform : LinearTransform or None
        Of both images.
    blur : float
        Standard deviation of the Gaussian filter of the distorted image alone, in px, >= 0.
    crop : Crop or None
        Of both images.
    annotations : tuple of Annotation
        In both images.
    """

    transform: LinearTransform | None = None
    blur: float = 0.0
    crop: Crop | None = None
    annotations: tuple[Annotation, ...] = ()

    def __post_init__(self) -> None:
        require(self.blur, "blur", low=0, unit="px")

    def as_dict(self) -> dict[str, Any]:
        """Return the parameters as nested plain types, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "PostProcessing":
        """Build what `as_dict` described; unknown names are refused (InputError)."""
        return from_dict(cls, values)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "PostProcessing":
        """Draw random post-processing over the ranges and probabilities of `STEPS`."""
        happens = {step.name: step.chance is None or step.chance.draw(rng) for step in STEPS}
        linear, blur = LinearTransform.sample(rng), _BLUR.ranges["sigma"].draw(rng)
        rectangle = Crop.sample(rng)
        marks = tuple(Annotation.sample(rng) for _ in range(int(rng.integers(1, 4))))
        return cls(
            transform=linear if happens["transform"] else None,
            blur=blur if happens["blur"] else 0.0,
            crop=rectangle if happens["crop"] else None,
            annotations=marks if happens["annotations"] else (),
        )


def post_process(
    distorted: npt.ArrayLike, clean: npt.ArrayLike, *, post: PostProcessing
) -> tuple[Floats, Floats]:
    """Post-process a pair, or a batch of pairs alike.

    Parameters
    ----------
    distorted, clean : array_like, shape (h, w) or (n, h, w), the same for both
        In one unit, for instance electrons per pixel.
    post : PostProcessing

    Returns
    -------
    tuple of two ndarray
        Distorted and clean images. Fill and ink values come from each clean image.

    Raises
    ------
    InputError
        If the shapes differ.
    """
    x, y = (np.array(image, dtype=np.float64) for image in (distorted, clean))
    if x.shape != y.shape or x.ndim not in (2, 3):
        raise InputError(
            f"distorted and clean images must share a shape (h, w) or (n, h, w), not {x.shape}"
            f" and {y.shape}"
        )
    if post.transform is not None:
        x, y = transform(x, post.transform), transform(y, post.transform)
    if post.blur > 0:
        x = ndimage.gaussian_filter(x, post.blur, axes=(-2, -1), mode="mirror")
    shape = x.shape
    stacks = x.reshape(-1, *shape[-2:]), y.reshape(-1, *shape[-2:])
    for k, truth in enumerate(stacks[1].copy()):
        low, high = float(truth.min()), float(truth.max())
        for stack in stacks:
            image = stack[k]
            if post.crop is not None:
                image = cut(image, truth, crop=post.crop)
            for mark in post.annotations:
                image = annotate(image, mark, low=low, high=high)
            stack[k] = image
    return stacks[0].reshape(shape), stacks[1].reshape(shape)
