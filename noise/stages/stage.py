"""Declaration of a noise stage: what chains, captions, figures and documents need of it.

A file of this room names its stages in ``STAGES``, in the order in which they happen; a chain
(`noise.scan`, `noise.tem`) names the files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

import numpy as np

from noise.ranges import Drawn
from stembench.arrays import Floats

Settings = TypeVar("Settings")
#: Samplers of Poisson counts.
Counting = Literal["numpy", "tables"]
SettingsIn = TypeVar("SettingsIn", contravariant=True)


class ImageCache:
    """Results that depend on an image alone, kept as long as the same image comes again.

    A batch of realizations of one clean image then computes them once.
    """

    def __init__(self) -> None:
        self._last: dict[Callable[[Floats], Floats], tuple[Floats, Floats]] = {}

    def __call__(self, function: Callable[[Floats], Floats], image: Floats) -> Floats:
        """Return ``function(image)``; `image` is known again by its identity."""
        last = self._last.get(function)
        if last is None or last[0] is not image:
            last = self._last[function] = (image, function(image))
        return last[1]


@dataclass(frozen=True)
class Context:
    """What a stage is told beside the image and its settings.

    Attributes
    ----------
    streams : mapping of str to numpy.random.Generator
        Random stream of each name in `Stage.streams`.
    scale : float
        Expected electrons per pixel at unit beam fraction, the α of equation (45).
    sampling : float
        Pixel size in Å/px.
    peak : float
        Largest expected count of the clean image in electrons per pixel.
    margin : int
        Pixels on each side that are cut off in the end: the frame's lines start behind them.
    once : ImageCache
        Calls a function of the image alone, or gives what the same call returned before.
    counting : {'numpy', 'tables'}
        Sampler of Poisson counts (see `noise.stages.electron_counting`).
    """

    streams: Mapping[str, np.random.Generator]
    scale: float
    sampling: float
    peak: float
    margin: int = 0
    once: ImageCache = field(default_factory=ImageCache)
    counting: Counting = "numpy"


class Apply(Protocol[SettingsIn]):
    """Function that applies a stage to one image."""

    def __call__(self, image: Floats, settings: SettingsIn, context: Context, /) -> Floats:
        """Return a new image (h, w), or `image` itself unchanged; never write into it."""


@dataclass(frozen=True)
class Example(Generic[Settings]):
    """A stage alone at a strength that the eye can see: one panel of a figure.

    Attributes
    ----------
    label : str
        Name of the distortion and the paper's equation.
    strength : str
        The settings in words.
    settings : object
    """

    label: str
    strength: str
    settings: Settings


@dataclass(frozen=True)
class Axis(Generic[Settings]):
    """Strengths of a stage that a benchmark steps through, the rest of its chain as it is.

    Attributes
    ----------
    name : str
        Unique among the axes, one word for file names and tables.
    quantity : str
        What is varied, for the label of an axis.
    unit : str
    settings : mapping of float to object or None
        Settings of the stage by value, in the order of a table; None leaves the stage out.
    """

    name: str
    quantity: str
    unit: str
    settings: Mapping[float, Settings | None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Stage(Drawn, Generic[Settings]):
    """One stage of a noise chain.

    The image is a fraction of the incident beam before counting and holds electrons per pixel
    after it. `Drawn` adds the name and the ranges and probabilities of random chains.

    Attributes
    ----------
    settings : type
        Frozen dataclass of the parameters; NoneType for a stage without any, which always happens.
    apply : callable
        See `Apply`.
    summary, equations : str
        What the stage does, and the paper's equations, for docs/noise.md.
    streams : tuple of str
        Names of the random streams that it draws from.
    sample : callable or None
        Draws settings over the ranges; None for a stage without settings.
    typical : object or None
        Settings of the presets that hold every stage; a stage with none, and without `sample`,
        stands in no preset and in no random chain.
    symbols : mapping of str to tuple of two str
        Parameter to what stands before and after its number in a caption.
    examples : tuple of Example
        Panels of the figures that show each distortion alone.
    excluded : tuple of str
        Modalities whose random chains leave the stage out.
    of_truth : bool
        Whether the stage belongs to the ground truth too: it draws nothing and comes first.
    of_scan : bool
        Whether its draws are those of the scan: one realization has them alike at every dose.
    variant_of : str
        Stage that this one stands in for: no chain has both. Empty for a stage of its own.
    axis : Axis or None
        Strengths that a benchmark steps through.
    """

    settings: type[Settings]
    apply: Apply[Settings]
    summary: str
    equations: str
    streams: tuple[str, ...] = ()
    sample: Callable[[np.random.Generator], Settings] | None = None
    typical: Settings | None = None
    symbols: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    examples: tuple[Example[Settings], ...] = ()
    excluded: tuple[str, ...] = ()
    of_truth: bool = False
    of_scan: bool = False
    variant_of: str = ""
    axis: Axis[Settings] | None = None

    @property
    def optional(self) -> bool:
        """Whether a chain may leave the stage out, which is so if it has settings."""
        return self.settings is not type(None)


#: A stage of whatever settings.
AnyStage = Stage[Any]
