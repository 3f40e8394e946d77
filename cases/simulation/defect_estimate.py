"""Change that each defect or adatom makes to the scan without it, from their configurations.

Of an adatom it is the mean difference in the same phonon configurations. Of a defect in a crystal
it is the ratio of the mean with defect to the mean without, less one, both over the same
configurations: what the two share cancels, an empty site stays as dark as it is simulated, and a
scale error that the two share (a small window, the angles of a coarse spectrum) cancels too. The
ratio estimator and its error are those of W. G. Cochran, Sampling Techniques (3rd ed., 1977),
chapter 6.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cases.case import Case
from cases.simulation.configuration_cache import ConfigurationScan
from cases.simulation.estimate import average
from cases.specimens.defects import scan_labels, specimen_labels
from cases.truth.scan_plan import ScanPlan
from stembench.arrays import Floats


def relative_changes(
    case: Case, plan: ScanPlan, scans: Sequence[ConfigurationScan]
) -> tuple[Floats, Floats]:
    """Estimate the relative change that each defect makes.

    Parameters
    ----------
    case : Case
        A ladder of defects.
    plan : ScanPlan
    scans : sequence of ConfigurationScan
        Fractions of the specimens of `cases.specimens.defects.specimen_labels`; full scans.

    Returns
    -------
    mean, stderr : ndarray, shape (defects, points)
        Fraction with defect over fraction without, less one, in the order of
        `cases.specimens.defects.scan_labels`; its standard error is NaN for one configuration.
    """
    specimens = specimen_labels(case)
    means, _ = average(plan, scans, images=len(specimens))
    changes, errors = [], []
    for label in scan_labels(case):
        defect = specimens.index(label)
        perfect = specimens.index(f"{label.rsplit('-', 1)[0]}-perfect")
        ratio = means[defect] / means[perfect]
        # What a configuration adds beyond the common ratio; its mean over all of them is zero.
        visits = np.zeros(len(plan.points))
        squares = np.zeros(len(plan.points))
        for scan in scans:
            rest = scan.fractions[defect] - ratio[scan.index] * scan.fractions[perfect]
            visits[scan.index] += 1
            squares[scan.index] += rest**2
        several = np.where(visits > 1, visits, np.nan)
        changes.append(ratio - 1.0)
        errors.append(np.sqrt(squares / (several - 1) / several) / means[perfect])
    return np.stack(changes), np.stack(errors)


def added(
    plan: ScanPlan, scans: Sequence[ConfigurationScan], *, images: int
) -> tuple[Floats, Floats]:
    """Estimate what each adatom adds.

    Parameters
    ----------
    plan : ScanPlan
    scans : sequence of ConfigurationScan
        Fractions with and without each adatom in turn; full scans.
    images : int
        Number of adatoms.

    Returns
    -------
    mean, stderr : ndarray, shape (images, points)
        As of `cases.simulation.estimate.average`.
    """
    differences = [
        replace(scan, fractions=scan.fractions[::2] - scan.fractions[1::2]) for scan in scans
    ]
    return average(plan, differences, images=images)
