"""Roles of the columns of a case's images: which hold sites, and which these are held against."""

from typing import Final

import numpy as np
import pandas as pd

from cases.case import Case
from cases.specimens.sites import EVERY, column_roles as roles_on_host
from cases.truth.columns import to_angstrom
from stembench.arrays import Floats

#: Role of a column that holds a change of the host, or a control.
SITE: Final = "site"
#: Role of a column that sites are held against.
REFERENCE: Final = "reference"


def column_roles(case: Case, places: Floats) -> pd.DataFrame:
    """Tell which columns hold sites and which are their references.

    Parameters
    ----------
    case : Case
    places : ndarray, shape (n, 2)
        True positions (x, y) of columns in px of the frame, all sites among them.

    Returns
    -------
    pandas.DataFrame
        A row per column. ``role``: `SITE`, `REFERENCE`, or empty for the rest and where the
        specimen has no sites. ``site``: kind of the site that the column holds; of a reference the
        kind of site that it serves, empty if it serves all. A reference is a column that would
        equal the site's if that were not changed, away from all changes.

    Raises
    ------
    ValueError
        If a column stands beside the lattice of the sites, or a site has no column.
    """
    specimen = case.structure.sites_on_host
    if specimen is None:
        blank = np.full(len(places), "", dtype=object)
        return pd.DataFrame({"site": blank, "role": blank.copy()})
    sites, serves = (
        np.array(kinds, dtype=object)
        for kinds in roles_on_host(specimen, to_angstrom(case, places))
    )
    roles = np.where(sites != "", SITE, np.where(serves != "", REFERENCE, ""))
    kinds = np.where(sites != "", sites, np.where(serves == EVERY, "", serves))
    return pd.DataFrame({"site": kinds.astype(object), "role": roles.astype(object)})
