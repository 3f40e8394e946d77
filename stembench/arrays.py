"""Array types of the whole project, by the kind of their elements."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bools", "Floats", "Indices", "Integers"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Integers = NDArray[np.int64]
