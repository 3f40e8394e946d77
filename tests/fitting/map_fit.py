"""Images with displaced scan lines, and a plain maximum a posteriori fit of columns and lines.

Dense and slow, and written apart from the bound that it tests: Fisher scoring with exact
derivatives of the Gaussians at their displaced places.
"""

from dataclasses import dataclass

import numpy as np

from fitting import ColumnModel


@dataclass(frozen=True)
class Scene:
    """What the fit is told: electrons per pixel of beam fraction 1, lines' covariance [px²]."""

    model: ColumnModel
    electrons: float
    covariance: np.ndarray

    @property
    def start(self) -> np.ndarray:
        """True x, y, heights, width and background, then no displacement."""
        model = self.model
        columns = [model.x, model.y, model.height, [model.sigma[0]], model.background]
        return np.concatenate([*columns, np.zeros(2 * model.shape[0])])


def ar1_covariance(lines: int, *, sigma: float, phi: float) -> np.ndarray:
    """Covariance of a stationary autoregressive series, written down instead of inverted."""
    lag = np.abs(np.subtract.outer(np.arange(lines), np.arange(lines)))
    return sigma**2 / (1 - phi**2) * phi**lag


@dataclass(frozen=True)
class Slopes:
    """Expected electrons of an image and their derivatives.

    `columns` (p, rows, cols) by the columns' parameters; `lines` (2, rows, cols) by the
    displacement along x and y of each pixel's own line.
    """

    rate: np.ndarray
    columns: np.ndarray
    lines: np.ndarray

    def gradient(self, residual: np.ndarray) -> np.ndarray:
        """Sum over pixels of `residual` times each derivative."""
        columns = np.tensordot(self.columns, residual, 2)
        return np.concatenate([columns, (self.lines * residual).sum(axis=2).ravel()])

    def matrix(self, weight: np.ndarray) -> np.ndarray:
        """Sum over pixels of `weight` times the products of derivatives."""
        p, rows = len(self.columns), self.rate.shape[0]
        out = np.zeros((p + 2 * rows, p + 2 * rows))
        flat = self.columns.reshape(p, -1)
        out[:p, :p] = (flat * weight.ravel()) @ flat.T
        line = np.arange(rows)
        for a in range(2):
            weighted = self.lines[a] * weight
            own = p + a * rows + line
            out[:p, own] = (self.columns * weighted).sum(axis=2)
            out[own, :p] = out[:p, own].T
            for b in range(2):
                out[own, p + b * rows + line] = (self.lines[b] * weighted).sum(axis=1)
        return out


def expected(scene: Scene, values: np.ndarray) -> Slopes:
    """Expected electrons and their derivatives at `values`, in the order of `Scene.start`."""
    rows, cols = scene.model.shape
    n = scene.model.n_columns
    x, y, height = values[:n], values[n : 2 * n], values[2 * n : 3 * n]
    width, background = values[3 * n], values[3 * n + 1]
    dx, dy = values[3 * n + 2 :].reshape(2, rows)
    u = (np.arange(cols)[None, :] + dx[:, None])[None] - x[:, None, None]
    v = (np.arange(rows) + dy)[None, :, None] - y[:, None, None]
    bell = np.exp(-(u**2 + v**2) / (2 * width**2))
    light = height[:, None, None] * bell
    by_x, by_y = light * u / width**2, light * v / width**2
    by_width = (light * (u**2 + v**2)).sum(axis=0) / width**3
    columns = [by_x, by_y, bell, by_width[None], np.ones((1, rows, cols))]
    return Slopes(
        scene.electrons * (light.sum(axis=0) + background),
        scene.electrons * np.concatenate(columns),
        scene.electrons * -np.stack([by_x.sum(axis=0), by_y.sum(axis=0)]),
    )


def prior_precision(scene: Scene) -> np.ndarray:
    """Inverse covariance of all parameters; 0 for those of columns, of which nothing is known."""
    rows = scene.model.shape[0]
    out = np.zeros((len(scene.start), len(scene.start)))
    for block in (slice(-2 * rows, -rows), slice(-rows, None)):
        out[block, block] = np.linalg.inv(scene.covariance)
    return out


def map_fit(
    scene: Scene, counts: np.ndarray, *, start: np.ndarray, lines_free: bool = True, steps: int = 60
) -> np.ndarray | None:
    """Parameters of the largest posterior density, from `Scene.start`; None if not converged."""
    values, prior = start, prior_precision(scene)
    columns = len(values) - 2 * scene.model.shape[0]
    free = np.arange(len(values) if lines_free else columns)

    def cost(at: np.ndarray, rate: np.ndarray) -> float:
        if (rate <= 0).any():
            return float("inf")
        return float((rate - counts * np.log(rate)).sum() + at @ prior @ at / 2)

    damping, here = 1e-3, expected(scene, values)
    now = cost(values, here.rate)
    for _ in range(steps):
        gradient = (here.gradient(counts / here.rate - 1) - prior @ values)[free]
        matrix = (here.matrix(1 / here.rate) + prior)[np.ix_(free, free)]
        while True:
            step = np.linalg.solve(matrix + damping * np.diag(np.diag(matrix)), gradient)
            trial = values.copy()
            trial[free] += step
            there = expected(scene, trial)
            then = cost(trial, there.rate)
            if then <= now:
                break
            damping *= 10
            if damping > 1e6:
                return None
        values, here, gain, now = trial, there, now - then, then
        damping /= 10
        if gain < 1e-4:  # nats; a standard error is half a nat
            return values
    return None
