"""Atom counts without a library: a Gaussian mixture of one variance, its size chosen by ICL."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from stembench.arrays import Floats
from stembench.errors import InputError

_MAX_STEPS: Final = 500
_TOLERANCE: Final = 1e-6  # of the log-likelihood per column and step


@dataclass(frozen=True)
class MixtureCount:
    """Outcome of statistical atom counting.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per SCS, index ``column``: ``count`` (float, NaN for NaN) and its ``probability``.
    means : ndarray, shape (g,)
        SCS of the components [Å²], rising; component k stands for ``first + k`` atoms.
    weights : ndarray, shape (g,)
        Fraction of columns in each component.
    sigma : float
        Standard deviation that all components share [Å²].
    icl : pandas.Series
        Integrated classification likelihood by number of components; the least is chosen.
    expected_correct : float
        Expected fraction of columns that are assigned to the right component.
    """

    table: pd.DataFrame
    means: Floats
    weights: Floats
    sigma: float
    icl: "pd.Series[float]"
    expected_correct: float


def count_by_mixture(
    scs: ArrayLike,
    *,
    max_components: int | None = None,
    components: int | None = None,
    first: int = 1,
) -> MixtureCount:
    """Count atoms from the SCS values alone.

    Parameters
    ----------
    scs : array_like, shape (n,)
        Fitted SCS [Å²]; NaN for failed columns.
    max_components : int, optional
        Largest number of components tried; default: the smaller of 30 and a quarter of n.
    components : int, optional
        Number of components to use instead of the one of least ICL, such as a local minimum of
        the curve that other knowledge supports.
    first : int
        Number of atoms of the thinnest component, which the values cannot tell.

    Returns
    -------
    MixtureCount

    Raises
    ------
    InputError
        If fewer than 8 values are finite, or a number of components is not possible.

    Notes
    -----
    Expectation-maximisation from starts spread evenly over the range, over the quantiles, and
    from the solution of one component less with its widest gap filled;
    ICL = -2 ln L + p ln n + 2 (entropy of the assignments), p = 2 g parameters. Method:
    Van Aert et al., Phys. Rev. B 87, 064107 (2013), DOI 10.1103/PhysRevB.87.064107; De Backer et
    al., Ultramicroscopy 134, 23 (2013), DOI 10.1016/j.ultramic.2013.05.003. Not to be trusted
    with few columns per thickness or where a thickness is missing: counts beyond the gap then
    are off by one.
    """
    values = np.atleast_1d(np.asarray(scs, dtype=np.float64))
    if values.ndim != 1:
        raise InputError(f"scs has shape (n,), not {values.shape}")
    good = np.isfinite(values)
    data = values[good]
    if len(data) < 8:
        raise InputError(f"statistical counting needs 8 or more columns, not {len(data)}")
    largest = min(30, len(data) // 4) if max_components is None else max_components
    if largest < 1:
        raise InputError(f"max_components must be 1 or more, not {max_components}")
    if components is not None and not 1 <= components <= largest:
        raise InputError(f"components must be 1 to {largest}, not {components}")
    solutions: dict[int, tuple[Floats, Floats, float]] = {}
    scores: dict[int, float] = {}
    for size in range(1, largest + 1):
        before = solutions[size - 1][0] if size > 1 else np.zeros(0)
        likelihood, means, weights, sigma = _fit(data, size, before)
        posterior, _ = _posterior(data, means, weights, sigma)
        entropy = -float(np.sum(posterior * np.log(np.maximum(posterior, 1e-300))))
        scores[size] = -2.0 * likelihood + 2 * size * float(np.log(len(data))) + 2.0 * entropy
        solutions[size] = means, weights, sigma
    chosen = min(scores, key=lambda size: scores[size]) if components is None else components
    means, weights, sigma = solutions[chosen]
    posterior, _ = _posterior(data, means, weights, sigma)
    count = np.full(len(values), np.nan)
    probability = np.full(len(values), np.nan)
    count[good] = first + posterior.argmax(axis=1)
    probability[good] = posterior.max(axis=1)
    table = pd.DataFrame({"count": count, "probability": probability}).rename_axis("column")
    icl = pd.Series(scores, name="icl", dtype=np.float64).rename_axis("components")
    return MixtureCount(table, means, weights, sigma, icl, float(posterior.max(axis=1).mean()))


def _posterior(data: Floats, means: Floats, weights: Floats, sigma: float) -> tuple[Floats, float]:
    """Probability (n, g) of each component for each value, and the log-likelihood."""
    exponent = np.log(np.maximum(weights, 1e-300)) - 0.5 * ((data[:, None] - means) / sigma) ** 2
    top = exponent.max(axis=1, keepdims=True)
    density = np.exp(exponent - top)
    total = density.sum(axis=1, keepdims=True)
    constant = -len(data) * float(np.log(sigma) + 0.5 * np.log(2 * np.pi))
    return density / total, float(np.sum(top + np.log(total))) + constant


def _fit(data: Floats, size: int, before: Floats) -> tuple[float, Floats, Floats, float]:
    """Best log-likelihood over the starts, with means, weights and the shared sigma.

    `before` holds the means of the solution with one component less.
    """
    low, high = float(data.min()), float(data.max())
    # values cannot be told apart below this; it keeps the likelihood finite
    least = max(1e-4 * (high - low), 1e-12 * max(abs(low), abs(high)), 1e-300)
    step = (high - low) / size
    starts: list[Floats] = [
        np.asarray(low + step * (np.arange(size) + 0.5), dtype=np.float64),
        np.asarray(np.quantile(data, (np.arange(size) + 0.5) / size), dtype=np.float64),
    ]
    if size > 1:
        edges = np.concatenate([[low], before, [high]])
        gap = int(np.argmax(np.diff(edges)))
        starts.append(np.sort(np.append(before, 0.5 * (edges[gap] + edges[gap + 1]))))
    results = [
        _maximise(data, means, max(least, 0.3 * step if step > 0 else least), least)
        for means in starts
    ]
    likelihood, means, weights, sigma = max(results, key=lambda result: result[0])
    order = np.argsort(means)
    return likelihood, means[order], weights[order], sigma


def _maximise(
    data: Floats, means: Floats, sigma: float, least: float
) -> tuple[float, Floats, Floats, float]:
    """Expectation-maximisation from one start."""
    weights = np.full(len(means), 1.0 / len(means))
    last = -np.inf
    for _ in range(_MAX_STEPS):
        posterior, likelihood = _posterior(data, means, weights, sigma)
        if likelihood - last < _TOLERANCE * len(data):
            break
        last = likelihood
        share = posterior.sum(axis=0)
        means = np.where(share > 1e-12, posterior.T @ data / np.maximum(share, 1e-12), means)
        weights = share / len(data)
        variance = float(np.sum(posterior * (data[:, None] - means) ** 2)) / len(data)
        sigma = max(least, float(np.sqrt(variance)))
    return last, means, weights, sigma
