"""Mean and standard error of a stored scan from its phonon configurations.

A scan of images is estimated on one level or two. Of a site that changes a host, a difference is
the mean over the same phonon configurations. A ratio is that of the mean with the change to the
mean without, less one, both over the same configurations: what the two share cancels, an empty
site stays as dark as it is simulated, and a scale error that the two share (a small window, the
angles of a coarse spectrum) cancels too. The ratio estimator and its error are those of
W. G. Cochran, Sampling Techniques (3rd ed., 1977), chapter 6.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
from scipy.ndimage import convolve, uniform_filter

from cases.case import Case
from cases.simulation.configuration import Level
from cases.simulation.configuration_cache import ConfigurationScan
from cases.simulation.multislice import POTENTIAL_SETTINGS
from cases.truth.scan_plan import ScanPlan, scan_plan
from stembench.arrays import Floats

Scans = Mapping[Level, Sequence[ConfigurationScan]]


def estimate(plan: ScanPlan, scans: Scans, *, images: int) -> tuple[Floats, Floats]:
    """Estimate the scan: on one level its mean; on two, coarse + mean of (fine - paired).

    Parameters
    ----------
    plan : ScanPlan
    scans : mapping of level to sequence of ConfigurationScan
        Full scans of level 'fine' and, on two levels, of 'paired' and 'coarse'.
    images : int

    Returns
    -------
    mean, stderr : ndarray, shape (images, points)
        See `cases.case.CoarseLevel` for the estimator; the levels' errors are independent.
        Where only one fine sample was taken of each point, its part of the error is that of
        `scatter_of_neighbours`.
    """
    if "coarse" not in scans:
        return average(plan, scans["fine"], images=images)
    mean, stderr = average(plan, differences(scans), images=images)
    if np.isnan(stderr).any():
        stderr = scatter_of_neighbours(plan, mean)
    coarse_mean, coarse_stderr = average(plan, scans["coarse"], images=images)
    return coarse_mean + mean, np.hypot(coarse_stderr, stderr)


def estimate_changes(
    case: Case, plan: ScanPlan, scans: Sequence[ConfigurationScan]
) -> tuple[Floats, Floats]:
    """Estimate the change that each site of a specimen makes to its host.

    Parameters
    ----------
    case : Case
        Its specimen has sites on a host.
    plan : ScanPlan
    scans : sequence of ConfigurationScan
        Fractions of the specimens with and without each change; full scans.

    Returns
    -------
    mean, stderr : ndarray, shape (changes, points)
        In the order of `Specimen.scan_labels`; the standard error is NaN for one configuration.
    """
    sites = case.structure.sites_on_host
    if sites is None:
        raise TypeError(f"case '{case.name}' has no sites on a host")
    rows = sites.compared_rows(case.labels)
    scans = [_equal_blocks_averaged(scan, sites.equal_blocks) for scan in scans]
    if sites.change == "ratio":
        return _ratios(plan, scans, rows=rows)
    changed, unchanged = ([pair[which] for pair in rows] for which in (0, 1))
    subtracted = [
        replace(scan, fractions=scan.fractions[changed] - scan.fractions[unchanged])
        for scan in scans
    ]
    return average(plan, subtracted, images=len(rows))


def _equal_blocks_averaged(scan: ConfigurationScan, blocks: int) -> ConfigurationScan:
    parts = scan.fractions.reshape(blocks, -1, len(scan.index))
    return replace(scan, fractions=parts.mean(axis=0))


def _ratios(
    plan: ScanPlan, scans: Sequence[ConfigurationScan], *, rows: Sequence[tuple[int, int]]
) -> tuple[Floats, Floats]:
    """Fraction with a change over fraction without, less one, and its standard error."""
    means, _ = average(plan, scans, images=len(scans[0].fractions))
    changes, errors = [], []
    for changed, unchanged in rows:
        ratio = means[changed] / means[unchanged]
        # What a configuration adds beyond the common ratio; its mean over all of them is zero.
        visits = np.zeros(len(plan.points))
        squares = np.zeros(len(plan.points))
        for scan in scans:
            rest = scan.fractions[changed] - ratio[scan.index] * scan.fractions[unchanged]
            visits[scan.index] += 1
            squares[scan.index] += rest**2
        several = np.where(visits > 1, visits, np.nan)
        changes.append(ratio - 1.0)
        errors.append(np.sqrt(squares / (several - 1) / several) / means[unchanged])
    return np.stack(changes), np.stack(errors)


def differences(scans: Scans) -> list[ConfigurationScan]:
    """Fine less coarse of the same displacements, configuration by configuration."""
    subtracted = []
    for fine, paired in zip(scans["fine"], scans["paired"], strict=True):
        if not np.array_equal(fine.index, paired.index):
            raise ValueError("the two levels of a configuration visited other points")
        subtracted.append(
            replace(
                fine,
                fractions=fine.fractions - paired.fractions,
                cpu_seconds=fine.cpu_seconds + paired.cpu_seconds,
            )
        )
    return subtracted


def average(
    plan: ScanPlan, scans: Sequence[ConfigurationScan], *, images: int
) -> tuple[Floats, Floats]:
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


def scatter_of_neighbours(plan: ScanPlan, values: Floats) -> Floats:
    """Standard error of values sampled once, from their scatter about their four neighbours' mean.

    Neighbouring points see independent configurations, so that the difference has 5/4 of the
    variance of a point. What truly changes from point to point is counted in: the error is rather
    stated too large.

    Parameters
    ----------
    plan : ScanPlan
        Of a scan without symmetry, all of whose points are planned.
    values : ndarray, shape (images, points)

    Returns
    -------
    ndarray, shape (images, points)
        Averaged over 5 x 5 points, since a single difference is no estimate of a variance.

    Raises
    ------
    ValueError
        If the scan is unfolded by symmetry or interpolated: neighbours may be the same sample.
    """
    if not plan.has_scattered_neighbours:
        raise ValueError("a scan that is unfolded needs at least two samples of each point")
    full = plan.expand(values)
    kernel = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4
    local = [
        uniform_filter((image - convolve(image, kernel, mode="nearest")) ** 2, 5, mode="nearest")
        for image in full
    ]
    stderr = np.empty_like(values)
    stderr[:, plan.unfold.ravel()] = np.sqrt(np.stack(local) * 4 / 5).reshape(len(values), -1)
    return stderr


def provenance(case: Case, scans: Scans) -> dict[str, Any]:
    """How a scan was made, in plain types."""
    plan = scan_plan(case.simulation)
    packages = ("abtem", "ase", "numpy", "scipy", "pyfftw")
    entries: dict[str, Any] = {
        "made_by": "stembench simulate",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "configurations": len(scans["fine"]),
        "samples_per_point": len(scans["fine"]) // plan.groups,
        "points": len(plan.points),
        "seed": case.simulation.seed,
        "seed_rule": "numpy SeedSequence(seed, spawn_key=(configuration,))",
        "potential": dict(POTENTIAL_SETTINGS),
        "precision": "float32",
        "cpu_seconds_per_configuration": _seconds(scans["fine"]),
        "versions": {"python": sys.version.split()[0]}
        | {package: version(package) for package in packages},
    }
    if "coarse" in scans:
        entries |= {
            "coarse_configurations": len(scans["coarse"]),
            "coarse_samples_per_point": len(scans["coarse"]) // plan.groups,
            "coarse_seed_rule": "numpy SeedSequence(seed, spawn_key=(configuration, 1))",
            "coarse_cpu_seconds_per_configuration": _seconds(scans["coarse"]),
            "paired_cpu_seconds_per_configuration": _seconds(scans["paired"]),
        }
    if "wide" in scans:
        entries |= {
            "wide_seed_rule": "numpy SeedSequence(seed, spawn_key=(configuration, 2))",
            "wide_cpu_seconds_per_configuration": _seconds(scans["wide"]),
        }
    return entries


def _seconds(scans: Sequence[ConfigurationScan]) -> float:
    return round(float(np.mean([scan.cpu_seconds for scan in scans])), 1)
