"""Atomic columns of a case in the frame of its images, and the frame's geometry."""

from functools import lru_cache

import numpy as np
import pandas as pd

from cases.case import Case, MeasuredColumns
from stembench.arrays import Bools, Floats, Integers
from stembench.errors import InputError


def to_pixels(case: Case, places: Floats, *, sampling: float | None = None) -> Floats:
    """Turn x, y in Å from the reference point into pixels of the frame, shape (n, 2) each."""
    pixel = case.sampling if sampling is None else sampling
    centre = (np.array(frame_shape(case, sampling=sampling)[::-1]) - 1) / 2
    pixels: Floats = (places + np.array(case.offset)) / pixel + centre
    return pixels


def to_angstrom(case: Case, pixels: Floats, *, sampling: float | None = None) -> Floats:
    """Inverse of `to_pixels`."""
    pixel = case.sampling if sampling is None else sampling
    centre = (np.array(frame_shape(case, sampling=sampling)[::-1]) - 1) / 2
    places: Floats = (pixels - centre) * pixel - np.array(case.offset)
    return places


def frame_shape(case: Case, *, sampling: float | None = None) -> tuple[int, int]:
    """Height and width in px of the case's field of view at a sampling (Å/px)."""
    if sampling is None or sampling == case.sampling:
        return case.shape
    height, width = (max(1, round(n * case.sampling / sampling)) for n in case.shape)
    return height, width


def case_columns(case: Case, label: str, *, reach: float = 0.0) -> pd.DataFrame:
    """List the columns in the frame and up to some distance outside it.

    Parameters
    ----------
    case : Case
    label : str
        Label of the image.
    reach : float
        Distance in px beyond the outermost pixel centres.

    Returns
    -------
    pandas.DataFrame
        Index ``column`` 0, 1, ...: first those inside the frame, ordered by y, then x. x and y in
        px of the frame, count (atoms), measured (bool), inside (bool).

    Raises
    ------
    InputError
        If the case has no such image.
    """
    centres, counts = _specimen_columns(case, label)
    places = to_pixels(case, centres)
    height, width = case.shape
    beyond = np.maximum(
        np.maximum(-places[:, 0], places[:, 0] - (width - 1)),
        np.maximum(-places[:, 1], places[:, 1] - (height - 1)),
    )
    inside = beyond <= 0
    kept = np.flatnonzero(beyond <= reach)
    kept = kept[np.argsort(~inside[kept], kind="stable")]
    table = pd.DataFrame(
        {
            "x": places[kept, 0],
            "y": places[kept, 1],
            "count": counts[kept],
            "measured": inside[kept] & _measured(case, centres[kept]),
            "inside": inside[kept],
        }
    )
    table.index.name = "column"
    return table


def _measured(case: Case, centres: Floats) -> Bools:
    """Which of the columns (Å from the reference point) the case measures."""
    rule: MeasuredColumns = case.measured
    match rule.rule:
        case "all":
            return np.ones(len(centres), dtype=bool)
        case "within":
            return np.hypot(centres[:, 0], centres[:, 1]) <= rule.value
        case "innermost":
            block = np.ones(len(centres), dtype=bool)
            for axis in (0, 1):
                line = centres[:, axis].round(3)
                rows = np.unique(line)
                near = rows[np.argsort(np.abs(rows + case.offset[axis]), kind="stable")]
                block &= np.isin(line, near[: int(rule.value)])
            return block


def thickness_of(case: Case, label: str) -> int:
    """Thickness of an image, as in `ImageSpec`.

    Raises
    ------
    InputError
        If the case has no such image; the message lists those that it has.
    """
    for image in case.images:
        if image.label == label:
            return image.thickness
    raise InputError(f"case '{case.name}' has no image '{label}'; it has {_listed(case)}")


@lru_cache(maxsize=128)
def _specimen_columns(case: Case, label: str) -> tuple[Floats, Integers]:
    extent = (max(case.shape) + 2 * case.margin) * case.sampling
    centres, counts = case.structure.columns(thickness_of(case, label), extent=extent)
    centres.flags.writeable = False
    counts.flags.writeable = False
    return centres, counts


def _listed(case: Case) -> str:
    labels = case.labels
    return ", ".join(labels) if len(labels) <= 4 else f"{labels[0]} to {labels[-1]}"
