"""Linear algebra of unknowns that reach no farther than the next strip of the image.

Columns and scan lines are sorted into strips across the slow axis, high enough that only
neighbouring strips share a pixel: the information matrix is block tridiagonal, with a border of the
few unknowns that all share. The work grows with the number of strips, that is with the lines.
"""

from dataclasses import dataclass

import numpy as np

from stembench.arrays import Floats
from stembench.errors import InputError


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

    Attributes
    ----------
    roots : ndarray, shape (k, m, m)
        Lower triangular, of each strip after those before it are eliminated.
    links : ndarray, shape (k - 1, m, m)
        Blocks of the factor below these.
    border : ndarray, shape (k, m, g)
        Inverse of the strips' part times the border.
    corner : ndarray, shape (g, g)
        Lower triangular root of what is left of the corner.
    """

    roots: Floats
    links: Floats
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
        from scipy.linalg.blas import dsyrk, dtrsm
        from scipy.linalg.lapack import dpotrf

        k, m, g = matrix.border.shape
        roots = np.empty((k, m, m))
        links = np.empty((max(k - 1, 0), m, m))
        left = matrix.diagonal[0]
        for strip in range(k):
            root, failed = dpotrf(left, lower=1, clean=1)
            if failed:
                raise InputError(_SINGULAR)
            roots[strip] = root
            if strip + 1 < k:
                # X Lᵀ = E
                link = dtrsm(1.0, root, matrix.below[strip], side=1, lower=1, trans_a=1)
                links[strip] = link
                left = dsyrk(
                    -1.0, link, beta=1.0, c=matrix.diagonal[strip + 1], lower=1, overwrite_c=0
                )
        half = cls(roots, links, matrix.border, np.eye(g))
        solved = half._solve_strips(matrix.border)
        rest = matrix.corner - np.einsum("kmg,kmh->gh", matrix.border, solved)
        corner, failed = dpotrf(rest, lower=1, clean=1)
        if failed:
            raise InputError(_SINGULAR)
        return cls(roots, links, solved, np.asarray(corner))

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
        rest = shared - np.einsum("kmg,km->g", self.border, strips)
        common = cho_solve((self.corner, True), rest)
        return own - self.border @ common, common

    def log_determinant(self) -> float:
        """Logarithm of the determinant."""
        roots = np.log(np.einsum("kii->ki", self.roots)).sum()
        return float(2 * (roots + np.log(np.diag(self.corner)).sum()))

    def inverse(self) -> Strips:
        """Blocks of the inverse at the places of the matrix's own blocks, in full (no triangles).

        Notes
        -----
        K. Takahashi, J. Fagan and M.-S. Chin, Proc. 8th PICA Conf. (1973) 63: the blocks follow
        from one another backwards, without the rest of the inverse.
        """
        from scipy.linalg import cho_solve, solve_triangular
        from scipy.linalg.lapack import dtrtri

        k, m, g = self.border.shape
        out = Strips.zeros(k, m, shared=g)
        for strip in range(k - 1, -1, -1):
            root, _ = dtrtri(self.roots[strip], lower=1)
            root = np.tril(root)
            if strip == k - 1:
                out.diagonal[strip] = root.T @ root
                continue
            link = self.links[strip] @ root
            below = -out.diagonal[strip + 1] @ link
            out.below[strip] = below
            out.diagonal[strip] = root.T @ root - link.T @ below
        if g:
            common = cho_solve((self.corner, True), np.eye(g))
            half = solve_triangular(
                self.corner, self.border.reshape(k * m, g).T, lower=True
            ).T.reshape(k, m, g)
            out.diagonal[:] += half @ half.transpose(0, 2, 1)
            out.below[:] += half[1:] @ half[:-1].transpose(0, 2, 1)
            out.border[:] = -self.border @ common
            out.corner[:] = common
        return out

    def _solve_strips(self, right: Floats) -> Floats:
        """Solve with the strips' part alone, shape (k, m, r)."""
        from scipy.linalg.blas import dtrsm

        out = np.empty_like(right)
        k = len(self.roots)
        if right.shape[2] == 0:
            return out
        for strip in range(k):
            value = right[strip]
            if strip:
                value = value - self.links[strip - 1] @ out[strip - 1]
            out[strip] = dtrsm(1.0, self.roots[strip], value, lower=1)
        for strip in range(k - 1, -1, -1):
            value = out[strip]
            if strip + 1 < k:
                value = value - self.links[strip].T @ out[strip + 1]
            out[strip] = dtrsm(1.0, self.roots[strip], value, lower=1, trans_a=1)
        return out


_SINGULAR = (
    "the information about columns and scan lines is singular: two columns, or a column and its "
    "surroundings, cannot be told apart"
)
