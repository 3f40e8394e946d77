"""Noise chains: stages applied one after another to a batch of images.

A chain is a frozen dataclass with one field per stage, built from the files that its class names:
see `noise.scan` and `noise.tem`.
"""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Self, get_args

import numpy as np
import numpy.typing as npt

from noise.clean import checked_images
from noise.dose import electrons_per_pixel
from noise.seeds import side_generator, streams_of
from noise.stages.stage import AnyStage, Context, Counting, ImageCache
from stembench.arrays import Floats
from stembench.describe import from_dict
from stembench.errors import InputError

if TYPE_CHECKING:
    from dataclasses import Field


class Chain:
    """Stages with their settings; None leaves a stage out.

    A subclass states its stages as ``class ScanNoise(Chain, files=..., first=..., modalities=...)``
    and becomes a frozen dataclass whose fields are the stages that can be left out.

    Attributes
    ----------
    stages : tuple of Stage
        All stages in the order in which they happen.
    names : tuple of str
        Names of those that can be left out, which are the fields.
    """

    stages: ClassVar[tuple[AnyStage, ...]] = ()
    names: ClassVar[tuple[str, ...]] = ()
    _first: ClassVar[tuple[AnyStage, ...]] = ()
    _later: ClassVar[tuple[AnyStage, ...]] = ()
    _modalities: ClassVar[tuple[str, ...]] = ()

    if TYPE_CHECKING:  # what `dataclass` gives to each subclass
        __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

        def __init__(self, **settings: Any) -> None: ...

        def __getattr__(self, name: str) -> Any: ...

    def __init_subclass__(
        cls, *, files: Sequence[str], first: Sequence[str], modalities: Sequence[str]
    ) -> None:
        """Build the chain from its stages.

        Parameters
        ----------
        files : sequence of str
            Files of `noise.stages` in the order in which their stages happen, 'camera.mtf' for
            one in a folder.
        first : sequence of str
            Stages of the first version, in the order of their random streams and draws. They
            spawn numbered streams; those of a stage that came later are keyed by its name.
        modalities : sequence of str
            What `sample` can draw chains for, the usual one first.

        Raises
        ------
        ValueError
            If the stages do not make a chain; the message says why.
        """
        super().__init_subclass__()
        cls.stages = _loaded(files)
        by_name = {stage.name: stage for stage in cls.stages}
        _check_order(cls.stages, first=first)
        cls._first = tuple(by_name[name] for name in first)
        cls._later = tuple(stage for stage in cls.stages if stage.name not in first)
        cls._modalities = tuple(modalities)
        fields = {name: stage for name, stage in by_name.items() if stage.optional}
        reserved = sorted(name for name in fields if hasattr(cls, name))
        if reserved:
            raise ValueError(
                f"a stage cannot be named {', '.join(reserved)}: a chain uses the name"
            )
        cls.names = tuple(fields)
        cls.__annotations__ = {name: stage.settings | None for name, stage in fields.items()}
        for name in fields:
            setattr(cls, name, None)
        dataclass(frozen=True, kw_only=True)(cls)
        # `__new__` would hide the fields from help and completion.
        setattr(cls, "__signature__", _signature(cls))  # noqa: B010

    def __new__(cls, **settings: Any) -> Self:
        """Refuse stages that the chain does not have (InputError)."""
        unknown = [name for name in settings if name not in cls.names]
        if unknown:
            raise InputError(
                f"{cls.__name__} has no stage {', '.join(unknown)}; stages: {', '.join(cls.names)}"
            )
        return super().__new__(cls)

    def __post_init__(self) -> None:
        """Refuse settings of another stage, and a stage beside its variant (InputError)."""
        for stage, settings in self._present():
            if stage.variant_of and getattr(self, stage.variant_of) is not None:
                raise InputError(
                    f"stage {stage.name} stands in for {stage.variant_of}: leave one of them out"
                )
            if not isinstance(settings, stage.settings):
                raise InputError(
                    f"stage {stage.name} of {type(self).__name__} takes a"
                    f" {stage.settings.__name__} or None, not {settings!r}"
                )

    def _present(self) -> Iterable[tuple[AnyStage, Any]]:
        """Stages that happen, with their settings."""
        for stage in self.stages:
            settings = getattr(self, stage.name) if stage.optional else None
            if settings is not None or not stage.optional:
                yield stage, settings

    def as_dict(self) -> dict[str, Any]:
        """Return the parameters as nested plain types, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build the chain that `as_dict` described; unknown names are refused (InputError)."""
        return from_dict(cls, values)

    def without(self, *stages: str) -> Self:
        """Return the chain with the named stages left out.

        The draws of the other stages stay as they are.

        Parameters
        ----------
        *stages : str
            From `names`.

        Raises
        ------
        InputError
            If a name is unknown.
        """
        unknown = [stage for stage in stages if stage not in self.names]
        if unknown:
            raise InputError(
                f"there is no stage {', '.join(unknown)} to leave out; stages:"
                f" {', '.join(self.names)}"
            )
        return replace(self, **dict.fromkeys(stages))

    @classmethod
    def sample(cls, rng: np.random.Generator, *, modality: str = "") -> Self:
        """Draw a random chain over the ranges and probabilities that the stages declare.

        Parameters
        ----------
        rng : numpy.random.Generator
        modality : str
            'stem' or 'sem' for S(T)EM, 'tem' for TEM; the first of these if empty. SEM images get
            no black pixels: dark spots there are pores of the specimen.

        Raises
        ------
        InputError
            If the chain is not one of that modality.
        """
        modality = modality or cls._modalities[0]
        if modality not in cls._modalities:
            raise InputError(
                f"{cls.__name__} has no modality {modality!r}; modalities:"
                f" {', '.join(cls._modalities)}"
            )
        drawn = _drawn(cls._first, rng)
        for stage in cls._later:
            drawn |= _drawn((stage,), side_generator(rng, stage.name))
        excluded = {stage.name for stage in cls.stages if modality in stage.excluded}
        return cls(**{name: None if name in excluded else drawn[name] for name in cls.names})

    @classmethod
    def symbols(cls) -> dict[str, Mapping[str, tuple[str, str]]]:
        """Return what stands before and after each number in a caption, by stage and parameter."""
        return {stage.name: stage.symbols for stage in cls.stages if stage.optional}

    @classmethod
    def streams(
        cls, generator: np.random.Generator, *, scan: np.random.Generator | None = None
    ) -> dict[str, np.random.Generator]:
        """Random streams of one realization by their names, some for each stage that draws.

        Parameters
        ----------
        generator : numpy.random.Generator
            Of the realization.
        scan : numpy.random.Generator, optional
            Of the stages whose draws are those of the scan; `generator` by default.
        """
        numbered, named = (
            [stream for stage in stages for stream in stage.streams]
            for stages in (cls._first, cls._later)
        )
        streams = streams_of(generator, numbered, named=named)
        if scan is None:
            return streams
        own = {stream for stage in cls.stages if stage.of_scan for stream in stage.streams}
        of_scan = streams_of(scan, numbered, named=named)
        return {name: of_scan[name] if name in own else rng for name, rng in streams.items()}

    def ground_truth(self, images: npt.ArrayLike) -> Floats:
        """Clean images as the chain's ground truth: what a restored image is held against.

        A TEM camera's blur, equation (27), belongs to it; an S(T)EM chain leaves them as they are.

        Parameters
        ----------
        images : array_like, shape (..., h, w)
            Clean images as fractions of the incident beam.

        Returns
        -------
        ndarray, shape (..., h, w)
            A new array.
        """
        out = np.array(images, dtype=np.float64)
        flat = out.reshape(-1, *out.shape[-2:])
        for image in flat:
            image[:] = self._true(image)
        return flat.reshape(out.shape)

    def _true(self, image: Floats) -> Floats:
        nothing = Context(streams={}, scale=1.0, sampling=1.0, peak=0.0)
        for stage, settings in self._present():
            if stage.of_truth:
                image = stage.apply(image, settings, nothing)
        return image


def distort(
    images: npt.ArrayLike,
    generators: Sequence[np.random.Generator],
    *,
    dose: float,
    sampling: float,
    noise: Chain,
    margin: int = 0,
    dtype: npt.DTypeLike = np.float64,
    scans: Sequence[np.random.Generator] | None = None,
    counting: Counting = "numpy",
) -> Floats:
    """Apply a noise chain to clean images, one generator per realization.

    Parameters
    ----------
    images : array_like, shape (h + 2 margin, w + 2 margin) or (n, h + 2 margin, w + 2 margin)
        Clean images as fractions of the incident beam, not yet blurred by a camera. One image
        alone is distorted n times.
    generators : sequence of n numpy.random.Generator
        One per realization; a realization depends on its own generator alone.
    dose : float
        Mean electron dose in e/Å².
    sampling : float
        Pixel size in Å/px.
    noise : ScanNoise or TemNoise
    margin : int
        Pixels on each side that serve as context for displaced and trailing scan lines and for a
        camera's blur and are cut off the result, so that the frame's edges are as real as its
        middle.
    dtype : dtype
        Of the result, float64 or float32: half the memory for training batches. The chain itself
        counts in float64; float32 holds counts exactly up to 16 777 216.
    scans : sequence of n numpy.random.Generator, optional
        One per realization for the displacement of scan lines, such as `scan_generator`, which
        gives it alike at every dose; that of `generators` by default.
    counting : {'numpy', 'tables'}
        Sampler of the Poisson counts. Both are exact; 'tables' is faster, for training, and draws
        other numbers. The benchmark's cases keep 'numpy'.

    Returns
    -------
    ndarray, shape (n, h, w)
        Distorted images in electrons per pixel (equation (46) times α). Beside this array,
        memory is needed for one image only.

    Raises
    ------
    InputError
        If the images are not finite, negative or of the wrong shape, dose or sampling are not
        positive, there is not one scan per realization, or the sampler is unknown.
    """
    if counting not in get_args(Counting):
        raise InputError(f"counting must be numpy or tables, not {counting!r}")
    clean = checked_images(images, count=len(generators), margin=margin)
    if scans is not None and len(scans) != len(generators):
        raise InputError(f"{len(generators)} realizations need as many scans, not {len(scans)}")
    scale = electrons_per_pixel(dose, sampling)
    random_stages = [pair for pair in noise._present() if not pair[0].of_truth]
    once = ImageCache()
    height, width = clean.shape[1:]
    out = np.empty((len(generators), height - 2 * margin, width - 2 * margin), dtype=dtype)
    for k, generator in enumerate(generators):
        if k < len(clean):  # else the one image serves all
            truth = noise._true(clean[k])
            peak = scale * float(truth.max())
        image = truth
        streams = noise.streams(generator, scan=None if scans is None else scans[k])
        context = Context(streams, scale, sampling, peak, margin, once, counting)
        for stage, settings in random_stages:
            image = stage.apply(image, settings, context)
        out[k] = image[margin : height - margin, margin : width - margin]
    return out


def _loaded(files: Iterable[str]) -> tuple[AnyStage, ...]:
    """Stages of the files of `noise.stages`, in order."""
    return tuple(
        stage for file in files for stage in import_module(f"{__package__}.stages.{file}").STAGES
    )


def _check_order(stages: Sequence[AnyStage], *, first: Sequence[str]) -> None:
    """Raise ValueError unless names are unique, all of `first` is there and truth comes first.

    A variant stands in for a stage of the chain.
    """
    names = [stage.name for stage in stages]
    streams = [stream for stage in stages for stream in stage.streams]
    for kind, listed in (("stage", names), ("random stream", streams)):
        twice = sorted({name for name in listed if listed.count(name) > 1})
        if twice:
            raise ValueError(f"two of a chain's {kind}s are named {', '.join(twice)}")
    absent = [name for name in first if name not in names]
    if absent:
        raise ValueError(f"a chain cannot lose its stages {', '.join(absent)}")
    strange = [stage.name for stage in stages if stage.variant_of not in ("", *names)]
    if strange:
        raise ValueError(f"a chain does not have what {', '.join(strange)} would stand in for")
    if [stage.of_truth for stage in stages] != sorted((s.of_truth for s in stages), reverse=True):
        raise ValueError("stages of the ground truth come before all others")


def _drawn(stages: Sequence[AnyStage], rng: np.random.Generator) -> dict[str, Any]:
    """Random settings of each stage that has any; None where it does not happen."""
    optional = [stage for stage in stages if stage.optional]
    happens = [stage.chance is None or stage.chance.draw(rng) for stage in optional]
    # All are drawn, so that what happens does not change what is drawn for the others.
    drawn = [stage.sample(rng) if stage.sample else stage.typical for stage in optional]
    return {
        stage.name: settings if happening else None
        for stage, settings, happening in zip(optional, drawn, happens, strict=True)
    }


def _signature(chain: type[Chain]) -> inspect.Signature:
    """Keywords that a chain takes, for help and completion."""
    return inspect.Signature(
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
            for name in chain.names
        ]
    )
