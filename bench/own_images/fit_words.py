"""Sentences on the fit of a user's own image: what was left out, modelled beside, and not held."""

from typing import TYPE_CHECKING, Final

import numpy as np

from bench.own_images.smoothness import smoothness
from stembench.arrays import Floats

if TYPE_CHECKING:
    from fitting import OwnImageFit

#: Reduced chi-square of an image above which the sentence says that the model does not hold.
_MISFIT: Final = 1.25
_HALF: Final = 0.5
#: Noise whose differences of neighbours are less than this part of those of pixels two apart, in
#: variance, was smoothed; it is 1 where pixels are independent.
_SMOOTHED: Final = 0.3


def facts(fit: "OwnImageFit") -> list[str]:
    """What the fit did, for the terminal."""
    out = [f"background: {fit.background.name}"]
    if fit.hidden:
        out.append(
            f"{fit.hidden} columns centred outside the frame or behind pixels that are left out are"
            " part of the model; they have no row"
        )
    if fit.unlisted:
        out.append(
            f"{fit.unlisted} columns that are not among the given positions were found and are part"
            " of the model; they have no row"
        )
    number = int(np.count_nonzero(fit.areas.areas))
    if number:
        values = ", ".join(f"{value:g}" for value in fit.areas.values[:4])
        out.append(f"{number} pixels in areas of one value ({values}) and at their edges left out")
    if fit.repeated.border:
        out.append(
            f"{fit.repeated.border} rows and columns at the edges are copies of others (a mirrored,"
            " repeated or wrapped border) and are left out"
        )
    if fit.repeated.inside:
        out.append(
            f"{fit.repeated.inside} rows and columns, or parts of them, inside the image are copies"
            " of others (lines written twice or filled in) and are left out"
        )
    if any(fit.tapered.depths):
        top, bottom, left, right = fit.tapered.depths
        out.append(
            "light and noise fall to nothing together along the edges, as where an image was"
            f" multiplied by a window: {top} px at the top, {bottom} at the bottom, {left} at the"
            f" left and {right} at the right are left out"
        )
    number = int(np.count_nonzero(fit.outliers))
    if number:
        out.append(
            f"{number} outlying pixels (spikes, streaks, annotations) left out, the first at x ="
            f" {int(np.argwhere(fit.outliers)[0, 1])}, y = {int(np.argwhere(fit.outliers)[0, 0])}"
        )
    mean = fit.mean_scs
    if mean is not None:
        out.append(
            f"SCS of {mean.columns} columns: mean {mean.mean:.5g} ± {mean.mean_err:.2g}, median"
            f" {mean.median:.5g} ± {mean.median_err:.2g}; columns share their width and background,"
            " so that this error is not that of a column over the root of their number"
        )
    return out


def restored_caution(restored_by: str) -> str:
    """What the mark of a restored file says of errors; '' for a file without one."""
    if not restored_by:
        return ""
    return (
        f"the file says that it was restored ({restored_by}). Errors in the table come from its"
        " residual and are not those of the measurement; stembench assess, given the image as"
        " recorded, tells how far restored numbers can be trusted"
    )


def saturation_cautions(fit: "OwnImageFit") -> list[str]:
    """What columns that are cut off at the largest value mean for the numbers; none if none are."""
    from fitting import SATURATED

    number = int(np.count_nonzero(fit.table["flags"].to_numpy() & SATURATED))
    if not number:
        return []
    return [
        f"{number} of {len(fit.table)} columns are cut off at the largest value (flag SATURATED):"
        " flat tops are left out, and the SCS is extrapolated from the flanks or, where noise alone"
        " is cut off, a few per cent off; columns share a width, so that the SCS of the others may"
        " be off as well"
    ]


def cautions(fit: "OwnImageFit", image: Floats) -> list[str]:
    """What a user should know before trusting the numbers.

    Parameters
    ----------
    fit : OwnImageFit
    image : ndarray, shape (rows, columns)
        What was fitted.
    """
    from fitting import NOT_CONVERGED, PARTLY_MASKED, POOR_FIT

    out: list[str] = []
    bits = fit.table["flags"].to_numpy()
    n = len(bits)
    if fit.failed.all():  # that nothing was fitted is all there is to say
        return out

    def having(flag: int) -> int:
        return int(np.count_nonzero(bits & flag))

    if fit.inverted:
        out.append(
            "the columns look dark (annular bright field?): dark ones describe the image far better"
            " than the bright ones that were fitted; give --dark"
        )
    if having(NOT_CONVERGED):
        out.append(
            f"the fit of {having(NOT_CONVERGED)} of {n} columns did not converge, which does not"
            " mean that nothing is there"
        )
    out.extend(saturation_cautions(fit))
    if having(PARTLY_MASKED) > _HALF * max(n, 1):
        out.append(
            f"{having(PARTLY_MASKED)} of {n} columns are partly left out (flag PARTLY_MASKED)"
        )
    if fit.repeated.everywhere:
        out.append(
            "most rows or columns are exact copies of others (an image that was enlarged or tiled):"
            " errors in the table count each copy as a measurement of its own and are too small;"
            " give the image as recorded"
        )
    if fit.tapered.dimmed.any():
        out.append(
            "a window that falls to nothing at the edges dims the whole image: even its middle is"
            " too dark by up to a fifth, and columns there carry the flag POOR_FIT; give the image"
            " without the window"
        )
    if fit.too_many_outliers:
        out.append(
            "more than a tenth of the pixels lie far off; they were taken as part of the image"
        )
    if np.isfinite(fit.goodness.image) and fit.goodness.image > _MISFIT:
        out.append(
            f"the residual is {fit.goodness.image:.3g} times what the noise explains (reduced"
            " chi-square): the image holds light that the model does not, or its noise is"
            " correlated between pixels (interpolated, restored); --residual FILE shows where"
        )
    if smoothness(image - fit.model_image, fit.valid) < _SMOOTHED:
        out.append(
            "neighbouring pixels hardly differ: the image is restored, smoothed or interpolated, or"
            " has no noise. Errors in the table come from its residual and are not those of the"
            " measurement; stembench assess tells how far restored numbers can be trusted"
        )
    if fit.noise_bias is not None and fit.noise_bias.shown:
        bias = fit.noise_bias
        out.append(
            f"columns stand out by {bias.significance:.0f} standard errors alone, and a fit of so"
            " few counts follows the noise: drawn anew from its own model, the median SCS comes"
            f" out {100 * bias.scs:+.0f} % off, and the truth may lie several times as far; sum"
            " frames, hold the width (--width PX), or give --background none where there is none"
        )
    if fit.faint:
        out.append(
            "single columns are so uncertain that a search misses some and light is taken for"
            " background: of simulated images as noisy as this one the median SCS was up to 62 %"
            " too small (with --positions of all columns up to 45 %), which the errors in the table"
            " do not hold; sum frames, or hold the width (--width PX) and give --background none"
            " where there is none"
        )
    if having(POOR_FIT):
        out.append(f"{having(POOR_FIT)} of {n} columns fit poorly (flag POOR_FIT)")
    return out
