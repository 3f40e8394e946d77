"""All statistics per realization of a run: what gate and leaderboard are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from reports.metrics.cells import cells
from reports.metrics.defects import cell_sites, site_deviations, vacancy_fidelities
from reports.metrics.table import GATES
from reports.records.run_folder import Run
from reports.summaries.per_realization import (
    CellKey,
    CellStatistics,
    realization_statistics,
    response_statistics,
)
from reports.summaries.response import pairs_of
from stembench.arrays import Floats

#: By restorer and (case, image, dose).
Statistics = Mapping[str, Mapping[CellKey, CellStatistics]]


@dataclass(frozen=True)
class RunStatistics:
    """Statistics per realization of a run.

    Attributes
    ----------
    every : mapping
        Of what the gate compares, over all realizations of each cell: restorers and references,
        without fits that know the scan.
    common : mapping
        Of what the leaderboard ranks, over the realizations that all ranked restorers have, and of
        the fits that know the scan over those of these that they have.
    responses : mapping
        Responses to isolated changes, of edited images.
    bounds : mapping of CellKey to mapping of str to float
        Cramér-Rao bound by the name of the metric in the gate; NaN where none is stated.
    vacancies : mapping of tuple to ndarray
        Fidelity of vacancies per realization, of `common`, by (case, image, dose, restorer) where
        there are any.
    """

    every: Statistics
    common: Statistics
    responses: Statistics = field(default_factory=dict)
    bounds: Mapping[CellKey, Mapping[str, float]] = field(default_factory=dict)
    vacancies: Mapping[tuple[str, str, float, str], Floats] = field(default_factory=dict)


def run_statistics(run: Run) -> RunStatistics:
    """Reduce a run to statistics per realization; for `Run.once`.

    Raises
    ------
    InputError
        If rows of a column are missing from a realization.
    """
    present = run.records["restorer"].unique()
    judged = [name for name in run.restorers.shown(present) if not run.restorers.is_beside(name)]
    records = run.records[run.records["restorer"].isin(judged)]
    every = realization_statistics(records, sites=site_deviations(records), intensity=run.intensity)
    shared = _common(run)
    sites = site_deviations(shared)
    again, whole = _told_apart(shared, every)
    found = realization_statistics(again, sites=sites, intensity=run.intensity)
    ranked = {*run.restorers.ranked(present), *run.restorers.beside(present)}
    common = {
        name: {**{key: every[name][key] for key in whole.get(name, ())}, **found.get(name, {})}
        for name in ranked
        if name in whole or name in found
    }
    vacancies = {
        key: fidelities
        for key, own in cell_sites(sites).items()
        if (fidelities := vacancy_fidelities(own)) is not None
    }
    return RunStatistics(
        every=every,
        common={name: _in_order(by_key) for name, by_key in common.items()},
        responses=response_statistics(run.once(pairs_of)),
        bounds=_bounds(shared),
        vacancies=vacancies,
    )


def _common(run: Run) -> pd.DataFrame:
    """Records of the ranked restorers, of the realizations that all of them have.

    Those of fits that know the scan go with them where they are.
    """
    present = run.records["restorer"].unique()
    records = run.records[run.records["restorer"].isin(run.restorers.ranked(present))]
    place = ["case", "image", "dose"]
    having = records[[*place, "realization", "restorer"]].drop_duplicates()
    # Not every restorer is in every case: a further fit is made where it applies.
    wanted = having.groupby(place)["restorer"].transform("nunique")
    number = having.groupby([*place, "realization"])["restorer"].transform("nunique")
    kept = having[number == wanted][[*place, "realization"]].drop_duplicates()
    beside = run.records[run.records["restorer"].isin(run.restorers.beside(present))]
    return pd.concat([records, beside]).merge(kept, on=[*place, "realization"])


def _told_apart(
    shared: pd.DataFrame, every: Statistics
) -> tuple[pd.DataFrame, dict[str, list[CellKey]]]:
    """Tell the cells that have other realizations, which are reduced anew, from the others.

    Returns their records, and the keys of the others by restorer.
    """
    measured = shared[shared["measured"]]
    whole: dict[str, list[CellKey]] = {}
    apart = []
    for place, rows in measured.groupby(["case", "image", "dose", "restorer"], sort=False):
        case, image, dose, restorer = place
        key = str(case), str(image), float(rows["dose"].iloc[0])
        known = every.get(str(restorer), {}).get(key)
        if known is not None and set(known.realizations) == set(rows["realization"]):
            whole.setdefault(str(restorer), []).append(key)
        else:
            apart.append((case, image, dose, restorer))
    places = pd.MultiIndex.from_frame(shared[["case", "image", "dose", "restorer"]])
    return shared[places.isin(apart)], whole


def _in_order(by_key: Mapping[CellKey, CellStatistics]) -> dict[CellKey, CellStatistics]:
    """Cells by case, thickness, image and dose."""
    return dict(sorted(by_key.items(), key=lambda one: (one[0][0], one[1].thickness, *one[0][1:])))


def _bounds(records: pd.DataFrame) -> dict[CellKey, dict[str, float]]:
    """Bounds of each cell by the name of the metric in the gate; NaN where none is stated."""
    return {
        (cell.case, cell.image, cell.dose): {
            name: gate.bound(cell) for name, gate in GATES.items() if gate.bound is not None
        }
        for cell in cells(records)
    }
