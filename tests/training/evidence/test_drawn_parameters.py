"""The tables of docs/training.md against the declarations in force."""

from pathlib import Path

from training.evidence.drawn_parameters import training_table
from training.images.image_ranges import IMAGE_DRAWN
from training.specimens.specimen_ranges import SPECIMEN_DRAWN

DOCUMENT = Path(__file__).parents[3] / "docs" / "training.md"


def test_the_document_shows_the_table_in_force() -> None:
    assert training_table() in DOCUMENT.read_text(encoding="utf-8")


def test_every_parameter_is_listed() -> None:
    table = training_table()
    for step in (*SPECIMEN_DRAWN, *IMAGE_DRAWN):
        assert all(f"`{step.name}.{name}`" in table for name in (*step.ranges, *step.choices))
