"""Joint Cramér-Rao matrix of a perfect crystal, by the distance of its columns."""

import numpy as np
import pandas as pd

from bench.reference import clean_fit
from cases import Case, load_ground_truth, to_angstrom
from fitting import joint_covariance
from stembench.errors import InputError

#: Farthest distance along x and along y, in steps of the lattice.
REACH = 4


def lag_covariance(case: Case, image: str, *, dose: float) -> pd.DataFrame:
    """Average the joint Cramér-Rao matrix over the pairs of columns of one distance.

    In a perfect crystal the covariance of two columns depends on their distance alone.

    Parameters
    ----------
    case : Case
        With edits of a perfect crystal.
    image : str
        Label of an unedited image.
    dose : float
        Dose in e/Å².

    Returns
    -------
    pandas.DataFrame
        One row per distance: case, image, dose, i, j (steps from the first column to the second),
        xx, xy, yx, yy (px²) and scs (Å⁴): covariance of the first one's with the second one's.
        First columns are the measured ones.
    """
    edits = case.structure.edits_on_host
    if edits is None:
        raise InputError(f"case '{case.name}' has no edits of a perfect crystal")
    table = load_ground_truth(case).columns(image)
    places = edits.places(to_angstrom(case, table[["x", "y"]].to_numpy(dtype=np.float64)))
    measured = np.flatnonzero(table["measured"].to_numpy())
    number = {(int(i), int(j)): n for n, (i, j) in enumerate(places)}
    covariance = joint_covariance(clean_fit(case, image, choice=case.fit), dose=dose)
    rows = []
    steps = range(-REACH, REACH + 1)
    for i, j in ((i, j) for j in steps for i in steps):
        pairs = [
            (n, number[place])
            for n in measured
            if (place := (int(places[n, 0]) + i, int(places[n, 1]) + j)) in number
        ]
        if not pairs:
            continue
        first, second = np.array(pairs).T
        mean = covariance[first, :, second, :].mean(axis=0)
        rows.append(
            {
                "case": case.name,
                "image": image,
                "dose": dose,
                "i": i,
                "j": j,
                "xx": mean[0, 0],
                "xy": mean[0, 1],
                "yx": mean[1, 0],
                "yy": mean[1, 1],
                "scs": mean[2, 2],
            }
        )
    return pd.DataFrame(rows)
