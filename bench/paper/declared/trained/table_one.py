"""Counterpart of Table 1 at the scale of two cores: PSNR of architectures trained alike."""

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from bench.paper.declared.trained.trained_tables import crossed_number, trained_table
from bench.paper.networks.network_drawing import grouped
from bench.paper.networks.trained.compared_networks import FULL_SIZE
from bench.paper.networks.trained.held_out_psnr import FILTERS
from bench.paper.networks.trained.trial import HELD_OUT, SIDE, TRAINED
from bench.paper.verdicts import judged, mean_number
from reports import Drawn, Finding, Material, Number, PaperFigure, above, rule
from stembench.arrays import Floats

_LABELS: Final = {"cgrdn-16-4": "CGRDN 16/4", "grdn-16-4": "GRDN 16/4", "mr-unet": "MR-UNET"}
#: What the paper says of: the first of each pair is the better one.
_ORDER: Final = (("cgrdn-16-4", "grdn-16-4"), ("cgrdn-16-4", "mr-unet"), ("grdn-16-4", "mr-unet"))


def psnr_by_training(table: pd.DataFrame, name: str) -> Floats:
    """PSNR (trainings, pairs) in dB of one network or filter."""
    own = table[table["name"] == name]
    wide = own.pivot_table(index="seed", columns="pair", values="psnr_db")
    return wide.to_numpy(dtype=np.float64)


def best_filter(table: pd.DataFrame) -> tuple[str, Floats]:
    """Name and PSNR (1, pairs) of the best restorer that is not trained, by its mean."""
    found = {name: psnr_by_training(table, name) for name in FILTERS}
    best = max(found, key=lambda name: float(found[name].mean()))
    return best, found[best]


def scale_text(table: pd.DataFrame) -> str:
    """The scale of the trainings in words."""
    steps = int(table["steps"].max())
    return (
        f"{steps} steps of 4 hrstem pairs of {SIDE} x {SIDE} px ({TRAINED} pairs, each seen once), "
        f"absolute loss (4), Adam with 5e-4 after 200 steps falling to zero as half a cosine; PSNR "
        f"by equation (1) with the largest value of each undistorted image, on {HELD_OUT} pairs "
        "that none learned from; 95 % intervals over seeds and pairs"
    )


def _draw(material: Material) -> Drawn:
    del material
    table = trained_table("networks", _LABELS)
    values = {name: psnr_by_training(table, name) for name in _LABELS}
    best, of_filter = best_filter(table)
    rows: list[tuple[str, ...]] = [
        ("network", "trained numbers", "of full size", "PSNR (dB)", "over the best filter (dB)",
         "seeds")
    ]  # fmt: skip
    gains = []
    for name, label in _LABELS.items():
        gain = crossed_number(values[name] - of_filter, unit="dB", condition=f"{label} over {best}")
        gains.append(gain)
        rows.append(
            (
                label, grouped(_parameters(table, name)), grouped(FULL_SIZE[name]),
                _bare(crossed_number(values[name], unit="dB")), _bare(gain),
                str(len(values[name])),
            )
        )  # fmt: skip
    for name in FILTERS:
        own = psnr_by_training(table, name)[0]
        over = mean_number(own - of_filter[0], unit="dB")
        told = "" if name == best else _bare(over)
        rows.append((name, "", "", _bare(mean_number(own, unit="dB")), told, ""))
    if not all(gain.low > 0 for gain in gains):
        finding = _undecided(gains)
        order = (
            "Some network does not exceed the best filter beyond doubt: the budget was too small, "
            "and no order is printed."
        )
    else:
        numbers = [_over(values, one, other) for one, other in _ORDER]
        conditions = [above(0.0, name=number.condition) for number in numbers]
        finding = judged(3, rule(*conditions), numbers)
        order = "Paired: " + "; ".join(f"{n.condition} {n.text}" for n in numbers) + "."
    return Drawn(
        caption=f"Networks trained alike: {scale_text(table)}. The best filter is {best}; a filter "
        "that refuses an image leaves it as it is. MR-UNET without its deepest level, which "
        "64 px do not have, and with fewer channels, so that its trained numbers are "
        f"{_parameters(table, 'mr-unet') / _parameters(table, 'cgrdn-16-4'):.2f} times CGRDN's "
        f"({FULL_SIZE['mr-unet'] / FULL_SIZE['cgrdn-16-4']:.2f} times at full size; the paper says "
        f"seven times). {order}",
        tables={"": table},
        summary=tuple(rows),
        findings=(finding,),
    )


def _undecided(gains: list[Number]) -> Finding:
    """What is said of the order while trainings are too short for one."""
    enough = rule(*(above(0.0, name=gain.condition) for gain in gains))
    return replace(
        judged(3, enough, gains),
        outcome="undecided",
        rule="an order of networks is told once every interval over the best filter is above 0",
        conditions="",
    )


def _over(values: dict[str, Floats], one: str, other: str) -> Number:
    """PSNR of one network less that of another on the same pairs, seeds in their order."""
    count = min(len(values[one]), len(values[other]))
    return crossed_number(
        values[one][:count] - values[other][:count],
        unit="dB",
        condition=f"{_LABELS[one]} over {_LABELS[other]}",
    )


def _bare(number: Number) -> str:
    return number.text.removesuffix(" dB")


def _parameters(table: pd.DataFrame, name: str) -> int:
    return int(table.loc[table["name"] == name, "parameters"].iloc[0])


FIGURES: Final = (
    PaperFigure(
        number="table-1",
        title="PSNR and size of network architectures",
        theirs="Trained numbers and PSNR of MR-UNET, GRDN and CGRDN, trained alike.",
        claims=(3,),
        needs="the tables of a checkout's own trainings (results/training)",
        draw=_draw,
    ),
)
