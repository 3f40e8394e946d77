"""The record schema: one row per case, image, dose, realization, restorer and column.

Whoever writes records (the benchmark) and whoever reads them (summaries, figures, comparisons)
uses the table below; it is the file format of a run folder's ``records`` and is to stay.
"""

from typing import Final

import pandas as pd

#: Version of the tables of records; others are refused or renewed.
SCHEMA_VERSION: Final = 4

#: Identity of a row; no two rows of a run share it.
KEYS: Final = ("case", "image", "dose", "realization", "restorer", "column")

#: name -> (dtype, unit, meaning)
COLUMNS: Final[dict[str, tuple[str, str, str]]] = {
    "case": ("str", "", "name of the case"),
    "case_version": ("int16", "", "version of the case description"),
    "image": ("str", "", "label of the image within the case, such as z05"),
    "thickness": ("int16", "atoms", "most atoms of a column along the beam"),
    "dose": ("float64", "e/Å²", "mean electron dose"),
    "realization": ("int32", "", "number of the noise realization"),
    "restorer": ("str", "", "name of the restorer; 'raw' is the distorted image itself"),
    "column": ("int32", "", "number of the atomic column in the case's column table"),
    "measured": ("bool", "", "whether the column counts towards the case's figures of merit"),
    "site": ("str", "", "kind of site that the column holds, or as a reference serves ('' all)"),
    "role": ("str", "", "'site', 'reference' (what sites are held against), or neither"),
    "sampling": ("float64", "Å/px", "pixel size of the image"),
    "x_true": ("float64", "px", "true position, mean of the column's atoms"),
    "y_true": ("float64", "px", "true position, mean of the column's atoms"),
    "count_true": ("int16", "atoms", "true number of atoms in the column"),
    "x_ref": ("float64", "px", "position fitted on the noise-free image: the reference"),
    "y_ref": ("float64", "px", "position fitted on the noise-free image: the reference"),
    "scs_ref": ("float64", "Å²", "scattering cross-section fitted on the noise-free image"),
    "count_ref": ("float64", "atoms", "atom count of the noise-free fit, NaN if not counted"),
    "x_init": ("float64", "px", "start of the fit"),
    "y_init": ("float64", "px", "start of the fit"),
    "x_fit": ("float64", "px", "fitted position, NaN if the fit failed"),
    "y_fit": ("float64", "px", "fitted position, NaN if the fit failed"),
    "x_err": ("float64", "px", "standard error stated by the fit"),
    "y_err": ("float64", "px", "standard error stated by the fit"),
    "height": ("float64", "beam", "fitted height of the Gaussian, as a fraction of the beam"),
    "sigma": ("float64", "px", "fitted standard deviation of the Gaussian"),
    "background": ("float64", "beam", "fitted background at the column"),
    "scs": ("float64", "Å²", "fitted scattering cross-section, NaN if the fit failed"),
    "scs_err": ("float64", "Å²", "standard error stated by the fit"),
    "count_fit": ("float64", "atoms", "atom count by nearest library value, NaN if not countable"),
    "x_crb": ("float64", "px", "Cramér-Rao bound of x, NaN where none is stated"),
    "y_crb": ("float64", "px", "Cramér-Rao bound of y, NaN where none is stated"),
    "scs_crb": ("float64", "Å²", "Cramér-Rao bound of the SCS, NaN where none is stated"),
    "flags": ("int32", "", "bit flags of the fit, 0 is good (fitting.flags)"),
}


def conform(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with exactly the schema's columns, order and dtypes.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows with all of the schema's columns in any order.

    Returns
    -------
    pandas.DataFrame
        The same rows, a fresh frame with a plain index.

    Raises
    ------
    ValueError
        If a column is missing, one is not of the schema, or two rows share their identity.
    """
    missing = [name for name in COLUMNS if name not in frame]
    extra = [name for name in frame if name not in COLUMNS]
    if missing or extra:
        raise ValueError(f"records do not fit the schema: missing {missing}, not known {extra}")
    dtypes = {name: dtype for name, (dtype, _, _) in COLUMNS.items()}
    out = frame[list(COLUMNS)].astype(dtypes).reset_index(drop=True)
    if out.duplicated(list(KEYS)).any():
        raise ValueError(f"records repeat a row: two share the same {', '.join(KEYS)}")
    return out
