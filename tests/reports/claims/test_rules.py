"""Rules ask whole intervals: of one number, of several, and of declared conditions."""

import math

import pytest

from reports.claims.rules import Condition, Number, Rule, above, below, rule, within


def number(low: float, high: float, *, condition: str = "") -> Number:
    return Number(value=(low + high) / 2, low=low, high=high, condition=condition)


@pytest.mark.parametrize(
    ("condition", "ends", "expected"),
    [
        (below(1.0), (0.5, 0.9), "confirmed"),
        (below(1.0), (0.5, 1.0), "undecided"),
        (below(1.0), (0.2, 3.0), "undecided"),
        (below(1.0), (1.0, 1.5), "refuted"),
        (above(1.0), (1.1, 1.5), "confirmed"),
        (above(1.0), (0.5, 0.9), "refuted"),
        (within(0.9, 1.1), (0.95, 1.05), "confirmed"),
        (within(0.9, 1.1), (0.5, 0.8), "refuted"),
        (within(0.9, 1.1), (1.2, 1.4), "refuted"),
        (within(0.9, 1.1), (0.95, 1.2), "undecided"),
        # Wider than the range on both sides: far from it is as possible as within.
        (within(0.9, 1.1), (0.1, 9.0), "undecided"),
        (below(1.0), (math.nan, math.nan), "undecided"),
        # What has no finite value, such as scatter over a response of zero.
        (below(1.0), (2.0, math.inf), "refuted"),
        (below(1.0), (0.4, math.inf), "undecided"),
    ],
)
def test_the_whole_interval_decides(
    condition: Condition, ends: tuple[float, float], expected: str
) -> None:
    assert rule(condition).judge([number(*ends)]) == expected


def test_a_value_without_its_interval_decides_nothing() -> None:
    bare = Number(value=0.1, low=math.nan, high=math.nan)
    assert rule(below(1.0)).judge([bare]) == "undecided"
    assert "without interval" in bare.text


def test_every_interval_must_hold_and_one_against_is_enough() -> None:
    held, open_, failed = number(0.1, 0.2), number(0.5, 1.5), number(2.0, 3.0)
    every = rule(below(1.0))
    assert every.judge([held, held]) == "confirmed"
    assert every.judge([held, open_]) == "undecided"
    assert every.judge([held, open_, failed]) == "refuted"
    assert every.deciding([held, failed, open_]) is failed
    some = rule(below(1.0, each=False))
    assert some.judge([failed, held]) == "confirmed"
    assert some.judge([failed, open_]) == "undecided"
    assert some.judge([failed, failed]) == "refuted"
    assert some.deciding([failed, held]) is held


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((0.1, 0.2), (0.1, 0.2), "confirmed"),
        ((2.0, 3.0), (2.0, 3.0), "refuted"),
        ((0.1, 0.2), (2.0, 3.0), "partly"),
        ((0.1, 0.2), (0.5, 1.5), "undecided"),
        ((2.0, 3.0), (0.5, 1.5), "undecided"),
        # Without the numbers of a condition the rest does not decide a claim.
        ((0.1, 0.2), None, "undecided"),
        ((2.0, 3.0), None, "undecided"),
        (None, None, "no data"),
    ],
)
def test_partly_is_of_conditions_that_are_declared(
    first: tuple[float, float] | None, second: tuple[float, float] | None, expected: str
) -> None:
    two = rule(below(1.0, name="a"), below(1.0, name="b"))
    numbers = [number(*ends, condition="a") for ends in [first] if ends]
    numbers += [number(*ends, condition="b") for ends in [second] if ends]
    assert two.judge(numbers) == expected


def test_a_rule_that_decides_nothing_cannot_be_declared() -> None:
    for broken in ({}, {"above": 1.0, "below": 1.0}, {"above": 2.0, "below": 1.0}):
        with pytest.raises(ValueError, match="excludes"):
            Condition(**broken)
    with pytest.raises(ValueError, match="name of its own"):
        rule(below(1.0), above(1.0))
    with pytest.raises(ValueError, match="name of its own"):
        Rule(())
    with pytest.raises(ValueError, match="no condition"):
        rule(below(1.0)).judge([number(0.1, 0.2, condition="unheard of")])
