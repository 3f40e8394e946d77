"""Displacement round a straight dislocation in a cubic crystal, by anisotropic linear elasticity.

Eshelby, Read & Shockley's solution (10.1016/0001-6160(53)90099-6) in the notation of Hirth & Lothe,
Theory of Dislocations (2nd ed., 1982), section 13-3.
"""

import itertools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from stembench.arrays import Floats
from stembench.errors import InputError

#: Rows are the unit vectors X = [1-10], Y = [11-1], Z = [112] in the cube's axes.
AXES_112: Final[Floats] = np.array(
    [
        np.array([1, -1, 0]) / math.sqrt(2),
        np.array([1, 1, -1]) / math.sqrt(3),
        np.array([1, 1, 2]) / math.sqrt(6),
    ]
)


@dataclass(frozen=True)
class CubicStiffness:
    """Elastic constants of a cubic crystal; any unit, GPa as a rule.

    Attributes
    ----------
    c11, c12, c44 : float
    axes : tuple of three tuples
        Rows are the box's X, Y and Z in the cube's axes, orthonormal.
    """

    c11: float
    c12: float
    c44: float
    axes: tuple[tuple[float, float, float], ...] = tuple(tuple(row) for row in AXES_112.tolist())

    def __post_init__(self) -> None:
        values = (self.c11, self.c12, self.c44)
        # Born's conditions: the energy of every deformation is positive.
        stable = self.c11 > abs(self.c12) and self.c11 + 2 * self.c12 > 0 and self.c44 > 0
        if not (all(map(math.isfinite, values)) and stable):
            raise InputError(
                f"C11, C12, C44 = {self.c11}, {self.c12}, {self.c44} are not those of a stable"
                " cubic crystal"
            )
        frame = np.array(self.axes)
        if frame.shape != (3, 3) or np.abs(frame @ frame.T - np.eye(3)).max() > 1e-9:
            raise InputError("the axes of the stiffness must be three perpendicular unit vectors")

    def tensor(self) -> Floats:
        """Stiffness tensor in the box's axes, shape (3, 3, 3, 3)."""
        eye = np.eye(3)
        cube = np.einsum("ia,ja,ka,la->ijkl", eye, eye, eye, eye)
        shear = np.einsum("ik,jl->ijkl", eye, eye) + np.einsum("il,jk->ijkl", eye, eye)
        full = (
            self.c12 * np.einsum("ij,kl->ijkl", eye, eye)
            + self.c44 * shear
            + (self.c11 - self.c12 - 2 * self.c44) * cube
        )
        frame = np.array(self.axes)
        rotated: Floats = np.einsum("ia,jb,kc,ld,abcd->ijkl", frame, frame, frame, frame, full)
        return rotated


def anisotropic_displacement(
    x: Floats, y: Floats, *, burgers: Floats, stiffness: CubicStiffness
) -> Floats:
    """Displacement round a dislocation along z.

    The branch cut lies on y = 0, x < 0, where the displacement jumps by the Burgers vector.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Coordinates relative to the line in Å.
    burgers : ndarray, shape (3,)
        Burgers vector in Å.
    stiffness : CubicStiffness

    Returns
    -------
    ndarray, shape (n, 3)
        Displacements in Å.

    Raises
    ------
    InputError
        If two roots coincide, as in an isotropic crystal.
    """
    c = stiffness.tensor()
    roots, shapes = _modes(c)
    # B_i2k(n) = c_i2k1 + p_n c_i2k2, so that B A is mode n's traction across y = 0.
    traction = np.stack(
        [(c[:, 1, :, 0] + p * c[:, 1, :, 1]) @ a for p, a in zip(roots, shapes.T, strict=True)],
        axis=1,
    )
    # Re sum A D = b and Re sum B A D = 0: six real equations for three complex D.
    system = np.block([[shapes.real, -shapes.imag], [traction.real, -traction.imag]])
    right = np.concatenate([np.asarray(burgers, dtype=np.float64), np.zeros(3)])
    scale = np.abs(traction).max()
    system[3:] /= scale
    solved = np.linalg.solve(system, right)
    weights = solved[:3] + 1j * solved[3:]
    logarithms = np.log(x[:, None] + roots * y[:, None])
    field = (logarithms * weights) @ shapes.T / (2j * math.pi)
    displacement: Floats = field.real
    return displacement


def _modes(
    c: Floats,
) -> tuple[npt.NDArray[np.complex128], npt.NDArray[np.complex128]]:
    """Roots p_n with a positive imaginary part, shape (3,), and mode vectors A(n) as columns."""
    zero, one, two = c[:, 0, :, 0], c[:, 0, :, 1] + c[:, 1, :, 0], c[:, 1, :, 1]
    sextic = np.zeros(7)
    for permutation in itertools.permutations(range(3)):
        product = np.array([np.linalg.det(np.eye(3)[list(permutation)])])
        for row, column in enumerate(permutation):
            terms = [two[row, column], one[row, column], zero[row, column]]
            product = np.polymul(product, terms)
        sextic[7 - len(product) :] += product
    roots = np.roots(sextic).astype(np.complex128)
    upper = roots[roots.imag > 0]
    apart = np.abs(upper[:, None] - upper[None])[~np.eye(len(upper), dtype=bool)]
    if len(upper) != 3 or apart.min() < 1e-4:
        raise InputError(
            "the elastic constants are isotropic or nearly so; give a Poisson ratio instead"
        )
    shapes = np.empty((3, 3), dtype=np.complex128)
    for number, p in enumerate(upper):
        _, _, right = np.linalg.svd(zero + p * one + p**2 * two)
        shapes[:, number] = right[-1].conj()
    return upper, shapes
