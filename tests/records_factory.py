"""Synthetic records with known truth, for tests of whatever reads records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from bench.measures.acquisition import as_acquired
from bench.plan.acquisitions import is_acquisition
from bench.plan.profiles import Profile, Selection
from bench.run.description import describe_restorer, describe_run
from reports.names import RestorerInfo, Restorers
from reports.records.run_files import read_table, write_table
from reports.records.run_folder import Examples, Run
from reports.records.run_info import (
    RECORDS,
    RunInfo,
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
