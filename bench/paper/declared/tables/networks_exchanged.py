"""Table: images of low and high resolution restored by the networks for both."""

from typing import Final

import pandas as pd

from bench.images.pairs import PUBLISHED_MAXIMUM
from bench.paper.restored_pairs import NETWORKS, distorted_pairs, restored_grey
from bench.paper.verdicts import judged, mean_number
from reports import Drawn, Material, PaperFigure, above, psnr, rule

_TWO: Final = (("hrstem", "lrstem"), ("hrsem", "lrsem"))


def _draw(material: Material) -> Drawn:
    rows = []
    for both in _TWO:
        for images in both:
            for pair in distorted_pairs(images):
                for network in both:
                    name, spec = NETWORKS[network]
                    own = restored_grey(pair, pair.distorted, spec, material)
                    rows.append(
                        {
                            "images": NETWORKS[images][0], "network": name, "pair": pair.number,
                            "psnr_db": psnr(own, pair.truth, maximum=PUBLISHED_MAXIMUM),
                        }
                    )  # fmt: skip
    table = pd.DataFrame(rows)
    summary = [("images", "own network (dB)", "the other's (dB)", "gain of the own (dB)", "n")]
    numbers = []
    for images in dict.fromkeys(table["images"]):
        wide = table[table["images"] == images].pivot_table(
            index="pair", columns="network", values="psnr_db"
        )
        other = next(name for name in wide if name != images)
        gain = mean_number(wide[images] - wide[other], unit="dB", condition=images)
        numbers.append(gain)
        ends = [mean_number(wide[name]).text for name in (images, other)]
        summary.append((images, *ends, gain.text.removesuffix(" dB"), str(len(wide))))
    conditions = [above(0.0, name=number.condition) for number in numbers]
    return Drawn(
        caption="Mean PSNR (MAX = 65535) of the published pairs, each restored by the network for "
        "its own resolution and by that for the other, with 95 % intervals over pairs; gains are "
        "paired.",
        tables={"": table},
        summary=tuple(summary),
        findings=(judged(7, rule(*conditions), numbers),),
        sources=("test_data of tk_r_em 1.0.4 (GPL-3.0)",),
    )


FIGURES: Final = (
    PaperFigure(
        number="networks-exchanged",
        title="Table: networks for low and high resolution exchanged",
        theirs="The text says that networks trained apart for low and high resolution are best.",
        claims=(7,),
        needs="nothing but this program; restores 64 images",
        draw=_draw,
    ),
)
