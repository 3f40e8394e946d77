"""The gate on what ships as `cgrdn-faithful`: it and the published network on the same noise.

    python bench/shipped/faithful_gate.py [--realizations 8] [--engine onnx] [--jobs 1]
        [--work out/faithful-gate] [--out results/faithful]

Runs images of profile quick without its ladders of noise chains, part by part (a stopped call goes
on; ``--cases`` names some of the parts), and writes `gate_cells.csv`, every row that the gate
judges, and `gate_answers.csv`: what the tuning was to reach on the cases, each answer with the 95 %
interval over realizations, of a difference on the same noise where it is one. `gate.md`, the gate's
text, stays in the work folder.
"""

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import typer

from bench.images.faithfulness.judged_run import judged_run
from reports import (
    RAW,
    Effect,
    Run,
    chosen,
    default_margins,
    evidence_of_run,
    information_of_run,
    judge_versions,
    log_ratio,
    mean_effect,
    write_csv,
    write_markdown,
)
from stembench.arrays import Floats
from stembench.atomic_files import replacing
from stembench.errors import InputError

ROOT: Final = Path(__file__).parents[2]
OLD: Final = "cgrdn"
NEW: Final = "cgrdn-faithful"
_LOW, _MIDDLE, _HIGH = 5e2, 5e3, 5e4


@dataclass(frozen=True)
class Part:
    """One case of the run; no images are all that profile quick has of it."""

    case: str
    doses: tuple[float, ...]
    images: tuple[str, ...] = ()


PARTS: Final = (
    Part("nanoparticle", (_LOW, _MIDDLE, _HIGH)),
    Part("edge_dislocation", (_LOW, _MIDDLE, _HIGH)),
    Part("response", (_LOW, _MIDDLE, _HIGH), ("z10", "z10-shift15", "z10-scs10")),
    Part("defect_ladder", (_LOW, _MIDDLE)),
    Part("pt_bulk", (_LOW, _HIGH), ("z05", "z20", "z75")),
    Part("particle_adatoms", (_LOW, _MIDDLE)),
)
#: What counts as a dark hole: the vacuum's lowest value over the peak.
_HOLE: Final = -0.01
_INTENSITY: Final = 0.005
#: How much larger than the published network's the particle's mean absolute error may be, pm.
_MORE_PM: Final = {"edge_dislocation": 0.0, "nanoparticle": 0.3}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One question at one image and dose.

    Attributes
    ----------
    question, case, image, unit : str
    dose : float
        e/Å².
    limit : str
        Words.
    raw, old, new : float
        Of raw images, the published and the tuned network.
    judged : Effect
        What is held against the limit, less the limit; positive is on the wrong side.
    value, low, high : float
        What is judged in its own unit, with the 95 % interval.
    lenient : bool
        Whether only what lies beyond the limit by more than the interval is missed.
    """

    question: str
    case: str
    image: str
    dose: float
    unit: str
    limit: str
    raw: float
    old: float
    new: float
    judged: Effect
    value: float
    low: float
    high: float
    lenient: bool = False

    @property
    def verdict(self) -> str:
        """'met' or 'missed' by the value; within its interval of the limit it says so."""
        if not self.judged.known:
            return "not known"
        low, high = self.judged.interval()
        if self.lenient:
            return "missed" if low > 0 else "met"
        word = "met" if self.judged.value <= 0 else "missed"
        return word if low > 0 or high <= 0 else f"{word}, within the interval"

    @property
    def row(self) -> dict[str, Any]:
        """As a row of the table."""
        return {
            "question": self.question, "case": self.case, "image": self.image, "dose": self.dose,
            "unit": self.unit, "limit": self.limit, RAW: self.raw, OLD: self.old, NEW: self.new,
            "judged": self.value, "low": self.low, "high": self.high, "n": self.judged.n,
            "verdict": self.verdict,
        }  # fmt: skip


def _answer(
    name: str,
    place: tuple[str, str, float],
    effect: Effect,
    *,
    means: tuple[float, float, float],
    limit: tuple[str, float],
    unit: str,
    sign: float = 1.0,
) -> Answer:
    """Hold an effect, times `sign` positive where worse, against a limit in words and a number."""
    words, most = limit
    judged = replace(effect, value=sign * effect.value - most)
    low, high = effect.interval()
    case, image, dose = place
    return Answer(
        question=name, case=case, image=image, dose=dose, unit=unit, limit=words,
        raw=means[0], old=means[1], new=means[2], judged=judged, value=effect.value, low=low,
        high=high,
    )  # fmt: skip


def answers(run: Run, old: str, new: str) -> Iterator[Answer]:
    """Answer what the run of a part can answer.

    Parameters
    ----------
    run : Run
        With its records.
    old, new : str
        Restorers.
    """
    yield from _of_columns(run, old, new)
    yield from _of_images(run, old, new)
    yield from _of_information(run, old, new)


def _of_columns(run: Run, old: str, new: str) -> Iterator[Answer]:
    rows = run.records[run.records["measured"] & run.records["restorer"].isin((RAW, old, new))]
    for case, image, dose, cell in _cells(rows):
        if case == "nanoparticle":
            shares = cell.assign(value=(cell["count_fit"] == cell["count_true"]).astype(float))
            before, after = (100 * values for values in _by_image(shares, old, new))
            counted = _answer(
                "columns counted right", (case, image, dose), mean_effect(after - before),
                means=(100 * _mean(shares, RAW), before.mean(), after.mean()), unit="points",
                sign=-1.0,
                limit=("not below the published network's by more than the interval", 0.0),
            )  # fmt: skip
            yield replace(counted, lenient=True)
        if case in _MORE_PM:
            away = _distances(cell)
            before, after = _by_image(away, old, new)
            more = _MORE_PM[case]
            words = f"at most {more:g} pm more" if more else "not above the published network's"
            yield _answer(
                "MAE of position without rigid shift", (case, image, dose),
                mean_effect(after - before),
                means=(_mean(away, RAW), before.mean(), after.mean()),
                limit=(words, more), unit="pm",
            )  # fmt: skip


def _cells(rows: pd.DataFrame) -> Iterator[tuple[str, str, float, pd.DataFrame]]:
    """Rows of each case, image and dose."""
    places = rows[["case", "image", "dose"]].drop_duplicates()
    for case, image, dose in places.itertuples(index=False):
        at = (rows["case"] == case) & (rows["image"] == image) & (rows["dose"] == dose)
        yield str(case), str(image), float(dose), rows[at]


def _distances(cell: pd.DataFrame) -> pd.DataFrame:
    """Distance of each fit from the reference, pm, after its image's rigid shift was taken off."""
    shifted = cell.assign(
        dx=(cell["x_fit"] - cell["x_ref"]) * cell["sampling"] * 100,
        dy=(cell["y_fit"] - cell["y_ref"]) * cell["sampling"] * 100,
    )
    both = shifted.groupby(["restorer", "realization"])[["dx", "dy"]]
    away = shifted[["dx", "dy"]] - both.transform("mean")
    return shifted.assign(value=np.hypot(away["dx"], away["dy"]))


def _by_image(rows: pd.DataFrame, old: str, new: str) -> tuple[Floats, Floats]:
    """Mean of `value` over the columns of each image that both networks restored."""
    found = rows.pivot_table("value", index="realization", columns="restorer").dropna()
    return found[old].to_numpy(dtype=np.float64), found[new].to_numpy(dtype=np.float64)


def _mean(rows: pd.DataFrame, restorer: str) -> float:
    """Mean over a restorer's images of the mean `value` of their columns."""
    own = rows[rows["restorer"] == restorer]
    return float(own.groupby("realization")["value"].mean().mean())


def _of_images(run: Run, old: str, new: str) -> Iterator[Answer]:
    for case, image, dose, cell in _cells(run.intensity):
        sums = cell.assign(value=cell["total_intensity"] - 1)
        # Counting, the detector and the scan change the sum before any network does.
        beside = sums[["case", "image", "dose", "realization"]].merge(
            sums.loc[sums["restorer"] == RAW, ["realization", "value"]], how="left"
        )
        apart = sums.assign(value=sums["value"].to_numpy() - beside["value"].to_numpy())
        within = f"within {100 * _INTENSITY:g} % of"
        yield from _kept(
            "total intensity", (case, image, dose), sums, (old, new),
            limit=(f"{within} the noise-free image's", _INTENSITY), unit="%",
        )  # fmt: skip
        yield from _kept(
            "total intensity less raw's", (case, image, dose), apart, (old, new),
            limit=(f"{within} that of the raw image", _INTENSITY), unit="%",
        )  # fmt: skip
        yield from _kept(
            "vacuum low", (case, image, dose), cell.assign(value=cell["vacuum_low"]), (old, new),
            limit=("above -1 % of the peak", -_HOLE), unit="% of the peak", below=True,
        )  # fmt: skip


def _kept(
    name: str,
    place: tuple[str, str, float],
    rows: pd.DataFrame,
    networks: tuple[str, str],
    *,
    limit: tuple[str, float],
    unit: str,
    below: bool = False,
) -> Iterator[Answer]:
    """Hold the mean `value` of the tuned network's images against a limit, on one side or both."""
    if rows["value"].isna().all():
        return
    before, after = _by_image(rows, *networks)
    effect = mean_effect(after)
    answer = _answer(
        name, place, effect, limit=limit, unit=unit,
        means=(100 * _mean(rows, RAW), 100 * before.mean(), 100 * after.mean()),
        sign=-1.0 if below else math.copysign(1.0, effect.value),
    )  # fmt: skip
    yield replace(answer, value=100 * answer.value, low=100 * answer.low, high=100 * answer.high)


def _of_information(run: Run, old: str, new: str) -> Iterator[Answer]:
    if run.edited.empty:
        return
    told = run.once(information_of_run)
    for (case, image, dose, restorer, quantity), own in told.items():
        if restorer != new:
            continue
        of_raw, other = (told[case, image, dose, name, quantity] for name in (RAW, old))
        effect = log_ratio(own, other)
        answer = _answer(
            f"scatter over response, {quantity}", (case, image, dose), effect,
            means=(
                float(of_raw.with_left_out[0]), float(other.with_left_out[0]),
                float(own.with_left_out[0]),
            ),
            limit=("ratio below 1", 0.0), unit="pm" if quantity == "position" else "%",
        )  # fmt: skip
        yield replace(
            answer,
            value=math.exp(answer.value),
            low=math.exp(answer.low),
            high=math.exp(answer.high),
        )


def run_part(part: Part, folder: Path, *, told: argparse.Namespace) -> Run:
    """Run a part, or continue it, and read it."""
    return judged_run(
        folder, [f"{name}@{told.engine}" for name in (OLD, NEW)],
        case=part.case, images=part.images, doses=part.doses, realizations=told.realizations,
        jobs=told.jobs,
    )  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Run, judge and write; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--realizations", type=int, default=8)
    parser.add_argument("--engine", default="onnx")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--work", type=Path, default=ROOT / "out" / "faithful-gate")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "faithful")
    parser.add_argument("--cases", nargs="+", default=[part.case for part in PARTS])
    told = parser.parse_args(arguments)
    try:
        runs = [
            run_part(part, told.work / part.case, told=told)
            for part in PARTS
            if part.case in told.cases
        ]
        _write(runs, told)
    except InputError as error:
        typer.echo(str(error), err=True)
        return 2
    return 0


def _write(runs: Sequence[Run], told: argparse.Namespace) -> None:
    old, new = (f"{name}@{told.engine}" for name in (OLD, NEW))
    sides = [evidence_of_run(run) for run in runs]
    result = judge_versions(
        [(chosen(side, old, which="run"), chosen(side, new, which="run")) for side in sides],
        default_margins(),
    )
    told.out.mkdir(parents=True, exist_ok=True)
    write_csv(result, told.out / "gate_cells.csv")
    write_markdown(result, told.work / "gate.md", alpha=default_margins().alpha)
    table = pd.DataFrame([answer.row for run in runs for answer in answers(run, old, new)])
    with replacing(told.out / "gate_answers.csv") as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
    typer.echo(table.to_string(index=False))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
