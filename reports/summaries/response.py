"""Responses to real changes with intervals, the information that follows, and the bound it has."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from reports.metrics.cells import cells
from reports.metrics.response.edited_pairs import EditedPairs, edited_pairs
from reports.metrics.response.lags import held_bound, lag_response
from reports.metrics.response.responses import responses
from reports.metrics.response.scatter_over_response import Information, information_of
from reports.metrics.table import METRICS
from reports.records.edited import LAG_COVARIANCE, load_lag_covariance
from reports.records.run_folder import Run
from reports.statistics.intervals import LEVEL, Replicates, estimate

_IDENTITY: Final = ("case", "image", "thickness", "dose", "restorer")
_ENDS: Final = ("value", "low", "high", "method")

#: (case, unedited image, dose, restorer, quantity)
InformationKey = tuple[str, str, float, str, str]


@dataclass(frozen=True)
class ResponseSummary:
    """What a run tells of responses; frames are empty if it has no edited image.

    Attributes
    ----------
    responses : pandas.DataFrame
        One row per case, edited image, dose, restorer and change: quantity ('position', 'scs'),
        pattern (`reports.metrics.response.responses.Response`), amplitude (pm, %), wavelength
        (columns), direction, polarisation; value, low, high, method; n_realizations, n_columns.
    information : pandas.DataFrame
        One row per case, unedited image, dose, restorer and quantity: edit (that the response is
        of), scatter (pm or %), response with low and high, value, low, high (scatter over
        response; infinite where the response cannot be told from 0), over_bound, over_bound_low,
        over_bound_high, bound, held_bound with low and high (what an estimator of this response
        is bounded by; NaN where it cannot be told), n_realizations.
    """

    responses: pd.DataFrame
    information: pd.DataFrame

    @property
    def summary_rows(self) -> pd.DataFrame:
        """Rows for the table of all metrics: isolated changes, information and its ratio."""
        single = self.responses[self.responses["pattern"] == "isolated"]
        parts = [
            single.assign(metric=single["quantity"] + "_response")[
                [*_IDENTITY, "metric", *_ENDS, "n_realizations", "n_columns"]
            ]
        ]
        told = self.information
        for suffix, names in (
            ("information", ("value", "low", "high")),
            ("information_over_bound", ("over_bound", "over_bound_low", "over_bound_high")),
        ):
            rows = told[[*_IDENTITY, "n_realizations", "n_columns"]].assign(
                metric=told["quantity"] + f"_{suffix}", method="log-t"
            )
            for end, name in zip(("value", "low", "high"), names, strict=True):
                rows[end] = told[name]
            parts.append(rows)
        return pd.concat(parts, ignore_index=True)


def pairs_of(run: Run) -> list[EditedPairs]:
    """Edited images of a run, each with the unedited one."""
    cases = {name: run.case(name) for name in run.info.cases}
    return edited_pairs(run.records, run.edited, cases) if len(run.edited) else []


def information_by_cell(
    run: Run, pairs: Iterable[EditedPairs]
) -> dict[InformationKey, tuple[Information, EditedPairs]]:
    """Scatter and response of every unedited image, dose, restorer and quantity."""
    unedited = {cell.key: cell for cell in cells(_unedited(run))}
    out: dict[InformationKey, tuple[Information, EditedPairs]] = {}
    for pair in pairs:
        if pair.edit.name not in run.case(pair.case).study.judged_edits:
            continue
        cell = unedited.get((pair.case, pair.base, pair.dose, pair.restorer))
        told = None if cell is None else information_of(cell, pair)
        if told is not None:
            out[pair.case, pair.base, pair.dose, pair.restorer, told.quantity] = told, pair
    return out


def information_of_run(run: Run) -> dict[InformationKey, Information]:
    """Scatter and response of a run by case, image, dose, restorer, quantity; for `Run.once`."""
    told = information_by_cell(run, run.once(pairs_of))
    return {key: information for key, (information, _) in told.items()}


def _unedited(run: Run) -> pd.DataFrame:
    return run.records[run.records["case"].isin(run.edited["case"].unique())]


def summarise_response(run: Run, *, level: float = LEVEL) -> ResponseSummary:
    """Summarise responses, information and bounds.

    Parameters
    ----------
    run : Run
    level : float
        Two-sided confidence of the intervals.

    Returns
    -------
    ResponseSummary
    """
    pairs = run.once(pairs_of)
    rows = [row for pair in pairs for row in _response_rows(pair, level=level)]
    covariance = None
    if run.listed(LAG_COVARIANCE):
        covariance = load_lag_covariance(run.folder, origin=run.origin)
    told = [
        _information_row(information, pair, run=run, covariance=covariance, level=level)
        for information, pair in information_by_cell(run, pairs).values()
    ]
    return ResponseSummary(
        responses=pd.DataFrame(rows, columns=list(_RESPONSE_COLUMNS)),
        information=pd.DataFrame(told, columns=list(_INFORMATION_COLUMNS)),
    )


_RESPONSE_COLUMNS: Final = (
    *_IDENTITY,
    "quantity",
    "pattern",
    "amplitude",
    "wavelength",
    "direction",
    "polarisation",
    *_ENDS,
    "n_realizations",
    "n_columns",
)
_INFORMATION_COLUMNS: Final = (
    *_IDENTITY,
    "quantity",
    "edit",
    "scatter",
    "response",
    "response_low",
    "response_high",
    "value",
    "low",
    "high",
    "over_bound",
    "over_bound_low",
    "over_bound_high",
    "bound",
    "held_bound",
    "held_bound_low",
    "held_bound_high",
    "n_realizations",
    "n_columns",
)


def _response_rows(pairs: EditedPairs, *, level: float) -> list[dict[str, Any]]:
    rows = []
    for response in responses(pairs):
        values = response.per_realization[np.isfinite(response.per_realization)]
        metric = METRICS[f"{response.quantity}_response"]
        means = metric.of(replace(response, per_realization=values))
        rows.append(
            {
                **_identity(pairs, pairs.image),
                "quantity": response.quantity,
                "pattern": response.pattern,
                "amplitude": response.amplitude,
                "wavelength": response.wavelength,
                "direction": response.direction,
                "polarisation": response.polarisation,
                **asdict(estimate(metric.replicates(means), level=level)),
                "n_realizations": values.size,
                "n_columns": response.n_columns,
            }
        )
    return rows


def _information_row(
    information: Information,
    pairs: EditedPairs,
    *,
    run: Run,
    covariance: pd.DataFrame | None,
    level: float,
) -> dict[str, Any]:
    response = estimate(
        Replicates(float(information.response[0]), information.response[1:], "linear"), level=level
    )
    value, over = information.over(1.0), information.over(information.bound)
    held = _held(information, pairs, run=run, covariance=covariance, level=level)
    return {
        **_identity(pairs, pairs.base),
        "quantity": information.quantity,
        "edit": information.edit,
        "scatter": float(information.scatter[0]),
        "response": response.value,
        "response_low": response.low,
        "response_high": response.high,
        "value": value.value,
        "low": value.low,
        "high": value.high,
        "over_bound": over.value,
        "over_bound_low": over.low,
        "over_bound_high": over.high,
        "bound": information.bound,
        **dict(zip(("held_bound", "held_bound_low", "held_bound_high"), held, strict=True)),
        "n_realizations": len(information.realizations),
        "n_columns": pairs.places.shape[0],
    }


def _held(
    information: Information,
    pairs: EditedPairs,
    *,
    run: Run,
    covariance: pd.DataFrame | None,
    level: float,
) -> tuple[float, float, float]:
    """Bound at the measured response, in pm or percent, with its interval."""
    nan = float("nan")
    case = run.case(pairs.case)
    edits = case.structure.edits_on_host
    if covariance is None or edits is None:
        return nan, nan, nan
    rows = covariance[
        (covariance["case"] == pairs.case)
        & (covariance["image"] == pairs.base)
        & np.isclose(covariance["dose"], pairs.dose)
    ]
    if rows.empty:
        return nan, nan, nan
    variance = held_bound(lag_response(pairs, steps=edits.steps), rows)
    if variance is None:
        return nan, nan, nan
    # In the unit of the bound of an unbiased estimator, which the matrix has on its diagonal.
    own = rows[(rows["i"] == 0) & (rows["j"] == 0)].iloc[0]
    plain = (own["xx"] + own["yy"]) / 2 if information.quantity == "position" else own["scs"]
    unit = information.bound**2 / float(plain)
    found = estimate(
        Replicates(float(variance[0] * unit), variance[1:] * unit, "square"), level=level
    )
    return found.value, found.low, found.high


def _identity(pairs: EditedPairs, image: str) -> dict[str, Any]:
    return {
        "case": pairs.case,
        "image": image,
        "thickness": pairs.thickness,
        "dose": pairs.dose,
        "restorer": pairs.restorer,
    }
