"""Specimens that are a host changed at some sites: the protocol, and what is simulated of them.

The image of such a specimen is its host's image and the change that each site makes to it, so only
these changes are simulated and stored.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, Protocol

import numpy as np

from stembench.arrays import Floats, Integers

#: What is stored of a site: its image over the host's, less one; or its image less the host's.
Change = Literal["ratio", "difference"]
#: Kind of a site that is a column of the host as it is, for control.
PERFECT: Final = "perfect"
#: What a column serves that is a reference for sites of every kind.
EVERY: Final = "*"
#: Columns nearer to a changed site than this, in steps of `SitesOnHost.pitch` along x and along y,
#: are no reference.
CLEAR: Final = 2


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
    equal_blocks : int
        Parts of the same length that a configuration's blocks fall into, each of which shows all
        changes in displacements that a symmetry of the host makes equal; they are averaged.
    site_labels : mapping of str to str
        Names for readers of the kinds of site, in the order of tables.
    """

    change: ClassVar[Change]
    equal_blocks: ClassVar[int]
    site_labels: ClassVar[Mapping[str, str]]

    @property
    def host_case(self) -> str:
        """Name of the case that images the host."""
        ...

    @property
    def pitch(self) -> float:
        """Step in Å of the square lattice about the reference point that columns stand on."""
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

    def references(self, places: Integers) -> list[str]:
        """Kind of site that each column of the host is like, but for its change.

        Parameters
        ----------
        places : ndarray, shape (n, 2)
            Columns in steps of `pitch` along x and y.

        Returns
        -------
        list of str
            `EVERY` if sites of every kind are held against the column, empty if none is. Whether
            the column is itself a site, or near one, does not matter here.
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
            blocks, block after block, with equal blocks averaged.
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


def column_roles(specimen: SitesOnHost, centres: Floats) -> tuple[list[str], list[str]]:
    """Tell the sites among columns, and the columns that sites are held against.

    Parameters
    ----------
    specimen : SitesOnHost
    centres : ndarray, shape (n, 2)
        Columns in Å from the reference point, all sites among them.

    Returns
    -------
    site, serves : list of str
        The kind of a column's own site, empty for the others; the kind of site that a column is a
        reference for, `EVERY` if for all, empty if for none. No site and no column near a changed
        one is a reference.

    Raises
    ------
    ValueError
        If a column stands beside the lattice, or a site has no column.
    """
    places = np.rint(centres / specimen.pitch).astype(np.int64)
    sites = specimen.all_sites()
    stands = np.rint([(site.x / specimen.pitch, site.y / specimen.pitch) for site in sites])
    changed = stands[[site.kind != PERFECT for site in sites]]
    away = np.abs(places[:, None] - changed[None]).max(axis=-1).min(axis=1)
    # What is changed of a site may be its column's place.
    if np.abs(centres / specimen.pitch - places)[away > 0].max(initial=0.0) > 0.05:
        raise ValueError("columns stand beside the lattice of the sites")
    near = away < CLEAR
    kinds = [""] * len(places)
    serves = [
        "" if close else kind for close, kind in zip(near, specimen.references(places), strict=True)
    ]
    for site, stand in zip(sites, stands, strict=True):
        here = np.flatnonzero((places == stand).all(axis=1))
        if not len(here):
            raise ValueError(f"no column stands at the site {site.kind}")
        for column in here:
            kinds[column], serves[column] = site.kind, ""
    return kinds, serves
