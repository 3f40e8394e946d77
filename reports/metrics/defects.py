"""Defect fidelity: how much of a defect's deviation from a perfect column survives restoration.

A site's deviation is its scattering cross-section (SCS) less the mean SCS of like columns without a
defect in the same image (`cases.column_roles`). Fidelity is the measured deviation over the true
one, that of the noise-free image: 1 is faithful, 0 is erased, below 0 inverted.

The metrics of this file take one value per realization and return its mean with those that leave
one out; per realization they take a `CellSites`.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from cases import REFERENCE, SITE, site_labels
from reports.metrics.cells import CELL, CELL_COLUMNS
from reports.metrics.metric import Gate, Metric
from reports.records.run_folder import Run
from reports.statistics.intervals import LEVEL, Estimate, estimate
from reports.statistics.moments import mean_with_left_out
from stembench.arrays import Floats

_CELL = list(CELL_COLUMNS)
_KEYS = [*_CELL, "realization"]


@dataclass(frozen=True)
class CellSites:
    """The deviations of the sites of one case, image, dose and restorer.

    Attributes
    ----------
    rows : pandas.DataFrame
        Rows of `site_deviations`.
    squares : pandas.DataFrame
        By realization: ``error`` and ``truth``, the sums over defects with a successful fit of the
        squared errors of their deviations and of the squared true deviations.
    realizations : tuple of int
        Realizations that are asked for, ascending.
    """

    rows: pd.DataFrame
    squares: pd.DataFrame
    realizations: tuple[int, ...] = ()


def cell_sites(sites: pd.DataFrame) -> dict[tuple[str, str, float, str], CellSites]:
    """Cut deviations of sites into cells, by (case, image, dose, restorer).

    Parameters
    ----------
    sites : pandas.DataFrame
        `site_deviations`.
    """
    keys = [*CELL, "realization"]
    defects = sites[(sites["kind"] != "perfect") & sites["deviation"].notna()]
    squares = defects[keys].assign(
        error=(defects["deviation"] - defects["true_deviation"]).astype(np.float64) ** 2,
        truth=defects["true_deviation"].astype(np.float64) ** 2,
    )
    sums = squares.groupby(keys).sum().reset_index()
    by_cell = {}
    for _, rows in sites.groupby(list(CELL), sort=False):
        first = rows.iloc[0]
        of_cell = np.all([sums[name] == first[name] for name in CELL], axis=0)
        key = (str(first["case"]), str(first["image"]), float(first["dose"]))
        by_cell[(*key, str(first["restorer"]))] = CellSites(
            rows, sums[of_cell].set_index("realization")[["error", "truth"]]
        )
    return by_cell


def _relative_squares(sites: CellSites) -> Floats | None:
    """Squared error of the deviations of defects over their squared true values.

    Ratios of sums: a vacancy counts for more than an atom too many, whose fidelity is mostly noise.
    """
    if sites.squares.empty:
        return None
    shares = (sites.squares["error"] / sites.squares["truth"]).reindex(list(sites.realizations))
    return shares.to_numpy(dtype=np.float64)


_FIDELITY: Final = Metric(
    "defect_fidelity",
    "defect fidelity",
    unit="",
    direction=None,
    scale="linear",
    subject="defects",
    definition="mean over realizations of the deviation of a site's SCS from like columns without "
    "a defect in the same image, measured over true; 1 is faithful, 0 erased",
    of=mean_with_left_out,
)
_REFERENCE_SHIFT: Final = Metric(
    "reference_shift",
    "error of the like columns",
    unit="",
    direction="zero",
    scale="linear",
    subject="defects",
    definition="mean over realizations of the error of the like columns' SCS over the site's true "
    "deviation: their part in the error of the fidelity, with the sign reversed",
    of=mean_with_left_out,
)
VACANCY_FIDELITY: Final = Metric(
    "vacancy_fidelity",
    "fidelity of vacancies",
    unit="",
    direction=None,
    scale="linear",
    subject="defects",
    definition="defect fidelity of vacancies, averaged over images and doses of the leaderboard",
    of=mean_with_left_out,
)
METRICS: Final[tuple[Metric[Floats, Floats], ...]] = (
    _FIDELITY,
    _REFERENCE_SHIFT,
    VACANCY_FIDELITY,
    Metric(
        "defect_error",
        "error at defects",
        unit="",
        direction="lower",
        scale="log",
        subject="defects",
        definition="root mean square over defects of the measured less the true deviation, over "
        "the root mean square of the true ones",
        of=lambda squares: np.sqrt(mean_with_left_out(squares)),
        gate=Gate(
            name="defect_error",
            kind="ratio",
            margin=0.01,
            meaning="relative change of the RMS error of the SCS at defects",
            per_realization=_relative_squares,
        ),
    ),
)


def site_deviations(records: pd.DataFrame) -> pd.DataFrame:
    """Deviations of the SCS of every site from like columns of the same image.

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS`; cases without defects are ignored.

    Returns
    -------
    pandas.DataFrame
        One row per record of a site, its index kept: case, image, thickness, dose, restorer,
        realization, column, kind, deviation and true_deviation (Å²), reference and true_reference
        (mean SCS of the like columns, Å²). NaN where the fit failed.
    """
    held = records[records["role"] != ""]
    references = held[held["role"] == REFERENCE]
    means = references.groupby([*_KEYS, "site"], sort=False)[["scs", "scs_ref"]].mean()
    at_site = held[held["role"] == SITE]
    by_kind = references[references["site"] != ""]["case"].unique()
    serving = at_site["site"].where(at_site["case"].isin(by_kind), "")
    places = pd.MultiIndex.from_frame(at_site[_KEYS].assign(site=serving))
    like = means.reindex(places).to_numpy(dtype=np.float64)
    return at_site[[*_KEYS, "column"]].assign(
        kind=at_site["site"],
        deviation=at_site["scs"] - like[:, 0],
        true_deviation=at_site["scs_ref"] - like[:, 1],
        reference=like[:, 0],
        true_reference=like[:, 1],
    )


def vacancy_fidelities(sites: CellSites) -> Floats | None:
    """Mean fidelity of the vacancies of one cell in each realization with a fitted one.

    None if the cell has no vacancies.
    """
    rows = sites.rows[sites.rows["kind"] == "vacancy"]
    if rows.empty:
        return None
    fidelity = rows["deviation"] / rows["true_deviation"]
    means = np.asarray(fidelity.groupby(rows["realization"]).mean(), dtype=np.float64)
    return means[np.isfinite(means)]


def fidelity_of(run: Run) -> pd.DataFrame:
    """Defect fidelity of the records of a run; for `Run.once`."""
    return summarise_defects(run.records)


def summarise_defects(records: pd.DataFrame, *, level: float = LEVEL) -> pd.DataFrame:
    """Defect fidelity of each kind of site with confidence intervals over realizations.

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS`.
    level : float
        Two-sided confidence of the intervals.

    Returns
    -------
    pandas.DataFrame
        Tidy, one row per case, image, dose, restorer and kind of site: value, low, high (fidelity;
        for kind 'perfect' the deviation as a share of a column, whose truth is
        ``true_deviation_pct``), method, scatter (standard deviation over realizations of the value
        of one image), true_deviation_pct (in percent of a like column's SCS; NaN beside an empty
        one), reference_shift, reference_low, reference_high (mean error of the like columns' SCS
        over the true deviation: their part in the error of the fidelity, with the sign reversed),
        difference, difference_low, difference_high (paired, against raw; NaN for raw),
        n_realizations (fitted ones), n_failed. Empty if the run has no defects.
    """
    per_image = _per_image(site_deviations(records))
    pair = ["case", "image", "dose", "kind", "realization"]
    raw = per_image[per_image["restorer"] == "raw"].set_index(pair)["share"]
    rows = []
    for key, group in per_image.groupby([*_CELL, "kind"], sort=False):
        identity: dict[str, Any] = dict(zip([*_CELL, "kind"], key, strict=True))
        raw_share = raw.reindex(pd.MultiIndex.from_frame(group[pair])).to_numpy(dtype=np.float64)
        if identity["restorer"] == "raw":
            raw_share = np.full_like(raw_share, np.nan)
        rows.append({**identity, **_fidelity_of(group, raw_share=raw_share, level=level)})
    table = pd.DataFrame(rows, columns=_SUMMARY)
    place = table["kind"].map({kind: number for number, kind in enumerate(site_labels())})
    return (
        table.assign(place=place)
        .sort_values(["case", "thickness", "dose", "place", "restorer"], kind="stable")
        .drop(columns="place")
        .reset_index(drop=True)
    )


_SUMMARY = [
    *_CELL,
    "kind",
    "value",
    "low",
    "high",
    "method",
    "scatter",
    "true_deviation_pct",
    "reference_shift",
    "reference_low",
    "reference_high",
    "difference",
    "difference_low",
    "difference_high",
    "n_realizations",
    "n_failed",
]


def _per_image(sites: pd.DataFrame) -> pd.DataFrame:
    """Average over the sites of one kind in one image: the realization is the unit.

    Returns `_KEYS`, kind, share (deviation over the true one; for perfect columns over a column's
    SCS), true_share (true deviation in percent of a column) and shift (error of the like columns
    over what share is over).
    """
    unit = np.where(sites["kind"] == "perfect", sites["true_reference"], sites["true_deviation"])
    sites = sites.assign(
        share=sites["deviation"] / unit,
        true_share=100 * sites["true_deviation"] / _of_a_column(sites),
        shift=(sites["reference"] - sites["true_reference"]) / unit,
    )
    means = sites.groupby([*_KEYS, "kind"], sort=False)[["share", "true_share", "shift"]].mean()
    return means.reset_index()


def _fidelity_of(group: pd.DataFrame, *, raw_share: Floats, level: float) -> dict[str, Any]:
    """Summarise one kind of site in one cell from one row per realization.

    `raw_share` holds the share of raw fits in the same realizations, NaN where there is none.
    """
    share = group["share"].to_numpy(dtype=np.float64)
    shift = group["shift"].to_numpy(dtype=np.float64)
    fitted = np.isfinite(share)
    paired = fitted & np.isfinite(raw_share)
    against_raw = _mean_estimate(_FIDELITY, share[paired] - raw_share[paired], level=level)
    like = _mean_estimate(_REFERENCE_SHIFT, shift[np.isfinite(shift)], level=level)
    return {
        **asdict(_mean_estimate(_FIDELITY, share[fitted], level=level)),
        "scatter": float(share[fitted].std(ddof=1)) if fitted.sum() > 1 else np.nan,
        "true_deviation_pct": float(group["true_share"].iloc[0]),
        "reference_shift": like.value,
        "reference_low": like.low,
        "reference_high": like.high,
        "difference": against_raw.value,
        "difference_low": against_raw.low,
        "difference_high": against_raw.high,
        "n_realizations": int(fitted.sum()),
        "n_failed": int((~fitted).sum()),
    }


def _of_a_column(sites: pd.DataFrame) -> Floats:
    """True SCS of the columns that sites are measured against, NaN where they are empty."""
    reference = sites["true_reference"].to_numpy(dtype=np.float64)
    deviation = np.abs(sites["true_deviation"].to_numpy(dtype=np.float64))
    return np.where(reference > 0.1 * deviation, reference, np.nan)


def _mean_estimate(metric: Metric[Floats, Floats], values: Floats, *, level: float) -> Estimate:
    return estimate(metric.replicates(metric.of(values)), level=level)
