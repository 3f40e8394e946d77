"""Tables whose columns say their unit."""

from typing import Final

import pandas as pd

#: Names of the tables that files have, and what they are called here. What is not listed has no
#: unit, that of the image, or says it already.
_NAMES: Final = {
    "x": "x_px",
    "y": "y_px",
    "x_init": "x_init_px",
    "y_init": "y_init_px",
    "x_err": "x_err_px",
    "y_err": "y_err_px",
    "sigma": "sigma_px",
    "sigma_err": "sigma_err_px",
    "scs": "scs_A2",
    "scs_err": "scs_err_A2",
    "dx": "dx_px",
    "dy": "dy_px",
    "dx_err": "dx_err_px",
    "dy_err": "dy_err_px",
}


def with_units(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose column names end with their unit: ``_px``, ``_A`` (Å), ``_A2``, ...

    A scattering cross-section (``_A2``) is in Å² times the unit of the image, Å² for one in
    fractions of the beam.

    Parameters
    ----------
    table : pandas.DataFrame
        As `stembench fit` or `stembench assess` writes it.
    """
    return table.rename(columns=_NAMES)
