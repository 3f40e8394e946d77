"""Statistics per realization: what the gate and the leaderboard keep of a cell.

The realization is the unit of every comparison, since the columns of one image share its
distortions. A few numbers per realization are therefore all that a later comparison needs, and a
baseline of a whole run packs into a small file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from reports.metrics.cells import Cell, cells
from reports.metrics.defects import CellSites, cell_sites
from reports.metrics.kept.image_intensity import CellImages, cell_images
from reports.metrics.response.edited_pairs import EditedPairs
from reports.metrics.response.responses import responses
from reports.metrics.table import GATE_METRICS, GATES
from stembench.arrays import Floats

#: Identity of a cell within one restorer: (case, image, dose).
CellKey = tuple[str, str, float]


@dataclass(frozen=True)
class CellStatistics:
    """One case, image and dose of one restorer, reduced to realizations.

    Attributes
    ----------
    case, image : str
    thickness : int
        In atoms.
    dose : float
        e/Å².
    realizations : tuple of int
        Numbers of the realizations, ascending.
    columns : tuple of int
        Numbers of the measured columns, ascending.
    failed : frozenset of tuple of int
        (realization, column) of each failed fit.
    limited : bool
        Whether so many fits ended at a limit that no ratio to a bound is given.
    unresolved : frozenset of int
        Realizations whose images were not fitted: too little contrast was left.
    by_metric : mapping of str to ndarray, shape (n_realizations,)
        `reports.metrics.metric.Gate.per_realization` of each metric of the gate that has a meaning
        in the cell, by its name in the gate.
    """

    case: str
    image: str
    thickness: int
    dose: float
    realizations: tuple[int, ...]
    columns: tuple[int, ...]
    failed: frozenset[tuple[int, int]]
    by_metric: Mapping[str, Floats]
    limited: bool = False
    unresolved: frozenset[int] = frozenset()

    @property
    def key(self) -> CellKey:
        """(case, image, dose)."""
        return self.case, self.image, self.dose

    def at(self, metric: str, realizations: tuple[int, ...]) -> Floats:
        """Values of a metric at some of the realizations, in their order."""
        place = {number: index for index, number in enumerate(self.realizations)}
        return self.by_metric[metric][[place[number] for number in realizations]]


def realization_statistics(
    records: pd.DataFrame,
    *,
    sites: pd.DataFrame | None = None,
    intensity: pd.DataFrame | None = None,
) -> dict[str, dict[CellKey, CellStatistics]]:
    """Reduce records to statistics per realization.

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS`.
    sites : pandas.DataFrame, optional
        Deviations of sites with defects or adatoms (`reports.metrics.defects.site_deviations`).
    intensity : pandas.DataFrame, optional
        What each image kept (`reports.records.run_folder.Run.intensity`).

    Returns
    -------
    dict
        By restorer and (case, image, dose).

    Raises
    ------
    InputError
        If rows of a column are missing from a realization.
    """
    deviations = {} if sites is None else cell_sites(sites)
    images = {} if intensity is None else cell_images(intensity)
    statistics: dict[str, dict[CellKey, CellStatistics]] = {}
    for cell in cells(records):
        reduced = cell_statistics_of(
            cell, sites=deviations.get(cell.key), images=images.get(cell.key)
        )
        statistics.setdefault(cell.restorer, {})[reduced.key] = reduced
    return statistics


def response_statistics(
    pairs: Iterable[EditedPairs],
) -> dict[str, dict[CellKey, CellStatistics]]:
    """Reduce edited images to the responses of their isolated changes, per realization.

    Parameters
    ----------
    pairs : iterable of EditedPairs

    Returns
    -------
    dict
        By restorer and (case, edited image, dose).
    """
    statistics: dict[str, dict[CellKey, CellStatistics]] = {}
    for pair in pairs:
        values = {
            f"{response.quantity}_response": response.per_realization
            for response in responses(pair)
            if response.pattern == "isolated"
        }
        if not values:
            continue
        rows, columns = np.nonzero(~np.isfinite(pair.found).all(axis=-1))
        reduced = CellStatistics(
            case=pair.case,
            image=pair.image,
            thickness=pair.thickness,
            dose=pair.dose,
            realizations=tuple(int(number) for number in pair.realizations),
            columns=tuple(range(len(pair.places))),
            failed=frozenset(
                (int(pair.realizations[r]), int(c)) for r, c in zip(rows, columns, strict=True)
            ),
            by_metric=values,
        )
        statistics.setdefault(pair.restorer, {})[reduced.key] = reduced
    return statistics


def cell_statistics_of(
    cell: Cell, *, sites: CellSites | None = None, images: CellImages | None = None
) -> CellStatistics:
    """Reduce one cell.

    Parameters
    ----------
    cell : Cell
    sites : CellSites, optional
        Deviations of its sites, where it has any.
    images : CellImages, optional
        What its images kept.
    """
    realizations = tuple(int(number) for number in cell.realizations)
    evidence: dict[str, Cell | CellSites | CellImages] = {"columns": cell}
    if sites is not None:
        evidence["defects"] = replace(sites, realizations=realizations)
    if images is not None:
        evidence["intensity"] = replace(images, realizations=realizations)
    values = {
        name: GATES[name].per_realization(evidence[metric.subject])
        for name, metric in GATE_METRICS.items()
        if metric.subject in evidence
    }
    rows, columns = np.nonzero(cell.failed)
    return CellStatistics(
        case=cell.case,
        image=cell.image,
        thickness=cell.thickness,
        dose=cell.dose,
        realizations=realizations,
        columns=tuple(int(number) for number in cell.columns),
        failed=frozenset(
            (int(cell.realizations[r]), int(cell.columns[c]))
            for r, c in zip(rows, columns, strict=True)
        ),
        by_metric={name: array for name, array in values.items() if array is not None},
        limited=cell.limited,
        unresolved=frozenset(int(n) for n in cell.realizations[cell.unresolved]),
    )
