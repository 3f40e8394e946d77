"""Lattices whose columns are known, wherever the frame cuts them."""

from dataclasses import dataclass

import numpy as np

HEIGHT, BACKGROUND, SAMPLING = 100.0, 20.0, 0.1
#: second lattice vector in pitches, the first being (1, 0)
LATTICES = {
    "square": (0.0, 1.0),
    "hexagonal": (0.5, np.sqrt(0.75)),
    "oblique": (0.3, 1.15),
}


@dataclass(frozen=True)
class Made:
    """A lattice's image without noise, its columns (x, y), and their SCS."""

    clean: np.ndarray
    places: np.ndarray
    scs: float

    def counts(self, seed=0):
        return np.random.default_rng(seed).poisson(self.clean).astype(float)

    def inside(self, margin=0.0):
        rows, cols = self.clean.shape
        limit = np.array([cols, rows]) - 1 - margin
        return self.places[((self.places > margin) & (self.places < limit)).all(axis=1)]


def lattice(
    kind="square", *, pitch=12.0, width=2.4, shape=(80, 92), first=(6.0, 6.0), angle=0.0,
    background=0.0,
):  # fmt: skip
    """Lattice with a column at `first`, on a constant plus `background` (broadcast)."""
    a, b = pitch * np.array([[1.0, 0.0], LATTICES[kind]])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    n = int(3 * max(shape) / pitch) + 3
    i, j = np.mgrid[-n : n + 1, -n : n + 1]
    places = (i.reshape(-1, 1) * a + j.reshape(-1, 1) * b) @ turn.T + np.array(first)
    reach = 8 * width
    near = ((places > -reach) & (places < np.array(shape[::-1]) + reach)).all(axis=1)
    places = places[near]
    x, y = np.arange(shape[1]), np.arange(shape[0])
    gx = np.exp(-((x - places[:, :1]) ** 2) / (2 * width**2))
    gy = np.exp(-((y - places[:, 1:]) ** 2) / (2 * width**2))
    clean = BACKGROUND + HEIGHT * gy.T @ gx + background
    return Made(clean, places, 2 * np.pi * HEIGHT * width**2 * SAMPLING**2)
