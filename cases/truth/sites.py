"""What the sites of a specimen change in its host's image, from the stored scan of the changes.

The changes of distant sites are added: an approximation, which docs/defect_ladder.md checks against
multislice of two defects.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cases.case import Case
from cases.specimens.sites import Site, SitesOnHost, changed_sites
from cases.truth.columns import thickness_of
from cases.truth.frame import Frame
from cases.truth.rendering import interpolation_matrix
from cases.truth.truth_file import Scan
from stembench.arrays import Floats


@dataclass(frozen=True)
class SiteChanges:
    """Differences that the sites of a specimen make to its host's image, at their scan points.

    Attributes
    ----------
    specimen : SitesOnHost
    scan : Scan
        What is stored of each site and image, as `SitesOnHost.change` says.
    host : Scan
        Of the host.
    """

    specimen: SitesOnHost
    scan: Scan
    host: Scan

    def difference(self, label: str, kind: str, *, host_label: str) -> Floats:
        """Image with one site's change less that without, no blur.

        Parameters
        ----------
        label : str
            Label of the image.
        kind : str
            Kind of the site.
        host_label : str
            Label of the host's image of the same thickness.

        Returns
        -------
        ndarray, shape (points, points)
            Row = y, column = x.
        """
        return self._in_beam(self.scan.mean, label, kind, host_label=host_label)

    def difference_stderr(self, label: str, kind: str, *, host_label: str) -> Floats:
        """Standard error of `difference`, from the phonon configurations of its own."""
        return self._in_beam(self.scan.stderr, label, kind, host_label=host_label)

    def host_share(self, image: Floats, host: Floats) -> Floats:
        """Factor by which an error of the host's image enters that of the image, per pixel.

        A change stored as a ratio scales the host's error as it scales its image; one stored as a
        difference leaves it alone.
        """
        share: Floats
        if self.specimen.change == "ratio":
            share = image / np.maximum(host, np.finfo(np.float64).tiny)
        else:
            share = np.ones(np.broadcast_shapes(image.shape, host.shape))
        return share

    def weights(self, frame: Frame) -> Iterator[tuple[Site, Floats, Floats]]:
        """Each changed site with the weights of its scan points for rows and columns of pixels.

        They are zero beyond half a step outside the scan, where the difference counts as none.
        """
        points, step, first = self.scan.mean.shape[1], self.scan.step, self.scan.first
        for site in changed_sites(self.specimen):
            matrices = []
            for places in (frame.y - site.y, frame.x - site.x):
                matrix = interpolation_matrix(
                    places - first, points=points, step=step, sigma=frame.sigma, boundary="periodic"
                )
                matrix[np.abs(places) > points * step / 2] = 0.0
                matrices.append(matrix)
            yield site, matrices[0], matrices[1]

    def _in_beam(
        self, array: npt.NDArray[np.float32], label: str, kind: str, *, host_label: str
    ) -> Floats:
        """Stored numbers of a site as a fraction of the beam."""
        stored: Floats = array[self.scan.labels.index(f"{label}-{kind}")].astype(np.float64)
        if self.specimen.change == "difference":
            return stored
        host = self.host
        targets = self.scan.first + self.scan.step * np.arange(stored.shape[0], dtype=np.float64)
        columns, rows = (
            interpolation_matrix(
                targets - host.first,
                points=points,
                step=step,
                sigma=0.0,
                boundary=host.boundary,
            )
            for points, step in zip(host.mean.shape[:0:-1], host.steps, strict=True)
        )
        perfect = host.mean[host.labels.index(host_label)].astype(np.float64)
        scaled: Floats = stored * (rows @ perfect @ columns.T)
        return scaled


def host_label(case: Case, host: Case, label: str) -> str:
    """Label of the host's image that an image is made from; ValueError if there is none."""
    thickness = thickness_of(case, label)
    for spec in host.images:
        if spec.thickness == thickness:
            return spec.label
    raise ValueError(f"case '{host.name}' has no image of thickness {thickness}")


def check_host(case: Case, host: Case) -> SitesOnHost:
    """Sites of a case, if another one images their host.

    Raises
    ------
    ValueError
        If the two do not belong together: in specimen, microscope or thickness.
    """
    sites = case.structure.sites_on_host
    if sites is None:
        raise ValueError(f"case '{case.name}' has no sites on a host")
    if not sites.is_host(host.structure) or case.microscope != host.microscope:
        raise ValueError(f"case '{host.name}' images another specimen or with another microscope")
    for label in case.labels:
        host_label(case, host, label)
    return sites
