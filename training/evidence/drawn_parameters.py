"""Ranges and probabilities of pairs as the tables of docs/training.md."""

from noise import drawn_tables
from training.images.image_ranges import IMAGE_DRAWN, OBJECTS
from training.pairs.modalities import PAIR
from training.specimens.specimen_ranges import BOX, SPECIMEN_DRAWN


def training_table() -> str:
    """Everything that is drawn for a pair beside its noise, as two Markdown tables."""
    first_object = IMAGE_DRAWN.index(OBJECTS)
    return drawn_tables(
        (
            *(("all" if step is BOX else "atoms", step) for step in SPECIMEN_DRAWN),
            ("all", IMAGE_DRAWN[0]),
            *(("all", step) for step in IMAGE_DRAWN[1:first_object]),
            *(("objects", step) for step in IMAGE_DRAWN[first_object:]),
            ("low resolution", PAIR),
        )
    )
