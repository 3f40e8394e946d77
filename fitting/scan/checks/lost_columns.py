"""Columns of a scan fit that left the places where they were asked for."""

import numpy as np

from fitting.scan.posterior.fisher_scoring import Peak
from fitting.scan.preparation.setting import Setting
from fitting.setup.start import DRIFT, spacing
from stembench.arrays import Bools, Floats


def beyond_reach(setting: Setting, peak: Peak) -> Bools:
    """Which of the modelled columns (n,) ended farther from their start than fits allow.

    The shift in common is taken off: it belongs to the lines.
    """
    moved, gap = _moved(setting, peak)
    return np.asarray(moved > DRIFT * gap, dtype=np.bool_)


def lost(setting: Setting, peak: Peak) -> tuple[str, ...]:
    """Sentence on columns that left their places: nothing stands there, or others took them."""
    gone = np.flatnonzero(beyond_reach(setting, peak))
    if not len(gone):
        return ()
    x, y = setting.asked[gone[0]]
    return (
        f"{len(gone)} of {len(setting.asked)} columns ended farther than {DRIFT:g} of their "
        f"distance from where they were asked for, the first from ({x:.1f}, {y:.1f}): no column "
        "may stand there, or it was told from its neighbour badly; they carry the flag AT_BOUND",
    )


def _moved(setting: Setting, peak: Peak) -> tuple[Floats, Floats]:
    asked = setting.asked
    shift = peak.at.columns[: len(asked), :2] - asked
    return np.hypot(*(shift - np.median(shift, axis=0)).T), spacing(asked)
