"""What images a run has, and where the columns of its cases lie."""

from typing import Final

import pandas as pd

from reports.records.run_folder import Run

_CELL: Final = ["case", "image", "thickness", "dose", "restorer"]


def cells_of(run: Run) -> pd.DataFrame:
    """List the images of a run; for `Run.once`.

    Returns
    -------
    pandas.DataFrame
        One row per case, image, thickness, dose and restorer, edited images among them: edited,
        n_realizations.
    """
    rows = pd.concat([run.records.assign(edited=False), run.edited.assign(edited=True)])
    found = rows.groupby([*_CELL, "edited"], sort=True)["realization"].nunique()
    return found.rename("n_realizations").reset_index()


def columns_of(run: Run) -> pd.DataFrame:
    """Columns of the images of a run that are not edited; for `Run.once`.

    Returns
    -------
    pandas.DataFrame
        One row per case, image and column: thickness, measured, site, role, x_true, y_true (px),
        count_true, scs_ref (Å²).
    """
    names = ["thickness", "measured", "site", "role", "x_true", "y_true", "count_true", "scs_ref"]
    place = ["case", "image", "column"]
    return run.records[[*place, *names]].drop_duplicates(place).reset_index(drop=True)
