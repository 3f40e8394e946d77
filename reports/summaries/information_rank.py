"""Ranks by information: scatter over response, so that drawing what is expected gains nothing."""

import math
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from reports.metrics.response.scatter_over_response import Information
from reports.records.run_folder import Run
from reports.statistics.paired import Effect, pooled_effect
from reports.summaries.board_columns import BoardColumn
from reports.summaries.response import information_of_run

#: What the rank is by, in place of a metric of the gate.
INFORMATION: Final = "information"
#: Of one restorer by quantity, unedited image and dose.
Told = Mapping[tuple[str, str, float], Information]


def information_of_case(run: Run, case: str) -> dict[str, Told]:
    """Scatter over response that ranks the restorers of a case, by restorer.

    Parameters
    ----------
    run : Run
    case : str
        Name of the case that is ranked, whose study names the case with edited images.

    Returns
    -------
    dict
        Empty if the run does not have that case.
    """
    measured_by = run.case(case).study.information
    by_restorer: dict[str, dict[tuple[str, str, float], Information]] = {}
    found = run.once(information_of_run)
    for (name, image, dose, restorer, quantity), told in found.items():
        if name == measured_by:
            by_restorer.setdefault(restorer, {})[quantity, image, dose] = told
    return dict(by_restorer)


def information_ranks(told: Mapping[str, Told], names: Iterable[str]) -> dict[str, int]:
    """Ranks of restorers, best first.

    Parameters
    ----------
    told : mapping of str to mapping
        `information_of_case`.
    names : iterable of str
        Restorers that may be ranked.

    Returns
    -------
    dict of str to int
        A restorer of which a response, an image or a dose is missing has no rank. One whose
        response cannot be told from 0 ranks behind all others, with all like it.
    """
    every = {key for cells in told.values() for key in cells}
    whole = [name for name in names if every and set(told.get(name, {})) == every]
    seeing = [name for name in whole if not any(cell.none for cell in told[name].values())]
    levels = {name: _level(told[name]) for name in seeing}
    ranks: dict[str, int] = {}
    leader = ""
    for place, name in enumerate(sorted(seeing, key=lambda name: levels[name]), start=1):
        if leader and not _apart(told[leader], told[name]):
            ranks[name] = ranks[leader]
        else:
            leader, ranks[name] = name, place
    ranks |= {name: len(seeing) + 1 for name in whole if name not in seeing}
    return ranks


def _level(cells: Told) -> float:
    """Mean log of scatter over response."""
    return float(np.mean([math.log(cell.with_left_out[0]) for cell in cells.values()]))


def _apart(better: Told, other: Told) -> bool:
    """Whether the interval of the difference lies wholly above zero."""
    effect = pooled_effect([log_ratio(other[key], better[key]) for key in better])
    if effect.known and effect.error == 0:
        return effect.value > 0
    return effect.interval()[0] > 0


def log_ratio(other: Information, better: Information) -> Effect:
    """Log of the ratio of two scatters over responses; positive where the first is worse.

    Of the same realizations they are paired: each is left out of both at once.
    """
    first, second = np.log(other.with_left_out), np.log(better.with_left_out)
    value = float(first[0] - second[0])
    if other.realizations == better.realizations:
        return Effect(value, _error(first - second), first.size - 2.0, first.size - 1)
    freedom = min(first.size, second.size) - 2.0
    error = math.hypot(_error(first), _error(second))
    return Effect(value, error, freedom, min(first.size, second.size) - 1)


def _error(with_left_out: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Jackknife standard error."""
    left_out = with_left_out[1:]
    n = left_out.size
    return float(np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2)))


def _column(name: str, heading: str, *, log: bool) -> BoardColumn:
    return BoardColumn(name, heading, 1.0, lambda _: None, log=log)


#: Columns of the leaderboard of a case that is ranked by information.
INFORMATION_COLUMNS: Final = (
    _column("position_response", "response of position", log=False),
    _column("position_information_over_bound", "scatter / response / bound, position", log=True),
    _column("scs_response", "response of the SCS", log=False),
    _column("scs_information_over_bound", "scatter / response / bound, SCS", log=True),
)


def information_row(told: Told) -> dict[str, float]:
    """Values of `INFORMATION_COLUMNS` with their ends, means over images and doses."""
    row: dict[str, float] = {}
    for quantity in ("position", "scs"):
        cells = [cell for (name, _, _), cell in told.items() if name == quantity]
        responses = [
            Effect(float(c.response[0]), _error(c.response), c.response.size - 2.0, 1)
            for c in cells
        ]
        row |= _ends(f"{quantity}_response", responses, log=False)
        over = f"{quantity}_information_over_bound"
        if any(cell.none for cell in cells):
            row |= {over: math.inf, f"{over}_low": math.nan, f"{over}_high": math.nan}
            continue
        ratios = [
            Effect(float(values[0]), _error(values), values.size - 2.0, 1)
            for cell in cells
            for values in [np.log(cell.with_left_out / cell.bound)]
        ]
        row |= _ends(over, ratios, log=True)
    return row


def _ends(name: str, effects: list[Effect], *, log: bool) -> dict[str, float]:
    pooled = pooled_effect(effects)
    ends = [pooled.value, *pooled.interval()]
    if log:
        ends = [math.exp(end) for end in ends]
    return dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
