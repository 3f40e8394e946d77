"""Point groups that scans are folded by: 4mm in [001] crystals and the particle, 2mm in [112]."""

from typing import Final

import numpy as np

from stembench.arrays import Integers

#: The eight operations of the point group 4mm as matrices on (x, y), shape (8, 2, 2).
POINT_GROUP: Final[Integers] = np.array(
    [
        [[sx, 0], [0, sy]] if not swap else [[0, sx], [sy, 0]]
        for swap in (False, True)
        for sx in (1, -1)
        for sy in (1, -1)
    ],
    dtype=np.int64,
)

#: Signs of (x, y) under the four operations of the point group 2mm, shape (4, 2).
MIRRORS: Final[Integers] = np.array([[sx, sy] for sx in (1, -1) for sy in (1, -1)], dtype=np.int64)
