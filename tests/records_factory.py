"""Synthetic records with known truth, for tests of whatever reads records."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from reports.records.schema import SCHEMA_VERSION, conform


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


_MICROSCOPE = {
    "voltage": 3e5, "semi_convergence": 21.4, "inner": 58.0, "outer": 190.0, "defocus": 0.0,
    "source_sigma": 0.35,
}  # fmt: skip
_SCAN = {
    "jitter": {"sigma_x": 0.15, "sigma_y": 0.15, "phi_x": 0.6, "phi_y": 0.6},
    "detector": {"photons": 100.0, "efficiency": 0.2},
    "fast_scan": {"alpha": 1.0, "beta": 0.5, "gamma": 8.0, "theta": np.pi / 2},
}


def _case_info(study: int, title: str, **more: object) -> dict[str, object]:
    return {
        "version": 1,
        "hash": "0" * 64,
        "data_hash": "1" * 64,
        "title": title,
        "study": {"number": study},
        "sampling": 0.2,
        "microscope": _MICROSCOPE,
        "noise": _SCAN if study > 1 else dict.fromkeys(_SCAN),
        "fit": {"width": "shared", "background": "constant"},
        "provenance": {"phonon_configurations": 4, "abtem": "1.0.11"},
        **more,
    }


def make_run(
    folder: Path,
    *,
    realizations: int = 8,
    thicknesses: Sequence[int] = (2, 5, 10, 20, 40, 75),
    complete: bool = True,
    estimators: Mapping[str, Estimator] | None = None,
    cases: Sequence[str] = ("pt_bulk", "edge_dislocation", "nanoparticle"),
) -> Path:
    """A run folder of synthetic records and images, as the benchmark lays it out."""
    how = estimators or {
        "raw": Estimator(std_pm=60.0, scs_std_pct=40.0, dose_exponent=-0.5),
        "gaussian": Estimator(std_pm=40.0, scs_std_pct=30.0, dose_exponent=-0.42),
        "cgrdn-hrstem": Estimator(
            std_pm=9.0, scs_std_pct=6.0, column_bias_pm=2.0, dose_exponent=-0.1
        ),
    }
    doses = (500.0, 1000.0, 5000.0, 10000.0, 50000.0)
    frames, info_cases = [], {}
    folder.mkdir(parents=True, exist_ok=True)
    examples = h5py.File(folder / "examples.h5", "w")
    rng = np.random.default_rng(11)

    def keep(layout: Layout, *, dose: float, heights: np.ndarray, shape: tuple[int, int]) -> None:
        clean = draw_image(layout.positions, heights, shape=shape)
        group = examples.require_group(f"{layout.case}/{layout.image}")
        group.attrs["sampling"] = layout.sampling
        if "clean" not in group:
            group["clean"] = clean
            group["true_positions"] = layout.positions
            known = np.ones(len(layout.positions)) if layout.measured is None else layout.measured
            group["measured"] = known.astype(float)
        scale = dose * layout.sampling**2
        for name in how:
            own = group.require_group(f"{dose:g}/{name}")
            strength = 1.0 if name == "raw" else 0.08
            noisy = rng.poisson(clean * scale) / scale
            own["image"] = clean + strength * (noisy - clean)
            own["positions"] = layout.positions + rng.normal(size=layout.positions.shape) * 0.3

    if "pt_bulk" in cases:
        info_cases["pt_bulk"] = _case_info(1, "Pt [001] bulk crystal", shape=[128, 128])
        base = Layout()
        for thickness in thicknesses:
            factor = (2 / thickness) ** 0.5
            layout = replace(
                base, image=f"z{thickness:02d}", thickness=thickness, bound_pm=24 * factor
            )
            scaled = {
                name: replace(
                    e, std_pm=e.std_pm * (factor if name == "raw" else factor**0.4),
                    scs_std_pct=e.scs_std_pct * factor,
                )
                for name, e in how.items()
            }  # fmt: skip
            for dose in (500.0, 50000.0):
                share = (dose / 500) ** -0.5
                one = {
                    name: replace(
                        e, std_pm=e.std_pm * (dose / 500) ** e.dose_exponent,
                        scs_std_pct=e.scs_std_pct * (dose / 500) ** e.dose_exponent,
                    )
                    for name, e in scaled.items()
                }  # fmt: skip
                frames.append(
                    make_records(
                        replace(
                            layout, bound_pm=24 * factor * share, scs_bound_pct=22 * factor * share
                        ),
                        one,
                        doses=(dose,),
                        realizations=realizations,
                        seed=thickness,
                    )
                )
        lattice = np.stack(np.meshgrid(np.arange(13), np.arange(13)), axis=-1).reshape(-1, 2)
        columns = lattice * 9.81 + 5.0
        for thickness, dose in ((min(thicknesses), 500.0), (max(thicknesses), 50000.0)):
            shown = replace(base, image=f"z{thickness:02d}", positions=columns)
            heights = np.full(len(columns), 0.35 * (1 - np.exp(-thickness / 20)))
            keep(shown, dose=dose, heights=heights, shape=(128, 128))

    if "edge_dislocation" in cases:
        info_cases["edge_dislocation"] = _case_info(
            2, "Edge dislocation in Pt [112]", shape=[128, 128], offset=[0.0, 0.0],
            measured={"rule": "within", "value": 8.0},
            structure={"material": {"lattice_parameter": 3.9242}},
        )  # fmt: skip
        angstrom = dislocated_columns()
        positions = angstrom / 0.2 + 63.5
        inside = ((positions > 0) & (positions < 127)).all(axis=1)
        near = np.linalg.norm(angstrom, axis=1) < 8
        layout = Layout(
            case="edge_dislocation", image="core", thickness=6, positions=positions[inside],
            measured=near[inside], bound_pm=None, scs_bound_pct=None,
        )  # fmt: skip
        frames.append(make_records(layout, how, doses=doses, realizations=realizations, seed=100))
        for dose in (doses[0], doses[-1]):
            heights = np.full(int(inside.sum()), 0.15)
            keep(layout, dose=dose, heights=heights, shape=(128, 128))

    if "nanoparticle" in cases:
        info_cases["nanoparticle"] = _case_info(
            3, "Spherical Pt nanoparticle [100]", shape=[256, 256]
        )
        grid = np.stack(np.meshgrid(np.arange(-10, 11), np.arange(-10, 11)), axis=-1)
        grid = grid.reshape(-1, 2)
        radius2 = (grid**2).sum(axis=1)
        grid, radius2 = grid[radius2 < 105], radius2[radius2 < 105]
        counts = np.maximum(1, np.round(2 * np.sqrt((105 - radius2) / 4))).astype(int)
        layout = Layout(
            case="nanoparticle", image="particle", thickness=11, positions=grid * 9.81 + 127.5,
            counts=counts, bound_pm=None, scs_bound_pct=None,
        )  # fmt: skip
        frames.append(make_records(layout, how, doses=doses, realizations=realizations, seed=101))
        for dose in (doses[0], doses[-1]):
            keep(layout, dose=dose, heights=0.03 * counts, shape=(256, 256))
    examples.close()

    (folder / "records").mkdir(exist_ok=True)
    records = pd.concat(frames, ignore_index=True)
    for number, (_, block) in enumerate(records.groupby(["case", "restorer"])):
        block.to_parquet(folder / "records" / f"block{number}.parquet")
    info = {
        "schema_version": SCHEMA_VERSION,
        "profile": "synthetic",
        "seed": 0,
        "created": "2026-01-01T00:00:00+00:00",
        "commit": "abc",
        "versions": {"stembench": "0.1.0", "numpy": "2.0"},
        "hardware": {"cores": 2, "memory_bytes": 16 * 2**30},
        "cases": info_cases,
        "restorers": {name: {"name": name, "version": "1"} for name in how},
        "stages": {"fit": 12.5, "restore raw": 0.1},
        "wall_seconds": 100.0,
        "peak_memory_bytes": 2**30,
        "complete": complete,
        "failures": [],
    }
    (folder / "run.json").write_text(json.dumps(info), encoding="utf-8")
    return folder
