"""Metrics of the response: what the summary, the leaderboard and the gate call them."""

from typing import Final

from reports.metrics.metric import Gate, Metric
from reports.metrics.response.responses import Response
from reports.metrics.response.scatter_over_response import Information
from reports.statistics.moments import mean_with_left_out
from stembench.arrays import Floats

_FOUND: Final = "change of the fit from the unedited to the edited image of the same noise, over "
_TRUE: Final = "that of the noise-free images; 1 is faithful, 0 erased"
_PER: Final = "precision of the unedited image, or of the changed columns where it is shown worse, "
_SCATTER: Final = (
    "divided by the response: the change that equals the scatter; none where the response cannot "
    "be told from 0, or nothing scatters"
)


def _values(response: Response) -> Floats:
    return response.per_realization


def _mean(response: Response) -> Floats:
    return mean_with_left_out(response.per_realization)


def _ratio(information: Information) -> Floats:
    return information.with_left_out


def _over_bound(information: Information) -> Floats:
    return information.with_left_out / information.bound


METRICS: Final[tuple[Metric[Response, Floats] | Metric[Information, Floats], ...]] = (
    Metric(
        "position_response",
        "response of position",
        unit="",
        direction=None,
        scale="linear",
        subject="response",
        definition=f"slope through zero over displaced columns: {_FOUND}{_TRUE}",
        of=_mean,
        gate=Gate(
            name="position_response",
            kind="target",
            target=1.0,
            margin=0.03,
            meaning="change of the distance from 1 of the response to displaced columns",
            per_realization=_values,
        ),
    ),
    Metric(
        "scs_response",
        "response of the SCS",
        unit="",
        direction=None,
        scale="linear",
        subject="response",
        definition=f"slope through zero over brighter and darker columns: {_FOUND}{_TRUE}",
        of=_mean,
        gate=Gate(
            name="scs_response",
            kind="target",
            target=1.0,
            margin=0.03,
            meaning="change of the distance from 1 of the response to brighter and darker columns",
            per_realization=_values,
        ),
    ),
    Metric(
        "position_information",
        "scatter of position / response",
        unit="pm",
        direction="lower",
        scale="log",
        subject="response",
        definition=_PER + _SCATTER,
        of=_ratio,
    ),
    Metric(
        "position_information_over_bound",
        "scatter of position / response / bound",
        unit="",
        direction="lower",
        scale="log",
        subject="response",
        definition="the same divided by the Cramér-Rao bound",
        of=_over_bound,
    ),
    Metric(
        "scs_information",
        "scatter of the SCS / response",
        unit="%",
        direction="lower",
        scale="log",
        subject="response",
        definition=_PER + _SCATTER,
        of=_ratio,
    ),
    Metric(
        "scs_information_over_bound",
        "scatter of the SCS / response / bound",
        unit="",
        direction="lower",
        scale="log",
        subject="response",
        definition="the same divided by the Cramér-Rao bound",
        of=_over_bound,
    ),
)
