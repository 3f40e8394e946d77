"""Ground truth made of another case's image and the change that each of several sites makes to it.

The changes of distant sites are added: an approximation, which docs/defect_ladder.md checks against
multislice of two defects.
"""

import dataclasses
import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from cases.case import ImageSpec
from cases.truth.columns import to_angstrom
from cases.truth.ground_truth import GroundTruth
from cases.truth.rendering import interpolation_matrix, orbit_variance
from cases.truth.scan_plan import scan_plan
from stembench.arrays import Floats


@dataclass(frozen=True)
class SiteGroundTruth(GroundTruth, ABC):
    """Noise-free images and true columns of a specimen that differs from a host at some sites.

    Attributes
    ----------
    host : GroundTruth
        Of the case that images the specimen without these sites.
    """

    host: GroundTruth

    @abstractmethod
    def sites(self, label: str) -> list[tuple[str, Floats]]:
        """Label of the stored scan and place (x, y) in Å of each site that changes an image."""

    @abstractmethod
    def difference(self, name: str) -> Floats:
        """Image with one site's change less that without, at its scan points, no blur.

        Parameters
        ----------
        name : str
            One of `cases.specimens.defects.scan_labels`.

        Returns
        -------
        ndarray, shape (points, points)
            Row = y, column = x.
        """

    @abstractmethod
    def difference_stderr(self, name: str) -> Floats:
        """Standard error of `difference`, from the phonon configurations of its own."""

    @abstractmethod
    def host_share(self, image: Floats, host: Floats) -> Floats:
        """Factor by which an error of the host's image enters that of the image, per pixel."""

    @property
    def hash(self) -> str:
        """SHA-256 of the stored changes and of the host's data."""
        return hashlib.sha256(f"{self.scan.hash} {self.host.hash}".encode()).hexdigest()

    def image(
        self,
        label: str,
        *,
        margin: int = 0,
        sampling: float | None = None,
        source_sigma: float | None = None,
    ) -> Floats:
        """Noise-free image as a fraction of the incident beam; see `GroundTruth.image`."""
        image = self._host(label).image(
            self.host_label(label), margin=margin, sampling=sampling, source_sigma=source_sigma
        )
        pixel, sigma = self._defaults(sampling, source_sigma)
        for name, place in self.sites(label):
            rows, columns = self._weights_at(
                place, shape=image.shape, margin=margin, sampling=pixel, sigma=sigma
            )
            image += rows @ self.difference(name) @ columns.T
        return np.maximum(image, 0.0)

    def stderr(
        self,
        label: str,
        *,
        margin: int = 0,
        sampling: float | None = None,
        source_sigma: float | None = None,
    ) -> Floats:
        """Standard error of `image` from the finite number of phonon configurations.

        The host and the changes have phonon configurations of their own.
        """
        host, name = self._host(label), self.host_label(label)
        frame: dict[str, Any] = {
            "margin": margin, "sampling": sampling, "source_sigma": source_sigma,
        }  # fmt: skip
        share = self.host_share(self.image(label, **frame), host.image(name, **frame))
        variance = (host.stderr(name, **frame) * share) ** 2
        pixel, sigma = self._defaults(sampling, source_sigma)
        orbits = scan_plan(self.case.simulation).unfold
        for name, place in self.sites(label):
            rows, columns = self._weights_at(
                place, shape=variance.shape, margin=margin, sampling=pixel, sigma=sigma
            )
            variance += orbit_variance(
                rows, columns, self.difference_stderr(name) ** 2, orbits=orbits
            )
        return np.sqrt(variance)

    def host_label(self, label: str) -> str:
        """Label of the host's image that an image is made from."""
        thickness = {spec.label: spec.thickness for spec in self.case.images}[label]
        return host_label(self.host.case.images, thickness)

    def _host(self, label: str) -> GroundTruth:
        """The host's ground truth, seen in the frame of this case."""
        frame = dataclasses.replace(
            self.host.case,
            shape=self.case.shape,
            offset=self.case.offset,
            sampling=self.case.sampling,
            margin=self.case.margin,
        )
        self.columns(label)  # raises and lists the labels
        return dataclasses.replace(self.host, case=frame)

    def _defaults(self, sampling: float | None, source_sigma: float | None) -> tuple[float, float]:
        case = self.case
        return (
            case.sampling if sampling is None else sampling,
            case.microscope.source_sigma if source_sigma is None else source_sigma,
        )

    def _weights_at(
        self,
        place: Floats,
        *,
        shape: tuple[int, ...],
        margin: int,
        sampling: float,
        sigma: float,
    ) -> tuple[Floats, Floats]:
        """Weights of the scan points for each row and each column of pixels.

        They are zero beyond half a step outside the scan, where the difference counts as none.
        """
        points, step, first = self.scan.mean.shape[1], self.scan.step, self.scan.first
        weights = []
        for axis, count in ((1, shape[0]), (0, shape[1])):
            pixels = np.zeros((count, 2))
            pixels[:, axis] = np.arange(count) - margin
            targets = to_angstrom(self.case, pixels, sampling=sampling)[:, axis] - place[axis]
            matrix = interpolation_matrix(
                targets - first, points=points, step=step, sigma=sigma, boundary="periodic"
            )
            matrix[np.abs(targets) > points * step / 2] = 0.0
            weights.append(matrix)
        return weights[0], weights[1]


def host_label(images: tuple[ImageSpec, ...], thickness: int) -> str:
    """Label of the host's image of a thickness; ValueError if there is none."""
    for spec in images:
        if spec.thickness == thickness:
            return spec.label
    raise ValueError(f"the host has no image of thickness {thickness}")


def provenance_with_host(truth: GroundTruth, host: GroundTruth) -> dict[str, Any]:
    """Provenance of a scan of changes together with what says which host they belong to.

    Raises
    ------
    ValueError
        If the two differ in material, microscope or thickness.
    """
    same = (
        truth.case.structure.material == host.case.structure.material
        and truth.case.microscope == host.case.microscope
    )
    if not same:
        raise ValueError(f"'{host.case.name}' is another crystal or microscope")
    for spec in truth.case.images:
        host_label(host.case.images, spec.thickness)
    return truth.provenance | {
        "host": {
            "case": host.case.name,
            "version": host.case.version,
            "data_sha256": host.hash,
            "configurations": host.provenance.get("configurations"),
        }
    }
