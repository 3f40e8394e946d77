"""The ground truth of a ladder of defects: the perfect crystal changed by each defect."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cases.specimens.defects import ladder_of, site_places
from cases.truth.ground_truth import GroundTruth
from cases.truth.rendering import interpolation_matrix
from cases.truth.site_truth import SiteGroundTruth, provenance_with_host
from stembench.arrays import Floats


@dataclass(frozen=True)
class LadderGroundTruth(SiteGroundTruth):
    """Noise-free images and true columns of a ladder of defects; stored are relative changes."""

    def sites(self, label: str) -> list[tuple[str, Floats]]:
        """Label of the stored scan and place (x, y) in Å of each defect."""
        ladder = ladder_of(self.case)
        return [
            (f"{label}-{site.kind}", place)
            for site, place in zip(ladder.sites, site_places(ladder), strict=True)
            if site.kind != "perfect"
        ]

    def difference(self, name: str) -> Floats:
        """Image with one defect less that without; see `SiteGroundTruth.difference`."""
        return self._scaled(self.scan.mean, name)

    def difference_stderr(self, name: str) -> Floats:
        """Standard error of `difference` from its own configurations."""
        return self._scaled(self.scan.stderr, name)

    def host_share(self, image: Floats, host: Floats) -> Floats:
        """As a defect scales the perfect crystal's image, so it scales its error."""
        share: Floats = image / np.maximum(host, np.finfo(np.float64).tiny)
        return share

    def _scaled(self, array: npt.NDArray[np.float32], name: str) -> Floats:
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
        label = self.host_label(name.rsplit("-", 1)[0])
        perfect = host.mean[host.labels.index(label)].astype(np.float64)
        scaled: Floats = relative * (weights @ perfect @ weights.T)
        return scaled


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
    ladder_of(truth.case)
    return LadderGroundTruth(
        case=truth.case,
        scan=truth.scan,
        provenance=provenance_with_host(truth, host),
        host=host,
    )
