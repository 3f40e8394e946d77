"""Roles of columns in a specimen with sites: which holds a site, and which it is held against."""

from typing import Final

import numpy as np
import pandas as pd

from cases.case import Case
from cases.specimens.sites import changed_sites
from cases.truth.columns import to_angstrom
from stembench.arrays import Floats

#: Role of a column that holds a change of the host, or a control.
SITE: Final = "site"
#: Role of a column that sites are held against.
REFERENCE: Final = "reference"
#: Places that are nearer than this, in Å, are the same: columns are 1.3 Å apart at least.
_SAME: Final = 0.3


def column_roles(case: Case, places: Floats) -> pd.DataFrame:
    """Tell which columns hold sites and which are their references.

    Parameters
    ----------
    case : Case
    places : ndarray, shape (n, 2)
        True positions (x, y) of columns in px of the frame.

    Returns
    -------
    pandas.DataFrame
        A row per column. ``role``: `SITE`, `REFERENCE`, or empty for the rest and where the
        specimen has no sites. ``site``: kind of the site that the column holds; of a reference the
        kind of site that it serves, empty if it serves all. A reference is a column that would
        equal the site's if that were not changed, away from all changes.
    """
    kinds = np.full(len(places), "", dtype=object)
    roles = np.full(len(places), "", dtype=object)
    specimen = case.structure.sites_on_host
    if specimen is not None:
        centres = to_angstrom(case, places)
        sites = specimen.all_sites()
        changed = np.array([(site.x, site.y) for site in changed_sites(specimen)])
        distance = np.abs(centres[:, None] - changed[None]).max(axis=-1).min(axis=1)
        clear = distance > specimen.clearance - _SAME
        alike = [specimen.would_equal(site, centres) for site in sites]
        serve_all = all((mask == alike[0]).all() for mask in alike)
        for site, mask in zip(sites, alike, strict=True):
            roles[mask & clear] = REFERENCE
            kinds[mask & clear] = "" if serve_all else site.kind
        for site in sites:
            here = np.hypot(*(centres - (site.x, site.y)).T) < _SAME
            roles[here], kinds[here] = SITE, site.kind
    return pd.DataFrame({"site": kinds, "role": roles})
