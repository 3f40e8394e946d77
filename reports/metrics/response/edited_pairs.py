"""Pairs of an edited image and the unedited one of the same noise: changes found, and true ones."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cases import Case, Edit, to_angstrom
from stembench.arrays import Floats, Integers
from stembench.errors import InputError

_PM_PER_ANGSTROM = 100.0
_KEY = ("case", "image", "dose", "restorer")
#: (case, image, dose, restorer)
PairKey = tuple[str, str, float, str]


@dataclass(frozen=True)
class EditedPairs:
    """Changes between an unedited image and an edited one, restored and fitted alike.

    Attributes
    ----------
    case, base, image : str
        Case, label of the unedited image, and of the edited one.
    thickness : int
        In atoms.
    dose : float
        e/Å².
    restorer : str
    edit : Edit
        What was changed.
    realizations : ndarray of int, shape (n_r,)
        Those that both images have, ascending.
    places : ndarray of int, shape (n_c, 2)
        Measured columns as (i, j) in steps of the lattice.
    sites : ndarray of int, shape (n_c,)
        Number of the isolated column, -1 for the others.
    found : ndarray, shape (n_r, n_c, 3)
        Change of x and of y in pm, and of the SCS in percent of the noise-free unedited one; NaN
        where either fit failed.
    true : ndarray, shape (n_c, 3)
        The same between the fits of the two noise-free images.
    """

    case: str
    base: str
    image: str
    thickness: int
    dose: float
    restorer: str
    edit: Edit
    realizations: Integers
    places: Integers
    sites: Integers
    found: Floats
    true: Floats

    @property
    def key(self) -> PairKey:
        """(case, image, dose, restorer)."""
        return self.case, self.image, self.dose, self.restorer

    def declared(self, *, steps: tuple[float, float]) -> Floats:
        """Change that the edit declares for each column, shape (n_c, 3), as `true`."""
        listed = np.argsort(self.sites)[int((self.sites < 0).sum()) :]
        field = self.edit.field(self.places, self.places[listed], steps=steps)
        change: Floats = field * np.array([_PM_PER_ANGSTROM, _PM_PER_ANGSTROM, 100.0])
        return change


def edited_pairs(
    records: pd.DataFrame, edited: pd.DataFrame, cases: Mapping[str, Case]
) -> list[EditedPairs]:
    """Pair each edited image with the unedited one of the same dose, restorer and realization.

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of images as they are.
    edited : pandas.DataFrame
        Rows of edited images.
    cases : mapping of str to Case

    Returns
    -------
    list of EditedPairs
        Ordered by case, thickness, dose and restorer, then as the edits are declared. Edited images
        without an unedited one are left out.

    Raises
    ------
    InputError
        If a realization lacks the row of a column.
    """
    unedited = _by_key(records[records["case"].isin(edited["case"].unique())])
    pairs = []
    for (case, image, dose, restorer), rows in _by_key(edited).items():
        described = cases[case]
        edits = described.structure.edits_on_host
        edit = None if edits is None else edits.edit_of(image)
        if edits is None or edit is None:
            continue
        base = edits.base_of(image)
        before = unedited.get((case, base, dose, restorer))
        if before is None:
            continue
        pair = _pair(described, base, edit=edit, before=before, after=rows)
        if pair.realizations.size:
            pairs.append(pair)
    order = {
        (name, label): place
        for name, case in cases.items()
        for place, label in enumerate(case.labels)
    }
    return sorted(
        pairs, key=lambda p: (p.case, p.thickness, p.dose, p.restorer, order[p.case, p.image])
    )


def _by_key(records: pd.DataFrame) -> dict[PairKey, pd.DataFrame]:
    """Rows of measured columns by case, image, dose and restorer."""
    groups = records[records["measured"].astype(bool)].groupby(list(_KEY), sort=False)
    by_key = {}
    for _, rows in groups:
        case, image, dose, restorer = rows[list(_KEY)].iloc[0]
        by_key[str(case), str(image), float(dose), str(restorer)] = rows
    return by_key


def _pair(
    case: Case, base: str, *, edit: Edit, before: pd.DataFrame, after: pd.DataFrame
) -> EditedPairs:
    edits = case.structure.edits_on_host
    if edits is None:
        raise ValueError(f"case '{case.name}' has no edits")
    common = np.intersect1d(before["realization"].unique(), after["realization"].unique())
    old, new = (_grid(rows[rows["realization"].isin(common)]) for rows in (before, after))
    if set(old["column"]) != set(new["column"]):
        raise InputError(
            f"the records of {case.name} {base} and its edit {edit.name} hold other columns: rows "
            "were lost, run the benchmark again into a new folder"
        )
    n = common.size
    columns = old["column"].to_numpy()[: len(old) // max(n, 1)]
    shape = (n, columns.size)

    def grid(rows: pd.DataFrame, name: str) -> Floats:
        return rows[name].to_numpy(dtype=np.float64).reshape(shape)

    pm = case.sampling * _PM_PER_ANGSTROM
    volume = grid(old, "scs_ref")
    found = np.stack(
        [
            (grid(new, "x_fit") - grid(old, "x_fit")) * pm,
            (grid(new, "y_fit") - grid(old, "y_fit")) * pm,
            (grid(new, "scs") - grid(old, "scs")) / volume * 100,
        ],
        axis=-1,
    )
    failed = ~np.isfinite(found).all(axis=-1)
    found[failed] = np.nan
    true = np.stack(
        [
            (grid(new, "x_ref") - grid(old, "x_ref")) * pm,
            (grid(new, "y_ref") - grid(old, "y_ref")) * pm,
            (grid(new, "scs_ref") / volume - 1) * 100,
        ],
        axis=-1,
    )
    first = after.iloc[0]
    lattice = np.stack([grid(old, "x_true")[:1], grid(old, "y_true")[:1]], axis=-1).reshape(-1, 2)
    places = edits.places(to_angstrom(case, lattice))
    return EditedPairs(
        case=case.name,
        base=base,
        image=str(first["image"]),
        thickness=int(first["thickness"]),
        dose=float(first["dose"]),
        restorer=str(first["restorer"]),
        edit=edit,
        realizations=common.astype(np.int64),
        places=places,
        sites=edits.site_numbers(places),
        found=found,
        true=true[0] if n else np.empty((0, 3)),
    )


def _grid(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by realization, then column, each realization with the same columns."""
    rows = rows.sort_values(["realization", "column"])
    counts = rows.groupby("realization")["column"].nunique()
    if len(rows) and ((counts != counts.iloc[0]).any() or len(rows) != counts.sum()):
        first = rows.iloc[0]
        raise InputError(
            f"the records of {first['case']} {first['image']}, {first['dose']:g} e/Å², "
            f"{first['restorer']} lack rows of some columns: run the benchmark again into a new "
            "folder"
        )
    return rows
