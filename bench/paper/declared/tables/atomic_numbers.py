"""Tables: cross-section against atomic number, and equation (17) fitted to simulated columns."""

from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd

from bench.paper.radial_signals import (
    ELEMENTS,
    RadialSignal,
    fit_equation_17,
    simulated_signal,
)
from bench.paper.verdicts import judged
from cases import get_case
from reports import Drawn, Finding, Material, Number, PaperFigure, below, rule, within
from stembench.arrays import Floats

_ATOMS: Final = 10
#: The paper writes the exponent with one decimal.
_EXPONENT: Final = (1.65, 1.75)
#: 'Accurately', in percent; set when the residuals were known.
_ACCURATE: Final = 5.0
_BLURRED: Final = "with source blur"
_SHARP: Final = "without source blur"


@lru_cache(maxsize=32)
def _signal(element: str, atoms: int) -> RadialSignal:
    return simulated_signal(element, atoms=atoms)


def exponent(numbers: Floats, sections: Floats) -> Number:
    """Exponent of a power law by least squares of the logarithms, with its 95 % interval (t)."""
    from scipy.stats import linregress, t

    found = linregress(np.log(numbers), np.log(sections))
    half = float(t.ppf(0.975, len(numbers) - 2)) * float(found.stderr)
    value = float(found.slope)
    return Number(
        value=value, low=value - half, high=value + half, at=f"n = {len(numbers)} elements"
    )


def _cross_sections(material: Material) -> Drawn:
    del material
    rows = [
        {
            "element": element, "atomic_number": number,
            "atom_A2": _signal(element, 1).cross_section,
            "column_A2": _signal(element, _ATOMS).cross_section,
        }
        for element, number in ELEMENTS.items()
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    numbers = table["atomic_number"].to_numpy(dtype=np.float64)
    single = exponent(numbers, table["atom_A2"].to_numpy())
    column = exponent(numbers, table["column_A2"].to_numpy())
    summary = [("element", "Z", "one atom (Å²)", f"column of {_ATOMS} (Å²)")]
    summary += [
        (str(row.element), str(row.atomic_number), f"{row.atom_A2:.3g}", f"{row.column_A2:.3g}")
        for row in table.itertuples(index=False)
    ]
    summary.append(("exponent", "", single.text.partition(": ")[2], column.text.partition(": ")[2]))
    return Drawn(
        caption="HAADF scattering cross-section of one atom at rest, and of a column of "
        f"{_ATOMS} atoms 4 Å apart, by multislice (abTEM, Lobato's potentials, the microscope of "
        "the studies), against the atomic number. The exponent is that of a power law, its "
        "interval from the scatter of the elements about it.",
        tables={"": table},
        summary=tuple(summary),
        findings=(judged(31, rule(within(*_EXPONENT)), [single]),),
    )


def _equation(material: Material) -> Drawn:
    del material
    sigma = get_case("pt_bulk").microscope.source_sigma
    rows = []
    for element, number in ELEMENTS.items():
        for source in (0.0, sigma):
            signal = _signal(element, _ATOMS)
            signal = signal.blurred(source) if source else signal
            whole, gaussian = fit_equation_17(signal), fit_equation_17(signal, gaussian=True)
            names = ("h1", "h2", "h3", "r_m_A", "n")
            rows.append(
                {
                    "element": element, "atomic_number": number, "source_sigma_A": source,
                    "residual_pct": 100 * whole.residual, "largest_pct": 100 * whole.largest,
                    "gaussian_residual_pct": 100 * gaussian.residual,
                }
                | dict(zip(names, whole.parameters, strict=True))
            )  # fmt: skip
    table = pd.DataFrame(rows)
    summary = [("element", "source σ (Å)", "residual (%)", "largest (%)", "Gaussian alone (%)")]
    summary += [
        (
            str(row.element), f"{row.source_sigma_A:g}", f"{row.residual_pct:.2f}",
            f"{row.largest_pct:.2f}", f"{row.gaussian_residual_pct:.2f}",
        )
        for row in table.itertuples(index=False)
    ]  # fmt: skip
    return Drawn(
        caption=f"Equation (17) fitted to the radial signal of one simulated column of {_ATOMS} "
        "atoms of each element, without and with the source blur of the studies: root mean square "
        "residual over the plane in percent of the signal's, largest residual in percent of the "
        "peak, and the residual of a Gaussian alone. Parameters are in the CSV file; n stays at "
        "its lower end of 4 where the tails are softer than any Butterworth function allowed.",
        tables={"": table},
        summary=tuple(summary),
        findings=(_accuracy(table),),
    )


def _accuracy(table: pd.DataFrame) -> Finding:
    """Judge by the residual of each element, with the source blur of the studies and without."""
    numbers = []
    for row in table.to_dict("records"):
        residual = float(row["residual_pct"])
        numbers.append(
            Number(
                value=residual, low=residual, high=residual, unit="%", at=str(row["element"]),
                condition=_BLURRED if row["source_sigma_A"] else _SHARP,
            )
        )  # fmt: skip
    conditions = (below(_ACCURATE, name=name) for name in (_BLURRED, _SHARP))
    return judged(39, rule(*conditions), numbers)


FIGURES: Final = (
    PaperFigure(
        number="atomic-numbers",
        title="Table: cross-section against atomic number",
        theirs="The text says that the cross-section grows about as Z to the power of 1.7.",
        claims=(31,),
        needs="the extra simulate; simulates ten signals",
        draw=_cross_sections,
    ),
    PaperFigure(
        number="equation-17",
        title="Table: equation (17) fitted to simulated columns",
        theirs="The text says that the parametrisation accurately models almost any image.",
        claims=(39,),
        needs="the extra simulate; simulates five signals",
        draw=_equation,
    ),
)
