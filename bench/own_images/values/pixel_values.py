"""From the grey values of a file to electrons per pixel and back, never by a silent guess."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from stembench.arrays import Floats
from stembench.errors import InputError

#: Share of negative pixels above which values cannot be electrons per pixel.
_NEGATIVE_SHARE: Final = 0.01
#: Noise between pixels over that of so many electrons: a slow detector smooths along the scan
#: and lines jitter across it, hence two directions, of which neither may be within.
_LEAST_NOISE: Final = 0.4
_LARGEST_NOISE: Final = 3.0
#: Side of the blocks in which variance and mean are compared, px.
_BLOCK: Final = 16
_FOURTH_DIFFERENCE: Final = np.array([1.0, -4.0, 6.0, -4.0, 1.0])


@dataclass(frozen=True, kw_only=True)
class PixelValues:
    """What the user says of the values of an image.

    Raises
    ------
    stembench.errors.InputError
        If a number is impossible or two statements exclude each other.
    """

    gain: float | None = None
    """Grey levels per electron; None if nothing is said."""
    offset: float | None = None
    """Grey level of no electrons; None if nothing is said."""
    counts: bool = False
    """Values are electrons per pixel."""
    fraction: bool = False
    """Values are fractions of the incident beam."""
    dose: float | None = None
    """e/Å², which turns fractions into electrons."""

    def __post_init__(self) -> None:
        if self.gain is not None and not (np.isfinite(self.gain) and self.gain > 0):
            raise InputError(
                f"--gain must be a positive number of grey levels per electron, not {self.gain:g}"
            )
        if self.offset is not None and not np.isfinite(self.offset):
            raise InputError(f"--offset must be a finite grey level, not {self.offset:g}")
        if self.dose is not None and not (np.isfinite(self.dose) and self.dose > 0):
            raise InputError(f"--dose must be a positive number of e/Å², not {self.dose:g}")
        said = {
            "--gain": self.gain is not None,
            "--counts": self.counts,
            "--fraction": self.fraction,
        }
        chosen = [name for name, given in said.items() if given]
        if len(chosen) > 1:
            raise InputError(
                f"{' and '.join(chosen)} exclude each other; say once what the values are"
            )
        if self.offset is not None and self.gain is None and not self.fraction:
            raise InputError("--offset needs --gain, the grey levels per electron, beside it")

    @property
    def stated(self) -> bool:
        """Whether the user said what the values are."""
        return self.gain is not None or self.counts or self.fraction

    def scale(self, *, sampling: float) -> "ElectronScale | None":
        """Return how values become electrons; None if nothing was said.

        Parameters
        ----------
        sampling : float
            Å/px.

        Raises
        ------
        InputError
            If fractions are given without a dose.
        """
        offset = self.offset or 0.0
        if self.gain is not None:
            return ElectronScale(gain=self.gain, offset=offset)
        if self.fraction:
            if self.dose is None:
                raise InputError(
                    "fractions of the beam become electrons by the dose; give --dose in e/Å²"
                )
            return ElectronScale(gain=1.0 / (self.dose * sampling**2), offset=offset)
        return ElectronScale(gain=1.0, offset=0.0) if self.counts else None


@dataclass(frozen=True, kw_only=True)
class ElectronScale:
    """A linear scale of values in electrons per pixel."""

    gain: float
    """Values per electron."""
    offset: float
    """Value of no electrons."""

    def electrons(self, values: Floats) -> Floats:
        """Electrons per pixel of values of any shape."""
        return (values - self.offset) / self.gain

    def values(self, electrons: Floats) -> Floats:
        """Return the values of electrons per pixel, of any shape."""
        return electrons * self.gain + self.offset


def electron_scale(
    images: Floats,
    said: PixelValues,
    *,
    sampling: float,
    scales_with_counts: bool | None,
    restorer: str,
) -> tuple[ElectronScale, str]:
    """Scale by which a restorer sees an image, with the sentence that says what is assumed.

    Parameters
    ----------
    images : ndarray, shape (n, h, w)
        Values of the file; pixels that are not finite are left out.
    said : PixelValues
    sampling : float
        Å/px.
    scales_with_counts : bool or None
        What the restorer declares, see `restore.RestorerMetadata`.
    restorer : str
        Its name, for sentences.

    Returns
    -------
    scale : ElectronScale
        The identity where nothing was said.
    note : str
        What was assumed; empty where nothing was.

    Raises
    ------
    InputError
        If the restorer takes values for electrons, the user did not say what they are, and they
        cannot be electrons.
    """
    scale = said.scale(sampling=sampling)
    if scale is not None:
        return scale, ""
    identity = ElectronScale(gain=1.0, offset=0.0)
    if scales_with_counts:
        return identity, ""
    found = why_not_electrons(images)
    if scales_with_counts is None:
        doubt = f", which they do not look like ({found})" if found else ""
        return identity, (
            f"{restorer} is given the values as they are; if it expects electrons per pixel{doubt},"
            " give --gain and --offset"
        )
    if found:
        raise InputError(
            f"{restorer} takes values for electrons per pixel, and these do not look like it:"
            f" {found}; give --gain and --offset, or --fraction and --dose, or --counts if they"
            " are electrons"
        )
    mean = float(images[np.isfinite(images)].mean())
    return identity, (
        f"values are taken for electrons per pixel (mean {mean:.3g}); if they are grey levels,"
        " give --gain and --offset"
    )


def why_not_electrons(images: Floats) -> str:
    """Say what speaks against values being electrons per pixel; empty if nothing does.

    Parameters
    ----------
    images : ndarray, shape (n, h, w)
        Pixels that are not finite are left out.

    Returns
    -------
    str
        A clause. Noise is compared with Poisson's: fourth differences along lines and across,
        in which structure of some px hardly stands, give the variance of blocks of 16 x 16 px,
        and the median of variance over mean is the square of what is said.
    """
    finite = images[np.isfinite(images)]
    if not finite.size:
        return "no pixel is finite"
    negative = float(np.mean(finite < 0))
    if negative > _NEGATIVE_SHARE or finite.mean() <= 0:
        return f"{negative:.0%} are negative, down to {finite.min():.4g}"
    whole = bool((finite == np.round(finite)).all())
    if finite.max() <= 1.0 and not whole:
        return f"they go from {finite.min():.3g} to {finite.max():.3g}"
    ratios = [noise_over_poisson(images, axis=axis) for axis in (-1, -2)]
    known = [ratio for ratio in ratios if np.isfinite(ratio)]
    if not known:
        return ""
    if max(known) < _LEAST_NOISE or min(known) > _LARGEST_NOISE:
        ratio = max(known) if max(known) < _LEAST_NOISE else min(known)
        return (
            f"from pixel to pixel they differ {ratio:.2g} times as much as so many electrons"
            f" (mean {finite.mean():.4g}) would"
        )
    return ""


def noise_over_poisson(images: Floats, *, axis: int) -> float:
    """Noise of an image over that of Poisson-distributed values of the same mean.

    Parameters
    ----------
    images : ndarray, shape (n, h, w)
    axis : int
        Along which differences are taken: -1 along lines, -2 across.

    Returns
    -------
    float
        NaN where no block of 16 x 16 px is whole, finite and positive in the mean.
    """
    moved = np.moveaxis(images, axis, -1)
    count = moved.shape[-1] - 4
    if count < 1:
        return float("nan")
    difference = sum(
        weight * moved[..., k : k + count] for k, weight in enumerate(_FOURTH_DIFFERENCE)
    ) / np.sqrt(np.sum(_FOURTH_DIFFERENCE**2))
    variance = _block_means(np.asarray(difference) ** 2)
    mean = _block_means(moved[..., 2 : 2 + count])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(mean > 0, variance / mean, np.nan)
    kept = ratio[np.isfinite(ratio)]
    return float(np.sqrt(np.median(kept))) if kept.size else float("nan")


def _block_means(values: Floats) -> Floats:
    """Means of whole blocks of (n, h, w); NaN where a block holds a pixel that is not finite."""
    rows, columns = (size // _BLOCK for size in values.shape[-2:])
    cut = values[:, : rows * _BLOCK, : columns * _BLOCK]
    return np.asarray(cut.reshape(len(values), rows, _BLOCK, columns, _BLOCK).mean(axis=(2, 4)))
