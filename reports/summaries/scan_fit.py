"""What fits that know the scan found, beside the hybrid bound and the networks."""

from typing import Any, Final

import numpy as np
import pandas as pd

from reports.metrics.cells import Cell, cells
from reports.records.run_folder import Run
from reports.summaries.bounds import drawn_bounds, summarise_bounds
from reports.summaries.ladder_summary import ERROR
from reports.summaries.summary import comparison_rows

#: What tells the rows of a summary apart.
SCAN_CELL: Final = ("case", "image", "thickness", "dose", "restorer")
#: Numbers of an image that are averaged; the statistics of lines as the fit used them.
_MEANS: Final = (
    *("jitter_x_pm", "jitter_y_pm", "lines_x_pm", "lines_y_pm"),
    *("sigma_x", "sigma_y", "phi_x", "phi_y", "misfit", "steps"),
)
_PLACE: Final = ("case", "image", "dose", "fit", "network")
_RATIO: Final = ("value", "low", "high", "n_realizations")
_ROOT_MEAN_SQUARES: Final = ("jitter_x_pm", "jitter_y_pm", "lines_x_pm", "lines_y_pm")


def load_scans(run: Run) -> pd.DataFrame:
    """Read what scan fits told of the lines of each image; empty if the run has none.

    Columns: case, image, thickness, dose, restorer, realization, found, jitter_x_pm, jitter_y_pm,
    lines_x_pm, lines_y_pm, sigma_x, sigma_y (Å), phi_x, phi_y, misfit, response, response_error,
    converged, steps, warnings.
    """
    frames = run.tables("scan")
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def summarise_scans(run: Run) -> pd.DataFrame:
    """Average what scan fits found over the images of each case and dose.

    Parameters
    ----------
    run : Run

    Returns
    -------
    pandas.DataFrame
        One row per `SCAN_CELL`: the true displacements of the lines jitter_x_pm, jitter_y_pm and
        the errors of those found, lines_x_pm, lines_y_pm (rms over images); means of the
        statistics of the lines as used, of misfit and steps; response, response_error (mean over
        the images where it was measured, and its standard error from their scatter, NaN for one
        image alone), n_responses, bound_pm (the hybrid bound of the MAE), n_images, n_found,
        n_converged, n_warned. Empty without scan fits.
    """
    rows = load_scans(run)
    if rows.empty:
        return rows
    found = []
    bounds = run.once(summarise_bounds)
    for place, own in rows.groupby(list(SCAN_CELL), sort=True):
        cell = dict(zip(SCAN_CELL, place, strict=True))
        means: dict[str, Any] = {}
        for name in _MEANS:
            values = own.loc[own["found"], name].to_numpy(dtype=np.float64)
            root = name in _ROOT_MEAN_SQUARES
            mean = float(np.mean(values**2 if root else values)) if len(values) else np.nan
            means[name] = float(np.sqrt(mean)) if root else mean
        response = own["response"].dropna().to_numpy(dtype=np.float64)
        n = len(response)
        drawn = drawn_bounds(bounds, case=str(cell["case"]), metric=ERROR)
        here = drawn[(drawn["image"] == cell["image"]) & (drawn["dose"] == cell["dose"])]
        found.append(
            {
                **cell,
                **means,
                "response": float(response.mean()) if n else np.nan,
                "response_error": float(response.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan,
                "n_responses": n,
                "bound_pm": float(here["value"].iloc[0]) if len(here) else np.nan,
                "n_images": len(own),
                "n_found": int(own["found"].sum()),
                "n_converged": int(own["converged"].sum()),
                "n_warned": int((own["warnings"] != "").sum()),
            }
        )
    return pd.DataFrame(found)


def scan_gains_of(run: Run) -> pd.DataFrame:
    """Compare errors of position of scan fits with those of networks' images; for `Run.once`.

    Returns
    -------
    pandas.DataFrame
        One row per case, image, dose, fit and network (names in records): the ratio of MAE fit /
        network with its 95 % interval over the realizations that both have, paired: value, low,
        high, n_realizations.
    """
    present = run.records["restorer"].unique()
    fits = run.restorers.beside(present)
    networks = [
        name
        for name in run.restorers.order(present)
        if run.restorers.is_network(name) and not run.restorers.is_variant(name)
    ]
    records = run.records[run.records["restorer"].isin([*fits, *networks])]
    by_key = {cell.key: cell for cell in cells(records)} if fits and networks else {}
    rows = [
        {**dict(zip(_PLACE, (case, image, dose, fit, network), strict=True)), **found}
        for (case, image, dose, fit), cell in by_key.items()
        if fit in fits
        for network in networks
        if (case, image, dose, network) in by_key
        for found in _gain(cell, by_key[case, image, dose, network])
    ]
    return pd.DataFrame(rows, columns=[*_PLACE, *_RATIO])


def _gain(fit: Cell, network: Cell) -> list[dict[str, object]]:
    """Ratio of the errors of position of two cells, none if they share no realization."""
    rows = comparison_rows(fit, network)
    return [{name: row[name] for name in _RATIO} for row in rows if row["metric"] == ERROR]


def against_network(run: Run, *, case: str, fit: str, network: str) -> pd.DataFrame:
    """Rows of `scan_gains_of` of one case, fit and network, by dose."""
    rows = run.once(scan_gains_of)
    own = rows[(rows["case"] == case) & (rows["fit"] == fit) & (rows["network"] == network)]
    return own[["dose", *_RATIO]].sort_values("dose", ignore_index=True)
