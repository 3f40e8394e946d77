"""Figures of a training: its losses with their gap, and restored held-out images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from stembench.atomic_files import replacing
from training.pairs.pair import Image
from training.recipes.recipe import Recipe
from training.schedule.records.history import Row

CURVES: Final = "losses.png"
IMAGES: Final = "images"


def write_curves(
    path: Path, training: Sequence[Row], validation: Sequence[Row], *, recipe: Recipe
) -> None:
    """Draw training and validation loss on one axis, and their gap, to a file.

    Parameters
    ----------
    path : pathlib.Path
    training, validation : sequence of dict
        Rows of the tables, see `training.schedule.records.history`.
    recipe : Recipe
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.8), dpi=110, layout="constrained")
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    steps, losses = _columns(training, "pixel_wise")
    axes.plot(steps, losses, color="0.75", linewidth=0.8, label="training, each row")
    steps, losses = _columns(validation, "training")
    axes.plot(steps, losses, color="C0", label="training, since the validation before")
    steps, losses = _columns(validation, "loss")
    axes.plot(steps, losses, color="C1", marker=".", label="held-out pairs")
    axes.set_yscale("log")
    axes.set_ylabel("loss pixel by pixel")
    steps, gaps = _columns(validation, "gap")
    below.axhline(0, color="0.75", linewidth=0.8)
    below.plot(steps, gaps, color="C2", marker=".")
    below.set_ylabel("held-out - training")
    below.set_xlabel(f"steps of {recipe.batch} pairs")
    end = 0
    for number, stage in enumerate(recipe.stages, start=1):
        if training and end > training[-1]["step"]:
            break
        for each in (axes, below):
            each.axvline(end, color="0.85", linestyle=":", linewidth=0.8)
        axes.annotate(
            f"stage {number}", (end, 1), xycoords=("data", "axes fraction"), fontsize=7,
            xytext=(3, -9), textcoords="offset points",
        )  # fmt: skip
        end += stage.epochs * recipe.steps_of_epoch
    axes.set_title(
        f"{recipe.name}: {recipe.pairs.training} training pairs, {recipe.validated} held out",
        fontsize=9,
    )
    axes.legend(frameon=False, fontsize=8)
    with replacing(path) as temporary:
        figure.savefig(temporary)


def write_image_grid(path: Path, distorted: Image, restored: Image, clean: Image) -> None:
    """Draw distorted, restored and undistorted images in rows of three, each row one grey scale.

    Parameters
    ----------
    path : pathlib.Path
    distorted, restored, clean : ndarray
        (n, h, w, 1) each.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.1, 1.7 * len(distorted) + 0.2), dpi=110, layout="constrained")
    panels = figure.subplots(len(distorted), 3, squeeze=False)
    for row, images in zip(panels, zip(distorted, restored, clean, strict=True), strict=True):
        low, high = np.quantile(images[2], (0.002, 0.998))
        for axes, image in zip(row, images, strict=True):
            axes.imshow(
                image[..., 0], cmap="gray", vmin=low, vmax=max(high, low + 1e-6),
                interpolation="nearest",
            )  # fmt: skip
            axes.set_axis_off()
    for axes, title in zip(panels[0], ("distorted", "restored", "undistorted"), strict=True):
        axes.set_title(title, fontsize=8)
    with replacing(path) as temporary:
        figure.savefig(temporary)


def _columns(rows: Sequence[Row], name: str) -> tuple[list[Any], list[Any]]:
    known = [row for row in rows if name in row]
    return [row["step"] for row in known], [row[name] for row in known]
