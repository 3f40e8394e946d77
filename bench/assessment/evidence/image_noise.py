"""Noise of one image, as the image itself tells it: gain, offset, correlation, lines, response."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bench.assessment.evidence.gain import VarianceLine, free_filter, variance_line
from bench.assessment.evidence.jackknife import (
    BLOCKS,
    blocks_of_lines,
    error_quantile,
    jackknife_error,
)
from bench.assessment.evidence.line_jitter import fit_lines
from bench.assessment.evidence.line_residuals import bridged, undone, unspoilt
from bench.assessment.evidence.line_spectrum import (
    LineSpectrum,
    NoiseShape,
    correlation_across,
    correlation_of,
    line_spectrum,
    lines_together,
    noise_shape,
)
from fitting import OwnImageFit, ScanResult
from stembench.arrays import Bools, Floats
from stembench.errors import InputError

#: Fewest lines and pixels of a line.
_FEWEST: Final = 48
#: Lines of which this part is left out are left out altogether.
_HOLES: Final = 0.2
#: Part of the gain within which its interval must end for noise to be drawn anew.
WITHIN: Final = 0.2
#: Correlation of neighbours below which values count as independent, its error allowed for.
INDEPENDENT: Final = 0.08
#: Pixels of the largest value from which on they may be saturated.
_GATHERED: Final = 5
#: Errors of blocks are too small by this factor: neighbouring blocks share differences of lines.
_SHARED: Final = 1.05
#: Part of what undoing a response changes that its long tail, hidden by the specimen's light at low
#: frequencies, may change besides.
_TAIL: Final = 0.25
#: Relative error of the gain by responses too weak to be seen.
_UNSEEN: Final = 0.03
#: Largest change of the noise's logarithm by a response that is followed: stronger ones, and those
#: that ring, hide too much at low frequencies.
_STRONGEST: Final = 0.35
#: Lags of the response that are kept: those after the last of this size are left out.
_LEAST_LAG: Final = 0.002


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


_NOTHING: Final = Estimate(value=np.nan, low=np.nan, high=np.nan)


@dataclass(frozen=True, kw_only=True)
class ImageNoise:
    """Noise of an image.

    Attributes
    ----------
    gain : Estimate
        Grey levels per electron: noise at low frequencies of an expected value v has the variance
        gain * (v - offset). Where pulses of single electrons scatter, it is that of the electrons
        they are worth. NaN where it is not `known` and was not given.
    offset : Estimate
        Grey level at which the variance ends. Noise that does not depend on the light (detector,
        rounding) lowers it: by `gain` times the variance of that noise in electrons squared.
    correlation : tuple of float
        Correlation of the noise of neighbouring pixels along the scan lines at lags 1, 2 and 3 px,
        and across them at lags 1, 2 and 3 lines; NaN where it is not known.
    scan : ScanResult or None
        Lines as fitted in the image as scanned (rows are lines), None where they were not.
    trailing : tuple of float
        Response of the detector along the scan at lags 0, 1, ... px, sum 1, of least phase; empty
        where neighbours are independent.
    known : bool
        Whether gain (and response, if there is one) are known well enough to draw such noise anew:
        the gain's interval ends within 20 % of it, and noise is white once the response is undone.
        Over random chains intervals of gains that are known less well missed the truth.
    determined : bool
        `known`, and noise of neighbours uncorrelated in the image as it is: values are electrons.
    reason : str
        Sentence on why not `determined`; empty if it is.
    sentences : tuple of str
        What was estimated, with intervals.
    imprecise : (Estimate, Estimate) or None
        Gain and offset where their precision alone speaks against `known`: a given gain mends it.
    """

    gain: Estimate
    offset: Estimate
    correlation: tuple[float, ...]
    scan: ScanResult | None
    trailing: tuple[float, ...]
    known: bool
    determined: bool
    reason: str
    sentences: tuple[str, ...]
    imprecise: tuple[Estimate, Estimate] | None = None

    def electrons(self, image: Floats) -> Floats:
        """Electrons per pixel of grey levels of any shape."""
        return (image - self.offset.value) / self.gain.value

    def power(self, expected: Floats) -> Floats:
        """Variance per pixel of sums over many pixels of expected grey levels, of their shape.

        At least that of a tenth of an electron, where nothing is expected.
        """
        return self.gain.value**2 * np.maximum(self.electrons(expected), 0.1)

    def variance(self, expected: Floats) -> Floats:
        """Variance of single pixels of expected grey levels, of their shape.

        A response along the scan smooths: it is below that of `power`.
        """
        shaped = float(np.sum(np.square(self.trailing))) if self.trailing else 1.0
        return shaped * self.power(expected)


def estimate_noise(
    image: Floats,
    fit: OwnImageFit,
    *,
    sampling: float,
    mask: Bools | None = None,
    given_gain: float | None = None,
    given_offset: float | None = None,
    fast_axis: str = "horizontal",
    lines: bool = True,
) -> ImageNoise:
    """Estimate the noise of an image from the image itself.

    Noise is looked at where the specimen is not: at frequencies along the scan lines that its
    light does not reach, however the lines jitter. There its spectrum tells the response of a slow
    detector, and its variance against the level the gain.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Grey levels.
    fit : OwnImageFit
        Fit of its columns; pixels that it left out are not used.
    sampling : float
        Å/px.
    mask : ndarray of bool, shape (rows, columns), optional
        True where a pixel is to be left out as well.
    given_gain, given_offset : float, optional
        What the user knows; an offset that is not given beside a gain is 0.
    fast_axis : {'horizontal', 'vertical'}
        Along which the lines run.
    lines : bool
        Whether the displacements of the lines are fitted.

    Returns
    -------
    ImageNoise

    Raises
    ------
    InputError
        If shapes differ, or the axis or a given number is not one.

    Notes
    -----
    Errors come from leaving out blocks of lines by turns (jackknife, Student's t); the errors of
    the response are part of those of the gain.
    """
    pixels = np.asarray(image, dtype=np.float64)
    usable = fit.valid & np.isfinite(pixels)
    if pixels.shape != usable.shape or (mask is not None and mask.shape != pixels.shape):
        raise InputError("image, fit and mask must have one shape; fit the image that is assessed")
    if mask is not None:
        usable = usable & ~mask
    if fast_axis not in ("horizontal", "vertical"):
        raise InputError(f"fast_axis must be horizontal or vertical, not {fast_axis!r}")
    if given_gain is not None and not (np.isfinite(given_gain) and given_gain > 0):
        raise InputError(f"the gain must be a positive number, not {given_gain}")
    modelled = fit.model_image
    if fast_axis == "vertical":
        pixels, modelled, usable = pixels.T, modelled.T, usable.T
    found = _measured(pixels, modelled, usable)
    if given_gain is not None:
        found = _with_given(found, given_gain, given_offset or 0.0)
    if lines:
        whole = np.where(usable, pixels, modelled)
        scan, words = fit_lines(
            found.electrons(whole) if found.known else whole,
            fit,
            sampling=sampling,
            counted=found.known,
            trailing=found.trailing,
            turned=fast_axis == "vertical",
        )
        found = replace(found, scan=scan, sentences=(*found.sentences, *words))
    return found


def _measured(pixels: Floats, modelled: Floats, usable: Bools) -> ImageNoise:
    """Noise of an image whose rows are lines."""
    rows, columns = np.any(usable, axis=1), np.any(usable, axis=0)
    if np.count_nonzero(rows) < _FEWEST or np.count_nonzero(columns) < _FEWEST:
        return _unknown(f"fewer than {_FEWEST} lines or pixels of a line are usable")
    window = tuple(slice(*(np.flatnonzero(part)[[0, -1]] + [0, 1])) for part in (rows, columns))
    pixels, modelled, usable = pixels[window], modelled[window], usable[window]
    pixels = np.where(usable, pixels, modelled)
    if _saturated(pixels[usable]):
        return _unknown("the brightest pixels share one value: they are saturated")
    residual = pixels - modelled
    blocks = blocks_of_lines(len(pixels))
    used = np.asarray(np.mean(~usable, axis=1) < _HOLES, dtype=np.bool_)
    if np.bincount(blocks, weights=used, minlength=BLOCKS).min() < 3:
        return _unknown("too many pixels of most lines are left out")
    spectrum = line_spectrum(bridged(residual, usable), modelled, used=used, blocks=blocks)
    across, _ = correlation_across(spectrum)
    together = lines_together(spectrum)
    taps = free_filter(modelled, residual, usable=usable)
    if taps is None:
        return _unknown(
            together
            or "the specimen reaches the finest detail that the pixels hold: no frequency along"
            " the lines is free of its light (columns below about 1.5 px, or a coarse sampling)",
            correlation=across,
        )
    shape = noise_shape(spectrum)
    if shape is not None and not _independent(shape):
        # One coefficient tells whether there is a response, two follow what it is like.
        shape = noise_shape(spectrum, least=2)
    few = together or "too few frequencies along the lines hold noise alone"
    if shape is None:
        return _unknown(few, correlation=across)
    if (
        not float(jackknife_error(shape.replicates[:, 1:] @ np.ones(shape.coefficients.size - 1)))
        < 0.5
    ):
        return _unknown(few, correlation=across)
    response = shape.response()
    white = undone(residual, response)
    inner = usable & unspoilt(usable, response)
    line = variance_line(white + modelled, modelled, taps=taps, usable=inner, blocks=blocks)
    if line is None:
        return _unknown("the image has one level alone, or no noise", correlation=across)
    return _judged(line, shape, spectrum=spectrum, together=together)


def _saturated(values: Floats) -> bool:
    """Whether pixels gather at the largest value, more than at the one below."""
    largest = values.max()
    at_most = int(np.count_nonzero(values == largest))
    below = values[values < largest]
    if at_most < _GATHERED or not below.size:
        return False
    return at_most > 3 * int(np.count_nonzero(below == below.max()))


def _along_error(shape: NoiseShape) -> Floats:
    """Standard errors of the correlation at lags 1, 2 and 3 px, shape (3,)."""
    return jackknife_error(np.stack([correlation_of(row) for row in shape.replicates]))


def _independent(shape: NoiseShape) -> bool:
    """Whether noise of neighbours along a line is uncorrelated for all purposes."""
    largest = np.abs(shape.correlation()) + 2 * _along_error(shape)
    return bool((largest < INDEPENDENT).all())


def _judged(
    line: VarianceLine, shape: NoiseShape, *, spectrum: LineSpectrum, together: str
) -> ImageNoise:
    """Say what the estimates are worth; `together` is what `lines_together` says of the lines."""
    across, across_error = correlation_across(spectrum)
    along = shape.correlation()
    along_error = _along_error(shape)
    quantile = error_quantile()
    correlation = (*map(float, along), *map(float, across))
    if line.gain <= 0 or (line.replicates[:, 1] <= 0).any():
        return _unknown(
            "the noise does not grow with the level: values are not in proportion to electrons, "
            "or levels differ too little",
            correlation=np.array(correlation),
        )
    # Undone with another response, noise of another power passes the filter.
    lever = 2 * (1 - line.overlap[: len(shape.coefficients) - 1])
    moved = (shape.replicates - shape.coefficients)[:, 1:] @ lever
    error = _SHARED * float(jackknife_error(np.log(line.replicates[:, 1]) + moved))
    shaped = 0.0 if _independent(shape) else abs(2 * float(shape.coefficients[1:].sum()))
    error = float(np.sqrt(error**2 + (_TAIL * shaped) ** 2 + _UNSEEN**2))
    gain = Estimate(
        value=line.gain,
        low=line.gain * float(np.exp(-quantile * error)),
        high=line.gain * float(np.exp(quantile * error)),
    )
    ends = -line.replicates[:, 0] / line.replicates[:, 1]
    end, end_error = -line.floor / line.gain, quantile * float(jackknife_error(ends))
    offset = Estimate(value=end, low=end - end_error, high=end + end_error)
    independent = _independent(shape)
    trailing: tuple[float, ...] = ()
    if not independent:
        response = shape.response()
        last = int(np.flatnonzero(np.abs(response) > _LEAST_LAG)[-1])
        kept = response[: last + 1] / response[: last + 1].sum()
        trailing = tuple(float(value) for value in kept)
    sentences = [
        f"gain {gain.value:.3g} grey levels per electron (95 %: {gain.low:.3g} to {gain.high:.3g}),"
        f" offset {offset.value:.4g} (95 %: {offset.low:.4g} to {offset.high:.4g})",
        "correlation of the noise of neighbouring pixels along the lines: "
        f"{along[0]:.2f} ± {along_error[0]:.2f}, across: {across[0]:.2f} ± {across_error[0]:.2f}",
    ]
    reason, imprecise = "", None
    if together:
        reason = together
    elif not shape.holds:
        reason = (
            "noise along the lines has a spectrum that no short response gives: interference, or "
            "a filter"
        )
    elif shaped > _STRONGEST or (shaped and not (shape.seen and shape.simple and shape.trails)):
        reason = (
            f"neighbouring pixels along the lines are correlated ({along[0]:.2f}), and the "
            "specimen's light hides how long the response is"
        )
    elif error * quantile > np.log1p(WITHIN):
        imprecise = gain, offset
        reason = (
            f"the gain is known to {100 * np.expm1(error * quantile):.0f} % alone, and 20 % are "
            "needed: the image is too small, or has too little light or contrast"
        )
    known = not reason
    if not known:
        # What is not known well is better not used at all: intervals of it miss the truth.
        gain = offset = _NOTHING
        del sentences[0]
    elif not independent:
        reason = _trailed(along[0])
        sentences.append(
            "response along the lines at lags 0, 1, ... px: "
            + ", ".join(f"{value:.2f}" for value in trailing[:5])
        )
    return ImageNoise(
        gain=gain, offset=offset, correlation=correlation, scan=None,
        trailing=trailing, known=known, determined=not reason, reason=reason,
        sentences=tuple(sentences), imprecise=imprecise,
    )  # fmt: skip


def _unknown(reason: str, *, correlation: Floats | None = None) -> ImageNoise:
    """Noise of which nothing is known."""
    values = np.full(6, np.nan)
    if correlation is not None:
        values[-len(correlation) :] = correlation
    return ImageNoise(
        gain=_NOTHING, offset=_NOTHING, correlation=tuple(map(float, values)), scan=None,
        trailing=(),
        known=False, determined=False, reason=f"the gain is not known: {reason}", sentences=(),
    )  # fmt: skip


def _with_given(found: ImageNoise, gain: float, offset: float) -> ImageNoise:
    """Noise with what the user knows of the gain, held against what was found."""
    sentences = [f"gain {gain:g} grey levels per electron and offset {offset:g} as given"]
    own = int(np.isfinite(found.gain.value))  # whether the first sentence is of the image's gain
    if own:
        sentences.append(f"the image itself: {found.sentences[0]}")
        if not found.gain.low <= gain <= found.gain.high:
            sentences.append(
                "the given gain is not within the interval of the image's own: one electron is "
                "worth another number of grey levels, or pulses and filters change the noise"
            )
    sentences.extend(found.sentences[own:])
    given, zero = (Estimate(value=value, low=value, high=value) for value in (gain, offset))
    reason = found.reason
    if found.imprecise:
        reason = _trailed(found.correlation[0]) if found.trailing else ""
    return replace(
        found, gain=given, offset=zero, known=found.known or bool(found.imprecise),
        determined=not reason, reason=reason, sentences=tuple(sentences), imprecise=None,
    )  # fmt: skip


def _trailed(correlation: float) -> str:
    return (
        f"neighbouring pixels along the lines are correlated ({correlation:.2f}), as by a slow"
        " detector: values are no independent counts"
    )
