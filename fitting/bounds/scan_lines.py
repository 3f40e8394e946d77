"""Fisher information about columns and about scan-line displacements, jointly."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fitting.bounds.pixel_information import information_per_electron
from fitting.model import ColumnModel, axis_factors, factors_at
from stembench.arrays import Bools, Floats, Integers
from stembench.errors import InputError

#: Distance in widths beyond which a line does not see a column; 1e-5 of what is known lies there.
SUPPORT: Final = 5.0


@dataclass(frozen=True)
class Numbers:
    """Numbers of the parameters of columns: all x, all y, all heights, widths, background.

    Attributes
    ----------
    n_columns : int
    group : ndarray of int, shape (n,)
        Width group of each column, counted from 0.
    n_widths, n_background : int
        Free widths and free background coefficients.
    """

    n_columns: int
    group: Integers
    n_widths: int
    n_background: int

    @classmethod
    def of(cls, model: ColumnModel) -> "Numbers":
        """Number the parameters of a model."""
        group = model.group
        n_widths = 0 if model.width == "fixed" else int(group.max(initial=-1)) + 1
        return cls(model.n_columns, group, n_widths, len(model.background))

    @property
    def first_width(self) -> int:
        """Number of the first width."""
        return 3 * self.n_columns

    @property
    def size(self) -> int:
        """How many parameters there are."""
        return self.first_width + self.n_widths + self.n_background


@dataclass(frozen=True)
class JointInformation:
    """Information that counts hold about columns and lines; without what is known beforehand.

    Attributes
    ----------
    columns : ndarray, shape (p, p)
        Of the columns' parameters, in the order of `Numbers`.
    mixed : ndarray, shape (p, lines, 2)
        Of a parameter and a line's displacements along x and y.
    lines : ndarray, shape (lines, 2, 2)
        Of each line's two displacements; two lines share no pixel.
    """

    columns: Floats
    mixed: Floats
    lines: Floats


def joint_information(
    model: ColumnModel, electrons: float, *, dy: Floats, used: Bools, detector_sigma: float
) -> JointInformation:
    """Information of an image whose lines are displaced by `dy`.

    Line l shows f(i + dx_l, l + dy_l) at pixel i. Its derivatives by dx_l and dy_l are minus the
    sum of the exact derivatives by all columns' x and y, plus the slopes of the background. (Finite
    differences of the image would not do: where they differ from the derivatives by the columns,
    a common shift of all columns of a line is told from the line's displacement by the difference.)

    Parameters
    ----------
    model : ColumnModel
        With free positions.
    electrons : float
        Electrons of a pixel at beam fraction 1.
    dy : ndarray, shape (rows,)
        Displacements across the lines [px]. Those along them are taken as 0: pixels sample a line
        finely, so that information depends on them at the image's edges alone.
    used : ndarray of bool, shape (rows, columns)
        Pixels that count.
    detector_sigma : float
        Standard deviation of Gaussian noise [electrons].

    Raises
    ------
    InputError
        If the expected image is negative somewhere.
    """
    numbers = Numbers.of(model)
    n, cols = numbers.n_columns, model.shape[1]
    rows = np.arange(model.shape[0]) + dy
    across = rows[None, :] - model.y[:, None]
    y_factors = factors_at(across, model.sigma, pixel=model.pixel)
    x_factors = axis_factors(model.x, model.sigma, size=cols, pixel=model.pixel)
    terms = _background(model, rows)
    expected = (y_factors[0] * model.height[:, None]).T @ x_factors[0]
    expected += np.tensordot(model.background, terms, 1)
    weight = _information(electrons * expected, used=used, detector_sigma=detector_sigma)
    root = electrons * np.sqrt(weight)
    near = np.abs(across) <= SUPPORT * model.sigma[:, None]
    slopes = (*model.background[1:], 0.0, 0.0)[:2]

    out = JointInformation(
        columns=np.zeros((numbers.size, numbers.size)),
        mixed=np.zeros((numbers.size, len(rows), 2)),
        lines=np.zeros((len(rows), 2, 2)),
    )
    for line in range(len(rows)):
        columns = np.flatnonzero(near[:, line])
        height = model.height[columns, None]
        ax, bx, cx = (factor[columns] for factor in x_factors)
        ay, by, cy = (factor[columns, line, None] for factor in y_factors)
        by_x, by_y = height * ay * bx, height * by * ax
        parts = [by_x, by_y, ay * ax]
        places = [columns, n + columns, 2 * n + columns]
        if numbers.n_widths:
            groups, which = np.unique(numbers.group[columns], return_inverse=True)
            by_width = np.zeros((len(groups), cols))
            np.add.at(by_width, which, height * (ay * cx + cy * ax))
            parts.append(by_width)
            places.append(numbers.first_width + groups)
        parts.append(terms[:, line])
        places.append(numbers.first_width + numbers.n_widths + np.arange(numbers.n_background))
        of_columns = np.concatenate(parts)
        of_line = np.stack([slopes[0] - by_x.sum(axis=0), slopes[1] - by_y.sum(axis=0)])
        at = np.concatenate(places)
        of_columns *= root[line]
        of_line *= root[line]
        out.columns[np.ix_(at, at)] += of_columns @ of_columns.T
        out.mixed[at, line] = of_columns @ of_line.T
        out.lines[line] = of_line @ of_line.T
    return out


def _background(model: ColumnModel, rows: Floats) -> Floats:
    """Terms of the background, shape (coefficients, rows, columns), lines at the places `rows`."""
    height, width = model.shape
    x, y = np.meshgrid(np.arange(width) - (width - 1) / 2, rows - (height - 1) / 2)
    return np.stack([np.ones(model.shape), x, y])[: len(model.background)]


def _information(expected: Floats, *, used: Bools, detector_sigma: float) -> Floats:
    """Information of each pixel about its electrons; none where the light has underflown to 0."""
    if (expected < 0).any():
        raise InputError(
            "the expected image is negative somewhere, where counts have no information: evaluate "
            "the bound at a model with positive heights and a positive background"
        )
    per_pixel = np.zeros(expected.shape)
    lit = used & (expected > 0)
    per_pixel[lit] = information_per_electron(expected[lit], sigma=detector_sigma)
    return per_pixel
