"""Table: images that were blurred or resampled before they were restored."""

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from bench.images.pairs import PUBLISHED_MAXIMUM, ImagePair
from bench.paper.restored_pairs import distorted_pairs, restored_grey
from bench.paper.verdicts import judged, mean_number
from reports import Drawn, Material, PaperFigure, below, psnr, rule
from stembench.arrays import Floats

_SPEC: Final = "cgrdn"
_UNTOUCHED: Final = "untouched"


def _blurred(image: Floats, restore: Callable[[Floats], Floats], *, sigma: float) -> Floats:
    from scipy.ndimage import gaussian_filter

    return restore(np.asarray(gaussian_filter(image, sigma, mode="mirror")))


def _resampled(image: Floats, restore: Callable[[Floats], Floats], *, factor: float) -> Floats:
    """Resample by cubic splines, restore, and resample back."""
    from skimage.transform import resize

    side = round(image.shape[0] * factor / 2) * 2
    changed = partial(resize, order=3, mode="reflect", preserve_range=True)
    there = changed(image, (side, side), anti_aliasing=factor < 1)
    back = changed(restore(np.asarray(there)), image.shape)
    return np.asarray(back, dtype=np.float64)


_CHANGES: Final[dict[str, Callable[[Floats, Callable[[Floats], Floats]], Floats]]] = {
    _UNTOUCHED: lambda image, restore: restore(image),
    "blurred, σ 0.25 px": partial(_blurred, sigma=0.25),
    "blurred, σ 0.5 px": partial(_blurred, sigma=0.5),
    "blurred, σ 1 px": partial(_blurred, sigma=1.0),
    "resampled, x 0.75": partial(_resampled, factor=0.75),
    "resampled, x 1.5": partial(_resampled, factor=1.5),
}


def _draw(material: Material) -> Drawn:
    rows = []
    for pair in distorted_pairs("hrstem"):
        restore = partial(_restore, pair=pair, material=material)
        for change, apply in _CHANGES.items():
            own = apply(pair.distorted, restore)
            value = psnr(own, pair.truth, maximum=PUBLISHED_MAXIMUM)
            rows.append({"change": change, "pair": pair.number, "psnr_db": value})
    table = pd.DataFrame(rows)
    wide = table.pivot_table(index="pair", columns="change", values="psnr_db")
    losses = {
        change: mean_number(wide[change] - wide[_UNTOUCHED], unit="dB", condition=change)
        for change in _CHANGES
        if change != _UNTOUCHED
    }
    rule_ = rule(*(below(0.0, name=change) for change in losses))
    summary = [("before restoration", "PSNR (dB)", "less untouched (dB)")]
    for change in _CHANGES:
        loss = losses[change].text.removesuffix(" dB") if change in losses else ""
        summary.append((change, mean_number(wide[change]).text, loss))
    return Drawn(
        caption=f"Mean PSNR (MAX = 65535) of {len(wide)} published HR-STEM pairs restored by CGRDN "
        "after a Gaussian blur, or after resampling by cubic splines and back again, with 95 % "
        "intervals over pairs; differences are paired.",
        tables={"": table},
        summary=tuple(summary),
        findings=(judged(8, rule_, list(losses.values())),),
        sources=("test_data/sfr_hrstem.h5 of tk_r_em 1.0.4 (GPL-3.0)",),
    )


def _restore(image: Floats, *, pair: ImagePair, material: Material) -> Floats:
    return restored_grey(pair, image, _SPEC, material)


FIGURES: Final = (
    PaperFigure(
        number="altered-images",
        title="Table: images changed before restoration",
        theirs="The text advises to restore raw, unmodified images.",
        claims=(8,),
        needs="nothing but this program; restores 40 images",
        draw=_draw,
    ),
)
