"""What the gate found, as tables of JSON."""

from dataclasses import fields
from typing import Final

from bench.output.tables import Cell, OutputTable, table_of
from reports import GateResult, GateRow, Power, Verdict, closing_text

#: Attributes of a verdict's row that its JSON names otherwise: a key ends with its unit.
_KEYS: Final = {"dose": "dose_e_per_A2", "thickness": "thickness_atoms"}


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


def verdict_tables(
    result: GateResult, *, alpha: float
) -> tuple[tuple[OutputTable, ...], dict[str, Cell]]:
    """Verdicts of a comparison, and how many there are of each kind.

    Parameters
    ----------
    result : GateResult
    alpha : float
        Of the margins.

    Returns
    -------
    tables : tuple of OutputTable
        ``counts``, and ``rows`` with the attributes of `GateRow`. Values are in the unit of their
        metric, changes and margins as `GateRow` says.
    facts : dict
    """
    counts = OutputTable(
        name="counts",
        title="",
        columns={"verdict": "verdict", "rows": "rows"},
        rows=tuple((verdict.value, result.count(verdict)) for verdict in Verdict),
    )
    columns = {_KEYS.get(field.name, field.name): field.name for field in fields(GateRow)}
    return (counts, table_of("rows", result.rows, columns=columns)), {
        "verdict": result.verdict.value,
        "sentence": closing_text(result, alpha=alpha),
        "old": result.old,
        "new": result.new,
        "alpha": alpha,
        "notes": list(result.notes),
    }
