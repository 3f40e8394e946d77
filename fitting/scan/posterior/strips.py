"""Linear algebra of unknowns that reach no farther than the next strip of the image.

Columns and scan lines are sorted into strips across the slow axis, high enough that only
neighbouring strips share a pixel: the information matrix is block tridiagonal, with a border of the
few unknowns that all share. The work grows with the number of strips, that is with the lines.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from stembench.arrays import Floats, Integers
from stembench.errors import InputError

#: Columns of the band whose inverse is found at once.
BLOCK: Final = 64


@dataclass(frozen=True)
class Strips:
    """Symmetric matrix in strips; of the diagonal blocks and the corner the lower triangles count.

    Attributes
    ----------
    diagonal : ndarray, shape (k, m, m)
        Places of a strip that no unknown takes hold 1 on the diagonal.
    below : ndarray, shape (k - 1, m, m)
        Rows of the next strip, columns of this one.
    border : ndarray, shape (k, m, g)
        Of each strip's unknowns and the shared ones.
    corner : ndarray, shape (g, g)
    """

    diagonal: Floats
    below: Floats
    border: Floats
    corner: Floats

    @classmethod
    def zeros(cls, strips: int, size: int, *, shared: int) -> "Strips":
        """Return an empty matrix."""
        return cls(
            np.zeros((strips, size, size)),
            np.zeros((strips - 1, size, size)),
            np.zeros((strips, size, shared)),
            np.zeros((shared, shared)),
        )

    def copy(self) -> "Strips":
        """Return a copy that shares nothing."""
        return Strips(
            self.diagonal.copy(), self.below.copy(), self.border.copy(), self.corner.copy()
        )

    def main(self) -> tuple[Floats, Floats]:
        """Return copies of the diagonals of the strips (k, m) and of the corner (g,)."""
        return np.einsum("kii->ki", self.diagonal).copy(), np.diag(self.corner).copy()

    def times(self, strips: Floats, shared: Floats) -> tuple[Floats, Floats]:
        """Return the product with a vector in strips (k, m) and shared (g,)."""
        lower = np.tril(self.diagonal)
        out = np.einsum("kij,kj->ki", lower, strips) + np.einsum("kji,kj->ki", lower, strips)
        out -= np.einsum("kii->ki", self.diagonal) * strips
        out[1:] += np.einsum("kij,kj->ki", self.below, strips[:-1])
        out[:-1] += np.einsum("kji,kj->ki", self.below, strips[1:])
        out += self.border @ shared
        corner = np.tril(self.corner) + np.tril(self.corner, -1).T
        return out, np.einsum("kmg,km->g", self.border, strips) + corner @ shared

    def dense(self) -> Floats:
        """Return the whole matrix, places that are not taken included."""
        k, m, g = self.border.shape
        out = np.zeros((k * m + g, k * m + g))
        for strip in range(k):
            here = slice(strip * m, (strip + 1) * m)
            out[here, here] = np.tril(self.diagonal[strip])
            if strip + 1 < k:
                out[(strip + 1) * m : (strip + 2) * m, here] = self.below[strip]
            out[k * m :, here] = self.border[strip].T
        out[k * m :, k * m :] = np.tril(self.corner)
        return np.tril(out) + np.tril(out, -1).T


@dataclass(frozen=True)
class Factor:
    """Cholesky factor of a matrix in strips.

    The blocks of strips whose unknowns are sorted along the slow axis are mostly empty beyond a
    band. It is factored as such, which costs about half of what the blocks would.

    Attributes
    ----------
    shape : tuple of int
        Strips k and places m of each.
    number : ndarray of int, shape (k * m,)
        Place in the band; -1 for unknowns that are coupled with nothing, places not taken among
        them.
    alone : ndarray, shape (k * m,)
        Diagonal of the matrix at these; 1 elsewhere.
    band : ndarray, shape (n, b + 1)
        Factor of the strips' part: entry (r, c) at [c, r - c].
    border : ndarray, shape (k, m, g)
        Inverse of the strips' part times the border.
    corner : ndarray, shape (g, g)
        Lower triangular root of what is left of the corner.
    """

    shape: tuple[int, int]
    number: Integers
    alone: Floats
    band: Floats
    border: Floats
    corner: Floats

    @classmethod
    def of(cls, matrix: Strips) -> "Factor":
        """Factor a matrix.

        Raises
        ------
        InputError
            If it is not positive definite.
        """
        from scipy.linalg.lapack import dpbtrf, dpotrf

        from fitting.kernels import bands

        k, m, g = matrix.border.shape
        coupled = (matrix.border != 0).any(axis=2).ravel()
        last = np.empty(k * m, dtype=np.int64)
        bands.extent(matrix.diagonal, matrix.below, coupled, last)
        number = np.where(coupled, np.cumsum(coupled) - 1, -1)
        reach = int((number[last] - number)[coupled].max(initial=0))
        band = bands.lower_band(int(coupled.sum()), reach)
        bands.fill(matrix.diagonal, matrix.below, number, band)
        alone = np.where(coupled, 1.0, np.einsum("kii->ki", matrix.diagonal).ravel())
        failed = 0
        if len(band):
            root, failed = dpbtrf(band.T, lower=1, overwrite_ab=1)
            band = root.T
        if failed or (alone <= 0).any():
            raise InputError(_SINGULAR)
        half = cls((k, m), number, alone, band, matrix.border, np.eye(g))
        solved = half._solve_strips(matrix.border)
        rest = matrix.corner - np.tensordot(matrix.border, solved, axes=([0, 1], [0, 1]))
        corner, failed = dpotrf(rest, lower=1, clean=1)
        if failed:
            raise InputError(_SINGULAR)
        return cls((k, m), number, alone, band, solved, np.asarray(corner))

    def solve(self, strips: Floats, shared: Floats) -> tuple[Floats, Floats]:
        """Solve for one right-hand side.

        Parameters
        ----------
        strips : ndarray, shape (k, m)
        shared : ndarray, shape (g,)
        """
        from scipy.linalg import cho_solve

        own = self._solve_strips(strips[..., None])[..., 0]
        if not len(shared):
            return own, shared
        rest = shared - np.tensordot(self.border, strips, axes=([0, 1], [0, 1]))
        common = cho_solve((self.corner, True), rest)
        return own - self.border @ common, common

    def log_determinant(self) -> float:
        """Logarithm of the determinant."""
        roots = np.log(self.band[:, 0]).sum() + np.log(np.diag(self.corner)).sum()
        return float(2 * roots + np.log(self.alone).sum())

    def inverse(self) -> Strips:
        """Blocks of the inverse at the places of the matrix's own blocks, 0 beyond its band.

        All entries at which the matrix itself is not empty are there, and both triangles.

        Notes
        -----
        K. Takahashi, J. Fagan and M.-S. Chin, Proc. 8th PICA Conf. (1973) 63: the blocks follow
        from one another backwards, without the rest of the inverse.
        """
        from scipy.linalg import cho_solve, solve_triangular

        from fitting.kernels import bands

        k, m, g = self.border.shape
        out = Strips.zeros(k, m, shared=g)
        half = np.zeros((len(self.band), g))
        inside = self.number >= 0
        if g:
            common = cho_solve((self.corner, True), np.eye(g))
            flat = self.border.reshape(k * m, g)
            half = np.ascontiguousarray(solve_triangular(self.corner, flat[inside].T, lower=True).T)
            out.border[:] = -self.border @ common
            out.corner[:] = common
        bands.spread(self._band_of_inverse(), self.number, half, out.diagonal, out.below)
        strip, place = np.divmod(np.flatnonzero(~inside), m)
        out.diagonal[strip, place, place] = 1 / self.alone[~inside]
        return out

    def _band_of_inverse(self) -> Floats:
        """Inverse of the strips' part within its band, in blocks of columns from the last on."""
        from scipy.linalg.lapack import dtrtri

        from fitting.kernels import bands

        n, reach = len(self.band), self.band.shape[1] - 1
        out = np.zeros_like(self.band)
        known = np.zeros((0, 0))  # the inverse at the rows below the block
        for first in range((n - 1) // BLOCK * BLOCK, -1, -BLOCK):
            width = min(BLOCK, n - first)
            rows = min(width + reach, n - first)
            factor = np.empty((width, rows))
            bands.take(self.band, first, factor)
            root = dtrtri(factor[:, :width].T, lower=1)[0]
            part = factor[:, width:].T @ root
            known = known[: len(part), : len(part)]
            below = -(known @ part)
            own = root.T @ root - part.T @ below
            known = np.block([[own, below.T], [below, known]])
            bands.put(known[:, :width], first, out)
        return out

    def _solve_strips(self, right: Floats) -> Floats:
        """Solve with the strips' part alone, shape (k, m, r)."""
        from scipy.linalg.lapack import dpbtrs

        out = right.reshape(len(self.number), -1) / self.alone[:, None]
        inside = self.number >= 0
        if out.shape[1] and len(self.band):
            out[inside] = dpbtrs(self.band.T, out[inside], lower=1)[0]
        return np.asarray(out.reshape(right.shape), dtype=np.float64)


_SINGULAR = (
    "the information about columns and scan lines is singular: two columns, or a column and its "
    "surroundings, cannot be told apart"
)
