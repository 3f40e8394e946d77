"""Insertion of an edge dislocation into an oriented crystal by linear elasticity.

Isotropic field after Hirth & Lothe, Theory of Dislocations (2nd ed., 1982), section 3-4, with the
order of operations of the program Atomsk (10.1016/j.cpc.2015.07.012), whose output is reproduced.
"""

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from cases.specimens.elasticity import CubicStiffness, anisotropic_displacement
from stembench.arrays import Floats
from stembench.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

Mode = Literal["edge", "edge_add", "edge_rm"]

#: Slack in Å with which the cut is made: planes lie at rounded coordinates.
CUT_SLACK = 0.01
SHIFT_SLACK = 0.1


def edge_displacement(
    x: Floats, y: Floats, *, burgers: float, poisson_ratio: float
) -> tuple[Floats, Floats]:
    """Displacement round an edge dislocation along z in an isotropic medium.

    The branch cut lies on x = 0, where u_x jumps by half a Burgers vector on each side.

    Parameters
    ----------
    x, y : ndarray
        Coordinates relative to the dislocation line in Å; x along the Burgers vector.
    burgers : float
        Signed length of the Burgers vector in Å.
    poisson_ratio : float

    Returns
    -------
    u_x, u_y : ndarray
        Displacements in Å.
    """
    nu = poisson_ratio
    r2 = x**2 + y**2
    # The inverse tangent of the ratio, not of the quadrant: the removed half plane closes its cut.
    with np.errstate(divide="ignore"):
        angle = np.arctan(y / x)
    ux = burgers / (2 * math.pi) * (angle + x * y / (2 * (1 - nu) * r2))
    uy = (
        -burgers
        / (2 * math.pi)
        * ((1 - 2 * nu) / (4 * (1 - nu)) * np.log(r2) + (x**2 - y**2) / (4 * (1 - nu) * r2))
    )
    return ux, uy


def insert_edge_dislocation(
    atoms: "Atoms",
    *,
    burgers: float,
    center: tuple[float, float],
    poisson_ratio: float,
    elastic: CubicStiffness | None = None,
    mode: Mode = "edge_rm",
) -> tuple["Atoms", npt.NDArray[np.int64]]:
    """Insert a straight edge dislocation along Z with its Burgers vector along X.

    The displacement field is not periodic: atoms may leave the box by a fraction of an Å and are
    never wrapped.

    Parameters
    ----------
    atoms : ase.Atoms
        Crystal in a box of mutually perpendicular X, Y and Z axes.
    burgers : float
        Signed length of the Burgers vector in Å; a positive sign puts the extra half plane at
        Y above the line.
    center : tuple of two float
        X and Y of the dislocation line in Å; no atom may lie on it.
    poisson_ratio : float
        Between -1 and 0.5, both excluded; without effect if `elastic` is given.
    elastic : CubicStiffness, optional
        Anisotropic elasticity, with mode 'edge' alone: the pure field of the dislocation.
    mode : {'edge_rm', 'edge_add', 'edge'}
        Remove a half plane, add one, or displace only.

    Returns
    -------
    atoms : ase.Atoms
        The dislocated crystal; with 'edge_rm' the box is shorter by half a Burgers vector, with
        'edge_add' longer.
    start_index : ndarray of int64
        For each atom its index in the start crystal; an added atom has that of its original.

    Raises
    ------
    InputError
        If the box is not oriented as required, an atom lies on the line, or a number is out of
        range, or anisotropic elasticity is asked for in another mode.
    """
    if elastic is not None and mode != "edge":
        raise InputError(f"anisotropic elasticity is available in mode 'edge', not in '{mode}'")
    if mode not in ("edge", "edge_add", "edge_rm"):
        raise InputError(f"dislocation mode '{mode}' is not one of edge, edge_add, edge_rm")
    if not (math.isfinite(burgers) and burgers != 0):
        raise InputError(
            f"the length of the Burgers vector must be finite and not 0, it is {burgers}"
        )
    if not -1 < poisson_ratio < 0.5:
        raise InputError(f"the Poisson ratio must lie between -1 and 0.5, not {poisson_ratio}")
    cell = np.array(atoms.cell.array, dtype=np.float64)
    if np.abs(cell - np.diag(np.diag(cell))).max() > 1e-6 or np.diag(cell).min() <= 0:
        raise InputError("the crystal's box must be a cuboid with its edges along X, Y and Z")

    start = np.array(atoms.positions, dtype=np.float64)
    x = start[:, 0] - center[0]
    y = start[:, 1] - center[1]
    if np.hypot(x, y).min(initial=np.inf) < 1e-3:
        raise InputError("an atom lies on the dislocation line; move the centre between columns")
    if elastic is not None:
        out = atoms[np.arange(len(atoms))]
        out.positions += anisotropic_displacement(
            x, y, burgers=np.array([burgers, 0.0, 0.0]), stiffness=elastic
        )
        return out, np.arange(len(start), dtype=np.int64)
    length = abs(burgers)
    sign = math.copysign(1.0, burgers)
    keep = np.ones(len(start), dtype=bool)
    added = np.zeros(0, dtype=np.int64)
    stretch = {"edge": 0.0, "edge_add": 0.5, "edge_rm": -0.5}[mode] * length

    if mode == "edge_rm":
        keep = ~((x >= 0) & (x < length - CUT_SLACK) & (sign * y <= 0))
    elif mode == "edge_add":
        added = np.flatnonzero(
            (x >= length) & (x < 2 * length - CUT_SLACK) & (sign * y >= 0)
        ).astype(np.int64)
    index = np.flatnonzero(keep).astype(np.int64)
    x, y = x[keep], y[keep]

    # Each displacement is taken at the coordinates that an atom has at that moment.
    if mode == "edge":
        x = np.where((x > 0) & (sign * y <= 0), x + length / 2, x)
    elif mode == "edge_add":
        x = np.where(x >= 0, x + length / 2, x)
    else:
        x = np.where((x >= SHIFT_SLACK) & (sign * y <= 0), x - length / 2, x)
    ux, uy = edge_displacement(x, y, burgers=burgers, poisson_ratio=poisson_ratio)
    x, y = x + ux, y + uy
    if mode == "edge":
        x = np.where((x > 0) & (sign * y >= 0), x - length / 2, x)
    elif mode == "edge_rm":
        x = np.where((x > SHIFT_SLACK) & (sign * y >= 0), x - length / 2, x)

    out = atoms[index]
    out.positions[:, 0] = x + center[0]
    out.positions[:, 1] = y + center[1]
    if added.size:
        copies = atoms[added]
        xs = start[added, 0] - center[0]
        ys = start[added, 1] - center[1]
        _, uy = edge_displacement(xs, ys, burgers=burgers, poisson_ratio=poisson_ratio)
        copies.positions[:, 0] = start[added, 0] - 1.25 * length
        copies.positions[:, 1] = start[added, 1] + uy
        out = out + copies
        index = np.concatenate([index, added])
    cell[0, 0] += stretch
    out.cell[:] = cell
    return out, index
