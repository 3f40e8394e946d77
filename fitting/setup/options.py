"""Options of a column fit, and checks of the numbers given with it."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

import numpy as np

from fitting.model import Background, Pixel, WidthMode
from fitting.setup.start import Bounds
from stembench.errors import InputError
from stembench.limits import require

#: The fast engine of our own, and the slow one that the field knows.
Engine = Literal["joint", "lmfit"]
#: Unweighted least squares, or the likelihood of counts.
Estimator = Literal["ls", "poisson"]
#: Which widths are free, or the one [px] at which all are held.
Width = Literal["shared", "species", "column"] | float

_CHOICES: Final = {
    "background": get_args(Background),
    "pixel": get_args(Pixel),
    "estimator": get_args(Estimator),
    "engine": get_args(Engine),
}


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """How columns are fitted: the model, the estimator and its bounds.

    What belongs to an image (positions, mask, pixel size, dose, detector noise) is given to
    `fitting.fit_columns` beside these.

    Attributes
    ----------
    width : {'shared', 'species', 'column'} or float
        Free widths: one for all columns, one per species, one per column; or the width [px] at
        which all are held.
    background : {'none', 'constant', 'plane'}
        Background fitted with the columns.
    pixel : {'sampled', 'integrated'}
        Whether a pixel holds the model at its centre or its mean over the pixel.
    estimator : {'ls', 'poisson'}
        Unweighted least squares, or Poisson maximum likelihood of raw counts (needs the dose).
    engine : {'joint', 'lmfit'}
        The sparse joint minimiser, or the same problem through lmfit (dense, few columns).
    start_width : float or None
        Start of the free widths [px]; None tries several fractions of the spacing.
    bounds : Bounds
        Bounds of drift [px], width [px] and height [image unit]; defaults are documented there.

    Raises
    ------
    InputError
        If a choice is unknown or a number cannot be used.
    """

    width: Width = "shared"
    background: Background = "constant"
    pixel: Pixel = "sampled"
    estimator: Estimator = "ls"
    engine: Engine = "joint"
    start_width: float | None = None
    bounds: Bounds = field(default_factory=Bounds)

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise InputError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
        if self.start_width is not None:
            _require_width("start_width", self.start_width)
        if not isinstance(self.width, str):
            _require_width("width", self.width)
        elif self.width not in ("shared", "species", "column"):
            raise InputError(
                f"width must be shared, species, column or a number of pixels, not {self.width!r}"
            )
        if not isinstance(self.bounds, Bounds):
            raise InputError(f"bounds must be fitting.Bounds(...), not {self.bounds!r}")

    @property
    def width_mode(self) -> WidthMode:
        """Which widths are free: 'shared', 'species', 'column', or 'fixed' at a number."""
        return self.width if isinstance(self.width, str) else "fixed"

    @property
    def first_width(self) -> float | None:
        """Width [px] at which all columns are held or start; None where it is to be searched."""
        return self.start_width if isinstance(self.width, str) else float(self.width)


def _require_width(name: str, value: Any) -> None:
    require_positive(name, value, "px")
    # Beyond, powers of it are no longer numbers.
    require(float(value), name, low=1e-3, high=1e6, unit="px")


def require_scale(sampling: float, dose: float | None) -> None:
    """Raise `InputError` unless sampling [Å/px] and dose [e/Å²] are such as images have.

    Far beyond, squares of electrons per pixel are no longer numbers.
    """
    require_positive("sampling", sampling, "Å/px")
    if not 1e-9 <= sampling <= 1e9:
        raise InputError(f"sampling must be between 1e-9 and 1e9 Å/px, not {sampling:g}")
    if dose is not None:
        require_positive("dose", dose, "e/Å²")
        if not 1e-12 <= dose <= 1e12:
            raise InputError(f"dose must be between 1e-12 and 1e12 e/Å², not {dose:g}")


def require_positive(name: str, value: Any, unit: str) -> None:
    """Raise InputError unless `value` is a positive finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise InputError(f"{name} must be a number in {unit}, not {value!r}")
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"{name} must be a positive number in {unit}, not {value}")


def require_detector_noise(sigma: float) -> None:
    """Raise InputError unless `sigma` is a standard deviation of detector noise [electrons]."""
    if not (np.isfinite(sigma) and sigma >= 0):
        raise InputError(f"detector_sigma must be 0 or more electrons, not {sigma}")
