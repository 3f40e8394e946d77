"""The ground truth of a particle with adatoms: the particle's image and what each adatom adds."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cases.specimens.adatoms import adatoms, particle_of, site_centre
from cases.truth.ground_truth import GroundTruth
from cases.truth.site_truth import SiteGroundTruth, provenance_with_host
from stembench.arrays import Floats


@dataclass(frozen=True)
class AdatomGroundTruth(SiteGroundTruth):
    """Noise-free image and true columns of a particle with adatoms; stored is what each adds."""

    def sites(self, label: str) -> list[tuple[str, Floats]]:
        """Label of the stored scan and place (x, y) in Å of each adatom."""
        structure = particle_of(self.case)
        return [
            (f"{label}-{site.kind}", site_centre(structure, site)) for site in adatoms(structure)
        ]

    def difference(self, name: str) -> Floats:
        """Image with one adatom less that without; see `SiteGroundTruth.difference`."""
        return _stored(self.scan.mean[self.scan.labels.index(name)])

    def difference_stderr(self, name: str) -> Floats:
        """Standard error of `difference` from its own configurations."""
        return _stored(self.scan.stderr[self.scan.labels.index(name)])

    def host_share(self, image: Floats, host: Floats) -> Floats:
        """What an adatom adds does not change the particle's own error."""
        share: Floats = np.ones(np.broadcast_shapes(image.shape, host.shape))
        return share


def as_adatoms(truth: GroundTruth, host: GroundTruth) -> AdatomGroundTruth:
    """Join what the adatoms add and the particle.

    Parameters
    ----------
    truth : GroundTruth
        Of the case of adatoms, its scan holding what they add.
    host : GroundTruth
        Of the case that images the particle.

    Raises
    ------
    ValueError
        If the two differ in material, particle, microscope or thickness.
    """
    if particle_of(truth.case).particle != host.case.structure:
        raise ValueError(f"'{host.case.name}' is another particle")
    return AdatomGroundTruth(
        case=truth.case,
        scan=truth.scan,
        provenance=provenance_with_host(truth, host),
        host=host,
    )


def _stored(array: npt.NDArray[np.float32]) -> Floats:
    return array.astype(np.float64)
