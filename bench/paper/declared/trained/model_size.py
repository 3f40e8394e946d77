"""Claim on model size at the scale of two cores: CGRDN of three growth rates by the L1 loss."""

from itertools import pairwise
from typing import Final

from bench.paper.declared.trained.table_one import psnr_by_training, scale_text
from bench.paper.declared.trained.trained_tables import crossed_number, trained_table
from bench.paper.networks.network_drawing import grouped
from bench.paper.verdicts import judged
from reports import Drawn, Material, PaperFigure, above, rule

_SIZES: Final = {
    "cgrdn-8-4": "CGRDN 8/4", "cgrdn-16-4": "CGRDN 16/4", "cgrdn-24-4": "CGRDN 24/4",
}  # fmt: skip


def _draw(material: Material) -> Drawn:
    del material
    table = trained_table("networks", _SIZES)
    table = table[table["name"].isin(_SIZES)].reset_index(drop=True)
    values = {name: psnr_by_training(table, name) for name in _SIZES}
    rows: list[tuple[str, ...]] = [
        ("network", "trained numbers", "PSNR (dB)", "over the smaller one (dB)", "seeds")
    ]
    numbers = []
    for smaller, larger in pairwise(_SIZES):
        count = min(len(values[smaller]), len(values[larger]))
        numbers.append(
            crossed_number(
                values[larger][:count] - values[smaller][:count], unit="dB",
                condition=f"{_SIZES[larger]} over {_SIZES[smaller]}",
            )
        )  # fmt: skip
    gains = ["", *(number.text.removesuffix(" dB") for number in numbers)]
    for (name, label), gain in zip(_SIZES.items(), gains, strict=True):
        parameters = int(table.loc[table["name"] == name, "parameters"].iloc[0])
        told = crossed_number(values[name], unit="dB").text.removesuffix(" dB")
        rows.append((label, grouped(parameters), told, gain, str(len(values[name]))))
    conditions = [above(0.0, name=number.condition) for number in numbers]
    return Drawn(
        caption="CGRDN with 8, 16 and 24 channels of growth and 4 dense layers a block, "
        f"trained alike: {scale_text(table)}. Differences are paired.",
        tables={"": table},
        summary=tuple(rows),
        findings=(judged(6, rule(*conditions), numbers),),
    )


FIGURES: Final = (
    PaperFigure(
        number="model-size",
        title="Table: size of the model",
        theirs="The supplement compares sizes of CGRDN by the absolute loss; larger ones are more "
        "accurate, and the hardware sets the limit.",
        claims=(6,),
        needs="the tables of a checkout's own trainings (results/training)",
        draw=_draw,
    ),
)
