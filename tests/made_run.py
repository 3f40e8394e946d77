"""A whole run folder of synthetic records and images, for tests of reports and of the gate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from bench.plan.blocks import plan_blocks
from bench.plan.profiles import Profile, Selection
from bench.run import store
from bench.run.block import BlockResult
from bench.run.description import describe_run, finished_run
from cases import get_case
from cases.truth.columns import to_pixels
from reports.records.bounds import conform_bounds, write_bounds_file
from reports.records.run_info import (
    SessionInfo,
    write_run_info,
)
from reports.records.schema import conform
from tests.records_factory import (
    Estimator,
    Layout,
    dislocated_columns,
    draw_image,
    make_records,
    restorer_metadata,
)


@dataclass(frozen=True)
class _Part:
    """One image of a synthetic run: its columns, and how each restorer's fits err at each dose."""

    layout: Layout
    estimators: Mapping[float, Mapping[str, Estimator]]
    seed: int
    heights: np.ndarray
    shown: np.ndarray
    bounds: Mapping[float, tuple[float, float]] | None = None


def make_run(
    folder: Path,
    *,
    realizations: int = 8,
    thicknesses: Sequence[int] = (2, 5, 10, 20, 40, 75),
    complete: bool = True,
    estimators: Mapping[str, Estimator] | None = None,
    cases: Sequence[str] = ("pt_bulk", "edge_dislocation", "nanoparticle"),
    bounds: bool = False,
) -> Path:
    """A run folder of synthetic records and images, written by the benchmark's own functions.

    With `bounds` it holds bounds beside the records' own too (`make_bounds`).
    """
    how = dict(
        estimators
        or {
            "raw": Estimator(std_pm=60.0, scs_std_pct=40.0, dose_exponent=-0.5),
            "gaussian": Estimator(std_pm=40.0, scs_std_pct=30.0, dose_exponent=-0.42),
            "cgrdn": Estimator(std_pm=9.0, scs_std_pct=6.0, column_bias_pm=2.0, dose_exponent=-0.1),
        }
    )
    parts = {
        "pt_bulk": lambda: list(_bulk(how, thicknesses=thicknesses)),
        "edge_dislocation": lambda: [_dislocation(how)],
        "nanoparticle": lambda: [_particle(how)],
    }
    chosen = {name: parts[name]() for name in cases}
    profile = Profile(
        name="synthetic",
        summary="Synthetic records.",
        selections=tuple(
            Selection(
                case=name,
                images=tuple(part.layout.image for part in group),
                doses=tuple(group[0].estimators),
                realizations=realizations,
            )
            for name, group in chosen.items()
        ),
        restorers=tuple(how),
    )
    metadata = [restorer_metadata(name) for name in how]
    folder.mkdir(parents=True, exist_ok=True)
    blocks = plan_blocks(profile, seed=0, block_size=realizations)
    info = describe_run(profile, metadata, seed=0, block_size=realizations, blocks=blocks)
    write_run_info(folder, info)
    rng = np.random.default_rng(11)
    drawn = {
        (name, part.layout.image): (part, _records(part, realizations=realizations))
        for name, group in chosen.items()
        for part in group
    }
    for block in blocks:
        part, records = drawn[block.case, block.image]
        rows = records[(records["dose"] == block.dose) & (records["restorer"] == block.restorer)]
        example = {}
        if block.example:
            example = _example(part, rng, dose=block.dose, restorer=block.restorer)
        result = BlockResult(records=conform(rows), seconds={"fit": 0.5}, example=example)
        store.write_block(folder, block, result=result, origin=info.origin)
    if bounds:
        found = make_bounds(pd.concat([records for _, records in drawn.values()]))
        write_bounds_file(folder, found, origin=info.origin)
    names = {name: name for name in how}
    samplings = {name: get_case(name).sampling for name in chosen}
    store.gather_examples(folder, blocks, samplings=samplings, names=names, origin=info.origin)
    if complete:
        session = SessionInfo(seconds=100.0, blocks=len(blocks), jobs=2, peak_memory_bytes=2**30)
        info = finished_run(info, folder, blocks=blocks, names=names, session=session)
        write_run_info(folder, info)
    return folder


#: Case, bound of a coordinate [px] and of SCS / SCS_ref of each kind of synthetic bounds at
#: 500 e/Å²; they fall as the root of the dose.
SYNTHETIC_BOUNDS: Final = {
    "constant-background": ("pt_bulk", 1.2, 0.11),
    "column-widths": ("pt_bulk", 1.3, 0.6),
    "hybrid": ("", 0.9, 0.2),
    "hybrid-unshifted": ("", 0.8, 0.2),
    "hybrid-strict": ("", 0.7, 0.15),
    "hybrid-strict-unshifted": ("", 0.5, 0.15),
}


def make_bounds(records: pd.DataFrame) -> pd.DataFrame:
    """Bounds for the columns of records: those of other models for pt_bulk, hybrid ones elsewhere.

    The mean length of an error is sqrt(pi/2) times that along an axis, as of round errors.
    """
    columns = records.drop_duplicates(["case", "image", "dose", "column"])
    columns = columns[columns["measured"]]
    parts = []
    for kind, (case, place, share) in SYNTHETIC_BOUNDS.items():
        own = columns[(columns["case"] == "pt_bulk") == (case == "pt_bulk")]
        scale = np.sqrt(500.0 / own["dose"])
        length = np.nan if case else place * scale * np.sqrt(np.pi / 2)
        parts.append(
            own[["case", "image", "dose", "column"]].assign(
                kind=kind,
                x=place * scale,
                y=place * scale,
                distance=length,
                scs=share * scale * own["scs_ref"],
            )
        )
    return conform_bounds(pd.concat(parts))


def _records(part: _Part, *, realizations: int) -> pd.DataFrame:
    frames = []
    for dose, estimators in part.estimators.items():
        layout = part.layout
        if part.bounds is not None:
            bound, scs_bound = part.bounds[dose]
            layout = replace(layout, bound_pm=bound, scs_bound_pct=scs_bound)
        frames.append(
            make_records(
                layout, estimators, doses=(dose,), realizations=realizations, seed=part.seed
            )
        )
    return pd.concat(frames, ignore_index=True)


def _example(
    part: _Part, rng: np.random.Generator, *, dose: float, restorer: str
) -> dict[str, np.ndarray]:
    layout = part.layout
    clean = draw_image(part.shown, part.heights, shape=get_case(layout.case).shape)
    scale = dose * layout.sampling**2
    strength = 1.0 if restorer == "raw" else 0.08
    noisy = rng.poisson(clean * scale) / scale
    known = np.ones(len(part.shown)) if layout.measured is None else layout.measured
    return {
        "image": clean + strength * (noisy - clean),
        "clean": clean,
        "positions": part.shown + rng.normal(size=part.shown.shape) * 0.3,
        "true_positions": part.shown,
        "measured": np.resize(known, len(part.shown)).astype(float),
    }


def _at_dose(how: Mapping[str, Estimator], dose: float) -> dict[str, Estimator]:
    return {
        name: replace(
            e,
            std_pm=e.std_pm * (dose / 500) ** e.dose_exponent,
            scs_std_pct=e.scs_std_pct * (dose / 500) ** e.dose_exponent,
        )
        for name, e in how.items()
    }


def _bulk(how: Mapping[str, Estimator], *, thicknesses: Sequence[int]) -> Iterator[_Part]:
    lattice = np.stack(np.meshgrid(np.arange(13), np.arange(13)), axis=-1).reshape(-1, 2)
    for thickness in thicknesses:
        factor = (2 / thickness) ** 0.5
        scaled = {
            name: replace(
                e,
                std_pm=e.std_pm * (factor if name == "raw" else factor**0.4),
                scs_std_pct=e.scs_std_pct * factor,
            )
            for name, e in how.items()
        }
        share = {dose: factor * (dose / 500) ** -0.5 for dose in (500.0, 50000.0)}
        yield _Part(
            layout=Layout(image=f"z{thickness:02d}", thickness=thickness),
            estimators={dose: _at_dose(scaled, dose) for dose in share},
            seed=thickness,
            heights=np.full(len(lattice), 0.35 * (1 - np.exp(-thickness / 20))),
            shown=lattice * 9.81 + 5.0,
            bounds={dose: (24 * part, 22 * part) for dose, part in share.items()},
        )


#: Doses of studies 2 and 3.
_DOSES = (500.0, 1000.0, 5000.0, 10000.0, 50000.0)


def _dislocation(how: Mapping[str, Estimator]) -> _Part:
    case = get_case("edge_dislocation")
    angstrom = dislocated_columns()
    positions = to_pixels(case, angstrom)
    inside = ((positions > 0) & (positions < 127)).all(axis=1)
    near = np.linalg.norm(angstrom, axis=1) < 8
    return _Part(
        layout=Layout(
            case=case.name,
            image="core",
            thickness=6,
            positions=positions[inside],
            measured=near[inside],
            bound_pm=None,
            scs_bound_pct=None,
        ),
        estimators={dose: _at_dose(how, dose) for dose in _DOSES},
        seed=100,
        heights=np.full(int(inside.sum()), 0.15),
        shown=positions[inside],
    )


def _particle(how: Mapping[str, Estimator]) -> _Part:
    grid = np.stack(np.meshgrid(np.arange(-10, 11), np.arange(-10, 11)), axis=-1).reshape(-1, 2)
    radius2 = (grid**2).sum(axis=1)
    grid, radius2 = grid[radius2 < 105], radius2[radius2 < 105]
    counts = np.maximum(1, np.round(2 * np.sqrt((105 - radius2) / 4))).astype(int)
    positions = grid * 9.81 + 127.5
    return _Part(
        layout=Layout(
            case="nanoparticle",
            image="particle",
            thickness=11,
            positions=positions,
            counts=counts,
            bound_pm=None,
            scs_bound_pct=None,
        ),
        estimators={dose: _at_dose(how, dose) for dose in _DOSES},
        seed=101,
        heights=0.03 * counts,
        shown=positions,
    )
