"""The ground truth of a case: noise-free images at any sampling and blur, and the true columns."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cases.case import Case, canonical_json
from cases.specimens.descriptions import DefectLadder, ParticleAdatoms
from cases.truth.columns import case_columns, frame_shape, to_angstrom
from cases.truth.rendering import interpolation_matrix, orbit_variance
from cases.truth.scan_plan import scan_plan
from cases.truth.truth_file import (
    Scan,
    default_path,
    read_description,
    read_scan,
    shipped_versions,
    version_path,
)
from stembench.arrays import Floats
from stembench.errors import InputError

#: Standard deviations of the source that an image must stay away from the edge of a scan that does
#: not continue periodically.
BLUR_REACH = 4.0


@dataclass(frozen=True)
class GroundTruth:
    """Noise-free images and true columns of one case.

    Attributes
    ----------
    case : Case
    scan : Scan
    provenance : dict
        How the scan was made: settings, seed, number of configurations, versions, date.
    """

    case: Case
    scan: Scan
    provenance: dict[str, Any]

    @property
    def hash(self) -> str:
        """SHA-256 of the stored data."""
        return self.scan.hash

    def image(
        self,
        label: str,
        *,
        margin: int = 0,
        sampling: float | None = None,
        source_sigma: float | None = None,
    ) -> Floats:
        """Noise-free image as a fraction of the incident beam.

        The Fourier series of the stored scan is evaluated at the pixel centres, without rounding
        or tapering. Statistical noise of the simulation can make the series dip below zero by a
        trifle where there is vacuum; such values are set to 0.

        Parameters
        ----------
        label : str
            Label of the image.
        margin : int
            Extra pixels on each side.
        sampling : float, optional
            Pixel size in Å/px; the field of view stays that of the case. By default the case's.
        source_sigma : float, optional
            Standard deviation of the source image in Å. By default the microscope's.

        Returns
        -------
        ndarray, shape (h + 2 margin, w + 2 margin)
            Row = y, column = x.

        Raises
        ------
        InputError
            If there is no such image, a number is out of range, or the scan ends before the
            pixels asked for.
        """
        rows, columns = self._weights(margin, sampling, source_sigma)
        image: Floats = rows @ self._stored(self.scan.mean, label) @ columns.T
        clipped: Floats = np.maximum(image, 0.0)
        return clipped

    def stderr(
        self,
        label: str,
        *,
        margin: int = 0,
        sampling: float | None = None,
        source_sigma: float | None = None,
    ) -> Floats:
        """Standard error of `image` from the finite number of phonon configurations.

        Simulated points count as independent, which dealing the configurations out over
        neighbouring points makes true; in a bulk crystal the copies of a point that symmetry makes
        are taken together. In the nanoparticle they are not, so that close to its four mirror
        lines the error is stated too small, by √2 at most. NaN where each point was sampled only
        once.

        Parameters and errors are those of `image`.

        Returns
        -------
        ndarray, shape (h + 2 margin, w + 2 margin)
        """
        rows, columns = self._weights(margin, sampling, source_sigma)
        variance = self._stored(self.scan.stderr, label) ** 2
        if self.case.structure.kind == "bulk":
            return np.sqrt(orbit_variance(rows, columns, variance, orbits=self._orbits()))
        result: Floats = np.sqrt(rows**2 @ variance @ (columns**2).T)
        return result

    def columns(self, label: str) -> pd.DataFrame:
        """List the columns whose centre lies in the frame, between the outermost pixel centres.

        Returns
        -------
        pandas.DataFrame
            Index ``column``; x, y (px of the frame without margin), count (atoms), measured.

        Raises
        ------
        InputError
            If there is no such image.
        """
        table = case_columns(self.case, label)
        return table.drop(columns="inside")

    def outside(self, label: str) -> pd.DataFrame:
        """List the columns just outside the frame, within the case's margin.

        Returns
        -------
        pandas.DataFrame
            As `columns`; the index goes on behind the last column of the frame.
        """
        table = case_columns(self.case, label, reach=self.case.margin)
        return table.loc[~table["inside"]].drop(columns="inside")

    def _orbits(self) -> npt.NDArray[np.int64]:
        return scan_plan(self.case.simulation).unfold

    def _stored(self, array: npt.NDArray[np.float32], label: str) -> Floats:
        if label not in self.scan.labels:
            case_columns(self.case, label)  # raises and lists the labels
        stored: Floats = array[self.scan.labels.index(label)].astype(np.float64)
        return stored

    def _weights(
        self, margin: int, sampling: float | None, source_sigma: float | None
    ) -> tuple[Floats, Floats]:
        case = self.case
        pixel = case.sampling if sampling is None else sampling
        sigma = case.microscope.source_sigma if source_sigma is None else source_sigma
        if not (math.isfinite(pixel) and pixel > 0):
            raise InputError(f"the sampling must be a positive number of Å/px, not {pixel}")
        if not (math.isfinite(sigma) and sigma >= 0):
            raise InputError(f"the source size must be a number of Å >= 0, not {sigma}")
        if margin < 0:
            raise InputError(f"the margin must not be negative, it is {margin}")
        height, width = frame_shape(case, sampling=pixel)
        pixels = np.arange(-margin, max(height, width) + margin, dtype=np.float64)
        places = to_angstrom(case, np.stack([pixels, pixels], axis=1), sampling=pixel)
        matrices = []
        for axis, count in ((1, height), (0, width)):
            targets = places[: count + 2 * margin, axis] - self.scan.first
            self._check_reach(targets, margin=margin, sigma=sigma)
            matrices.append(
                interpolation_matrix(
                    targets,
                    points=self.scan.mean.shape[1 if axis else 2],
                    step=self.scan.step,
                    sigma=sigma,
                    boundary=self.scan.boundary,
                )
            )
        return matrices[0], matrices[1]

    def _check_reach(self, targets: Floats, *, margin: int, sigma: float) -> None:
        """Refuse pixels where the scan's continuation, not the specimen, would be shown."""
        if self.case.structure.kind == "bulk":
            return
        last = (self.scan.mean.shape[1] - 1) * self.scan.step
        edge = BLUR_REACH * sigma if self.scan.boundary == "mirror" else 0.0
        if targets.min() < edge or targets.max() > last - edge:
            raise InputError(
                f"the stored scan of case '{self.case.name}' ends before a margin of {margin} px "
                f"with a source of {sigma} Å; ask for less of either"
            )


def load_ground_truth(case: Case, *, path: Path | None = None) -> GroundTruth:
    """Load the ground truth that ships for a case.

    Parameters
    ----------
    case : Case
    path : Path, optional
        Another file.

    Returns
    -------
    GroundTruth

    Raises
    ------
    InputError
        If the file is missing or damaged, or was simulated from another description.
    """
    source = default_path(case) if path is None else path
    scan, provenance, simulated = read_scan(source)
    if simulated != canonical_json(case.simulated()):
        raise InputError(
            f"the ground truth of case '{case.name}' was simulated from another description; "
            "run `nox -s simulate` to make it anew"
        )
    truth = GroundTruth(case=case, scan=scan, provenance=provenance)
    if isinstance(case.structure, DefectLadder | ParticleAdatoms):
        from cases.registry import get_case
        from cases.truth.adatom_truth import as_adatoms
        from cases.truth.defect_truth import as_ladder

        host = load_ground_truth(get_case(case.structure.host_case))
        ladder = isinstance(case.structure, DefectLadder)
        return as_ladder(truth, host) if ladder else as_adatoms(truth, host)
    return truth


def load_version(name: str, version: int) -> GroundTruth:
    """Load an older (or the present) version of a case's ground truth that ships.

    Parameters
    ----------
    name : str
        Of the case.
    version : int

    Returns
    -------
    GroundTruth
        Its `case` is the description of that version, rebuilt from the file.

    Raises
    ------
    InputError
        If that version does not ship; the message lists those that do.
    """
    path = version_path(name, version)
    if not path.exists():
        shipped = ", ".join(map(str, shipped_versions(name))) or "none"
        raise InputError(f"case '{name}' has no version {version}; versions that ship: {shipped}")
    return load_ground_truth(read_description(path), path=path)
