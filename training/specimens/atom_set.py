"""Atoms of a specimen: which elements, and where."""

from dataclasses import dataclass

import numpy as np

from stembench.arrays import Bools, Floats, Integers


@dataclass(frozen=True, eq=False)
class AtomSet:
    """Atoms in a box that begins at the origin.

    Attributes
    ----------
    numbers : ndarray of int, shape (n,)
        Atomic numbers.
    positions : ndarray, shape (n, 3)
        x along image rows, y across them, z along the beam, in Å.
    """

    numbers: Integers
    positions: Floats

    def __len__(self) -> int:
        return len(self.numbers)

    def kept(self, chosen: Bools) -> "AtomSet":
        """Return the atoms for which `chosen`, shape (n,), is true."""
        return AtomSet(self.numbers[chosen], self.positions[chosen])

    def joined(self, other: "AtomSet") -> "AtomSet":
        """Return these atoms and those of another set."""
        return AtomSet(
            np.concatenate([self.numbers, other.numbers]),
            np.concatenate([self.positions, other.positions]),
        )
