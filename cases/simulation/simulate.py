"""Simulation of a case's ground truth, one phonon configuration after another, resumable.

``stembench simulate [CASE] [--configurations N] [--coarse M]`` runs it from the command line. Every
finished configuration is a file of its own in the cache folder; a run that was stopped continues
after the last of them and ends with the same numbers. Configurations do not depend on each other:
other processes may make them, and this one alone writes.
"""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cases.case import Case, canonical_json
from cases.imaging import SupercellScan, WindowScan
from cases.simulation.configuration import Level, probes_of, simulate_configuration
from cases.simulation.configuration_cache import (
    ConfigurationScan,
    cache_folder,
    configuration_fault,
    configuration_file,
    read_configuration,
    write_configuration,
)
from cases.simulation.estimate import estimate, estimate_changes, provenance
from cases.simulation.supercell import cell_of
from cases.simulation.wide_window import fit_correction
from cases.truth.scan_plan import scan_plan
from cases.truth.truth_file import CONVERGENCE, Scan, default_path, read_scan, write_scan
from stembench.atomic_files import require_writable
from stembench.errors import InputError
from stembench.independent_work import StartExecutor, completed
from stembench.surroundings.extras import require_extra


@dataclass(frozen=True)
class Amount:
    """How many phonon configurations of a case are simulated.

    Attributes
    ----------
    fine : int
        Of the simulation itself.
    coarse : int
        Of the coarse level alone; 0 leaves that level out.
    """

    fine: int
    coarse: int = 0


def levels(case: Case, amount: Amount) -> dict[Level, int]:
    """Number of configurations of each level that is simulated."""
    numbers: dict[Level, int] = {"fine": amount.fine}
    if amount.coarse:
        numbers |= {"paired": amount.fine, "coarse": amount.coarse}
    if isinstance(case.simulation, WindowScan) and case.simulation.wide is not None:
        numbers["wide"] = amount.fine
    return numbers


def simulate(
    case: Case,
    amount: Amount,
    *,
    folder: Path,
    output: Path | None = None,
    device: str = "cpu",
    executor: StartExecutor | None = None,
    note: Callable[[str], None] = lambda _: None,
    announce: Callable[[float], None] = lambda _: None,
    progress: Callable[[float], None] = lambda _: None,
) -> Path:
    """Simulate a case with abTEM and write its ground-truth file.

    Parameters
    ----------
    case : Case
    amount : Amount
        Phonon configurations in all, those already in the cache included. A scan in windows takes
        ``case.simulation.configurations_per_image`` for one full image; the numbers must be
        multiples of it.
    folder : Path
        Cache of finished configurations; created.
    output : Path, optional
        File to write; by default the one that `cases.truth.ground_truth` reads.
    device : {'cpu', 'gpu'}
        abTEM's own switch.
    executor : callable, optional
        Starts what makes the configurations (`stembench.independent_work`); this process by
        default. The file does not depend on it, and neither do configurations, but for the
        processor time that they took.
    note : callable
        Called with a sentence for each file of the cache that is damaged and made again.
    announce : callable
        Called once with the work to come, in grid points that probes propagate.
    progress : callable
        Called with the work of each batch of probes as it finishes; that of whole configurations
        where an executor makes them.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        If abTEM is not installed, the number of configurations does not make full images, or the
        device cannot be used.
    """
    require_extra("abtem", who="a simulation")
    _require_possible(case, amount)
    target = default_path(case) if output is None else output
    for path in (target, folder / case.name):
        require_writable(path)
    missing: list[tuple[Level, int, Path]] = []
    for level, number in levels(case, amount).items():
        cache = cache_folder(case, folder, level=level)
        for k in range(number):
            path = configuration_file(cache, k)
            fault = configuration_fault(path)
            if fault:
                note(fault)
            if fault is not None:
                missing.append((level, k, path))
    works = {
        path: probes_of(case, number, level=level) * _work_of_probe(case, level=level)
        for level, number, path in missing
    }
    announce(sum(works.values()))
    tasks = []
    for level, number, path in missing:
        share = _work_of_probe(case, level=level)
        advance = _tell_nobody if executor else partial(_advance, progress, share=share)
        tasks.append((path, (case, number, level, device, advance)))
    with closing(completed(executor, _configuration, tasks)) as finished:
        for path, done in finished:
            write_configuration(path, done)
            if executor:
                progress(works[path])
    return combine(case, amount, folder=folder, output=target)


def _configuration(
    case: Case, number: int, level: Level, device: str, advance: Callable[[int], None]
) -> ConfigurationScan:
    """One configuration and the processor time that it took, in whichever process."""
    started = time.process_time()
    index, fractions = simulate_configuration(
        case, number, level=level, device=device, advance=advance
    )
    return ConfigurationScan(index, fractions, time.process_time() - started)


def _tell_nobody(probes: int) -> None:
    """Tell nobody of finished probes: what a process of its own would say is not heard."""


def _work_of_probe(case: Case, *, level: Level) -> float:
    """Grid points that one probe propagates, which is what the time goes with."""
    simulation = case.simulation
    fine = simulation.grid_points if isinstance(simulation, SupercellScan) else simulation.window
    coarse = simulation.coarse
    wide = simulation.wide if isinstance(simulation, WindowScan) else None
    if level == "wide" and wide is not None:
        return float(wide.window) ** 2
    return float(fine if level == "fine" or coarse is None else coarse.window) ** 2


def _advance(progress: Callable[[float], None], probes: int, *, share: float) -> None:
    progress(probes * share)


def combine(case: Case, amount: Amount, *, folder: Path, output: Path) -> Path:
    """Average finished configurations and write the ground-truth file.

    Parameters
    ----------
    case : Case
    amount : Amount
        How many configurations of the cache to use, from the first on.
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
    _require_possible(case, amount)
    plan = scan_plan(case.simulation)
    scans = {
        level: [
            read_configuration(configuration_file(cache_folder(case, folder, level=level), k))
            for k in range(number)
        ]
        for level, number in levels(case, amount).items()
    }
    labels = case.structure.scan_labels(case.labels)
    if case.structure.sites_on_host is None:
        mean, stderr = estimate(plan, scans, images=len(labels))
    else:
        mean, stderr = estimate_changes(case, plan, scans["fine"])
    entries = provenance(case, scans)
    if "wide" in scans:
        lines = [
            fit_correction(scans["fine"], scans["wide"], image=image)
            for image in range(len(labels))
        ]
        mean = np.stack([line.applied(row) for line, row in zip(lines, mean, strict=True)])
        stderr = np.stack(
            [line.applied_to_error(row) for line, row in zip(lines, stderr, strict=True)]
        )
        entries["window_correction"] = {
            label: asdict(line) for label, line in zip(labels, lines, strict=True)
        }
    entries |= _convergence(case, output, entries=entries)
    step, step_y = _steps(case)
    scan = Scan(
        labels=labels,
        mean=plan.expand(mean).astype(np.float32),
        stderr=plan.expand(stderr).astype(np.float32),
        step=step,
        first=plan.first * step,
        boundary=case.structure.boundary,
        step_y=None if step_y == step else step_y,
    )
    return write_scan(output, scan, case=case, provenance=entries)


def _convergence(case: Case, output: Path, *, entries: dict[str, Any]) -> dict[str, Any]:
    """What an earlier file states of its convergence, if it was made in the same way."""
    try:
        _, earlier, simulated = read_scan(output)
    except InputError:  # none, or a damaged one, which is replaced
        return {}
    same = simulated == canonical_json(case.simulated()) and all(
        canonical_json({"": earlier.get(key)}) == canonical_json({"": entries.get(key)})
        for key in ("window_correction", "versions")
    )
    return {CONVERGENCE: earlier[CONVERGENCE]} if same and CONVERGENCE in earlier else {}


def _require_possible(case: Case, amount: Amount) -> None:
    plan = scan_plan(case.simulation)
    groups = plan.groups
    if amount.fine < 1 or amount.fine % groups or amount.coarse < 0 or amount.coarse % groups:
        raise InputError(
            f"case '{case.name}' needs a positive multiple of {groups} phonon configurations, not "
            f"{amount.fine} fine and {amount.coarse} coarse"
        )
    if amount.coarse and case.simulation.coarse is None:
        raise InputError(f"case '{case.name}' declares no coarse level; leave out --coarse")
    changes = case.structure.sites_on_host is not None
    once = amount.coarse > 0 and amount.fine == groups and not changes
    if once and not plan.has_scattered_neighbours:
        raise InputError(
            f"case '{case.name}' needs at least {2 * groups} phonon configurations with a coarse "
            f"level, not {amount.fine}: one sample of each point does not tell the error of their "
            "difference; raise --configurations, or leave the coarse level out with --coarse 0"
        )


def _steps(case: Case) -> tuple[float, float]:
    """Distances in Å of the scan points along x and y."""
    simulation = case.simulation
    match simulation:
        case SupercellScan():
            nx, ny = simulation.scan_shape
            x, y = cell_of(case).scanned
            return x / nx, y / ny
        case WindowScan():
            return simulation.step, simulation.step


def shipped_amount(case: Case) -> Amount:
    """Phonon configurations of the file that ships, or those of one full image if there is none."""
    path = default_path(case)
    edits = case.structure.edits_on_host
    if edits is not None:
        raise InputError(
            f"case '{case.name}' is not simulated: its images are those of '{edits.host_case}', "
            "edited; name that case"
        )
    if not path.exists():
        return Amount(fine=scan_plan(case.simulation).groups)
    entries = read_scan(path)[1]
    return Amount(
        fine=int(entries["configurations"]), coarse=int(entries.get("coarse_configurations", 0))
    )
