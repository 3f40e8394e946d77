"""Size of each element's projected potential, equation (21)."""

from typing import Final

import numpy as np

from stembench.arrays import Floats

#: Root mean square radius of the projected potential in Å, of H (Z = 1) to Lr (Z = 103).
#: Computed from the parametrisation of Lobato and Van Dyck, Acta Cryst. A 70, 636 (2014), whose
#: scattering factor is the sum over five terms of a (2 + b g²) / (1 + b g²)²: by its curvature at
#: g = 0, the square is 3 Σ a b / (2 π² Σ a).
_RADII: Final = (
    0.6481, 0.4288, 1.3044, 0.9337, 0.7696, 0.6614, 0.5731, 0.5058, 0.4490, 0.4023, 1.2532, 1.0233,
    0.9842, 0.8692, 0.7678, 0.6859, 0.6144, 0.5556, 1.3615, 1.1754, 1.0893, 1.0248, 0.9722, 0.9889,
    0.8886, 0.8537, 0.8246, 0.7979, 0.7766, 0.7629, 0.8514, 0.8043, 0.7422, 0.6849, 0.6300, 0.5834,
    1.3808, 1.2352, 1.1170, 1.0337, 1.0025, 0.9663, 0.9308, 0.8974, 0.8643, 0.5707, 0.7463, 0.7351,
    0.8314, 0.8171, 0.7741, 0.7276, 0.6799, 0.6385, 1.3878, 1.2778, 1.1633, 1.2270, 1.2071, 1.1890,
    1.1718, 1.1594, 1.1412, 1.0510, 1.1101, 1.0959, 1.0848, 1.0726, 1.0630, 1.0573, 0.9752, 0.9058,
    0.8503, 0.8047, 0.7658, 0.7322, 0.6349, 0.6956, 0.6229, 0.6363, 0.7371, 0.7819, 0.7675, 0.7317,
    0.6902, 0.6556, 1.2475, 1.1895, 1.0879, 1.0054, 1.0338, 1.0145, 0.9974, 1.0191, 1.0021, 0.9457,
    0.9341, 0.9563, 0.9413, 0.9313, 0.9166, 0.9098, 0.8724,
)  # fmt: skip

#: Elements of the table, Z.
ELEMENTS: Final = range(1, len(_RADII) + 1)


def root_mean_square_radii() -> Floats:
    """Root mean square radii of equation (21) in Å by Z - 1, shape (103,)."""
    return np.array(_RADII)
