"""The ground truth of a case: noise-free images at any sampling and blur, and the true columns."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cases.case import Case, canonical_json
from cases.registry import get_case
from cases.specimens.specimen import Specimen
from cases.truth.column_roles import column_roles
from cases.truth.columns import case_columns, to_angstrom
from cases.truth.edits import check_edited_host, edit_difference
from cases.truth.frame import Frame, check_reach, frame_of, scan_weights
from cases.truth.rendering import orbit_variance
from cases.truth.scan_plan import scan_plan
from cases.truth.sites import SiteChanges, check_host, host_label
from cases.truth.truth_file import (
    Scan,
    default_path,
    read_description,
    read_scan_once,
    shipped_versions,
    version_path,
)
from stembench.arrays import Floats
from stembench.errors import InputError


@dataclass(frozen=True)
class GroundTruth:
    """Noise-free images and true columns of one case.

    Attributes
    ----------
    case : Case
    scan : Scan
        The case's images; of a specimen with sites on a host, what each site changes.
    provenance : dict
        How the scan was made: settings, seed, number of configurations, versions, date.
    host : GroundTruth or None
        Of the case that images the specimen without its sites or edits; None for a specimen that
        is imaged as a whole. An edited specimen has the host's scan.
    """

    case: Case
    scan: Scan
    provenance: dict[str, Any]
    host: "GroundTruth | None" = None

    @property
    def specimen(self) -> Specimen:
        """The specimen that is imaged."""
        return self.case.structure

    @property
    def hash(self) -> str:
        """SHA-256 of the stored data; of changes together with the host's data."""
        if self.host is None:
            return self.scan.hash
        return hashlib.sha256(f"{self.scan.hash} {self.host.hash}".encode()).hexdigest()

    @property
    def changes(self) -> SiteChanges | None:
        """What the specimen's sites change in the host's image; None without sites."""
        sites = self.specimen.sites_on_host
        if sites is None or self.host is None:
            return None
        return SiteChanges(specimen=sites, scan=self.scan, host=self.host.scan)

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
        frame = frame_of(self.case, margin=margin, sampling=sampling, source_sigma=source_sigma)
        return self._image(label, frame)

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
        once. A host and the changes that its sites make have phonon configurations of their own.

        Parameters and errors are those of `image`.

        Returns
        -------
        ndarray, shape (h + 2 margin, w + 2 margin)
        """
        frame = frame_of(self.case, margin=margin, sampling=sampling, source_sigma=source_sigma)
        return self._stderr(label, frame)

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
        return self._moved(table, label).drop(columns="inside")

    def base_label(self, label: str) -> str:
        """Label of the image that an edited one is made from; its own if it is not edited."""
        edits = self.specimen.edits_on_host
        return label if edits is None else edits.base_of(label)

    def roles(self, label: str) -> pd.DataFrame:
        """Sites among the columns in the frame, and the columns that they are held against.

        Returns
        -------
        pandas.DataFrame
            Index as of `columns`; site and role, see `cases.column_roles`.

        Raises
        ------
        InputError
            If there is no such image.
        """
        table = self.columns(label)
        places = table[["x", "y"]].to_numpy(dtype=np.float64)
        return column_roles(self.case, places).set_index(table.index)

    def outside(self, label: str) -> pd.DataFrame:
        """List the columns just outside the frame, within the case's margin.

        Returns
        -------
        pandas.DataFrame
            As `columns`; the index goes on behind the last column of the frame.
        """
        table = case_columns(self.case, label, reach=self.case.margin)
        outside = table.loc[~table["inside"]]
        return self._moved(outside, label).drop(columns="inside")

    def _moved(self, table: pd.DataFrame, label: str) -> pd.DataFrame:
        """Columns of the specimen where an edit puts them."""
        edits = self.specimen.edits_on_host
        if edits is None:
            return table
        centres = to_angstrom(self.case, table[["x", "y"]].to_numpy(dtype=np.float64))
        change = edits.field(label, centres)[:, :2] / self.case.sampling
        return table.assign(x=table["x"] + change[:, 0], y=table["y"] + change[:, 1])

    def _image(self, label: str, frame: Frame) -> Floats:
        changes, host = self.changes, self.host
        if self.specimen.edits_on_host is not None and host is not None:
            edit = self.specimen.edits_on_host.edit_of(label)
            if edit is not None and edit.source:
                simulated = load_ground_truth(get_case(edit.source))
                return simulated._image(self.base_label(label), frame)
            unedited = host._image(self.base_label(label), frame)
            edited: Floats = np.maximum(unedited + edit_difference(self.case, label, frame), 0.0)
            return edited
        if changes is None or host is None:
            stored = self._stored(self.scan.mean, label)
            check_reach(self.case, self.scan, frame)
            rows, columns = scan_weights(self.scan, frame)
            image: Floats = rows @ stored @ columns.T
        else:
            name = host_label(self.case, host.case, label)
            image = host._image(name, frame)
            for site, rows, columns in changes.weights(frame):
                difference = changes.difference(label, site.kind, host_label=name)
                image += rows @ difference @ columns.T
        clipped: Floats = np.maximum(image, 0.0)
        return clipped

    def _stderr(self, label: str, frame: Frame) -> Floats:
        changes, host = self.changes, self.host
        if self.specimen.edits_on_host is not None and host is not None:
            return host._stderr(self.base_label(label), frame)
        orbits = scan_plan(self.case.simulation).unfold
        if changes is None or host is None:
            variance = self._stored(self.scan.stderr, label) ** 2
            check_reach(self.case, self.scan, frame)
            rows, columns = scan_weights(self.scan, frame)
            if self.specimen.endless:
                return np.sqrt(orbit_variance(rows, columns, variance, orbits=orbits))
            rendered: Floats = np.sqrt(rows**2 @ variance @ (columns**2).T)
            return rendered
        name = host_label(self.case, host.case, label)
        share = changes.host_share(self._image(label, frame), host._image(name, frame))
        variance = (host._stderr(name, frame) * share) ** 2
        for site, rows, columns in changes.weights(frame):
            error = changes.difference_stderr(label, site.kind, host_label=name)
            variance += orbit_variance(rows, columns, error**2, orbits=orbits)
        return np.sqrt(variance)

    def _stored(self, array: npt.NDArray[np.float32], label: str) -> Floats:
        if label not in self.scan.labels:
            case_columns(self.case, label)  # raises and lists the labels
        stored: Floats = array[self.scan.labels.index(label)].astype(np.float64)
        return stored


def with_host(truth: GroundTruth, host: GroundTruth) -> GroundTruth:
    """Join what the sites of a specimen change and the ground truth of their host.

    Parameters
    ----------
    truth : GroundTruth
        Its scan holds the changes.
    host : GroundTruth
        Of the case that images the specimen without its sites.

    Raises
    ------
    ValueError
        If the two do not belong together: in specimen, microscope or thickness.
    """
    if truth.specimen.edits_on_host is None:
        check_host(truth.case, host.case)
    else:
        check_edited_host(truth.case, host.case)
    provenance = truth.provenance | {
        "host": {
            "case": host.case.name,
            "version": host.case.version,
            "data_sha256": host.hash,
            "configurations": host.provenance.get("configurations"),
        }
    }
    return GroundTruth(case=truth.case, scan=truth.scan, provenance=provenance, host=host)


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
    edits = case.structure.edits_on_host
    if edits is not None and path is None:
        host = load_ground_truth(get_case(edits.host_case))
        return with_host(GroundTruth(case=case, scan=host.scan, provenance={}), host)
    source = default_path(case) if path is None else path
    scan, provenance, simulated = read_scan_once(source)
    if simulated != canonical_json(case.simulated()):
        raise InputError(
            f"the ground truth of case '{case.name}' was simulated from another description; "
            "run `nox -s simulate` to make it anew"
        )
    truth = GroundTruth(case=case, scan=scan, provenance=provenance)
    sites = case.structure.sites_on_host
    if sites is None:
        return truth
    return with_host(truth, load_ground_truth(get_case(sites.host_case)))


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
        Its `case` is the description of that version, rebuilt from the file, with the present
        version's study.

    Raises
    ------
    InputError
        If no case has that name, or that version does not ship; the message lists those that do.
    """
    study = get_case(name).study
    path = version_path(name, version)
    if not path.exists():
        shipped = ", ".join(map(str, shipped_versions(name))) or "none"
        raise InputError(f"case '{name}' has no version {version}; versions that ship: {shipped}")
    return load_ground_truth(read_description(path, study=study), path=path)
