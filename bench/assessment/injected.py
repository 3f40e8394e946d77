"""What is left of known changes after restoration: response of place and SCS, and vacancies."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bench.assessment.column_fits import Columns
from bench.assessment.edits import Edit, Kind
from bench.assessment.errors.column_errors import mean_interval
from bench.assessment.evidence.image_noise import Estimate
from stembench.arrays import Floats

#: A vacancy of which less than this part is left is filled.
FILLED: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Injected:
    """Changes found over changes put in, with intervals over draws; 1 is faithful, 0 erased.

    Attributes
    ----------
    position : Estimate
        Of displacements: the slope through zero over the columns of a draw.
    scs : Estimate
        Of other SCS, likewise.
    vacancy : Estimate
        Of the light that a vacancy lacks: its fidelity, at held places.
    filled : float
        Share of the vacancies of which less than half is left; NaN for none.
    numbers : dict of str to int
        How many changes of each kind were put in.
    vacancies : ndarray, shape (numbers['vacancy'],)
        What is left of each vacancy.
    """

    position: Estimate
    scs: Estimate
    vacancy: Estimate
    filled: float
    numbers: dict[Kind, int]
    vacancies: Floats = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class InjectedDraw:
    """One draw without and with changes.

    Attributes
    ----------
    edits : tuple of Edit
    before, after : Columns
        Of the draw as it is, and of the same draw changed.
    """

    edits: tuple[Edit, ...]
    before: Columns
    after: Columns


def injected_changes(truth: Columns, draws: Sequence[InjectedDraw]) -> Injected:
    """Compare what was found with what was put in.

    The definitions are those of the benchmark's cases `response` (displacement, SCS: fits with
    free places; a column that the fit loses has passed nothing on) and `defect_ladder` (vacancies:
    fits with held places). There the change that was put in is that between the fits of the two
    images without noise. Here it is what the Gaussian was changed by: it is the column's own as
    fitted, so that the residual and with it the minimum stay what they were.

    Parameters
    ----------
    truth : Columns
        Fitted in the unchanged image without noise.
    draws : sequence of InjectedDraw
    """
    slopes: dict[Kind, list[float]] = {"vacancy": [], "shift": [], "scs": []}
    numbers: dict[Kind, int] = dict.fromkeys(slopes, 0)
    left: list[float] = []
    for draw in draws:
        pairs: dict[Kind, list[tuple[float, float]]] = {kind: [] for kind in slopes}
        for edit in draw.edits:
            put_in, found = _change(edit, truth, draw)
            if np.isfinite(put_in) and put_in != 0:
                pairs[edit.kind].append((put_in, found if np.isfinite(found) else 0.0))
        for kind, both in pairs.items():
            if not both:
                continue
            true, seen = np.array(both).T
            numbers[kind] += len(both)
            if kind == "vacancy":
                left.extend(seen / true)
                slopes[kind].append(float(np.mean(seen / true)))
            else:
                slopes[kind].append(float(np.sum(seen * true) / np.sum(true**2)))
    vacancies = np.array(left)
    return Injected(
        position=mean_interval(slopes["shift"]),
        scs=mean_interval(slopes["scs"]),
        vacancy=mean_interval(slopes["vacancy"]),
        filled=float(np.mean(vacancies < FILLED)) if left else float("nan"),
        numbers=numbers,
        vacancies=vacancies,
    )


def _change(edit: Edit, truth: Columns, draw: InjectedDraw) -> tuple[float, float]:
    """Change of the edited quantity: put in, and found."""
    at = edit.column
    if edit.kind == "shift":
        length = float(np.hypot(edit.dx, edit.dy))
        along = edit.dx / length, edit.dy / length

        def place(columns: Columns) -> float:
            return float(along[0] * columns.x[at] + along[1] * columns.y[at])

        return length, place(draw.after) - place(draw.before)
    name = "held_scs" if edit.kind == "vacancy" else "scs"
    before, after = (float(getattr(one, name)[at]) for one in (draw.before, draw.after))
    return (edit.factor - 1.0) * float(truth.scs[at]), after - before
