"""Tables of docs/noise.md against the declarations in force."""

from pathlib import Path

import pytest

from noise.evidence.declarations import range_table, stage_table
from noise.presets import PRESETS
from noise.scan import ScanNoise
from noise.tem import TemNoise

DOCUMENT = Path(__file__).parents[3] / "docs" / "noise.md"


@pytest.mark.parametrize(
    "table",
    [stage_table(ScanNoise), stage_table(TemNoise), range_table()],
    ids=["S(T)EM stages", "TEM stages", "ranges"],
)
def test_the_document_shows_the_table_in_force(table: str) -> None:
    assert table in DOCUMENT.read_text(encoding="utf-8")


def test_the_document_names_every_preset() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in PRESETS)


@pytest.mark.parametrize("chain", [ScanNoise, TemNoise])
def test_every_stage_says_what_it_is(chain: type[ScanNoise]) -> None:
    for stage in chain.stages:
        assert stage.summary
        assert stage.examples
        if stage.optional:
            ours = stage.chance is not None and stage.chance.value == 0
            assert ours == (stage.typical is None) == (not stage.ranges)
            assert ours or isinstance(stage.typical, stage.settings)
            assert set(stage.symbols) == set(stage.settings.__dataclass_fields__)
            assert all(reason.reason for reason in stage.ranges.values())
