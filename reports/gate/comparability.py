"""Comparability of two sides: whether they met the same images and the same noise."""

import numpy as np

from reports.gate.evidence import Evidence
from reports.summaries.per_realization import CellKey

#: Mean squares of raw fits (SCS) that differ by more are of other noise or another fit: other noise
#: changes them by some ten percent, another machine by round-off.
SAME_RAW = 1e-3


def not_comparable(old: Evidence, new: Evidence, *, key: CellKey) -> str:
    """Reason why a cell of two sides cannot be compared; empty if it can.

    Parameters
    ----------
    old, new : Evidence
    key : CellKey
        A cell of `old`.
    """
    case = key[0]
    if old.seed != new.seed:
        return f"not paired: other noise, seed {old.seed} against {new.seed}"
    # Within one run both were named, to learn what the precision does.
    if old.network == new.network and old.precision != new.precision and old.source != new.source:
        return (
            f"another precision, {old.precision} against {new.precision}: run both in one run and"
            f" compare them there (--run), or {new.network} with {old.precision} again"
        )
    if key not in new.cells:
        return "the new side did not run this image and dose"
    before, after = old.cases[case], new.cases[case]
    if before["version"] != after["version"]:
        return f"case version {before['version']} against {after['version']}"
    if before["hash"] != after["hash"]:
        return "the case description differs"
    if before["data_hash"] != after["data_hash"]:
        return _other_ground_truth(old)
    shared = sorted(set(old.cells[key].realizations) & set(new.cells[key].realizations))
    if not shared:
        return "not paired: no realization in common"
    if key in old.raw and key in new.raw:
        theirs, ours = old.raw[key], new.raw[key]
        pairs = np.array([(theirs.get(n, np.nan), ours.get(n, np.nan)) for n in shared])
        pairs = pairs[np.isfinite(pairs).all(axis=1)]
        if len(pairs):
            apart = float(np.median(np.abs(pairs[:, 1] - pairs[:, 0]) / np.abs(pairs[:, 0])))
            if apart > SAME_RAW:
                return (
                    f"not paired: raw differs by {100 * apart:.2g} % in the median, so the"
                    " noise or the fit has changed; run the old version again"
                )
    return ""


def _other_ground_truth(old: Evidence) -> str:
    if not old.packed:
        return "the ground truth differs"
    return f"the ground truth differs from the baseline's; renew it: {renewal(old)}"


def renewal(old: Evidence) -> str:
    """Commands that make a baseline again."""
    return (
        f"stembench run --profile {old.profile} --restorer {old.restorer} --seed {old.seed}"
        f" --out out/baseline && stembench baseline out/baseline -o {old.source}"
    )
