"""Column model: Gaussians on a background, and their derivatives.

Both engines and the bound evaluate these formulas: the dense routines below with NumPy, the
compiled kernels by compiling the same two axis functions.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

import numpy as np

from stembench.arrays import Floats, Integers
from stembench.errors import InputError

#: Whether a pixel holds the model at its centre or its integral over the pixel.
Pixel = Literal["sampled", "integrated"]
#: What lies below the columns.
Background = Literal["none", "constant", "plane"]
#: Which widths are free: one for all columns, one per species, one per column, or none.
WidthMode = Literal["shared", "species", "column", "fixed"]

#: number of coefficients of each background
BACKGROUND_TERMS: Final[dict[str, int]] = {"none": 0, "constant": 1, "plane": 3}

#: Side of the tiles [px] in which a large image is summed.
_TILE: Final = 512
#: Widths from its centre at which a Gaussian is smaller than any number.
_UNDERFLOW: Final = 39.0


def sampled_axis(u: Any, width: Any) -> tuple[Any, Any, Any, Any, Any, Any]:
    """One axis of a Gaussian sampled at pixel centres, exp(-u²/2ρ²), with its derivatives.

    Parameters
    ----------
    u : float or array
        Pixel centre minus column centre [px].
    width : float or array
        Standard deviation ρ of the Gaussian [px].

    Returns
    -------
    value, d_centre, d_width, d_centre², d_centre d_width, d_width²
        The value, its two first and its three second derivatives.
    """
    t = u / width
    value = np.exp(-0.5 * t * t)
    first = value / width
    second = first / width
    return (
        value,
        first * t,
        first * t * t,
        second * (t * t - 1.0),
        second * t * (t * t - 2.0),
        second * t * t * (t * t - 3.0),
    )


def integrated_axis_with(
    erf: Callable[[Any], Any],
) -> Callable[[Any, Any], tuple[Any, Any, Any, Any, Any, Any]]:
    """One axis of a Gaussian integrated over each pixel, given an error function.

    The error function is an argument because compiled code and arrays need different ones
    (``math.erf`` and ``scipy.special.erf``); the formula is written once.
    """

    def integrated_axis(u: Any, width: Any) -> tuple[Any, Any, Any, Any, Any, Any]:
        upper = (u + 0.5) / width
        lower = (u - 0.5) / width
        root = 0.7071067811865476
        value = 1.2533141373155003 * width * (erf(upper * root) - erf(lower * root))
        at_upper = np.exp(-0.5 * upper * upper)
        at_lower = np.exp(-0.5 * lower * lower)
        odd = upper * at_upper - lower * at_lower
        cubic = upper * upper * upper * at_upper - lower * lower * lower * at_lower
        return (
            value,
            at_lower - at_upper,
            value / width - odd,
            -odd / width,
            (lower * lower * at_lower - upper * upper * at_upper) / width,
            -cubic / width,
        )

    return integrated_axis


def axis_factors(
    centre: Floats, width: Floats, *, size: int, pixel: Pixel
) -> tuple[Floats, Floats, Floats]:
    """Value and derivatives of every column's Gaussian along one image axis.

    Parameters
    ----------
    centre, width : ndarray, shape (n,)
        Column centres and standard deviations [px].
    size : int
        Number of pixels along the axis.
    pixel : {'sampled', 'integrated'}
        Whether a pixel holds the value at its centre or the mean over its area.

    Returns
    -------
    value, d_centre, d_width : ndarray, shape (n, size)
    """
    u = np.arange(size, dtype=np.float64)[None, :] - centre[:, None]
    return factors_at(u, width, pixel=pixel)


def _values(centre: Floats, width: Floats, *, size: int, pixel: Pixel) -> Floats:
    """Value of `axis_factors` alone: derivatives cost more than the rest of an image."""
    if pixel != "sampled":
        return axis_factors(centre, width, size=size, pixel=pixel)[0]
    t = (np.arange(size, dtype=np.float64)[None, :] - centre[:, None]) / width[:, None]
    return np.asarray(np.exp(-0.5 * t * t), dtype=np.float64)


def factors_at(u: Floats, width: Floats, *, pixel: Pixel) -> tuple[Floats, Floats, Floats]:
    """Value and derivatives of every column's Gaussian along one axis at any places.

    Parameters
    ----------
    u : ndarray, shape (n, m)
        Places minus column centre [px].
    width : ndarray, shape (n,)
        Standard deviations [px].
    pixel : {'sampled', 'integrated'}
        As in `axis_factors`; pixels are centred on the places.

    Returns
    -------
    value, d_centre, d_width : ndarray, shape (n, m)
    """
    if pixel == "sampled":
        return sampled_axis(u, width[:, None])[:3]
    from scipy.special import erf

    return integrated_axis_with(erf)(u, width[:, None])[:3]


def scattering_cross_section(height: Any, width: Any, *, sampling: float) -> Any:
    """SCS [image unit x Å²] of a Gaussian column: 2π η ρ² s², its volume above the background.

    Parameters
    ----------
    height : float or ndarray
        Height η of the Gaussian [image unit].
    width : float or ndarray
        Standard deviation ρ [px].
    sampling : float
        Pixel size s [Å/px].
    """
    return 2.0 * np.pi * height * (width * sampling) ** 2


@dataclass(frozen=True, kw_only=True)
class ColumnModel:
    """Values of the column model of one image: columns, background, and which are free.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        Column centres [px], x along image columns, y along image rows, 0-based pixel centres.
    height : ndarray, shape (n,)
        Heights of the Gaussians [image unit].
    sigma : ndarray, shape (n,)
        Standard deviations of the Gaussians [px].
    shape : tuple of int
        Image shape (rows, columns) [px].
    background : tuple of float
        No value, one (constant) or three (value at the image centre, slope per px along x and
        along y).
    width : {'shared', 'species', 'column', 'fixed'}
        Which widths are free.
    species : ndarray of int, shape (n,)
        Species of each column, used where ``width='species'``: one width per species.
    positions_free : bool
        Whether positions are free parameters.
    pixel : {'sampled', 'integrated'}
        Whether a pixel holds the value at its centre or the mean over its area.
    """

    x: Floats
    y: Floats
    height: Floats
    sigma: Floats
    shape: tuple[int, int]
    background: tuple[float, ...] = ()
    width: WidthMode = "shared"
    species: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    positions_free: bool = True
    pixel: Pixel = "sampled"

    def __post_init__(self) -> None:
        shapes = {np.shape(v) for v in (self.x, self.y, self.height, self.sigma)}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1:
            raise InputError("x, y, height and sigma of a ColumnModel must share one shape (n,)")
        if self.width not in get_args(WidthMode):
            raise InputError(f"width must be shared, species, column or fixed, not {self.width!r}")
        if self.width == "species" and np.shape(self.species) != np.shape(self.x):
            raise InputError("width='species' needs species=, one integer per column")
        if len(self.background) not in BACKGROUND_TERMS.values():
            raise InputError("a background has 0, 1 or 3 coefficients")

    @property
    def group(self) -> Integers:
        """Width group of each column, numbered from 0 without gaps."""
        if self.width == "species":
            return np.unique(self.species, return_inverse=True)[1].astype(np.int64)
        if self.width == "shared":
            return np.zeros(self.n_columns, dtype=np.int64)
        return np.arange(self.n_columns, dtype=np.int64)

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return len(self.x)

    def factors(self) -> tuple[tuple[Floats, Floats, Floats], tuple[Floats, Floats, Floats]]:
        """Axis factors along x and along y, over the whole image and without truncation."""
        rows, cols = self.shape
        return (
            axis_factors(self.x, self.sigma, size=cols, pixel=self.pixel),
            axis_factors(self.y, self.sigma, size=rows, pixel=self.pixel),
        )

    def image(self) -> Floats:
        """Expected image, shape (rows, columns), without truncation.

        Large images are summed tile by tile, each of the columns that are not 0 in it.
        """
        image = np.empty(self.shape)
        for top in range(0, self.shape[0], _TILE):
            for left in range(0, self.shape[1], _TILE):
                part = image[top : top + _TILE, left : left + _TILE]
                self._add_up(left, top, part)
        for coefficient, term in zip(self.background, background_terms(self), strict=True):
            image += coefficient * term
        return image

    def _add_up(self, left: int, top: int, out: Floats) -> None:
        """Write the sum of all columns in the pixels from (left, top) on to `out`."""
        rows, cols = out.shape
        seen = np.ones(self.n_columns, dtype=np.bool_)
        if max(self.shape) > _TILE:
            reach = _UNDERFLOW * self.sigma + 1
            seen = np.abs(self.x - left - (cols - 1) / 2) <= reach + cols / 2
            seen &= np.abs(self.y - top - (rows - 1) / 2) <= reach + rows / 2
        ax, ay = (
            _values(centre[seen] - first, self.sigma[seen], size=size, pixel=self.pixel)
            for centre, first, size in ((self.x, left, cols), (self.y, top, rows))
        )
        out[:] = (ay * self.height[seen][:, None]).T @ ax

    def jacobian(self) -> Floats:
        """Derivatives of the expected image by the free parameters, dense.

        Returns
        -------
        ndarray, shape (rows * columns, p)
            In the order: all x, all y (unless positions are held), all heights, the free
            widths (one per group), the background coefficients.
        """
        (ax, bx, cx), (ay, by, cy) = self.factors()
        eta = self.height[:, None, None]
        parts: list[Floats] = []
        if self.positions_free:
            parts.append(eta * ay[:, :, None] * bx[:, None, :])
            parts.append(eta * by[:, :, None] * ax[:, None, :])
        parts.append(ay[:, :, None] * ax[:, None, :])
        if self.width != "fixed":
            each = eta * (ay[:, :, None] * cx[:, None, :] + cy[:, :, None] * ax[:, None, :])
            group = self.group
            by_group = np.zeros((int(group.max(initial=-1)) + 1, *self.shape))
            np.add.at(by_group, group, each)
            parts.append(by_group)
        parts.append(np.reshape(background_terms(self), (-1, *self.shape)))
        return np.concatenate(parts).reshape(-1, self.shape[0] * self.shape[1]).T


def background_terms(model: ColumnModel) -> list[Floats]:
    """Images 1, x, y whose weighted sum is the background, one per coefficient of the model."""
    rows, cols = model.shape
    y, x = np.mgrid[:rows, :cols].astype(np.float64)
    terms = [np.ones(model.shape), x - (cols - 1) / 2, y - (rows - 1) / 2]
    return terms[: len(model.background)]
