"""Claims on the network's architecture."""

from typing import Final

from reports.claims.claim import Claim
from reports.claims.rules import Number, rule, within
from reports.claims.run_tables import RunTables
from reports.claims.table_numbers import exact


def _parameters(tables: RunTables) -> list[Number]:
    known = tables.info.restorers[tables.network].parameters if tables.network else None
    return [] if known is None else [exact(known / 1e6, unit="million")]


def _layers(tables: RunTables) -> list[Number]:
    known = tables.info.restorers[tables.network].layers if tables.network else None
    return [] if known is None else [exact(known)]


CLAIMS: Final = (
    Claim(
        number=1,
        text="The network has 7.04 million parameters",
        place="Implementation details",
        needs="CGRDN among the restorers, in a run that states its parameters",
        evidence=_parameters,
        rule=rule(within(7.035, 7.045)),
        condition="weights and biases, counted from the graph",
    ),
    Claim(
        number=2,
        text="The network has 152 layers",
        place="Implementation details",
        needs="CGRDN among the restorers, in a run that states its layers",
        evidence=_layers,
        rule=rule(within(151.5, 152.5)),
        condition="layers with weights: convolutions and one transposed convolution",
    ),
    Claim(
        number=3,
        text="GRDN and CGRDN need a seventh of MR-UNET's parameters and reach a higher PSNR, CGRDN "
        "the highest",
        place="Table 1",
        needs="GRDN and MR-UNET, trained on the same images as CGRDN; their weights are not "
        "published",
        condition="differences of PSNR on held-out pairs between networks of a sixth of the "
        "paper's size, trained alike for 3000 steps on two cores; an order is told only where "
        "all of them exceed the best filter",
        decided_by="table-1",
    ),
    Claim(
        number=6,
        text="The size of the model is a trade of accuracy (L1) against hardware",
        place="Supplement, ablation",
        needs="networks of several sizes trained alike",
        condition="PSNR of CGRDN 16/4 less that of 8/4, and of 24/4 less that of 16/4, trained "
        "alike for 3000 steps on two cores by the absolute loss",
        decided_by="model-size",
    ),
    Claim(
        number=37,
        text="Generator, patch discriminator and the losses (2) to (15)",
        place="Figs. 8 and 9",
        needs="the discriminator's graph",
        condition="side of what the discriminator gives of 256 x 256 px, which the paper says is "
        "32, with the padding that the graph here has, and with none, as the text says; side of "
        "what one score sees; the losses are equations that no number decides",
        decided_by="9",
    ),
)
