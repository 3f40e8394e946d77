"""What each column of a specimen with defects or adatoms is, and which columns it is held against.

Read from where a column stands, with the case's description in ``run.json``; records hold no kinds.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stembench.errors import InputError

Places = NDArray[np.int64]

#: Kinds of site as cases declare them, and what readers call them; in the order of tables.
KIND_NAMES: Final = {
    "vacancy": "vacancy column",
    "half": "half-filled column",
    "minus2": "2 atoms less",
    "minus1": "1 atom less",
    "plus1": "1 atom more",
    "plus2": "2 atoms more",
    "substituted": "lighter element",
    "adatom0": "lone adatom",
    "adatom3": "adatom on 3 atoms",
    "adatom6": "adatom on 6 atoms",
    "adatom9": "adatom on 9 atoms",
    "perfect": "perfect columns",
}
#: Kind of the columns that a deviation is taken from, and of all further columns.
REFERENCE: Final = "reference"
OTHER: Final = ""
#: Kind that a reference column serves if it serves all.
EVERY: Final = "*"
#: Columns nearer to a defect than this (in half lattice parameters along x and along y) are no
#: reference.
CLEAR: Final = 2


def with_sites(info: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Cases of a ``run.json`` that hold defects or adatoms, by name."""
    return {
        str(name): case
        for name, case in info.get("cases", {}).items()
        if case.get("structure", {}).get("sites")
    }


def column_roles(case: Mapping[str, Any], columns: pd.DataFrame) -> pd.DataFrame:
    """Tell what each column is from where it stands.

    Parameters
    ----------
    case : mapping
        The case's part of ``run.json``.
    columns : pandas.DataFrame
        x_true and y_true in px.

    Returns
    -------
    pandas.DataFrame
        Index of `columns`; ``kind``: that of the column's site, `REFERENCE` for one that sites are
        held against, `OTHER` for the rest; ``serves``: which kind a reference is for, `EVERY` if
        all. In a crystal those are perfect columns of the sites' sublattice away from all
        defects; on a particle those that symmetry makes equal to the
        site without its adatom, away from all adatoms.

    Raises
    ------
    InputError
        If a column stands on no lattice site, a site holds no column, or its kind is not known.
    """
    structure = case["structure"]
    places = _lattice_places(case, columns)
    sites = {(int(site["i"]), int(site["j"])): str(site["kind"]) for site in _sites(structure)}
    unknown = sorted(set(sites.values()) - set(KIND_NAMES))
    if unknown:
        raise InputError(
            f"case '{case.get('name')}' has sites of kind {', '.join(unknown)}, which the report "
            "does not know"
        )
    if structure.get("kind") == "particle_adatoms":
        serves = _twins(places, sites)
    else:
        serves = _sublattice(places, sites)
    defects = np.array([place for place, kind in sites.items() if kind != "perfect"])
    near = np.abs(places[:, None] - defects[None]).max(axis=-1).min(axis=1) < CLEAR
    serves[near] = ""
    kinds = np.where(serves != "", REFERENCE, OTHER).astype(object)
    for place, kind in sites.items():
        here = (places == place).all(axis=1)
        if not here.any():
            raise InputError(f"no record of the site {kind} of case '{case.get('name')}'")
        kinds[here] = kind
        serves[here] = ""
    return pd.DataFrame({"kind": kinds, "serves": serves}, index=columns.index)


def serving(case: Mapping[str, Any], kinds: pd.Series) -> pd.Series:
    """Value of ``serves`` of the references that sites of these kinds are held against."""
    if case["structure"].get("kind") == "particle_adatoms":
        return kinds
    return pd.Series(EVERY, index=kinds.index)


def _sites(structure: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Sites with the place i, j of their column in half lattice parameters."""
    return [
        dict(site) if "i" in site else {**site, "i": site["place"][0], "j": site["place"][1]}
        for site in structure["sites"]
    ]


def _lattice_places(case: Mapping[str, Any], columns: pd.DataFrame) -> Places:
    half = case["structure"]["material"]["lattice_parameter"] / 2
    centre = (np.array(case["shape"][::-1]) - 1) / 2
    pixels = columns[["x_true", "y_true"]].to_numpy(dtype=np.float64)
    exact = ((pixels - centre) * case["sampling"] - np.array(case["offset"])) / half
    places: Places = np.rint(exact).astype(np.int64)
    if np.abs(exact - places).max(initial=0.0) > 0.05:
        raise InputError(f"columns of case '{case.get('name')}' stand beside its lattice")
    return places


def _sublattice(places: Places, sites: Mapping[tuple[int, int], str]) -> NDArray[np.object_]:
    same = (places.sum(axis=1) - sum(next(iter(sites)))) % 2 == 0
    return np.where(same, EVERY, "").astype(object)


def _twins(places: Places, sites: Mapping[tuple[int, int], str]) -> NDArray[np.object_]:
    # Places that the operations of 4mm make equal have the same |i| and |j|, in either order.
    orbits = np.sort(np.abs(places), axis=1)
    serves = np.full(len(places), "", dtype=object)
    for place, kind in sites.items():
        serves[(orbits == np.sort(np.abs(place))).all(axis=1)] = kind
    return serves
