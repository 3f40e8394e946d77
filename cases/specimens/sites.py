"""Specimens that are a host changed at some sites: the protocol, and what is simulated of them.

The image of such a specimen is its host's image and the change that each site makes to it, so only
these changes are simulated and stored.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, Protocol

from stembench.arrays import Bools, Floats

#: What is stored of a site: its image over the host's, less one; or its image less the host's.
Change = Literal["ratio", "difference"]
#: Kind of a site that is a column of the host as it is, for control.
PERFECT: Final = "perfect"


@dataclass(frozen=True)
class Site:
    """A column that a specimen declares: changed, or a control.

    Attributes
    ----------
    kind : str
        What is changed there; `PERFECT` for a control.
    x, y : float
        Place of the column in Å from the reference point.
    """

    kind: str
    x: float
    y: float


class SiteBlock(Protocol):
    """Displaced atoms round one site, slice by slice, and the specimens that are compared there.

    A slice has a key; specimens that share a slice have the same key for it.
    """

    @property
    def centre(self) -> tuple[float, float]:
        """Where the scan is centred, (x, y) in Å from the reference point."""
        ...

    @property
    def slice_thickness(self) -> float:
        """Thickness of a slice in Å."""
        ...

    @property
    def specimens(self) -> Mapping[str, tuple[Hashable, ...]]:
        """Keys of the slices that each simulated specimen consists of, by its label."""
        ...

    def atoms(self, key: Any) -> tuple[Floats, list[str]]:
        """Positions (n, 2) in Å from the reference point and elements of a slice's atoms."""
        ...


class SitesOnHost(Protocol):
    """A host specimen changed at some sites.

    Attributes
    ----------
    change : {'ratio', 'difference'}
        What is stored of each site; see `Change`.
    site_labels : mapping of str to str
        Names for readers of the kinds of site, in the order of tables.
    """

    change: ClassVar[Change]
    site_labels: ClassVar[Mapping[str, str]]

    @property
    def host_case(self) -> str:
        """Name of the case that images the host."""
        ...

    @property
    def blocks_per_configuration(self) -> int:
        """Number of blocks that `blocks` returns, each with a scan of its own."""
        ...

    def is_host(self, specimen: object) -> bool:
        """Whether a specimen is the one without these sites."""
        ...

    def all_sites(self) -> tuple[Site, ...]:
        """Every site, controls too, in the order of the description."""
        ...

    @property
    def clearance(self) -> float:
        """Distance in Å from a changed site, along x or y, beyond which columns are as before."""
        ...

    def would_equal(self, site: Site, centres: Floats) -> Bools:
        """Which columns would equal a site's if it were not changed.

        Parameters
        ----------
        site : Site
        centres : ndarray, shape (n, 2)
            Columns in Å from the reference point.

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        ...

    def compared_rows(self, labels: Sequence[str]) -> tuple[tuple[int, int], ...]:
        """Rows of a simulated configuration with and without each change.

        Parameters
        ----------
        labels : sequence of str
            Labels of the images.

        Returns
        -------
        tuple of (with, without)
            In the order of `Specimen.scan_labels`; a configuration's rows are the specimens of its
            blocks, block after block.
        """
        ...

    def blocks(
        self,
        thicknesses: Mapping[str, int],
        *,
        reach: float,
        displace: Callable[[Floats], Floats],
    ) -> tuple[SiteBlock, ...]:
        """Displaced atoms round the sites, for one phonon configuration.

        Parameters
        ----------
        thicknesses : mapping of str to int
            Thickness of each image by its label.
        reach : float
            Distance in Å from a site along x and along y that is simulated.
        displace : callable
            Displaces positions (n, 3) in Å thermally; called once.
        """
        ...


def changed_sites(specimen: SitesOnHost) -> tuple[Site, ...]:
    """Sites that differ from the host, controls left out."""
    return tuple(site for site in specimen.all_sites() if site.kind != PERFECT)
