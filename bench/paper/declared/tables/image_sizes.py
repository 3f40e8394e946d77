"""Table: parts of several sizes of published pairs, odd ones too, restored."""

from typing import Final

import numpy as np
import pandas as pd

from bench.images.pairs import PUBLISHED_MAXIMUM
from bench.paper.restored_pairs import distorted_pairs, restored_grey
from bench.paper.verdicts import judged, mean_number
from reports import Drawn, Material, PaperFigure, above, psnr, rule

_SPEC: Final = "cgrdn"
#: Lines and px of a line, each large enough to hold a part of every specimen, whose corner may be
#: empty. The network halves its image: odd sides are met by mirroring.
_SIZES: Final = ((256, 31), (64, 200), (97, 129), (255, 255), (256, 256))


def _draw(material: Material) -> Drawn:
    rows = []
    for pair in distorted_pairs("hrstem"):
        for height, width in _SIZES:
            part = pair.distorted[:height, :width]
            truth = pair.truth[:height, :width]
            restored = restored_grey(pair, part, _SPEC, material)
            rows.append(
                {
                    "lines": height, "px": width, "pair": pair.number,
                    "raw_db": psnr(part, truth, maximum=PUBLISHED_MAXIMUM),
                    "restored_db": psnr(restored, truth, maximum=PUBLISHED_MAXIMUM),
                }
            )  # fmt: skip
    table = pd.DataFrame(rows)
    summary: list[tuple[str, ...]] = [("size", "raw (dB)", "CGRDN (dB)", "gain (dB)", "n")]
    gains = []
    for height, width in _SIZES:
        own = table[(table["lines"] == height) & (table["px"] == width)]
        name = f"{height} x {width}"
        gain = mean_number(own["restored_db"] - own["raw_db"], unit="dB", condition=name)
        gains.append(gain)
        means = [mean_number(own[column]).text for column in ("raw_db", "restored_db")]
        n = int(np.isfinite(own["restored_db"] - own["raw_db"]).sum())
        summary.append((name, *means, gain.text.removesuffix(" dB"), str(n)))
    return Drawn(
        caption="Mean PSNR (MAX = 65535) of the upper left part of published HR-STEM pairs, cut to "
        "several sizes before restoration by CGRDN, with 95 % intervals over pairs; gains are "
        "paired.",
        tables={"": table},
        summary=tuple(summary),
        findings=(judged(9, rule(*(above(0.0, name=gain.condition) for gain in gains)), gains),),
        sources=("test_data/sfr_hrstem.h5 of tk_r_em 1.0.4 (GPL-3.0)",),
    )


FIGURES: Final = (
    PaperFigure(
        number="image-sizes",
        title="Table: images of several sizes",
        theirs="The text says that the network takes images of any size.",
        claims=(9,),
        needs=f"nothing but this program; restores {8 * len(_SIZES)} images",
        draw=_draw,
    ),
)
