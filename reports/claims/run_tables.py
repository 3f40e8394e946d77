"""The tables of a report as evidence for claims, by the names of their files."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports.names import NETWORK, Restorers
from reports.records.run_folder import Run
from reports.records.run_info import RunInfo
from reports.summaries.cells_of_run import cells_of, columns_of


@dataclass(frozen=True)
class RunTables:
    """What a report has computed of a run.

    Attributes
    ----------
    info : RunInfo
    cells, columns : pandas.DataFrame
        `reports.summaries.cells_of_run.cells_of` and `columns_of` the run.
    frames : mapping of str to pandas.DataFrame
        Tidy tables by the name of the CSV file that holds them, such as 'summary.csv'. A report
        that does not write one has none here.
    """

    info: RunInfo
    cells: pd.DataFrame
    columns: pd.DataFrame
    frames: Mapping[str, pd.DataFrame]

    @classmethod
    def of(cls, run: Run, frames: Mapping[str, pd.DataFrame]) -> "RunTables":
        """Bundle a run with the tables of its report."""
        return cls(run.info, run.once(cells_of), run.once(columns_of), frames)

    @property
    def network(self) -> str:
        """Name of the published network in this run, whichever its engine; '' without it."""
        names = (n for n in self.info.restorers if n == NETWORK or n.startswith(f"{NETWORK}@"))
        return next((n for n in names if self._is_main(n)), "")

    @property
    def raw(self) -> str:
        """Name of the images as they are, with the main fit; '' without them."""
        return Restorers(self.info.restorers).raw(self.info.restorers) or ""

    @property
    def filters(self) -> list[str]:
        """Filters without training."""
        return [
            name
            for name, restorer in self.info.restorers.items()
            if restorer.family == "classical" and self._is_main(name)
        ]

    def label(self, restorer: str) -> str:
        """Name of a restorer for readers."""
        return Restorers(self.info.restorers).label(restorer)

    def missing_doses(self, case: str) -> list[float]:
        """Doses of a case that no record holds; none without a case of that name in the run."""
        if case not in self.info.cases:
            return []
        there = self.cells.loc[self.cells["case"] == case, "dose"].unique()
        doses = self.info.cases[case].case.doses
        return [dose for dose in doses if not np.isclose(there, dose).any()]

    def _is_main(self, name: str) -> bool:
        """Whether a name is not that of a further fit of another restorer's images."""
        return self.info.restorers[name].fit == ""

    def rows(self, name: str, **where: object) -> pd.DataFrame:
        """Rows of a table.

        Parameters
        ----------
        name : str
            Of its CSV file.
        **where
            Values of its columns; numbers agree if they do to nine digits.

        Returns
        -------
        pandas.DataFrame
            Empty if the report has no such table, or the table no such column.
        """
        rows = self.frames.get(name)
        if rows is None or any(column not in rows for column in where):
            return pd.DataFrame()
        for column, value in where.items():
            same = (
                np.isclose(rows[column].astype(np.float64), value, rtol=1e-9)
                if isinstance(value, float)
                else rows[column] == value
            )
            rows = rows[same]
        return rows
