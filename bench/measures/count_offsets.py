"""Wrong counts of each image that are due to offsets of library and ground truth.

A column's noise-free SCS differs a little from the library's value of its true count: both have a
statistical error of their simulation, and the library's columns stand in a bulk crystal. The
offset alone miscounts nothing where the noise-free image is counted right, but it brings a column
nearer to the limit of its neighbouring count. A wrong count is due to it if the same error of the
SCS, without the offset, would have been counted right.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fitting import count_atoms
from stembench.arrays import Floats


def wrong_counts(
    reference: pd.DataFrame, tables: Sequence[pd.DataFrame], *, library: Floats
) -> pd.DataFrame:
    """Count the wrong counts of images, and those that the offsets cause or mend.

    Parameters
    ----------
    reference : pandas.DataFrame
        `bench.reference.reference_table` of the image.
    tables : sequence of pandas.DataFrame
        Fitted columns of each image: scs in Å², NaN where a fit failed.
    library : ndarray, shape (m,)
        SCS in Å² of 1 to m atoms.

    Returns
    -------
    pandas.DataFrame
        One row per image, over the measured columns with an entry in the library: n_columns,
        n_wrong, n_wrong_by_offset (wrong, but right without the offset) and n_right_by_offset
        (right, but wrong without the offset).
    """
    count = reference["count_true"].to_numpy(dtype=np.int64)
    kept = reference["measured"].to_numpy(dtype=np.bool_) & (count >= 1) & (count <= library.size)
    true = count[kept]
    offset = reference["scs_ref"].to_numpy(dtype=np.float64)[kept] - library[true - 1]
    rows = []
    for table in tables:
        scs = table["scs"].to_numpy(dtype=np.float64)[kept]
        right = count_atoms(scs, library)["count"].to_numpy() == true
        without = count_atoms(scs - offset, library)["count"].to_numpy() == true
        rows.append(
            {
                "n_columns": int(true.size),
                "n_wrong": int(np.sum(~right)),
                "n_wrong_by_offset": int(np.sum(~right & without)),
                "n_right_by_offset": int(np.sum(right & ~without)),
            }
        )
    return pd.DataFrame(rows)
