"""Assumptions of a scan fit: how lines move, what columns look like, how far a lattice holds."""

import math
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import numpy as np

from stembench.errors import InputError
from stembench.limits import require

Profile = Literal["one", "two"]
#: Standard deviation of a column's width about the common one, as a part of it.
WIDTH_SPREAD: Final = 0.03
#: Fewest lines from which displacements can be told from columns.
LEAST_LINES: Final = 8
#: Least standard deviation of a prior [Å], and of the widths' as a part of them: far below what any
#: image tells, and no division by nothing.
LEAST_LENGTH: Final = 1e-4
LEAST_SPREAD: Final = 1e-4


@dataclass(frozen=True, kw_only=True)
class ScanModel:
    """Scan lines that are displaced at random, and columns that are not.

    Line l shows the specimen at (i + dx_l, l + dy_l). Along each axis the displacements are an
    autoregressive series of first order, d_l = φ d_(l-1) + a_l with innovations of standard
    deviation σ, as in equation (41) of Lobato, Friedrich and Van Aert (2024).

    Attributes
    ----------
    sigma_x, sigma_y : float or None
        Standard deviation of the innovations along and across the lines [Å]; 0 holds the lines
        along an axis, None estimates it from the image.
    phi_x, phi_y : float or None
        Correlation of consecutive lines, 0 <= φ < 1; None estimates it.
    lattice_prior : float or None
        Standard deviation [Å] of a column's distance from the mean of its opposite neighbours; None
        says nothing of a lattice. A fit with it always states its response.
    profile : {'one', 'two'}
        Gaussians of a column's profile. Where one does not do, its misfit goes into the lines.
    width_spread : float
        Standard deviation of the columns' widths about the common one, as a part of it; 0 gives all
        the same width.
    trailing : tuple of float
        Response of detector and readout along a line, at lags 0, 1, ... px, sum 1; it is undone
        first. Empty for none.
    slow_drift : float
        Standard deviation [Å] of a frame's drift from its middle line to its first and to its last;
        0 lets frames drift as a whole. For several frames: a drift of one frame alone cannot be
        told from a strain.
    response : bool
        Measure how much of an isolated displacement of a column the fit passes on; with a
        `lattice_prior` it always does.
    """

    sigma_x: float | None = None
    sigma_y: float | None = None
    phi_x: float | None = None
    phi_y: float | None = None
    lattice_prior: float | None = None
    profile: Profile = "two"
    width_spread: float = WIDTH_SPREAD
    trailing: tuple[float, ...] = field(default=())
    slow_drift: float = 0.0
    response: bool = False

    def __post_init__(self) -> None:
        for axis in ("x", "y"):
            sigma, phi = getattr(self, f"sigma_{axis}"), getattr(self, f"phi_{axis}")
            if sigma is not None:
                _require_zero_or(sigma, f"scan sigma_{axis}", least=LEAST_LENGTH, unit="Å")
            if phi is not None:
                require(phi, f"scan phi_{axis}", low=0, high=1, open_high=True)
        if self.lattice_prior is not None:
            require(self.lattice_prior, "lattice prior", low=0, open_low=True, unit="Å")
            require(self.lattice_prior, "lattice prior", low=LEAST_LENGTH, unit="Å")
        if self.profile not in get_args(Profile):
            raise InputError(f"profile must be one or two Gaussians, not {self.profile!r}")
        require(self.width_spread, "width_spread", low=0, high=1)
        _require_zero_or(self.width_spread, "width_spread", least=LEAST_SPREAD)
        _require_zero_or(self.slow_drift, "slow_drift", least=LEAST_LENGTH, unit="Å")
        response = np.asarray(self.trailing, dtype=np.float64)
        if len(response) and not (
            response[0] > 0 and math.isclose(response.sum(), 1.0, rel_tol=1e-6)
        ):
            raise InputError(
                "the trailing response needs a positive value at lag 0 and the sum 1; it sums to "
                f"{response.sum():.4g}"
            )

    @property
    def estimated(self) -> bool:
        """Whether any statistic of the lines is estimated from the image."""
        return None in (self.sigma_x, self.sigma_y, self.phi_x, self.phi_y)


def _require_zero_or(value: float, name: str, *, least: float, unit: str = "") -> None:
    """Raise `InputError` unless `value` is 0 or at least `least`."""
    require(value, name, low=0, unit=unit)
    if 0 < value < least:
        ending = f" {unit}" if unit else ""
        raise InputError(f"{name} must be 0 or at least {least:g}{ending}, not {value:g}")
