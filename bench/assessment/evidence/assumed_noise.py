"""Noise that is assumed where the image does not tell it, held against what the image shows."""

from dataclasses import replace
from typing import Final

import numpy as np

from bench.assessment.evidence.difference_line import difference_line, passed_on
from bench.assessment.evidence.image_noise import Estimate, ImageNoise
from fitting import OwnImageFit
from stembench.arrays import Floats
from stembench.errors import InputError

#: Differences of neighbours, as a mean of squares, over those by medians, from which on medians are
#: not believed: in an image of few counts most differences are of pixels without any.
_SPARSE: Final = 3.0
#: Residual over the noise that is drawn from which on it is said.
_MORE: Final = 1.5
#: Differences of which a fit's own estimate of the noise is made.
_SECOND: Final = np.array([1.0, -2.0, 1.0])


def assumed_noise(
    image: Floats, fit: OwnImageFit, noise: ImageNoise, *, fast_axis: str
) -> ImageNoise:
    """Gain and offset of an image whose own are not known well enough, to be said as assumed.

    Where nothing but their precision speaks against the image's own, these are taken: they allow
    for an offset and for the response along the lines. Else they are what differences of
    neighbouring pixels suggest, if these are independent but for the response: a line of the
    variance against the level, or, of few counts and where there is no such line, one through 0.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Grey levels.
    fit : OwnImageFit
        Of the image.
    noise : ImageNoise
        As estimated, without a gain.
    fast_axis : {'horizontal', 'vertical'}
        Along which the lines run: neighbours are those of a line.

    Raises
    ------
    InputError
        If there is no noise that grows with the level.
    """
    if noise.imprecise is not None:
        own, end = noise.imprecise
        sentence = (
            f"a gain of {own.value:.3g} (95 %: {own.low:.3g} to {own.high:.3g}) and an offset of"
            f" {end.value:.4g} are assumed, as the image tells them: scatter is that uncertain,"
            f" {np.sqrt(own.low / own.value):.2g} to {np.sqrt(own.high / own.value):.2g} times what"
            " is stated"
        )
        return replace(noise, gain=own, offset=end, sentences=(*noise.sentences, sentence))
    residual = np.where(fit.valid, image - fit.model_image, 0.0)
    gain, offset, sentence = _suggested(residual, fit, noise, turned=fast_axis == "vertical")
    sentences = [sentence]
    level = float(np.mean(np.maximum(fit.model_image - offset, 0.0)[fit.valid]))
    shaped = float(np.sum(np.square(noise.trailing))) if noise.trailing else 1.0
    excess = float(np.mean(residual[fit.valid] ** 2)) / (gain * level * shaped)
    if excess > _MORE:
        sentences.append(
            f"what the fit leaves of the image has {excess:.2g} times the variance of that noise:"
            f" as far as it is noise, scatter is up to {np.sqrt(excess):.2g} times as large"
        )
    return replace(
        noise,
        gain=Estimate(value=gain, low=float("nan"), high=float("nan")),
        offset=Estimate(value=offset, low=float("nan"), high=float("nan")),
        sentences=(*noise.sentences, *sentences),
    )


def _suggested(
    residual: Floats, fit: OwnImageFit, noise: ImageNoise, *, turned: bool
) -> tuple[float, float, str]:
    """Gain and offset that differences suggest, and a sentence on both."""
    modelled, valid = fit.model_image, fit.valid
    if turned:
        residual, modelled, valid = residual.T, modelled.T, valid.T
    both = valid[:, 1:] & valid[:, :-1]
    by_means = float(np.mean(np.diff(residual, axis=1)[both] ** 2)) / (
        2.0 * passed_on(np.array([1.0, -1.0]), noise.trailing)
    )
    line = difference_line(residual, modelled, valid=valid, trailing=noise.trailing)
    if line is not None:
        level = float(np.mean(np.maximum(modelled - line.offset, 0.0)[valid]))
        if by_means <= _SPARSE * line.gain * level:
            return line.gain, line.offset, (
                f"differences of neighbouring pixels suggest a gain of {line.gain:.3g} and an"
                f" offset of {line.offset + 0.0:.4g}, which are assumed; noise that neighbours"
                " share beyond that response is not seen: give --gain and --offset where they are"
                " known"
            )  # fmt: skip
    rough = fit.noise
    if not rough.slope > 0:
        raise InputError(
            f"the noise of this image cannot be estimated ({noise.reason}); give --gain and"
            " --offset, or --counts if values are electrons"
        )
    gain = rough.slope / passed_on(_SECOND, noise.trailing)
    offset = rough.origin - rough.floor / rough.slope
    level = float(np.mean(np.maximum(modelled - offset, 0.0)[valid]))
    how = "differences of neighbouring pixels suggest"
    if by_means > _SPARSE * gain * level:
        gain = by_means / level
        how = "squared differences of neighbouring pixels of few counts suggest"
    return gain, offset, (
        f"{how} a gain of {gain:.3g} and an offset of {offset + 0.0:.4g}, which are assumed;"
        " an offset above 0 is not told by them, and noise that neighbours share is not seen: give"
        " --gain and --offset where the file has either"
    )  # fmt: skip
