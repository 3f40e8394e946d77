"""Simulation of a case's ground truth, one phonon configuration after another, resumable.

``python -m cases.simulate [CASE] [--configurations N]`` runs it from the command line. Every
finished configuration is a file of its own in the cache folder; a run that was stopped continues
behind the last of them and ends with the same numbers.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cases import CASES, get_case
from cases.description import Case, SupercellScan, WindowScan, digest
from cases.files import Scan, default_path, read_scan, write_scan
from cases.multislice import POTENTIAL_SETTINGS, simulate_configuration
from cases.scan import ScanPlan, scan_plan
from noise.atomic_files import replacing
from noise.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ConfigurationScan:
    """One phonon configuration: irreducible points visited, fractions (images, points), CPU s."""

    index: IntArray
    fractions: FloatArray
    cpu_seconds: float


def simulate(
    case: Case,
    *,
    configurations: int,
    folder: Path,
    output: Path | None = None,
    device: str = "cpu",
    progress: bool = True,
    combine_each: bool = False,
) -> Path:
    """Simulate a case with abTEM and write its ground-truth file.

    Parameters
    ----------
    case : Case
    configurations : int
        Phonon configurations in all, those already in the cache included. A scan in windows takes
        ``case.simulation.configurations_per_image`` for one full image; the number must be a
        multiple of it.
    folder : Path
        Cache of finished configurations; created.
    output : Path, optional
        File to write; by default the one that `cases.ground_truth` reads.
    device : {'cpu', 'gpu'}
        abTEM's own switch.
    progress : bool
        Show a progress bar with the time left.
    combine_each : bool
        Write the file as soon as each further full image is done, not only at the end.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        If the number of configurations does not make full images or the device cannot be used.
    """
    plan = scan_plan(case.simulation)
    if configurations < 1 or configurations % plan.groups:
        raise InputError(
            f"case '{case.name}' needs a positive multiple of {plan.groups} phonon configurations, "
            f"not {configurations}"
        )
    target = default_path(case) if output is None else output
    cache = cache_folder(case, folder)
    cache.mkdir(parents=True, exist_ok=True)
    missing = [n for n in range(configurations) if not _file(cache, n).exists()]
    probes = sum(int((plan.group == n % plan.groups).sum()) for n in missing)
    with _bar(probes, title=f"{case.name}: {len(missing)} configurations", show=progress) as step:
        for number in missing:
            started = time.process_time()
            index, fractions = simulate_configuration(case, number, device=device, advance=step)
            done = ConfigurationScan(index, fractions, time.process_time() - started)
            _write_configuration(_file(cache, number), done)
            whole = number + 1
            if combine_each and whole % plan.groups == 0 and whole < configurations:
                combine(case, configurations=whole, folder=folder, output=target)
    return combine(case, configurations=configurations, folder=folder, output=target)


def combine(case: Case, *, configurations: int, folder: Path, output: Path) -> Path:
    """Average finished configurations and write the ground-truth file.

    Parameters
    ----------
    case : Case
    configurations : int
        How many of the cache to use, from the first on.
    folder : Path
        Cache that `simulate` filled.
    output : Path

    Returns
    -------
    Path
        `output`.

    Raises
    ------
    InputError
        If a configuration is missing from the cache.
    """
    plan = scan_plan(case.simulation)
    cache = cache_folder(case, folder)
    scans = [_read_configuration(_file(cache, number)) for number in range(configurations)]
    mean, stderr = average(plan, scans, images=len(case.images))
    step, first = _geometry(case, plan)
    scan = Scan(
        labels=case.labels,
        mean=plan.expand(mean).astype(np.float32),
        stderr=plan.expand(stderr).astype(np.float32),
        step=step,
        first=first * step,
        boundary="mirror" if case.structure.kind == "edge_dislocation" else "periodic",
    )
    return write_scan(
        output,
        scan,
        case=case,
        provenance=_provenance(case, plan, scans),
    )


def average(
    plan: ScanPlan, scans: Sequence[ConfigurationScan], *, images: int
) -> tuple[FloatArray, FloatArray]:
    """Mean over configurations at each irreducible point, and its standard error.

    Parameters
    ----------
    plan : ScanPlan
    scans : sequence of ConfigurationScan
        Full scans: each point must have been visited equally often.
    images : int

    Returns
    -------
    mean, stderr : ndarray, shape (images, points)
        The standard error is the samples' standard deviation (n - 1) over √n, NaN for n = 1.
    """
    points = len(plan.points)
    visits = np.zeros(points, dtype=np.int64)
    total = np.zeros((images, points))
    for scan in scans:
        visits[scan.index] += 1
        total[:, scan.index] += scan.fractions
    if visits.min() != visits.max() or visits.min() == 0:
        raise ValueError("the configurations do not make up full scans")
    mean = total / visits
    squares = np.zeros((images, points))
    for scan in scans:
        squares[:, scan.index] += (scan.fractions - mean[:, scan.index]) ** 2
    n = int(visits.min())
    if n == 1:
        return mean, np.full_like(mean, np.nan)
    return mean, np.sqrt(squares / (n - 1) / n)


def cache_folder(case: Case, folder: Path) -> Path:
    """Folder of a case's configurations; another description never shares it."""
    return folder / f"{case.name}-{digest(case.simulated())[:12]}"


def _geometry(case: Case, plan: ScanPlan) -> tuple[float, float]:
    simulation = case.simulation
    match simulation:
        case SupercellScan():
            return case.structure.material.lattice_parameter / simulation.scan_points, 0.0
        case WindowScan():
            return simulation.step, float(plan.first)


def _provenance(case: Case, plan: ScanPlan, scans: Sequence[ConfigurationScan]) -> dict[str, Any]:
    packages = ("abtem", "ase", "numpy", "scipy", "pyfftw")
    return {
        "made_by": "python -m cases.simulate",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "configurations": len(scans),
        "samples_per_point": len(scans) // plan.groups,
        "points": len(plan.points),
        "seed": case.simulation.seed,
        "seed_rule": "numpy SeedSequence(seed, spawn_key=(configuration,))",
        "potential": dict(POTENTIAL_SETTINGS),
        "precision": "float32",
        "cpu_seconds_per_configuration": round(
            float(np.mean([scan.cpu_seconds for scan in scans])), 1
        ),
        "versions": {"python": sys.version.split()[0]}
        | {package: version(package) for package in packages},
    }


def _file(cache: Path, number: int) -> Path:
    return cache / f"configuration_{number:05d}.npz"


def _write_configuration(path: Path, scan: ConfigurationScan) -> None:
    with replacing(path) as temporary:
        np.savez(
            temporary,
            index=scan.index,
            fractions=scan.fractions,
            cpu_seconds=np.float64(scan.cpu_seconds),
        )


def _read_configuration(path: Path) -> ConfigurationScan:
    if not path.exists():
        raise InputError(f"'{path}' is missing; run the simulation until it has made it")
    with np.load(path, allow_pickle=False) as stored:
        return ConfigurationScan(
            index=stored["index"],
            fractions=stored["fractions"],
            cpu_seconds=float(stored["cpu_seconds"]),
        )


class _bar:  # noqa: N801 - a context manager that reads like a function
    """Progress bar over probes; a silent one does nothing."""

    def __init__(self, total: int, *, title: str, show: bool) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("probes"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            disable=not show,
            speed_estimate_period=600,
        )
        self._task = self._progress.add_task(title, total=total)

    def __enter__(self) -> Callable[[int], None]:
        self._progress.start()
        return lambda number: self._progress.advance(self._task, number)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def shipped_configurations(case: Case) -> int:
    """Phonon configurations of the file that ships, or those of one full image if there is none."""
    path = default_path(case)
    if not path.exists():
        return scan_plan(case.simulation).groups
    return int(read_scan(path)[1]["configurations"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of ``python -m cases.simulate``; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m cases.simulate",
        description="Simulate the ground truth of cases with abTEM, resumably.",
        epilog="example: python -m cases.simulate pt_bulk --configurations 12",
    )
    names = ", ".join(case.name for case in CASES)
    parser.add_argument("case", nargs="*", help=f"{names}; all by default")
    parser.add_argument(
        "--configurations", type=int, help="phonon configurations in all; as shipped by default"
    )
    parser.add_argument("--folder", type=Path, default=Path("out/simulation"), help="cache folder")
    parser.add_argument("--output", type=Path, help="file to write, with one case")
    parser.add_argument("--device", default="cpu", help="cpu or gpu")
    parser.add_argument("--combine-each", action="store_true", help="write after every full image")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args(arguments)
    try:
        cases = [get_case(name) for name in options.case] or list(CASES)
        if options.output is not None and len(cases) > 1:
            raise InputError("--output names one file; name one case with it")
        for case in cases:
            path = simulate(
                case,
                configurations=(
                    shipped_configurations(case)
                    if options.configurations is None
                    else options.configurations
                ),
                folder=options.folder,
                output=options.output,
                device=options.device,
                progress=not options.quiet,
                combine_each=options.combine_each,
            )
            print(path)  # noqa: T201 - the command line's own output
    except InputError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
