"""The warning where less is passed on of a change of another size than of that which ranks."""

import pandas as pd

from reports.words.sentences import Sentence, edit_size
from reports.words.verdict.change_size import size_sentences
from tests.records_factory import restorers_named


def warned(
    ranked: tuple[float, float], other: tuple[float, float], *, dose: float = 500.0
) -> list[Sentence]:
    """Of a restorer with these intervals at 15 pm and at 60 pm; at 5000 e/Å² both are faithful."""
    identity = {"case": "response", "thickness": 10, "restorer": "cgrdn", "quantity": "position"}
    rows = [
        {
            **identity, "image": f"z10-shift{size:g}", "dose": at, "pattern": "isolated",
            "amplitude": size, "value": sum(ends) / 2, "low": ends[0], "high": ends[1],
        }
        for at, both in ((dose, (ranked, other)), (5000.0, ((0.9, 1.1), (0.9, 1.1))))
        for size, ends in zip((15.0, 60.0), both, strict=True)
    ]  # fmt: skip
    information = pd.DataFrame(
        [{**identity, "image": "z10", "dose": at, "edit": "shift15"} for at in (dose, 5000.0)]
    )
    return size_sentences(
        pd.DataFrame(rows), information, restorer="cgrdn", restorers=restorers_named("raw", "cgrdn")
    )


def test_an_interval_wholly_below_that_at_the_ranked_size_is_warned_of() -> None:
    (sentence,) = warned((0.9, 1.1), (0.3, 0.5))
    assert sentence.kind == "warning"
    assert "less of a displacement of 60 pm than of 15 pm" in sentence.text
    assert "at 500 e/Å²)" in sentence.text


def test_intervals_that_overlap_or_lie_above_are_not() -> None:
    assert warned((0.9, 1.1), (0.7, 0.91)) == []
    assert warned((0.3, 0.5), (0.9, 1.1)) == []


def test_sizes_have_their_unit() -> None:
    assert [edit_size(name) for name in ("shift15", "scs10")] == ["15 pm", "10 %"]
