"""What a pack keeps of a run: every function that a report asks of its fits, in one list.

A report asks through `reports.records.run_folder.Run.once`. A packed run answers with what the
function said when the run was packed; a function that is not listed finds no fits and says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pandas as pd

from reports.metrics.column_search import detection_of
from reports.metrics.columns.atom_counts import counts_of, shares_right_of
from reports.metrics.core_distance import distances_of
from reports.metrics.defects import fidelity_of
from reports.metrics.dislocation import core_of, load_circuits
from reports.metrics.kept.image_intensity import intensity_of
from reports.metrics.kept.resolution import contrast_of
from reports.packs.statistics_tables import (
    statistics_of_tables,
    statistics_tables,
)
from reports.packs.summary_tables import (
    information_of_tables,
    information_tables,
    ladder_tables,
    ladders_of_tables,
    response_of_tables,
    response_tables,
)
from reports.records.ladder import ABLATION, AXES, Ladder
from reports.summaries.bounds import summarise_bounds
from reports.summaries.cells_of_run import cells_of, columns_of
from reports.summaries.ladder_summary import ablations_of, axes_of
from reports.summaries.response import information_of_run, summarise_response
from reports.summaries.run_statistics import run_statistics
from reports.summaries.scan_fit import scan_gains_of, summarise_scans
from reports.summaries.summary import comparisons_of, summary_of

#: Tables by their name.
Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class KeptValue:
    """What one function says of a run, as tables.

    Attributes
    ----------
    of : callable
        The function: a `Run` to its value.
    into : callable
        Its value to tables.
    out_of : callable
        Tables, those of the parts of a run one below the other, and the ladders that the run
        declares, to the value.
    """

    of: Callable[[Any], Any]
    into: Callable[[Any], Tables]
    out_of: Callable[[Tables, Sequence[Ladder]], Any]


def _one(name: str, of: Callable[[Any], pd.DataFrame]) -> KeptValue:
    """A function that returns one table."""
    return KeptValue(of, lambda rows: {name: rows}, lambda tables, _: tables[name])


def _ladders(kind: str, of: Callable[[Any], Any]) -> KeptValue:
    return KeptValue(of, partial(ladder_tables, kind), partial(ladders_of_tables, kind))


#: In the order in which they are computed. What is new in a report adds its line here.
KEPT: Final = (
    KeptValue(run_statistics, statistics_tables, lambda tables, _: statistics_of_tables(tables)),
    _one("summary", summary_of),
    _one("paired_comparisons", comparisons_of),
    KeptValue(summarise_response, response_tables, lambda tables, _: response_of_tables(tables)),
    KeptValue(
        information_of_run, information_tables, lambda tables, _: information_of_tables(tables)
    ),
    _ladders(ABLATION, ablations_of),
    _ladders(AXES, axes_of),
    _one("cells", cells_of),
    _one("columns", columns_of),
    _one("bounds", summarise_bounds),
    _one("contrast", contrast_of),
    _one("intensity", intensity_of),
    _one("defects", fidelity_of),
    _one("dislocation_core", core_of),
    _one("core_distance", distances_of),
    _one("circuits", load_circuits),
    _one("counts", counts_of),
    _one("shares_right", shares_right_of),
    _one("detection", detection_of),
    _one("scan_fit", summarise_scans),
    _one("scan_gains", scan_gains_of),
)
