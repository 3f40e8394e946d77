"""Noise of an image drawn anew: counting, displaced lines, and a detector's trailing response."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from stembench.arrays import Floats

if TYPE_CHECKING:
    from bench.assessment.evidence.image_noise import ImageNoise
    from fitting import LineEstimate
    from noise import Jitter

#: Displacements whose standard deviation is below this part of a pixel are not drawn.
_SEEN: Final = 0.01
#: Correlation of consecutive lines beyond which a series would have no standard deviation.
_MOST_CORRELATED: Final = 0.99
#: Distance to the limit of the correlation that is at the limit.
_AT_LIMIT: Final = 1e-6


@dataclass(frozen=True, kw_only=True)
class NoiseDraws:
    """Noise as estimated from an image, to be drawn for an image of expected electrons.

    Attributes
    ----------
    jitter : noise.Jitter or None
        Displacements of the scan lines.
    trailing : tuple of float
        Response of the detector along the lines at lags 0, 1, ... px, sum 1; empty for none.
    vertical : bool
        Whether scan lines are columns of the image.
    sampling : float
        Å/px.
    seed : int
        Root of all random numbers.
    """

    jitter: "Jitter | None" = field(default=None)
    trailing: tuple[float, ...] = ()
    vertical: bool = False
    sampling: float
    seed: int

    @classmethod
    def of(cls, noise: "ImageNoise", *, sampling: float, vertical: bool, seed: int) -> "NoiseDraws":
        """Take over what was estimated from an image, but for the drift of its lines.

        Where the correlation is at the limit of the scan fit, drift or columns whose profile is not
        the model's have been fitted too, and drawn anew these would displace whole columns. What
        lines differ by from one to the next is told all the same: it is drawn without correlation.
        """
        from noise import Jitter

        jitter = None
        if noise.scan is not None:
            axes = noise.scan.x, noise.scan.y
            (sigma_x, phi_x), (sigma_y, phi_y) = (_drawn(axis) for axis in axes)
            if max(sigma_x, sigma_y) > _SEEN * sampling:
                jitter = Jitter(sigma_x=sigma_x, sigma_y=sigma_y, phi_x=phi_x, phi_y=phi_y)
        return cls(
            jitter=jitter,
            trailing=noise.trailing,
            vertical=vertical,
            sampling=sampling,
            seed=seed,
        )

    def drawn(self, before: Floats, after: Floats | None, *, number: int) -> Floats:
        """Draw the image of one number, as it is or changed.

        Images of the same number share lines and, where nothing is changed, each count
        (`noise.coupled_counts`), so that their difference is the change alone.

        Parameters
        ----------
        before : ndarray, shape (rows, columns)
            Expected electrons of the image as it is, >= 0.
        after : ndarray, shape (rows, columns), or None
            Those of the changed image, which is then drawn; None draws `before`.
        number : int
            Number of the draw; a draw depends on it and on the seed alone.

        Returns
        -------
        ndarray, shape (rows, columns)
            Electrons per pixel.
        """
        from noise import ScanNoise, coupled_counts, distort

        expected = self._displaced(before, number=number)
        # A dose of one electron per pixel: the image is in electrons already.
        counts = distort(
            expected,
            [self._generator("counts", number)],
            dose=1.0 / self.sampling**2,
            sampling=self.sampling,
            noise=ScanNoise(),
        )
        if after is not None:
            changed = self._displaced(after, number=number)
            counts = coupled_counts(
                counts, [self._generator("change", number)], before=expected, after=changed
            )
            expected = changed
        drawn = counts[0]
        if self.trailing:
            from noise import trail_with

            # The image that is taken as truth holds its columns as trailed already: what is
            # drawn anew, the noise alone, is trailed here.
            drawn = expected + trail_with(drawn - expected, np.array(self.trailing))
        return np.ascontiguousarray(drawn.T) if self.vertical else drawn

    def _displaced(self, image: Floats, *, number: int) -> Floats:
        """Expected electrons with displaced lines, scan lines along rows."""
        from noise import ScanNoise, displaced_image, jitter_displacements

        lines = np.ascontiguousarray(image.T) if self.vertical else image
        if self.jitter is None:
            return lines
        streams = ScanNoise.streams(self._generator("lines", number))
        moved = jitter_displacements(self.jitter, streams, lines=len(lines))
        return displaced_image(lines, moved, sampling=self.sampling)

    def _generator(self, purpose: str, number: int) -> np.random.Generator:
        from noise import realization_generator

        return realization_generator(
            self.seed, "assess", image=purpose, dose=1.0, realization=number
        )


def drifting(axis: "LineEstimate") -> bool:
    """Whether the lines' correlation is at its limit: they drift, beside jitter or without any."""
    from fitting import MOST_PHI

    return axis.phi >= MOST_PHI - _AT_LIMIT


def _drawn(axis: "LineEstimate") -> tuple[float, float]:
    """Standard deviation of innovations [Å] and correlation of the displacements to be drawn."""
    phi = float(np.clip(axis.phi, 0.0, _MOST_CORRELATED))
    # Consecutive lines differ by the same: 2 sigma² / (1 + phi) is the variance of differences.
    return (axis.sigma / float(np.sqrt(1.0 + phi)), 0.0) if drifting(axis) else (axis.sigma, phi)


def lines_note(noise: "ImageNoise") -> str:
    """Say which displacements of the lines are not drawn, or '' if all are."""
    if noise.scan is None:
        return ""
    names = [
        name for name, axis in (("along", noise.scan.x), ("across", noise.scan.y)) if drifting(axis)
    ]
    if not names:
        return ""
    return (
        f"displacements {' and '.join(names)} the lines drift over many lines (φ at its limit), as"
        " columns that are no Gaussians let them seem to; what consecutive lines differ by is drawn"
        " anew and the drift is not, so that errors of places are without any drift of the scan"
    )
