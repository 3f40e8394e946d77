"""Convergence of the simulation: fractions at declared and at finer settings, on a few probes.

``stembench convergence CASE ...`` prints the table of docs/ground_truth.md. Each variation sees the
displacements of the same phonon configurations as the declared settings do, so that nothing but the
variation differs; what is compared are means over these configurations, as the stored image is one.
``--record`` writes the result into the provenance of the shipped file.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from scipy.fft import next_fast_len

from cases.case import Case
from cases.imaging import SupercellScan, WindowScan
from cases.simulation.configuration import scan_windows
from cases.simulation.multislice import DECLARED, Slicing, abtem_settings, configuration_rng
from cases.simulation.supercell import scan_supercell
from cases.simulation.wide_window import WindowCorrection
from cases.truth.truth_file import CONVERGENCE, default_path, read_scan, record_provenance
from stembench.arrays import Floats, Integers
from stembench.errors import InputError
from stembench.independent_work import StartExecutor, completed
from stembench.surroundings.extras import require_extra

_THIN: Final = Slicing(projection="finite", divide=3)


@dataclass(frozen=True)
class Variation:
    """One setting made finer.

    Attributes
    ----------
    name : str
    change : str
        What is compared with what.
    finer : Case
    slicing : Slicing
    still : bool
        Whether atoms are at rest on both sides, because the variation changes their number.
    """

    name: str
    change: str
    finer: Case
    slicing: Slicing = DECLARED
    still: bool = False


@dataclass(frozen=True)
class Deviation:
    """Finer less declared settings, relative to the declared value of each probe.

    Attributes
    ----------
    case, variation, change : str
    image : str
        Label of the image behind whose thickness the beam was detected.
    rms, worst, mean : float
        Over the probes.
    probes : int
    configurations : int
        Phonon configurations whose mean is compared.
    error : float or None
        Standard error of a probe's deviation that so few configurations leave, root mean square
        over the probes; None for a single one.
    """

    case: str
    variation: str
    change: str
    image: str
    rms: float
    worst: float
    mean: float
    probes: int
    configurations: int = 1
    error: float | None = None


def variations(case: Case) -> tuple[Variation, ...]:
    """Finer settings of a case: grid, slices, and supercell or window.

    Raises
    ------
    InputError
        If the file of the case stores changes of another case's image, which this cannot measure.
    """
    sites = case.structure.sites_on_host
    if sites is not None:
        raise InputError(
            f"the file of case '{case.name}' stores changes of '{sites.host_case}': "
            "measure the convergence of that one"
        )
    match case.simulation:
        case SupercellScan() as scan:
            points = scan.grid_points
            finer = replace(scan, grid_points=points * 5 // 4)
            repeats = scan.repeats * 4 // 3
            wide = replace(
                scan,
                repeats=repeats,
                grid_points=int(next_fast_len(points * repeats // scan.repeats, real=True)),
            )
            cells = f"{scan.repeats} to {repeats} cells, atoms at rest"
            return (
                _varied(case, "grid", f"{points} to {finer.grid_points} points", finer),
                _varied(case, "supercell", cells, wide, still=True),
                Variation("slices", "three per plane, finite projection", case, _THIN),
            )
        case WindowScan() as scan:
            dense = replace(scan, oversampling=10, window=700)
            listed = [_varied(case, "grid", "8 to 10 points per scan step", dense)]
            # A window that is corrected for must stand beside wider ones than one that is not.
            sides = (800, 1120) if scan.wide is None else (1120, 1440)
            for name, window in zip(("window", "wide window"), sides, strict=True):
                wider = replace(scan, window=window, wide=None)
                listed.append(_varied(case, name, f"{_side(scan)} to {_side(wider)}", wider))
            thin = case
            if scan.planes_per_slice > 1:
                single = replace(scan, planes_per_slice=1)
                listed.append(_varied(case, "slices", "one plane in each", single))
                thin = replace(case, simulation=single)
            listed.append(Variation("projection", "three slices per plane, finite", thin, _THIN))
            return tuple(listed)


def _side(scan: WindowScan) -> str:
    side = scan.window * scan.step / scan.oversampling
    return f"{side:.1f} Å" if scan.wide is None else f"{side:.1f} Å, corrected,"


def _varied(
    case: Case, name: str, change: str, simulation: Any, *, still: bool = False
) -> Variation:
    return Variation(name, change, replace(case, simulation=simulation), still=still)


def places(case: Case) -> Integers:
    """Scan points that are probed: on columns, on their flanks and between them."""
    match case.simulation:
        case SupercellScan(scan_points_y=None):
            return np.array([[0, 0], [2, 1], [4, 0], [4, 4]])
        case SupercellScan():
            # A column, its flanks along y and x, the middle between two, and between four.
            return np.array([[0, 0], [0, 2], [2, 1], [3, 0], [3, 5]])
        case WindowScan(symmetry="p4m"):
            # Columns are a / 2 = 8.55 steps apart along x and along y.
            return np.array([[0, 0], [2, 1], [4, 0], [4, 4], [26, 9], [28, 30], [43, 17], [40, 38]])
        case WindowScan():
            # Within 6.9 Å of the core along x and y: the widest window stays inside the crystal.
            return np.random.default_rng(1).integers(-30, 31, size=(24, 2))


def measure(
    case: Case,
    varied: Sequence[Variation],
    *,
    images: Sequence[str],
    points: Integers | None = None,
    configurations: int = 1,
    executor: StartExecutor | None = None,
) -> Iterator[Deviation]:
    """Compare variations with the declared settings, each as soon as it is simulated.

    Parameters
    ----------
    case : Case
    varied : sequence of Variation
    images : sequence of str
        Labels of the images at whose thickness is compared.
    points : ndarray of int, shape (n, 2), optional
        Scan points in scan steps; `places` by default.
    configurations : int
        Phonon configurations to take the mean of, from the first on. Atoms at rest need one.
    executor : callable, optional
        Starts what simulates (`stembench.independent_work`); this process by default.

    Yields
    ------
    Deviation
        Variation after variation, as given.
    """
    probed = places(case) if points is None else points
    wanted = [_sides(case, variation, configurations=configurations) for variation in varied]
    # What several variations are compared with is simulated once.
    tasks = list(dict.fromkeys(side for sides in wanted for both in sides for side in both))
    found: dict[_Side, Floats] = {}
    left = list(zip(varied, wanted, strict=True))
    work = [(side, (side, probed)) for side in tasks]
    with closing(completed(executor, _fractions, work)) as finished:
        for side, fractions in finished:
            found[side] = fractions
            while left and all(one in found for both in left[0][1] for one in both):
                variation, sides = left.pop(0)
                before, after = (np.stack([found[one] for one in both]) for both in sides)
                for label in images:
                    row = case.labels.index(label)
                    yield _deviation(
                        case, variation, label, before=before[:, row], after=after[:, row]
                    )


@dataclass(frozen=True)
class _Side:
    """One configuration on one side of a comparison."""

    case: Case
    configuration: int
    slicing: Slicing


def _sides(
    case: Case, variation: Variation, *, configurations: int
) -> tuple[tuple[_Side, ...], tuple[_Side, ...]]:
    """Configurations of the declared and of the finer settings."""
    declared, finer = case, variation.finer
    if variation.still:
        declared, finer, configurations = _still(declared), _still(finer), 1
    drawn = range(configurations)
    return (
        tuple(_Side(declared, k, DECLARED) for k in drawn),
        tuple(_Side(finer, k, variation.slicing) for k in drawn),
    )


def _deviation(
    case: Case, variation: Variation, label: str, *, before: Floats, after: Floats
) -> Deviation:
    """Compare the means over configurations (first axis) of each probe (second axis)."""
    number = len(before)
    mean = before.mean(axis=0)
    ratio = after.mean(axis=0) / mean
    error = None
    if number > 1:
        # The error of a ratio of means, W. G. Cochran, Sampling Techniques (1977), chapter 6.
        rest = after - ratio * before
        squares = np.sum(rest**2, axis=0) / (number - 1) / number / mean**2
        error = float(np.sqrt(np.mean(squares)))
    return Deviation(
        case=case.name,
        variation=variation.name,
        change=variation.change,
        image=label,
        rms=float(np.sqrt(np.mean((ratio - 1) ** 2))),
        worst=float(np.abs(ratio - 1).max()),
        mean=float(after.mean() / before.mean() - 1),
        probes=before.shape[1],
        configurations=number,
        error=error,
    )


def _still(case: Case) -> Case:
    structure: Any = case.structure
    material = replace(structure.material, rms_displacement=0.0)
    return replace(case, structure=replace(structure, material=material))


def _fractions(side: _Side, points: Integers) -> Floats:
    """Fractions (images, probes) of one configuration, in whichever process."""
    case, slicing = side.case, side.slicing
    rng = configuration_rng(case.simulation.seed, side.configuration)
    with abtem_settings("cpu"):
        match case.simulation:
            case SupercellScan() as scan:
                return scan_supercell(case, scan, points, rng=rng, slicing=slicing)
            case WindowScan() as scan:
                narrow = scan_windows(case, scan, points, rng=rng, slicing=slicing)
                return narrow if scan.wide is None else _corrected(case, narrow)


def _corrected(case: Case, fractions: Floats) -> Floats:
    """Correct for the window as the stored scan was."""
    stored = read_scan(default_path(case))[1].get("window_correction")
    if stored is None:
        raise InputError(f"the file of case '{case.name}' states no correction for its window")
    return np.stack(
        [
            WindowCorrection(**stored[label]).applied(row)
            for label, row in zip(case.labels, fractions, strict=True)
        ]
    )


def chosen_variations(
    cases: Sequence[Case], names: Sequence[str] = ()
) -> dict[str, tuple[Variation, ...]]:
    """Finer settings of several cases by the case's name.

    Parameters
    ----------
    cases : sequence of Case
    names : sequence of str
        Variations to keep where a case has them; none keeps all.

    Raises
    ------
    InputError
        If no case has a variation of one of the names, or a case has none at all.
    """
    declared = {case.name: variations(case) for case in cases}
    known = dict.fromkeys(each.name for several in declared.values() for each in several)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(
            f"there is no variation {unknown[0]!r} of {', '.join(declared)}; variations are"
            f" {', '.join(known)}"
        )
    return {
        case: tuple(each for each in several if not names or each.name in names)
        for case, several in declared.items()
    }


def convergence_of(
    case: Case,
    varied: Sequence[Variation],
    *,
    configurations: int = 1,
    executor: StartExecutor | None = None,
) -> Iterator[Deviation]:
    """Compare variations with the declared settings, each as a deviation that takes minutes.

    Parameters
    ----------
    case : Case
    varied : sequence of Variation
        Of `variations`.
    configurations : int
        Phonon configurations to take the mean of, >= 1.
    executor : callable, optional
        As of `measure`.

    Yields
    ------
    Deviation
        At the thicknesses that docs/ground_truth.md lists.

    Raises
    ------
    InputError
        If there is no configuration to compare, or abTEM is not installed.
    """
    require_extra("abtem", who="a simulation")
    if configurations < 1:
        raise InputError(f"convergence needs at least 1 configuration, not {configurations}")
    images = case.study.converged or case.labels
    yield from measure(
        case, varied, images=images, configurations=configurations, executor=executor
    )


def record_convergence(case: Case, deviations: Sequence[Deviation]) -> None:
    """Write deviations into the provenance of the case's ground-truth file, in place of earlier."""
    record_provenance(default_path(case), {CONVERGENCE: [asdict(each) for each in deviations]})


def deviation_text(deviation: Deviation) -> str:
    """One line about a deviation."""
    error = deviation.error
    return (
        f"{deviation.case} {deviation.image}, {deviation.variation} ({deviation.change}):"
        f" rms {deviation.rms:.2%}, worst {deviation.worst:.2%}, mean {deviation.mean:+.2%} of"
        f" {deviation.probes} probes, {deviation.configurations} configurations"
        + ("" if error is None else f", standard error {error:.2%}")
    )
