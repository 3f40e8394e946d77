"""Coverage of given pairs by random chains: statistics of random distortions of the clean image."""

from collections.abc import Callable

import numpy as np

from noise.chain import Chain, distort
from noise.dose import draw_counts
from noise.evidence.residuals import STATISTICS, distorted_part, residual_statistics
from noise.post_processing.apply import PostProcessing, post_process
from noise.scan import ScanNoise
from noise.tem import TemNoise
from stembench.arrays import Floats

Draw = Callable[[Floats, np.random.Generator], Floats]

#: Sampling of the random images in Å/px. The pairs' own is not published; jitter alone needs it.
_SAMPLING = 0.2


def random_distortion(modality: str) -> Draw:
    """Our random chain of one modality, with the post-processing that keeps every pixel in place.

    Parameters
    ----------
    modality : str
        A name that ends in 'stem', 'sem' or 'tem'.

    Returns
    -------
    callable
        Takes a clean image of maximum 1 and a generator and returns a distorted image of the same
        unit. Chain, dose and blur are drawn anew at each call.
    """

    def draw(clean: Floats, rng: np.random.Generator) -> Floats:
        post = PostProcessing(blur=PostProcessing.sample(rng).blur)
        counts = draw_counts(rng)
        dose = counts / (clean.mean() * _SAMPLING**2)
        noise: Chain
        if modality.endswith(("stem", "sem")):
            noise = ScanNoise.sample(rng, modality="stem" if modality.endswith("stem") else "sem")
        else:
            # The published y holds the camera's blur already.
            noise = TemNoise.sample(rng).without("mtf")
        x = distort(clean, [rng], dose=dose, sampling=_SAMPLING, noise=noise)[0]
        x, _ = post_process(x, clean, post=post)
        return np.asarray(x / (dose * _SAMPLING**2), dtype=np.float64)

    return draw


def drawn_statistics(
    x: Floats, y: Floats, *, draw: Draw, rng: np.random.Generator, draws: int
) -> tuple[dict[str, float], dict[str, Floats]]:
    """Statistics of a given pair and of random distortions of its clean image.

    The zero of the pair's grey scale is not known: it lies between the scale's end and the darkest
    clean pixel, and is drawn anew each time.

    Parameters
    ----------
    x, y : ndarray, shape (h, w)
        Distorted and clean image.
    draw : callable
        See `random_distortion`.
    rng : numpy.random.Generator
    draws : int
        Number of random distortions.

    Returns
    -------
    tuple of two dict
        Name of the statistic to its value for the pair, and to an array of `draws` values.
    """
    part = distorted_part(x, y)
    rows = []
    for _ in range(draws):
        clean = y - rng.uniform(0, y[part].min())
        clean = np.maximum(clean, 0) / clean[part].max()
        rows.append(residual_statistics(draw(clean, rng), clean, part=part))
    return residual_statistics(x, y, part=part), {
        name: np.array([row[name] for row in rows]) for name in STATISTICS
    }


def rank(value: float, drawn: Floats) -> float:
    """Place of a value among draws: 0 below all, 1 above all; ties count half."""
    return float(((drawn < value).sum() + 0.5 * (drawn == value).sum()) / drawn.size)
