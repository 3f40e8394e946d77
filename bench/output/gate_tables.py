"""What the gate found, as tables of JSON."""

from bench.output.tables import Cell, OutputTable
from reports import Power


def power_tables(power: Power) -> tuple[tuple[OutputTable, ...], dict[str, Cell]]:
    """Scatter of the cells and chances of the verdicts, as fractions.

    Returns
    -------
    tables : tuple of OutputTable
        ``scatter`` and ``chances``, a row of the second for each number of realizations.
    facts : dict
    """
    scatter = OutputTable(
        name="scatter",
        title="",
        columns={
            key: key for key in ("case", "image", "dose_e_per_A2", "metric", "scatter_fraction")
        },
        rows=tuple((*key, value) for key, value in power.scatter.items()),
    )
    chances = OutputTable(
        name="chances",
        title="",
        columns={
            key: key
            for key in (
                "cells", "change_fraction", "verdict", "realizations", "chance_fraction",
                "realizations_for_80_percent",
            )
        },
        rows=tuple(
            (row.cells, row.change, row.verdict, n, chance, row.needed)
            for row in power.rows
            for n, chance in row.chances.items()
        ),
    )  # fmt: skip
    low, median, high = power.quartiles
    return (scatter, chances), {
        "scatter_quartiles_fraction": [low, median, high],
        "margin_fraction": power.margin,
    }
