"""Figure of pairs: distorted beside undistorted images."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stembench.atomic_files import replacing
from training.pairs.pair import Image
from training.pairs.pair_sequence import PairSequence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 4


def pair_figure(sequences: tuple[PairSequence, ...], *, count: int = 32) -> "Figure":
    """Draw pairs of some sequences in turn, each distorted image left of its undistorted one.

    Parameters
    ----------
    sequences : tuple of PairSequence
        Each with at least ``count / len(sequences)`` pairs, rounded up.
    count : int
        Number of pairs.
    """
    from matplotlib.figure import Figure

    rows = -(-count // _COLUMNS)
    figure = Figure(figsize=(2 * _COLUMNS * 1.35, rows * 1.5), dpi=110, layout="constrained")
    panels = figure.subplots(rows, 2 * _COLUMNS, squeeze=False)
    for each in panels.ravel():
        each.set_axis_off()
    for k in range(count):
        sequence = sequences[k % len(sequences)]
        pair = sequence.pair(k // len(sequences))
        left = panels[k // _COLUMNS, 2 * (k % _COLUMNS)]
        right = panels[k // _COLUMNS, 2 * (k % _COLUMNS) + 1]
        for axes, image in ((left, pair.distorted), (right, pair.clean)):
            low, high = _grey(image)
            axes.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
        left.set_title(f"{sequence.modality} {pair.electrons:.3g} e/px", fontsize=6, pad=2)
        # Objects at low resolution have no size in Å.
        atoms = pair.kind in ("crystal", "amorphous", "points")
        scale = f", {pair.sampling:.2g} Å/px" if atoms else ""
        right.set_title(f"{pair.kind}{scale}", fontsize=6, pad=2)
    return figure


def write_pair_figure(sequence: PairSequence, path: Path) -> Path:
    """Draw the first pairs of a sequence, 32 at most, to an image file; return its path."""
    figure = pair_figure((sequence,), count=min(32, len(sequence)))
    with replacing(path) as temporary:
        figure.savefig(temporary)
    return path


def _grey(image: Image) -> tuple[float, float]:
    """Ends of the grey scale: all but the brightest and darkest 0.2 % of the pixels."""
    low, high = np.quantile(image, (0.002, 0.998))
    return float(low), float(max(high, low + 1e-6))
