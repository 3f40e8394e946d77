"""Edited images: Gaussians of single columns taken out and put back displaced, or scaled."""

import numpy as np

from cases.case import Case
from cases.specimens.edits import EditedSpecimen
from cases.truth.columns import thickness_of
from cases.truth.frame import Frame
from stembench.arrays import Floats
from stembench.errors import InputError

#: Changes smaller than this, in Å and relative, leave a column as it is.
_NONE = 1e-12


def check_edited_host(case: Case, host: Case) -> EditedSpecimen:
    """Edits of a case, if another one images their host.

    Raises
    ------
    ValueError
        If the two do not belong together: in specimen, microscope or thickness.
    """
    edits = case.structure.edits_on_host
    if edits is None:
        raise ValueError(f"case '{case.name}' has no edits of a host")
    if not edits.is_host(host.structure) or case.microscope != host.microscope:
        raise ValueError(f"case '{host.name}' images another specimen or with another microscope")
    for label in case.labels:
        base = edits.base_of(label)
        if thickness_of(host, base) != thickness_of(case, label):
            raise ValueError(f"image '{label}' is not as thick as '{base}' of case '{host.name}'")
    return edits


def edit_difference(case: Case, label: str, frame: Frame) -> Floats:
    """Edited image less the unedited one.

    Parameters
    ----------
    case : Case
        Whose specimen has edits.
    label : str
        Label of the image.
    frame : Frame

    Returns
    -------
    ndarray, shape (h, w)
        As a fraction of the beam; a source wider or narrower than the microscope's widens or
        narrows the Gaussians.

    Raises
    ------
    InputError
        If the source is so small that a column would have no width.
    """
    edits = case.structure.edits_on_host
    if edits is None or edits.edit_of(label) is None:
        return np.zeros((len(frame.y), len(frame.x)))
    thickness = thickness_of(case, label)
    shape = edits.shape(thickness)
    variance = shape.sigma**2 + frame.sigma**2 - case.microscope.source_sigma**2
    if variance <= 0:
        raise InputError(
            f"a source of {frame.sigma} Å leaves the edited columns of case '{case.name}' no "
            "width; ask for a larger one"
        )
    peak = shape.peak * shape.sigma**2 / variance
    extent = (max(case.shape) + 2 * case.margin) * case.sampling
    centres, _ = case.structure.columns(thickness, extent=extent)
    change = edits.field(label, centres)
    changed = (np.abs(change) > _NONE).any(axis=1)
    centres, change = centres[changed], change[changed]
    before = _gaussians(frame, centres, variance=variance, peaks=np.full(len(centres), peak))
    after = _gaussians(
        frame, centres + change[:, :2], variance=variance, peaks=peak * (1 + change[:, 2])
    )
    return after - before


def _gaussians(frame: Frame, centres: Floats, *, variance: float, peaks: Floats) -> Floats:
    """Sum of Gaussians in a frame, shape (h, w)."""
    rows = np.exp(-((frame.y[:, None] - centres[:, 1]) ** 2) / (2 * variance))
    columns = np.exp(-((frame.x[:, None] - centres[:, 0]) ** 2) / (2 * variance))
    total: Floats = (rows * peaks) @ columns.T
    return total
