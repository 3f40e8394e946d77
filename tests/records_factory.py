"""Synthetic records with known truth, for tests of whatever reads records."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from bench.measures.acquisition import as_acquired
from bench.plan.acquisitions import is_acquisition
from bench.plan.blocks import plan_blocks
from bench.plan.profiles import Profile, Selection
from bench.run import store
from bench.run.block import BlockResult
from bench.run.description import describe_restorer, describe_run, finished_run
from cases import get_case
from cases.truth.columns import to_pixels
from reports.names import RestorerInfo, Restorers
from reports.records.bounds import conform_bounds, write_bounds_file
from reports.records.run_files import read_table, write_table
from reports.records.run_folder import Examples, Run
from reports.records.run_info import (
    RECORDS,
    RunInfo,
    SessionInfo,
    read_run_info,
    write_run_info,
)
from reports.records.schema import conform
from restore import RestorerMetadata, is_built_in, metadata_of
from stembench.sealed_files import seal_of, write_sealed


@dataclass(frozen=True)
class Estimator:
    """How one restorer's fits err: all lengths per axis in pm, SCS in percent.

    `shared` is the share of the variance that all columns of an image have in common.
    """

    std_pm: float = 4.0
    scs_std_pct: float = 5.0
    bias_pm: tuple[float, float] = (0.0, 0.0)
    column_bias_pm: float = 0.0
    scs_bias_pct: float = 0.0
    shared: float = 0.0
    failure: float = 0.0
    dose_exponent: float = 0.0


@dataclass(frozen=True)
class Layout:
    """Where the columns of a synthetic case lie and what is known of them."""

    case: str = "pt_bulk"
    image: str = "z05"
    thickness: int = 5
    positions: np.ndarray = field(
        default_factory=lambda: np.stack(
            np.meshgrid(np.arange(4) * 9.81 + 20.0, np.arange(4) * 9.81 + 20.0), axis=-1
        ).reshape(-1, 2)
    )
    counts: np.ndarray | None = None
    measured: np.ndarray | None = None
    sampling: float = 0.2
    bound_pm: float | None = 5.0
    scs_bound_pct: float | None = 6.0
    scs_per_atom: float = 0.05


def make_records(
    layout: Layout,
    estimators: Mapping[str, Estimator],
    *,
    doses: Sequence[float] = (500.0,),
    realizations: int = 8,
    seed: int = 0,
    reference_offset_pm: float = 0.0,
) -> pd.DataFrame:
    """Records of one image of one case; deviations are normal, reference = truth + offset in x."""
    rng = np.random.default_rng(seed)
    n = len(layout.positions)
    counts = np.full(n, layout.thickness) if layout.counts is None else layout.counts
    measured = np.ones(n, bool) if layout.measured is None else layout.measured
    px = 1.0 / (100.0 * layout.sampling)
    ref = layout.positions + np.array([reference_offset_pm * px, 0.0])
    scs_ref = layout.scs_per_atom * counts
    frames = []
    for restorer, how in estimators.items():
        column_bias = rng.normal(size=(n, 2)) * how.column_bias_pm
        for dose in doses:
            scale = (dose / doses[0]) ** how.dose_exponent
            for realization in range(realizations):
                own, common = rng.normal(size=(n, 3)), rng.normal(size=3)
                z = np.sqrt(1 - how.shared) * own + np.sqrt(how.shared) * common
                error_pm = z[:, :2] * how.std_pm * scale + column_bias + np.array(how.bias_pm)
                relative = (z[:, 2] * how.scs_std_pct * scale + how.scs_bias_pct) / 100
                scs = scs_ref * (1 + relative)
                failed = rng.random(n) < how.failure
                fit = ref + error_pm * px
                fit[failed] = np.nan
                scs[failed] = np.nan
                counted = layout.counts is not None
                count_fit = np.round(scs / layout.scs_per_atom) if counted else np.full(n, np.nan)
                count_ref = np.round(scs_ref / layout.scs_per_atom) if counted else np.nan
                bound = np.nan if layout.bound_pm is None else layout.bound_pm * px
                scs_bound = np.nan if layout.scs_bound_pct is None else layout.scs_bound_pct / 100
                frames.append(
                    pd.DataFrame(
                        {
                            "case": layout.case,
                            "case_version": 1,
                            "image": layout.image,
                            "thickness": layout.thickness,
                            "dose": dose,
                            "realization": realization,
                            "restorer": restorer,
                            "column": np.arange(n),
                            "measured": measured,
                            "site": "",
                            "role": "",
                            "sampling": layout.sampling,
                            "x_true": layout.positions[:, 0],
                            "y_true": layout.positions[:, 1],
                            "count_true": counts,
                            "x_ref": ref[:, 0],
                            "y_ref": ref[:, 1],
                            "scs_ref": scs_ref,
                            "x_init": layout.positions[:, 0],
                            "y_init": layout.positions[:, 1],
                            "x_fit": fit[:, 0],
                            "y_fit": fit[:, 1],
                            "x_err": 0.1,
                            "y_err": 0.1,
                            "height": 0.3,
                            "sigma": 2.0,
                            "background": 0.01,
                            "scs": scs,
                            "scs_err": 0.01,
                            "count_fit": count_fit,
                            "count_ref": count_ref,
                            "x_crb": bound,
                            "y_crb": bound,
                            "scs_crb": scs_ref * scs_bound,
                            "flags": failed.astype(int),
                        }
                    )
                )
    return conform(pd.concat(frames, ignore_index=True))


def dislocated_columns(
    *, burgers: float = 2.775, spacing: tuple[float, float] = (1.3874, 2.2657),
    half: float = 13.5, poisson: float = 0.39,
) -> np.ndarray:  # fmt: skip
    """Columns of fcc [112] round an edge dislocation at the origin, in Å.

    The isotropic Volterra field (Hirth and Lothe, eq. 3-43 and 3-45) with the branch cut along
    +x: the half plane x > 0, y > 0 slips by the Burgers vector against y < 0.
    """
    x, y = np.meshgrid(
        (np.arange(-14, 14) + 0.5) * spacing[0], (np.arange(-9, 9) + 0.5) * spacing[1]
    )
    x, y = x.ravel(), y.ravel()
    r2 = x**2 + y**2
    angle = np.mod(np.arctan2(y, x), 2 * np.pi)
    ux = burgers / (2 * np.pi) * (angle + x * y / (2 * (1 - poisson) * r2))
    uy = -burgers / (2 * np.pi) * (
        (1 - 2 * poisson) / (4 * (1 - poisson)) * np.log(r2)
        + (x**2 - y**2) / (4 * (1 - poisson) * r2)
    )  # fmt: skip
    # Half a Burgers vector back: without it the crystal moves as a whole.
    moved = np.stack([x + ux - burgers / 2, y + uy], axis=1)
    return moved[(np.abs(moved) < half).all(axis=1)]


def draw_image(
    positions: np.ndarray, heights: np.ndarray, *, shape: tuple[int, int], sigma: float = 2.6
) -> np.ndarray:
    """Gaussian columns on a weak background, as fractions of the beam."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    image = np.full(shape, 0.004)
    for (x, y), height in zip(positions, heights, strict=True):
        image += height * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))
    return image


def restorer_metadata(name: str) -> RestorerMetadata:
    """Metadata of a built-in restorer or acquisition, or of a user's own network of that name."""
    if is_acquisition(name):
        return as_acquired().metadata
    if is_built_in(name):
        return metadata_of(name)
    return RestorerMetadata(
        name=name,
        version="1",
        licence="unknown",
        training_data="unknown",
        input_scale="unknown",
    )


def restorer_info(name: str) -> RestorerInfo:
    """What a run keeps of a restorer."""
    return describe_restorer(restorer_metadata(name))


def restorers_named(*names: str) -> Restorers:
    """Restorers of a run that has these."""
    return Restorers({name: restorer_info(name) for name in names})


def make_info(records: pd.DataFrame, *, complete: bool = True, **changes: object) -> RunInfo:
    """The description of a run that would have these records, as a run writes it."""
    selections = []
    for case, rows in records.groupby("case"):
        selections.append(
            Selection(
                case=str(case),
                images=tuple(dict.fromkeys(rows["image"])),
                doses=tuple(sorted(set(rows["dose"]))),
                realizations=int(rows["realization"].max()) + 1,
            )
        )
    names = tuple(dict.fromkeys(records["restorer"]))
    profile = Profile(name="synthetic", summary="", selections=tuple(selections), restorers=names)
    info = describe_run(profile, map(restorer_metadata, names), seed=0, block_size=8)
    return replace(info, complete=complete, **changes)


def as_run(records: pd.DataFrame, folder: Path = Path("none"), **changes: object) -> Run:
    """A run in memory that has these records and no example images."""
    return Run(folder, records, make_info(records, **changes), Examples(folder / "examples.h5"))


def add_tables(run: Run, kind: str, *tables: pd.DataFrame) -> Run:
    """Put tables beside the records of a run, in the folder `kind`."""
    seals = {
        f"block{number}": write_table(
            run.folder / kind / f"block{number}.parquet",
            rows,
            origin=run.origin,
            block=f"block{number}",
        )
        for number, rows in enumerate(tables)
    }
    return replace(run, beside={**run.beside, kind: seals})


def change_records(
    folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame], *, kind: str = RECORDS
) -> None:
    """Write other rows into the blocks of a run, as a run would have written them."""
    info = read_run_info(folder)
    for block in info.blocks[kind]:
        path = folder / kind / f"{block}.parquet"
        table = read_table(path, origin=info.origin, block=block)
        write_table(path, change(table.rows), origin=info.origin, block=block, notes=table.notes)


def change_run(folder: Path, **changes: object) -> None:
    """Describe a run in another way, and let all of its files say that they are of that run."""
    old = read_run_info(folder)
    new = replace(old, **changes)
    assert len(str(old.seed)) == len(str(new.seed))
    seals: dict[bytes, bytes] = {}
    # What lies beside records comes first, since these state its seal.
    files = [
        path for path in sorted(folder.rglob("*")) if path.suffix in (".npz", ".parquet", ".h5")
    ]
    for path in sorted(files, key=lambda path: path.parent.name == RECORDS):
        content = path.read_bytes()
        seal = seal_of(content).encode()
        content = content.replace(seal, b"0" * 64)
        for said, rightly in (
            (old.origin.identity, new.origin.identity),
            (f'"seed": {old.seed},', f'"seed": {new.seed},'),
        ):
            content = content.replace(said.encode(), rightly.encode())
        for before, after in seals.items():
            content = content.replace(before, after)
        seals[seal] = write_sealed(path, content).encode()
    write_run_info(folder, new)


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
