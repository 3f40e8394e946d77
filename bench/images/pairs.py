"""Pairs of distorted and true images: published ones, cases of the benchmark, empty fields."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.plan.profiles import get_profile
from cases import CASES, get_case, load_ground_truth
from noise import (
    MODALITIES,
    STUDY_SCAN,
    ScanNoise,
    distort,
    distorted_part,
    electrons_per_pixel,
    published_pairs,
    realization_generator,
)
from stembench.arrays import Floats
from stembench.errors import InputError

#: MAX of the published pairs, the largest 16-bit integer: the only one that agrees with the paper.
PUBLISHED_MAXIMUM: Final = 65535.0
#: Å/px given to restorers that count in Å; the sampling of the published pairs is not published.
DECLARED_SAMPLING: Final = 0.2
EMPTY: Final = "empty"
#: Expected electrons per pixel of the empty fields.
EMPTY_LEVELS: Final = (1.0, 10.0, 100.0)
_EMPTY_SIDE: Final = 256
_EMPTY_FRACTION: Final = 0.02
_EMPTY_CHAINS: Final = {"counting": ScanNoise(), "study": STUDY_SCAN}
#: Outliers of a residual, in robust standard deviations, that its variance leaves out.
_OUTLIER: Final = 5.0
_BINS: Final = 20


@dataclass(frozen=True)
class GreyScale:
    """Linear grey scale of electrons per pixel: offset + gain * counts.

    Attributes
    ----------
    gain : float
        Grey values per electron, > 0.
    offset : float
        Grey value of no electrons.
    """

    gain: float = 1.0
    offset: float = 0.0

    def to_counts(self, image: Floats) -> Floats:
        """Electrons per pixel of grey values."""
        return (image - self.offset) / self.gain

    def to_grey(self, counts: Floats) -> Floats:
        """Grey values of electrons per pixel."""
        return self.offset + self.gain * counts


@dataclass(frozen=True)
class ImagePair:
    """A distorted image and its truth.

    Attributes
    ----------
    source : str
        Modality of published pairs, name of a case, or 'empty'.
    kind : str
        'published', 'case' or 'empty'.
    image : str
        Label within the source.
    number : int
        Number of the pair or of the realization.
    dose : float
        e/Å²; NaN where it is not known.
    level : float
        Expected electrons per pixel of an empty field; NaN otherwise.
    sampling : float
        Å/px.
    distorted, truth : ndarray, shape (h, w)
        Grey values.
    grey : GreyScale
        Their scale; restorers get counts.
    maximum : float
        MAX of the PSNR in grey values; NaN for empty fields.
    """

    source: str
    kind: str
    image: str
    number: int
    dose: float
    level: float
    sampling: float
    distorted: Floats
    truth: Floats
    grey: GreyScale
    maximum: float


def sources() -> tuple[str, ...]:
    """Every source by name: modalities of the published pairs, cases, empty fields.

    Cases that no profile runs, because they only serve others, are left out.
    """
    cases = (case.name for case in CASES if case.study.quick or case.study.paper)
    return (*MODALITIES, *cases, EMPTY)


def number_of_pairs(source: str, *, realizations: int) -> int:
    """Count the pairs that `pairs` generates."""
    if source in MODALITIES:
        return 8
    if source == EMPTY:
        return len(_EMPTY_CHAINS) * len(EMPTY_LEVELS) * realizations
    return len(_doses(source)) * realizations


def pairs(source: str, *, seed: int, realizations: int) -> Iterator[ImagePair]:
    """Generate the pairs of a source one after the other.

    Parameters
    ----------
    source : str
        One of `sources`.
    seed : int
        Seed of the noise of cases and empty fields, >= 0.
    realizations : int
        Noise realizations of each of those images.

    Yields
    ------
    ImagePair

    Raises
    ------
    InputError
        If the source is unknown or its data are not installed.
    """
    if source in MODALITIES:
        yield from _published(source)
    elif source == EMPTY:
        yield from _empty_fields(seed=seed, realizations=realizations)
    elif source in sources():
        yield from _case(source, seed=seed, realizations=realizations)
    else:
        raise InputError(f"unknown source {source!r}; known are {', '.join(sources())}")


def _published(modality: str) -> Iterator[ImagePair]:
    distorted, clean = published_pairs(modality)
    for number, (x, y) in enumerate(zip(distorted, clean, strict=True)):
        yield ImagePair(
            source=modality,
            kind="published",
            image="",
            number=number,
            dose=np.nan,
            level=np.nan,
            sampling=DECLARED_SAMPLING,
            distorted=x,
            truth=y,
            grey=effective_scale(x, y),
            maximum=PUBLISHED_MAXIMUM,
        )


def effective_scale(x: Floats, y: Floats) -> GreyScale:
    """Grey scale on which a pair's noise is closest to that of counted electrons.

    The variance of x - y is fitted by a line over y: its slope is the gain and its root the
    offset, as for Poisson counts. Filters that stabilise the variance of counts, and any that
    estimate it, are thereby given the scale of the noise from the truth itself, which favours
    them; a restorer that standardises its input does not notice.

    Parameters
    ----------
    x, y : ndarray, shape (h, w)
        Distorted and clean image.

    Returns
    -------
    GreyScale
        The offset lies below all but 0.1 % of the distorted pixels, so that counts are not
        negative. Gain 1 and offset 0 if the images are equal.
    """
    part = distorted_part(x, y)
    if not part.any():
        return GreyScale()
    clean, residual = y[part], (x - y)[part]
    edges = np.quantile(clean, np.linspace(0, 1, _BINS + 1))
    member = np.clip(np.searchsorted(edges, clean, side="right") - 1, 0, _BINS - 1)
    level, variance, weight = [], [], []
    for k in np.unique(member):
        values = residual[member == k]
        centred = values - np.median(values)
        width = 1.4826 * float(np.median(np.abs(centred)))
        core = centred[np.abs(centred) <= _OUTLIER * width]
        if core.size > 2 and core.var() > 0:
            level.append(clean[member == k].mean())
            variance.append(core.var())
            weight.append(np.sqrt(core.size) / core.var())
    mean, darkest = float(clean.mean()), float(np.quantile(x, 1e-3))
    if not variance:
        return GreyScale()
    average = float(np.mean(variance))
    slope, constant = np.polyfit(level, variance, 1, w=weight) if len(level) > 1 else (0.0, average)
    # Noise that hardly depends on the image is that of many counts above a distant offset.
    far = mean - 1e3 * max(mean - darkest, np.sqrt(average))
    offset = -constant / slope if slope > 0 else far
    offset = float(np.clip(offset, far, min(darkest, float(y.min()))))
    at_mean = max(slope * mean + constant, average / 10)
    return GreyScale(gain=float(at_mean / (mean - offset)), offset=offset)


def _doses(case: str) -> tuple[float, ...]:
    doses = get_case(case).doses
    return tuple(dict.fromkeys((min(doses), max(doses))))


def _case(name: str, *, seed: int, realizations: int) -> Iterator[ImagePair]:
    """The middle image of profile quick at the lowest and the highest dose."""
    case = get_case(name)
    selected = [s for s in get_profile("quick").selections if s.case == name]
    labels = selected[0].images if selected else tuple(spec.label for spec in case.images)
    label = labels[len(labels) // 2]
    truth = load_ground_truth(case)
    with_margin = truth.image(label, margin=case.margin)
    for dose in _doses(name):
        scale = electrons_per_pixel(dose, case.sampling)
        for k in range(realizations):
            counts = distort(
                with_margin,
                [realization_generator(seed, name, image=label, dose=dose, realization=k)],
                dose=dose,
                sampling=case.sampling,
                noise=case.noise,
                margin=case.margin,
            )[0]
            clean = scale * truth.image(label)
            yield ImagePair(
                source=name,
                kind="case",
                image=label,
                number=k,
                dose=dose,
                level=np.nan,
                sampling=case.sampling,
                distorted=counts,
                truth=clean,
                grey=GreyScale(),
                maximum=float(clean.max()),
            )


def _empty_fields(*, seed: int, realizations: int) -> Iterator[ImagePair]:
    margin = 8
    side = _EMPTY_SIDE + 2 * margin
    for chain, noise in _EMPTY_CHAINS.items():
        for level in EMPTY_LEVELS:
            dose = level / (_EMPTY_FRACTION * DECLARED_SAMPLING**2)
            for k in range(realizations):
                counts = distort(
                    np.full((side, side), _EMPTY_FRACTION),
                    [realization_generator(seed, EMPTY, image=chain, dose=dose, realization=k)],
                    dose=dose,
                    sampling=DECLARED_SAMPLING,
                    noise=noise,
                    margin=margin,
                )[0]
                yield ImagePair(
                    source=EMPTY,
                    kind="empty",
                    image=chain,
                    number=k,
                    dose=dose,
                    level=level,
                    sampling=DECLARED_SAMPLING,
                    distorted=counts,
                    truth=np.full(counts.shape, level),
                    grey=GreyScale(),
                    maximum=np.nan,
                )
