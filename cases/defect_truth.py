"""The ground truth of a ladder of defects: the perfect crystal changed by each defect.

The changes that distant defects make are added: an approximation, which docs/defect_ladder.md
checks against multislice of two defects.
"""

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cases.columns import to_angstrom
from cases.defects import site_places
from cases.description import Case, ImageSpec
from cases.ground_truth import GroundTruth
from cases.rendering import interpolation_matrix, orbit_variance
from cases.scan import scan_plan
from cases.specimens import DefectLadder

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LadderGroundTruth(GroundTruth):
    """Noise-free images and true columns of a ladder of defects.

    Attributes
    ----------
    host : GroundTruth
        Of the case that images the perfect crystal.
    """

    host: GroundTruth

    @property
    def hash(self) -> str:
        """SHA-256 of the stored changes and of the perfect crystal's data."""
        return hashlib.sha256(f"{self.scan.hash} {self.host.hash}".encode()).hexdigest()

    def image(
        self,
        label: str,
        *,
        margin: int = 0,
        sampling: float | None = None,
        source_sigma: float | None = None,
    ) -> FloatArray:
        """Noise-free image as a fraction of the incident beam; see `GroundTruth.image`."""
        perfect = self._perfect(label)
        image = perfect.image(
            self._host_label(label), margin=margin, sampling=sampling, source_sigma=source_sigma
        )
        pixel, sigma = self._defaults(sampling, source_sigma)
        for name, place in self._defects(label):
            rows, columns = self._site_weights(
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
    ) -> FloatArray:
        """Standard error of `image` from the finite number of phonon configurations.

        The perfect crystal and the changes have phonon configurations of their own. The error of
        the perfect crystal is scaled as the defects scale its image.
        """
        host, name = self._perfect(label), self._host_label(label)
        frame: dict[str, Any] = {
            "margin": margin, "sampling": sampling, "source_sigma": source_sigma,
        }  # fmt: skip
        perfect = np.maximum(host.image(name, **frame), np.finfo(np.float64).tiny)
        variance = (host.stderr(name, **frame) * self.image(label, **frame) / perfect) ** 2
        pixel, sigma = self._defaults(sampling, source_sigma)
        orbits = scan_plan(self.case.simulation).unfold
        for name, place in self._defects(label):
            rows, columns = self._site_weights(
                place, shape=variance.shape, margin=margin, sampling=pixel, sigma=sigma
            )
            variance += orbit_variance(
                rows, columns, self._scaled(self.scan.stderr, name) ** 2, orbits=orbits
            )
        return np.sqrt(variance)

    def _perfect(self, label: str) -> GroundTruth:
        """The host's ground truth, seen in the frame of the ladder."""
        frame = dataclasses.replace(
            self.host.case,
            shape=self.case.shape,
            offset=self.case.offset,
            sampling=self.case.sampling,
            margin=self.case.margin,
        )
        self.columns(label)  # raises and lists the labels
        return dataclasses.replace(self.host, case=frame)

    def _host_label(self, label: str) -> str:
        thickness = {spec.label: spec.thickness for spec in self.case.images}[label]
        return host_label(self.host.case.images, thickness)

    def _defaults(self, sampling: float | None, source_sigma: float | None) -> tuple[float, float]:
        case = self.case
        return (
            case.sampling if sampling is None else sampling,
            case.microscope.source_sigma if source_sigma is None else source_sigma,
        )

    def _defects(self, label: str) -> list[tuple[str, FloatArray]]:
        """Label of the difference image and place in Å of each defect."""
        ladder = _ladder(self.case)
        return [
            (f"{label}-{site.kind}", place)
            for site, place in zip(ladder.sites, site_places(ladder), strict=True)
            if site.kind != "perfect"
        ]

    def difference(self, name: str) -> FloatArray:
        """Image with one defect less that without, at the scan points round its site, no blur.

        Parameters
        ----------
        name : str
            One of `cases.defects.scan_labels`.

        Returns
        -------
        ndarray, shape (points, points)
            Row = y, column = x.
        """
        return self._scaled(self.scan.mean, name)

    def _scaled(self, array: npt.NDArray[np.float32], name: str) -> FloatArray:
        """Relative changes of a defect times the perfect crystal's image at the scan points."""
        relative = array[self.scan.labels.index(name)].astype(np.float64)
        host = self.host.scan
        targets = self.scan.first + self.scan.step * np.arange(relative.shape[0])
        weights = interpolation_matrix(
            targets - host.first,
            points=host.mean.shape[1],
            step=host.step,
            sigma=0.0,
            boundary=host.boundary,
        )
        label = self._host_label(name.rsplit("-", 1)[0])
        perfect = host.mean[host.labels.index(label)].astype(np.float64)
        scaled: FloatArray = relative * (weights @ perfect @ weights.T)
        return scaled

    def _site_weights(
        self,
        place: FloatArray,
        *,
        shape: tuple[int, ...],
        margin: int,
        sampling: float,
        sigma: float,
    ) -> tuple[FloatArray, FloatArray]:
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
    """Label of the host's image of a thickness."""
    for spec in images:
        if spec.thickness == thickness:
            return spec.label
    raise ValueError(f"the host has no image of {thickness} unit cells")


def as_ladder(truth: GroundTruth, host: GroundTruth) -> LadderGroundTruth:
    """Join the stored changes and the perfect crystal.

    Parameters
    ----------
    truth : GroundTruth
        Of the ladder's case, its scan holding the relative changes.
    host : GroundTruth
        Of the case that images the perfect crystal.

    Raises
    ------
    ValueError
        If the two differ in material, microscope or thickness.
    """
    ladder = _ladder(truth.case)
    same = (
        ladder.material == host.case.structure.material
        and truth.case.microscope == host.case.microscope
    )
    if not same:
        raise ValueError(f"'{host.case.name}' is another crystal or microscope")
    for spec in truth.case.images:
        host_label(host.case.images, spec.thickness)
    provenance = truth.provenance | {
        "host": {
            "case": host.case.name,
            "version": host.case.version,
            "data_sha256": host.hash,
            "configurations": host.provenance.get("configurations"),
        }
    }
    return LadderGroundTruth(case=truth.case, scan=truth.scan, provenance=provenance, host=host)


def _ladder(case: Case) -> DefectLadder:
    if not isinstance(case.structure, DefectLadder):
        raise TypeError(f"case '{case.name}' is no ladder of defects")
    return case.structure
