"""Response of a restored image to a real change: found over true, one value per realization.

What other fields call the local impulse response of a reconstruction (J. A. Fessler and W. L.
Rogers, IEEE Trans. Image Process. 5, 1346, 1996, doi:10.1109/83.535846) and, by spatial frequency,
the task transfer function (S. Richard et al., Med. Phys. 39, 4115, 2012, doi:10.1118/1.4725171).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reports.metrics.response.edited_pairs import EditedPairs
from stembench.arrays import Bools, Floats

Quantity = Literal["position", "scs"]


@dataclass(frozen=True)
class Response:
    """Response to one isolated change or wave.

    Attributes
    ----------
    quantity : {'position', 'scs'}
    pattern : {'isolated', 'edited', 'simulated', 'wave', 'strain', 'shear'}
        'simulated' for listed columns that are changed in the simulation, 'edited' for the like
        in the image.
    amplitude : float
        In pm or percent; of strain and shear in percent.
    wavelength : float
        In columns; NaN but for waves.
    direction : str
        Of a wave; '' for others.
    polarisation : {'', 'longitudinal', 'transverse'}
        Of displacements along and across a wave in x or y; '' for both together.
    per_realization : ndarray, shape (n_r,)
        NaN where no fit succeeded.
    n_columns : int
        Columns that it is measured on.
    """

    quantity: Quantity
    pattern: str
    amplitude: float
    wavelength: float
    direction: str
    polarisation: str
    per_realization: Floats
    n_columns: int


def responses(pairs: EditedPairs) -> Iterator[Response]:
    """Responses that an edited image measures.

    Parameters
    ----------
    pairs : EditedPairs

    Yields
    ------
    Response
        Isolated changes of one size together; of waves each one, and where columns move also along
        and across by itself.
    """
    edit = pairs.edit
    quantity: Quantity = "position" if edit.moves else "scs"
    axes = slice(0, 2) if edit.moves else slice(2, 3)
    found, true = pairs.found[..., axes], pairs.true[..., axes]
    amplitude = edit.shift if edit.moves else edit.scs
    nan = float("nan")
    if edit.pattern in ("isolated", "listed"):
        yield from _single(pairs)
        return
    bases = edit.bases(pairs.places)
    measured, expected = amplitudes(found, bases), amplitudes(true[None], bases)[0]
    n = len(pairs.places)
    for number, wave in enumerate(edit.waves):
        yield Response(
            quantity,
            "wave",
            amplitude,
            wave.wavelength,
            wave.direction,
            "",
            projected(measured[:, number, None], expected[number, None]),
            n,
        )
        if not edit.moves or wave.direction == "diagonal":
            continue
        for axis in (0, 1):
            along = (wave.direction == "x") == (axis == 0)
            yield Response(
                quantity,
                "wave",
                amplitude,
                wave.wavelength,
                wave.direction,
                "longitudinal" if along else "transverse",
                measured[:, number, axis] / expected[number, axis],
                n,
            )
    if edit.pattern == "strain":
        for axis, name, size in ((0, "strain", edit.strain), (1, "shear", edit.shear)):
            values = measured[:, -1, axis] / expected[-1, axis]
            yield Response("position", name, 100 * size, nan, "x", "", values, n)


def _single(pairs: EditedPairs) -> Iterator[Response]:
    """Responses to moved columns, and to brighter and darker ones."""
    edit, nan = pairs.edit, float("nan")
    pattern = "isolated"
    if edit.pattern == "listed":
        pattern = "simulated" if edit.source else "edited"
    declared = pairs.declared(steps=(1.0, 1.0))
    quantities: tuple[tuple[Quantity, slice], ...] = (
        ("position", slice(0, 2)),
        ("scs", slice(2, 3)),
    )
    for quantity, axes in quantities:
        at = declared[:, axes].any(axis=1)
        if at.any():
            amplitude = float(np.abs(declared[at, axes]).max())
            values = projected(pairs.found[:, at, axes], pairs.true[at, axes])
            yield Response(quantity, pattern, amplitude, nan, "", "", values, int(at.sum()))


def projected(found: Floats, true: Floats) -> Floats:
    """Slope of changes found on true ones, through zero.

    Parameters
    ----------
    found : ndarray, shape (n_r, n, k)
        NaN where a fit failed.
    true : ndarray, shape (n, k)

    Returns
    -------
    ndarray, shape (n_r,)
        Sum of found times true over the sum of squares of the true ones; NaN without a fit.
    """
    fitted = np.isfinite(found)
    products = np.where(fitted, found * true, 0.0).sum(axis=(1, 2))
    squares = np.where(fitted, true**2, 0.0).sum(axis=(1, 2))
    return np.where(squares > 0, products / np.where(squares > 0, squares, 1.0), np.nan)


def amplitudes(changes: Floats, bases: Floats) -> Floats:
    """Least-squares amplitudes of fields, and of a common shift, in changes of columns.

    Parameters
    ----------
    changes : ndarray, shape (n_r, n, k)
        NaN where a fit failed.
    bases : ndarray, shape (m, n)

    Returns
    -------
    ndarray, shape (n_r, m, k)
        Those of the common shift are left out; NaN where fewer columns were fitted than there are
        amplitudes.
    """
    design = np.vstack([bases, np.ones(bases.shape[1])]).T
    out = np.full((len(changes), len(bases), changes.shape[-1]), np.nan)
    fitted: Bools = np.asarray(np.isfinite(changes).all(axis=-1))
    whole = fitted.all(axis=1)
    solve = np.linalg.pinv(design)
    out[whole] = np.einsum("mn,rnk->rmk", solve, changes[whole])[:, :-1]
    for number in np.flatnonzero(~whole):
        kept = fitted[number]
        if kept.sum() > design.shape[1]:
            solution = np.linalg.lstsq(design[kept], changes[number, kept], rcond=None)[0]
            out[number] = solution[:-1]
    return out
