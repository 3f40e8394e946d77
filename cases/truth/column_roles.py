"""Roles of columns in a specimen with sites: which holds a site, and which it is held against."""

from typing import Final

import numpy as np
import pandas as pd

from cases.case import Case
from cases.truth.columns import to_angstrom
from stembench.arrays import Floats, Integers
from stembench.errors import InputError

#: Role of a column that holds a defect, an adatom or a control.
SITE: Final = "site"
#: Role of a column that sites are held against.
REFERENCE: Final = "reference"
#: Columns nearer to a defect than this, in half lattice parameters along x and along y, are no
#: reference.
CLEAR: Final = 2


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
        equal the site's without its defect, away from all defects.

    Raises
    ------
    InputError
        If a column stands on no lattice place of a specimen with sites.
    """
    kinds = np.full(len(places), "", dtype=object)
    roles = np.full(len(places), "", dtype=object)
    sites = getattr(case.structure, "sites", ())
    if sites:
        lattice = _lattice_places(case, places)
        alike = {site: case.structure.comparable(site, lattice) for site in sites}
        same = all((mask == alike[sites[0]]).all() for mask in alike.values())
        defects = np.array([(site.i, site.j) for site in sites if site.kind != "perfect"])
        distance = np.abs(lattice[:, None] - defects[None]).max(axis=-1).min(axis=1)
        for site, mask in alike.items():
            serving = mask & (distance >= CLEAR)
            roles[serving] = REFERENCE
            kinds[serving] = "" if same else site.kind
        for site in sites:
            here = (lattice == (site.i, site.j)).all(axis=1)
            roles[here], kinds[here] = SITE, site.kind
    return pd.DataFrame({"site": kinds, "role": roles})


def _lattice_places(case: Case, pixels: Floats) -> Integers:
    """Places (i, j) in half lattice parameters from the reference point."""
    exact = to_angstrom(case, pixels) / (case.structure.material.lattice_parameter / 2)
    places = np.rint(exact).astype(np.int64)
    if np.abs(exact - places).max(initial=0.0) > 0.05:
        raise InputError(f"columns of case '{case.name}' stand beside its lattice")
    return places
