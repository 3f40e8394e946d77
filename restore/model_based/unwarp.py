"""The image on straight scan lines, as a fit of columns and lines together finds them."""

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from restore.built_in import BuiltIn, untrained_metadata
from restore.restorer import RestorationWarning, RestorerMetadata
from stembench.arrays import Floats
from stembench.errors import InputError

if TYPE_CHECKING:
    from fitting import ScanModel

ESTIMATED: Final = "auto"
#: Fewest columns from which lines are told.
_LEAST_COLUMNS: Final = 3


@dataclass(frozen=True)
class Unwarp:
    """Counts on straight lines: columns and the displacements of lines are fitted together.

    Columns are searched for, `fitting.fit_columns` finds them and the lines, and
    `fitting.straighten` puts the counts where they belong. The noise stays. An image without
    columns, or with too few lines, is returned as it is with a `RestorationWarning`; what the model
    of lines does not explain is warned of too.
    """

    sigma: str = ESTIMATED
    """Standard deviation of a line's new displacement, Å; 'auto' estimates it from the image."""
    phi: str = ESTIMATED
    """Correlation of consecutive lines, 0 to 1; 'auto' estimates it."""
    lattice_prior: float = 0.0
    """Standard deviation of columns about the mean of their opposite neighbours, Å; 0 for none."""
    trailing: str = ""
    """Response of the readout along a line, as 0.7+0.2+0.1; it is undone. Empty for none."""
    smooth: float = 0.0
    """Standard deviation of a Gaussian that smooths the straight image, Å; 0 for none."""
    fast_axis: str = "horizontal"
    """Direction of the scan lines, horizontal or vertical."""
    background: bool = True
    """Whether a constant lies under the columns."""
    counts: bool = True
    """Whether values are electrons; else the noise is taken from residuals of the columns' fit."""

    def __post_init__(self) -> None:
        if self.fast_axis not in ("horizontal", "vertical"):
            raise InputError(
                f"setting 'fast_axis' of 'unwarp' is horizontal or vertical, not '{self.fast_axis}'"
            )
        for name in ("lattice_prior", "smooth"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise InputError(f"setting '{name}' of 'unwarp' must not be negative, not {value}")
        sigma, phi = self._number("sigma"), self._number("phi")
        if sigma is not None and not (math.isfinite(sigma) and sigma >= 0):
            raise InputError(f"setting 'sigma' of 'unwarp' must not be negative, not {self.sigma}")
        if phi is not None and not 0 <= phi < 1:
            raise InputError(
                f"setting 'phi' of 'unwarp' must be 0 or more and less than 1, not {self.phi}"
            )
        response = self._response()
        if response and not (response[0] > 0 and math.isclose(sum(response), 1, rel_tol=1e-6)):
            raise InputError(
                "setting 'trailing' of 'unwarp' needs a positive first value and the sum 1, not "
                f"'{self.trailing}'"
            )

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        return untrained_metadata(
            "unwarp",
            self,
            label="un-warped",
            library="scipy",
            scales_with_counts=False,
            family="model",
        )

    def restore_image(self, image: Floats, /, *, sampling: float) -> Floats:
        """Put the counts of one image (h, w) on straight lines."""
        if self.fast_axis == "vertical":
            return self._straightened(image.T, sampling).T
        return self._straightened(image, sampling)

    def _straightened(self, image: Floats, sampling: float) -> Floats:
        from fitting import FitOptions, find_columns, fit_columns, straighten, undo_trailing

        if min(image.shape) < 5 or image.max() == image.min():
            return self._unchanged(image, "it shows no columns")
        image = undo_trailing(image, self._response(), masked=np.zeros(image.shape, dtype=bool))
        places = find_columns(image)
        if len(places) < _LEAST_COLUMNS:
            return self._unchanged(image, f"{len(places)} columns were found in it")
        try:
            fitted = fit_columns(
                image,
                places,
                sampling=sampling,
                options=FitOptions(background="constant" if self.background else "none"),
                # At this dose a pixel of value 1 is one electron.
                dose=1 / sampling**2 if self.counts else None,
                scan=self._model(),
            )
        except InputError as error:
            return self._unchanged(image, str(error))
        if fitted.scan is None or not fitted.scan.converged:
            return self._unchanged(image, "the fit of columns and lines did not converge")
        for sentence in fitted.scan.warnings:
            warnings.warn(
                f"restorer '{self.metadata.name}': {sentence}", RestorationWarning, stacklevel=4
            )
        straight = straighten(image, fitted.scan.displacements)
        if self.smooth > 0:
            from scipy.ndimage import gaussian_filter

            straight = gaussian_filter(straight, self.smooth / sampling, mode="mirror")
        return straight

    def _model(self) -> "ScanModel":
        from fitting import ScanModel

        sigma, phi = self._number("sigma"), self._number("phi")
        return ScanModel(
            sigma_x=sigma,
            sigma_y=sigma,
            phi_x=phi,
            phi_y=phi,
            lattice_prior=self.lattice_prior or None,
        )

    def _number(self, name: str) -> float | None:
        """Value of a setting that may be estimated; None where it is."""
        text = getattr(self, name)
        if text == ESTIMATED:
            return None
        try:
            return float(text)
        except ValueError as error:
            raise InputError(
                f"setting '{name}' of 'unwarp' is a number or {ESTIMATED}, not '{text}'"
            ) from error

    def _response(self) -> tuple[float, ...]:
        try:
            return tuple(float(part) for part in self.trailing.split("+")) if self.trailing else ()
        except ValueError as error:
            raise InputError(
                f"setting 'trailing' of 'unwarp' is a sum as 0.7+0.2+0.1, not '{self.trailing}'"
            ) from error

    def _unchanged(self, image: Floats, reason: str) -> Floats:
        warnings.warn(
            f"restorer '{self.metadata.name}' left an image of {image.shape[1]} x "
            f"{image.shape[0]} px as it is: {reason}",
            RestorationWarning,
            stacklevel=2,
        )
        return image


RESTORER: Final = BuiltIn(
    name="unwarp",
    summary="straight scan lines, from a fit of columns and line displacements together",
    load=Unwarp,
    settings_type=Unwarp,
    slow=True,
)
